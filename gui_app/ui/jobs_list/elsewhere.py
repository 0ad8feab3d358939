"""A look at job files in folders that may hang: no share that does not answer keeps the other jobs from the list."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from gui_app.errors import N_, StorageError
from gui_app.store.copies import JobGlance

log = logging.getLogger(__name__)

PATIENCE_S = 3.0
"""For all of them together."""


class Elsewhere:
    """Each is looked at on a thread of its own, which is left to itself where its folder hangs.

    Args:
        glance: What is to be told of a job; None where there is none.
    """

    def __init__(self, glance: Callable[[Path], JobGlance | None]) -> None:
        self._glance = glance
        self._out: dict[Path, queue.SimpleQueue[JobGlance | None]] = {}

    def look(self, paths: Iterable[Path]) -> list[JobGlance]:
        """Those that are there. One that does not answer in time is told so, and is asked once, not each time."""
        asked = {path: self._out.get(path) or self._ask(path) for path in paths}
        self._out.update(asked)
        deadline = time.monotonic() + PATIENCE_S
        found = []
        for path, answer in asked.items():
            try:
                glance = answer.get(timeout=max(0.0, deadline - time.monotonic()))
                del self._out[path]
            except queue.Empty:
                glance = _hangs(path)
            if glance is not None:
                found.append(glance)
        return found

    def _ask(self, path: Path) -> queue.SimpleQueue[JobGlance | None]:
        answer: queue.SimpleQueue[JobGlance | None] = queue.SimpleQueue()

        def look() -> None:
            try:
                answer.put(self._glance(path))
            except Exception:
                log.exception("a job in another folder could not be looked at")
                answer.put(None)

        threading.Thread(target=look, name=f"look at {path.name}", daemon=True).start()
        return answer


def _hangs(path: Path) -> JobGlance:
    error = StorageError(N_("The folder of “{file}” does not answer just now."), file=path.name)
    return JobGlance(path, path.stem, error=error)
