"""The log files: what went wrong, without keys and without anybody's rows."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import sqlite3
import traceback
from pathlib import Path
from types import TracebackType

from gui_app import paths
from gui_app.errors import RowmillError, StorageError

MOST_BYTES = 1_000_000
KEPT = 2
LINE_LIMIT = 2_000

# The texts of these speak of types, names and files. Others may quote what they stumbled over: a cell, a reply.
_TELLABLE = (OSError, sqlite3.Error, ImportError, AttributeError, NameError, AssertionError, RowmillError, MemoryError)


def log_to_file(role: str) -> Path | None:
    """Send the warnings and errors of this process to a file that is turned over at 1 MB.

    Every role has a file of its own, because a file that two processes write cannot be turned over.

    Args:
        role: "rowmill" (the window), "worker", "task", "command".

    Returns:
        The file, which appears with its first line. None: there is no place for it, and nothing is logged.
    """
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    # A full disk must not print tracebacks into the terminal.
    logging.raiseExceptions = False
    try:
        path = paths.log_dir() / f"{role}.log"
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=MOST_BYTES, backupCount=KEPT, encoding="utf-8", errors="backslashreplace", delay=True
        )
    except (StorageError, OSError):
        root.addHandler(logging.NullHandler())
        return None
    handler.setFormatter(DiscreetFormatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    return path


class DiscreetFormatter(logging.Formatter):
    """Writes tracebacks without the texts of foreign errors, which may hold a row, a reply or a header."""

    def format(self, record: logging.LogRecord) -> str:
        """One record; asyncio's own texts, which quote errors and tasks, cut to their first words."""
        # A copy, because another handler may have left its own, talkative traceback in the record.
        record = logging.makeLogRecord({**record.__dict__, "exc_text": None})
        if record.name == "asyncio":
            first = (record.getMessage().splitlines() or [""])[0]
            record.msg, record.args = first[:100], None
        text = super().format(record)
        return text if len(text) <= 20 * LINE_LIMIT else text[: 20 * LINE_LIMIT] + " …"

    def formatException(self, ei: object) -> str:
        """Where it happened, and what kind of error it was."""
        error = ei[1] if isinstance(ei, tuple) else None
        return "" if not isinstance(error, BaseException) else discreet_traceback(error)


def discreet_traceback(error: BaseException) -> str:
    """A traceback with file, line and function of every frame, and no values."""
    parts: list[str] = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        parts.append(_frames(at.__traceback__) + _named(at))
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return "\n-- after --\n".join(reversed(parts))


def _frames(trace: TracebackType | None) -> str:
    return "".join(
        f"  {frame.filename}:{frame.lineno} in {frame.name}\n" for frame in traceback.extract_tb(trace, limit=-60)
    )


def _named(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, _TELLABLE):
        with contextlib.suppress(Exception):
            # A UserError's own sentence, without its details, which name files and quote labels.
            text = getattr(error, "sentence", None) or str(error)
            return f"{kind}: {' '.join(str(text).split())[:LINE_LIMIT]}"
    return kind
