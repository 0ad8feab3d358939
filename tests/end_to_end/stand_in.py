"""A process that plays the window, watched and killed from outside."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil


class StandIn:
    """A process that plays the window, and what it has shown."""

    def __init__(self, module: str, argument: Path, shown: dict[int, str]) -> None:
        self.shown = shown
        self.worker: int | None = None
        self.step = ""
        self.finished = False
        self.refusals: list[str] = []
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, str(argument)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, *rest = line.decode().split()
            if word == "done":
                self.shown[int(rest[0])] = rest[1]
            elif word == "worker":
                self.worker = int(rest[0])
            elif word == "step":
                self.step = rest[0]
            elif word == "refused":
                self.refusals.append(" ".join(rest))
            elif word == "finished":
                self.finished = True
            self._said.put(word)
        self._said.put("")

    def until(self, *words: str) -> str:
        """Wait for one of these words; "" when it has ended."""
        while (word := self._said.get(timeout=300)) not in (*words, ""):
            pass
        return word

    def until_shown(self, rows: int) -> None:
        """Wait until so many rows were shown as done, or all are."""
        while len(self.shown) < rows and not self.finished and self.process.poll() is None:
            time.sleep(0.005)

    def children(self) -> list[int]:
        """The processes it has started and that still live: a worker, an import, an export."""
        with contextlib.suppress(psutil.Error):
            return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]
        return []

    def kill(self, what: str) -> None:
        """SIGKILL to its "worker" (whatever it has started), the "window" itself, or "both"."""
        children = self.children()
        if what != "window":
            for child in children:
                kill(child)
        if what != "worker":
            kill(self.process.pid)
            self.end(children)

    def end(self, children: Sequence[int] = ()) -> None:
        """Wait until it and what it has started are gone."""
        self.process.wait(60)
        self._reader.join(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        deadline = time.monotonic() + 30
        while any(map(_lives, {*children, *(() if self.worker is None else (self.worker,))})):
            assert time.monotonic() < deadline, "a worker outlived its window"
            time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def kill(pid: int | None) -> None:
    """SIGKILL to a process that may be gone already."""
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
