"""The tool's own messages."""
