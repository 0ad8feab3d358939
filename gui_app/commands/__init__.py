"""The headless commands: the same engine and the same job files, from a terminal.

Each takes its parsed options and returns its exit code. What is wrong with them, with a file or with a job, it raises
as a `UserError`, which is said here and becomes exit code 2.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence

from gui_app import i18n
from gui_app.commands.parser import command_parser
from gui_app.commands.running import EXIT_INTERRUPTED, EXIT_OK
from gui_app.commands.screen import say, say_no_more
from gui_app.errors import Cancelled, UserError
from gui_app.i18n import _
from gui_app.logs import log_to_file
from gui_app.providers.quiet import quiet_sdk_logs
from gui_app.sentences import explain
from gui_app.settings import LANGUAGE, Settings

log = logging.getLogger(__name__)

EXIT_USAGE, EXIT_OURS = 2, 70


def main(arguments: Sequence[str]) -> int:
    """Carry out a command line. Returns the exit code."""
    i18n.set_language(Settings.load().get(LANGUAGE))
    log_file = log_to_file("command")
    quiet_sdk_logs()
    _write_anything()
    try:
        options = command_parser().parse_args(arguments)
        with _term_interrupts():
            return int(options.carry_out(options))
    except (UserError, Cancelled) as error:
        say(explain(error))
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        say_no_more()
        return EXIT_OK
    except Exception as error:
        log.exception("a command failed")
        say(explain(error))
        if log_file is not None:
            say(_("The log file: {file}").format(file=log_file))
        return EXIT_OURS


@contextlib.contextmanager
def _term_interrupts() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl+C does: half a job or half an export is removed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _write_anything() -> None:
    """File names may hold what the terminal's encoding has no character for."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            unicode = (stream.encoding or "").lower().replace("-", "") == "utf8"
            reconfigure(errors="surrogateescape" if unicode and os.name == "posix" else "backslashreplace")
