"""Outbound calls that can hang or fail."""
