"""Use: where things may go, and how well land is used."""
