"""The worker's ends of its pipes: whole lines in, whole lines out, and nobody waits for a slow reader."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gui_app.worker import protocol

_CHUNK_BYTES = 1 << 16
MOST_SPANS = 5_000
"""More changed spans than this in one unread event become "many"."""


def lines(descriptor: int) -> Iterator[bytes]:
    """The lines of a pipe, until its end. Blocks: use it in a thread.

    Reads the bare descriptor. A thread that is stuck in `sys.stdin.buffer` holds its lock, and Python then ends with
    a fatal error instead of quietly.
    """
    rest: list[bytes] = []
    held = 0
    while True:
        try:
            chunk = os.read(descriptor, _CHUNK_BYTES)
        except OSError:
            return
        if not chunk:
            return
        *whole, last = chunk.split(b"\n")
        for part in whole:
            yield b"".join([*rest, part])
            rest, held = [], 0
        if last:
            rest.append(last)
            held += len(last)
            if held > protocol.LINE_LIMIT_BYTES:
                return


class LineWriter:
    """Writes messages from a thread of its own: a window that does not read holds up no job.

    Progress that was not read in time is merged into newer, so that what waits here stays small.

    Args:
        on_broken: Called, from the thread, when nobody listens any more.
    """

    def __init__(self, descriptor: int, on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._queue: deque[str | Mapping[str, Any]] = deque()
        self._progress: dict[str, dict[str, Any]] = {}
        self._wake = threading.Condition()
        self._closed = False
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="rowmill-events", daemon=True)
        self._thread.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Write a message, in order."""
        with self._wake:
            if not self._broken:
                self._queue.append(message)
                self._wake.notify()

    def send_progress(self, job: str, message: dict[str, Any]) -> None:
        """Write a job's progress; an older one still waiting is replaced."""
        with self._wake:
            if self._broken:
                return
            older = self._progress.get(job)
            self._progress[job] = message if older is None else _merged(older, message)
            if older is None:
                self._queue.append(job)
                self._wake.notify()

    def close(self, timeout_s: float = 3.0) -> None:
        """Write what waits, as far as somebody reads it."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (message := self._next()) is not None:
            try:
                write(self._descriptor, protocol.dump(message))
            except OSError:
                with self._wake:
                    self._broken = True
                    self._queue.clear()
                    self._progress.clear()
                self._on_broken()
                return

    def _next(self) -> Mapping[str, Any] | None:
        with self._wake:
            while not self._queue:
                if self._closed:
                    return None
                self._wake.wait()
            item = self._queue.popleft()
            return self._progress.pop(item) if isinstance(item, str) else item


def _merged(older: Mapping[str, Any], newer: dict[str, Any]) -> dict[str, Any]:
    changed = [*older["changed"], *newer["changed"]]
    many = older["many"] or newer["many"] or len(changed) > MOST_SPANS
    return {**newer, "changed": [] if many else changed, "many": many}


def write(descriptor: int, data: bytes) -> None:
    """Write all of it. Blocks while the pipe is full."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def own_output() -> int:
    """Standard output for the protocol alone: what is printed goes to standard error from now on."""
    mine = os.dup(1)
    with contextlib.suppress(OSError):
        os.dup2(2, 1)
    return mine
