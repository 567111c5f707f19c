"""Services that nobody can ask whether they live."""
