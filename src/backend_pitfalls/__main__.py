from __future__ import annotations

import sys

from backend_pitfalls.hosts.cli import main

sys.exit(main())
