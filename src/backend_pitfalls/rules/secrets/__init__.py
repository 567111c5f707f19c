"""Secrets in source."""
