"""The tools: pure functions, a folder for each application."""
