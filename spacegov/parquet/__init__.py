"""Parquet below Arrow: single pages of a file, where it says where they lie."""
