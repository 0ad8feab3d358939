"""An import or export under way, as the window holds it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from gui_app.errors import Cancelled, InternalError
from gui_app.worker import launching, protocol
from gui_app.worker.protocol import TaskProgress, TaskResult

CANCEL_GRACE_S = 5.0
"""A task that cannot look up (a large workbook is being loaded) is ended by force after so long."""


class TaskHandle:
    """An import or export under way. Iterate for its progress; await `result()` for its end.

    Progress that nobody took in time is dropped for newer.

    Args:
        after: An import of the same job that this one replaces: it is ended first, and leaves the job where it is.
    """

    def __init__(self, order: Mapping[str, Any], after: TaskHandle | None = None) -> None:
        self._latest: TaskProgress | None = None
        self._moved = asyncio.Event()
        self._on_end: list[Callable[[TaskHandle], None]] = []
        self._process: asyncio.subprocess.Process | None = None
        self._cancelled = False
        self._force: asyncio.TimerHandle | None = None
        self._after = after
        self._replaced = False
        # A job that this import makes and does not finish is nobody's.
        self._job = Path(str(order["job"]))
        self._owns_job: bool = order["do"] == "import" and (
            after._owns_job if after is not None else not self._job.exists()
        )
        if after is not None:
            after._replaced = True
            after.cancel()
        self._task = asyncio.create_task(self._run(order), name=f"{order['do']} task")
        # Whoever only iterates learns of an error by asking `result`; nobody is told twice.
        self._task.add_done_callback(lambda task: None if task.cancelled() else task.exception())

    @property
    def pid(self) -> int | None:
        """Its process id; None while there is none."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    def on_end(self, listener: Callable[[TaskHandle], None]) -> None:
        """Be told once when it has ended, however."""
        self._on_end.append(listener)

    def cancel(self) -> None:
        """Ask it to end. `result()` then raises Cancelled, unless it was just done."""
        if self._cancelled:
            return
        self._cancelled = True
        process = self._process
        if process is not None:
            loop = asyncio.get_running_loop()
            # A moment later: whoever cancels may be about to replace it.
            loop.call_soon(self._end_input, process)
            self._force = loop.call_later(CANCEL_GRACE_S, _kill, process)

    def _end_input(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError, RuntimeError):
            if self._replaced:
                process.stdin.write(protocol.dump({"do": "keep"}))
        process.stdin.close()

    async def result(self) -> TaskResult:
        """Wait for the end.

        Raises:
            UserError: Why it failed, in words.
            Cancelled: It was cancelled.
        """
        return await asyncio.shield(self._task)

    async def __aiter__(self) -> AsyncIterator[TaskProgress]:
        while not self._task.done() or self._latest is not None:
            latest, self._latest = self._latest, None
            if latest is not None:
                yield latest
                continue
            self._moved.clear()
            if not self._task.done():
                await self._moved.wait()

    async def _run(self, order: Mapping[str, Any]) -> TaskResult:
        try:
            if self._after is not None:
                await asyncio.wait({self._after._task})
                self._after = None
            if self._cancelled:
                raise Cancelled
            self._process = process = await launching.start("task")
            return await self._follow(process, order)
        finally:
            if self._force is not None:
                self._force.cancel()
            # Not within the task: whoever iterates must find it done.
            asyncio.get_running_loop().call_soon(self._moved.set)
            for listener in self._on_end:
                listener(self)

    async def _follow(self, process: asyncio.subprocess.Process, order: Mapping[str, Any]) -> TaskResult:
        assert process.stdin is not None and process.stdout is not None
        last: Mapping[str, Any] = {}
        try:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(protocol.dump({**order, "own": self._owns_job}))
                await process.stdin.drain()
            if self._cancelled:
                self._end_input(process)
            while line := await process.stdout.readline():
                last = protocol.load(line) or {}
                if "progress" in last:
                    self._latest = TaskProgress(*last["progress"])
                    self._moved.set()
            await process.wait()
        finally:
            if process.returncode is None:
                _kill(process)
                await process.wait()
            process.stdin.close()
        if "result" in last:
            from gui_app.store.carried import Carried

            rows, notes, carried = last["result"]
            return TaskResult(
                rows,
                tuple((str(sentence), details) for sentence, details in notes),
                None if carried is None else Carried.from_dict(carried),
            )
        self._remove_half_job()
        if "error" in last:
            raise protocol.error_from_dict(last["error"])
        if self._cancelled:
            raise Cancelled
        raise InternalError(f"the task ended with exit code {process.returncode}")

    def _remove_half_job(self) -> None:
        if self._owns_job and not self._replaced:
            remove_job(self._job)


def remove_job(job: Path) -> None:
    """Remove a job file that was never finished, and what SQLite keeps beside it."""
    # The window is whole without the store.
    from gui_app.store.network import working_copy

    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            Path(f"{job}{suffix}").unlink(missing_ok=True)
    working_copy.forget(job)


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
