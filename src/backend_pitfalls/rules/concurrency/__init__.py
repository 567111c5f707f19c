"""Concurrency rules."""
