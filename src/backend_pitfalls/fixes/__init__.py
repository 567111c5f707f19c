"""From fix intents to edits: resolve, apply, verify, write."""
