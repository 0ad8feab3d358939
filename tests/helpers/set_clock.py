"""Rowmill with a wall clock that somebody sets while it runs: `python -m tests.helpers.set_clock FILE WORDS...`.

FILE holds by how many seconds the clock is wrong. Put in here, because libfaketime holds up Python's own locks.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path


def main() -> int:
    told, *words = sys.argv[1:]
    right = time.time
    time.time = lambda: right() + float(Path(told).read_text() or 0)
    sys.argv = ["rowmill", *words]
    from gui_app.__main__ import main as rowmill

    return rowmill()


if __name__ == "__main__":
    sys.exit(main())
