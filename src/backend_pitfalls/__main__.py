from __future__ import annotations

import sys

from backend_pitfalls.hosts.cli import program

sys.exit(program())
