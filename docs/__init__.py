"""The documentation: pages made from cards and docstrings."""
