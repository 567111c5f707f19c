"""Mistakes of the evaluation are raised in tests, not counted."""

from __future__ import annotations

import os

os.environ["BACKEND_PITFALLS_STRICT"] = "1"
