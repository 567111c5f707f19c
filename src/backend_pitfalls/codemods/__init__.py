"""The LibCST codemod commands, one a repair."""
