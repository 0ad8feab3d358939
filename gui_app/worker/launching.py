"""How this program starts itself again in another role."""

from __future__ import annotations

import sys


def command(role: str) -> list[str]:
    """The command line of a role: "worker", "task". Never holds a key or a row."""
    if getattr(sys, "frozen", False):
        return [sys.executable, role]
    return [sys.executable, "-m", "gui_app", role]
