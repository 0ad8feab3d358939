"""What changes now and then, written by a thread of its own: the newest state wins, and nobody waits for the disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class NewestWritten(Generic[T]):
    """There is a thread only as long as there is something to write.

    Args:
        write: Called on the thread with one state after the other, each newer than the one before.
        name: The thread's.
    """

    def __init__(self, write: Callable[[T], None], name: str) -> None:
        self._write, self._name = write, name
        self._waiting: list[T] = []
        self._is_writing = False
        self._changed = threading.Condition()

    def put(self, state: T) -> None:
        """Have it written. One that still waits is older, and left out."""
        with self._changed:
            self._waiting = [state]
            if self._is_writing:
                return
            self._is_writing = True
        # One that hangs keeps nobody: whoever wants to know waits, as long as it likes.
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def wait(self, limit_s: float) -> bool:
        """Wait until there is nothing left to write. False: it takes longer than that."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_writing, limit_s)

    def _work(self) -> None:
        while waiting := self._next():
            try:
                self._write(waiting[0])
            except BaseException:
                log.exception("%s could not be written", self._name)

    def _next(self) -> list[T]:
        with self._changed:
            waiting, self._waiting = self._waiting, []
            if not waiting:
                self._is_writing = False
                self._changed.notify_all()
            return waiting
