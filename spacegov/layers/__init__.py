"""Layers: what they are (cards), where they lie (bindings, store, files) and where they say something (coverage)."""
