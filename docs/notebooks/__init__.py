"""Notebooks: a real job of each application, from question to report."""
