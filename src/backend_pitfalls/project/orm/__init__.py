"""The model graph: every ORM relation with its reverse."""
