"""Request data that does harm."""
