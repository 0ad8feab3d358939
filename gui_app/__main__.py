"""`rowmill`: the window, a headless command, or one of the roles this program starts itself in."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

COMMANDS = frozenset({"run", "resume", "retry", "give-up", "export", "jobs", "recipe", "--help", "-h", "--version"})

OPEN_FILES = 8192
"""Enough for all calls of several providers; less than any system refuses."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code. Each role imports only what it needs."""
    _leave_no_core_file()
    _have_standard_files()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    role = arguments[0] if arguments else ""
    if role in {"worker", "practice-server"} or role in COMMANDS:
        _may_open_many_files()
    if role == "worker":
        from gui_app.worker.garbage import collect_seldom, uncollected

        collect_seldom()
        with uncollected():
            from gui_app.worker import process

        return process.main()
    if role == "task":
        from gui_app.worker import tasks

        return tasks.main()
    if role == "practice-server":
        from gui_app.practice.process import main as practice

        return practice(arguments[1:])
    if role in COMMANDS:
        from gui_app.worker.garbage import collect_seldom, uncollected

        collect_seldom()
        with uncollected():
            from gui_app import commands

        return commands.main(arguments)
    missing = [word for word in arguments if not word.startswith("-") and not _is_there(word)]
    if missing and not arguments[0].startswith("-"):
        return _say_missing(missing[0])
    return _window(arguments)


def _leave_no_core_file() -> None:
    """After a crash the system would write all of the memory to a file: keys, rows, replies."""
    try:
        import resource
    except ImportError:  # Windows writes none unless it was told to.
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _may_open_many_files() -> None:
    """Each call that is out has a connection: macOS lets a program that was started by a click open 256 files."""
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _have_standard_files() -> None:
    """Whoever starts a service may have closed them: what is opened next would get their numbers, and what is said."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The lowest number that is free is the one that is missing.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _window(arguments: Sequence[str]) -> int:
    # A start makes much and drops nothing, so there is nothing to look for; later the window collects by itself.
    gc.disable()
    try:
        from gui_app import app

        return app.main(arguments)
    finally:
        gc.enable()


def _is_there(word: str) -> bool:
    try:
        return Path(word).exists()
    except (OSError, ValueError):
        return False


def _say_missing(word: str) -> int:
    from gui_app import i18n
    from gui_app.i18n import _
    from gui_app.sentences import plain
    from gui_app.settings import LANGUAGE, Settings

    i18n.set_language(Settings.load().get(LANGUAGE))
    text = _("“{word}” is neither a file nor a command. Check its spelling; `rowmill --help` lists the commands.")
    print(text.format(word=plain(word, 100)), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
