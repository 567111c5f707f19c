"""The ways in: flake8, pylint, command line."""
