"""Data access: queries that grow with the data."""
