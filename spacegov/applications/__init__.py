"""Applications: tools strung together to finish jobs."""
