"""A thread for everything the window asks of a job file: the window's own never waits for a disk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance

log = logging.getLogger(__name__)

GIVE_UP_S = 6.0
"""A network folder that hangs keeps a thread for as long as it likes. What is open is never left so."""

WRITTEN_WITHIN_S = 75.0
"""What was typed is written first, and copied back to a slow folder; see `copy_back.CLOSE_LIMIT_S`."""


class Closable(Protocol):
    """What a store thread holds open."""

    def close(self) -> None:
        """Called on the thread, last."""
        ...


S = TypeVar("S", bound=Closable)
T = TypeVar("T")


@dataclass
class Request:
    """One question to the job file. `cancel()` means: do not ask, or forget the answer."""

    ask: Callable[[Any], Any]
    done: Callable[[Any], None]
    failed: Callable[[BaseException], None]
    cancelled: bool = field(default=False)

    def cancel(self) -> None:
        """From the window's thread; nothing is called back afterwards."""
        self.cancelled = True


class StoreThread(QObject, Generic[S]):
    """Answers questions about one job file, one after the other, and calls back on the window's thread.

    A question knows whom to call back, and may be the last to know a dialog that is gone. So it always goes back to
    the window's thread and is dropped there: what Qt made on that thread must not be taken apart on this one.

    Args:
        open_store: Called on the new thread with the first question; what it raises, every question gets.
        closing: Held while the store is closed. Two that close one file in the same moment each leave it to the other
            to bring the file to its end, and it is left in two.
    """

    _answered = Signal()
    _ended = Signal()

    def __init__(
        self,
        open_store: Callable[[], S],
        name: str,
        parent: QObject | None = None,
        closing: threading.Lock | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_store = open_store
        self._closing_store = closing or threading.Lock()
        self._store: S | None = None
        self._running: Request | None = None
        self._requests: deque[Request | None] = deque()
        self._outcomes: deque[tuple[Request, object, BaseException | None]] = deque()
        self._wakeup = threading.Condition()
        self._closing = False
        self._awaited: set[asyncio.Future[Any]] = set()
        self._answered.connect(self._call_back, Qt.ConnectionType.QueuedConnection)
        # Told to this object and not to the event itself: what PySide still had to deliver outlived one that nobody
        # waited for any more, and the process ended in it.
        self._end_seen: asyncio.Event | None = None
        self._ended.connect(self._see_end)
        # Started with the first question.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._is_started = False

    def ask(
        self,
        question: Callable[[S], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None,
        *,
        first: bool = False,
    ) -> Request:
        """Ask; `done` or `failed` is called on the window's thread. `first` overtakes what is waiting."""
        request = Request(question, done, failed or _log_failure)
        with self._wakeup:
            if self._closing:
                request.cancel()
                return request
            if first:
                self._requests.appendleft(request)
            else:
                self._requests.append(request)
            self._wakeup.notify()
            if not self._is_started:
                self._is_started = True
                self._thread.start()
        return request

    def name(self, name: str) -> None:
        """Say what it is for, where that is known only now. Before the first question."""
        self._thread.name = name

    def abandon(self, request: Request) -> None:
        """Cancel a question even while it is being answered, where the store can be interrupted."""
        request.cancel()
        interrupt = getattr(self._store, "interrupt", None)
        if self._running is request and interrupt is not None:
            interrupt()

    async def call(self, question: Callable[[S], T]) -> T:
        """Ask, and wait for the answer without holding up the window. Raises what the store raised."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._awaited.add(answer)
        answer.add_done_callback(self._awaited.discard)

        def succeed(value: T) -> None:
            if not answer.done():
                answer.set_result(value)

        def fail(error: BaseException) -> None:
            if not answer.done():
                answer.set_exception(error)

        request = self.ask(question, succeed, fail)
        if request.cancelled:
            answer.cancel()
        try:
            return await answer
        finally:
            request.cancel()

    def close(self, *, finish: bool = False) -> None:
        """Close the store and end the thread, waiting for it.

        Args:
            finish: Do first what was asked before; else forget it. Nothing is called back either way.
        """
        self._begin_to_end(finish=finish)
        self._join()

    async def aclose(self, *, finish: bool = False) -> None:
        """As `close`, without holding up the window while a disk is slow; a folder that hangs is not waited for."""
        ended = self._end_seen = asyncio.Event()
        self._begin_to_end(finish=finish)
        if self._thread.is_alive():
            limit_s = WRITTEN_WITHIN_S if finish and self._store is not None else GIVE_UP_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), limit_s)
        if self._thread.is_alive() and not ended.is_set():
            log.warning("%s does not end: what it reads does not answer", self._thread.name)
            self._cancel_awaited()
            self._outlive()
        else:
            self._join()

    def _outlive(self) -> None:
        # The thread comes back to this object, and the last question may be the last to know a dialog: neither is
        # taken apart before that, nor there.
        self.setParent(None)
        _HANGING.add(self)

    def _see_end(self) -> None:
        if self._end_seen is not None:
            self._end_seen.set()
        if self in _HANGING:
            self._thread.join()
            _HANGING.discard(self)

    def _begin_to_end(self, *, finish: bool) -> None:
        with self._wakeup:
            self._closing = True
            if not finish:
                self._requests.clear()
            self._requests.append(None)
            self._wakeup.notify()
        interrupt = getattr(self._store, "interrupt", None)
        if interrupt is not None and not finish:
            interrupt()

    def _join(self) -> None:
        if self._is_started:
            self._thread.join(timeout=10)
        self._cancel_awaited()
        if self._thread.is_alive():
            self._outlive()

    def _cancel_awaited(self) -> None:
        for answer in list(self._awaited):
            answer.cancel()

    def _call_back(self) -> None:
        request, value, error = self._outcomes.popleft()
        if request.cancelled or self._closing:
            return
        if error is not None:
            request.failed(error)
        else:
            request.done(value)

    def _next(self) -> Request | None:
        with self._wakeup:
            while not self._requests:
                self._wakeup.wait()
            return self._requests.popleft()

    def _work(self) -> None:
        while (request := self._next()) is not None:
            self._outcomes.append((request, *self._answer(request)))
            # Let go of it here before the window can let go of it there.
            request = None
            _tell(self._answered)
        try:
            if self._store is not None:
                with self._closing_store:
                    self._store.close()
        finally:
            _tell(self._ended)

    def _answer(self, request: Request) -> tuple[object, BaseException | None]:
        if request.cancelled:
            return None, None
        self._running = request
        try:
            if self._store is None:
                self._store = self._open_store()
            return request.ask(self._store), None
        except BaseException as raised:  # handed over to whoever asked
            return None, raised
        finally:
            self._running = None


_HANGING: set[StoreThread[Any]] = set()
"""Closed, while their threads still wait for a folder that does not answer."""


def _tell(signal: SignalInstance) -> None:
    # One that hung may come back after the program has ended.
    with contextlib.suppress(RuntimeError):
        signal.emit()


def _log_failure(error: BaseException) -> None:
    log.error("a question to the job file failed", exc_info=error)
