"""The meaning of one file: its facts, abstract values, the interpreter and its events."""
