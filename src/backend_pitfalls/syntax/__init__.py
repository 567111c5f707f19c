"""The only code that touches source bytes and ast: decode, parse, walk, suppressions."""
