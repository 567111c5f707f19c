"""The version, apart from the package root so that every layer may import it."""

__version__ = "0.1.0"
