"""`rowmill`: the window, a headless command, or one of the roles this program starts itself in."""

from __future__ import annotations

import sys
from collections.abc import Sequence

COMMANDS = frozenset({"run", "resume", "retry", "export", "jobs", "recipe", "--help", "-h", "--version"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code. Each role imports only what it needs."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    role = arguments[0] if arguments else ""
    if role == "worker":
        from gui_app.worker import process

        return process.main()
    if role == "task":
        from gui_app.worker import tasks

        return tasks.main()
    if role == "practice-server":
        from gui_app.practice.process import main as practice

        return practice(arguments[1:])
    if role in COMMANDS:
        from gui_app import commands

        return commands.main(arguments)
    from gui_app import app

    return app.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
