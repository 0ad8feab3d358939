"""The window's side of the worker: starts it, speaks to it, notices when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from gui_app.engine.events import JobProgress
from gui_app.errors import Cancelled, InternalError, RowmillError
from gui_app.jobs import Account, Cause, ExportOptions, Recipe, RunOptions, Scope, Secret
from gui_app.providers.base import CallFailed, ModelInfo
from gui_app.tables import ImportSettings
from gui_app.worker import launching, protocol
from gui_app.worker.protocol import KeyTest, RunOrder, TaskProgress, TaskResult, WorkerLost

log = logging.getLogger(__name__)

Event = JobProgress | WorkerLost
Listener = Callable[[Event], None]


class WorkerClient:
    """Speaks to one worker process, which is started when first needed.

    Use it on one event loop. Its methods raise the worker's UserErrors as they are.
    """

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._next_id = 0
        self._listeners: list[Listener] = []
        self._tasks: set[TaskHandle] = set()
        self._closing = False

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told every event. Returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """Start the worker ahead of time, so that the first run need not wait for it."""
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                self._process = await _spawn(launching.command("worker"))
                self._reader = asyncio.create_task(self._read(self._process), name="worker events")

    async def close(self, grace_s: float = 15.0) -> None:
        """Ask the worker to end; what is in flight is stored first. After the grace it is killed."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(RowmillError, Exception):
                await task.result()
        process, reader = self._process, self._reader
        self._process = self._reader = None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(grace_s):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if reader is not None:
            await asyncio.gather(reader, return_exceptions=True)

    async def run(
        self, job: Path, recipe: Recipe, scope: Scope, options: RunOptions, key: Secret | None = None
    ) -> None:
        """Start a job. Returns once the worker has taken it; the rest is told by events.

        Raises:
            UserError: Why it cannot run, in words.
        """
        order = RunOrder(str(job), recipe, scope, options, key)
        await self._ask({"do": "run", "order": order.to_dict()})

    async def pause(self, job: Path) -> None:
        """Send nothing new for a job."""
        await self._ask({"do": "pause", "job": str(job)})

    async def stop(self, job: Path) -> None:
        """As `pause`; what is still out after ten seconds is let go of."""
        await self._ask({"do": "stop", "job": str(job)})

    async def list_models(self, account: Account) -> list[ModelInfo]:
        """What a provider offers.

        Raises:
            CallFailed: It could not be asked; carries the cause.
        """
        found = await self._ask({"do": "models", "account": protocol.account_to_dict(account)})
        return [ModelInfo(*item) for item in found]

    async def test_key(self, account: Account) -> KeyTest:
        """Whether a provider answers with this key."""
        found = await self._ask({"do": "test", "account": protocol.account_to_dict(account)})
        cause = None if found["cause"] is None else Cause(found["cause"])
        return KeyTest(found["ok"], cause, found["detail"], found["models"])

    def import_table(self, source: Path, job: Path, settings: ImportSettings | None = None) -> TaskHandle:
        """Read a table into a job, in a process of its own."""
        settings = settings or ImportSettings()
        return self._task({"do": "import", "source": str(source), "job": str(job), "settings": settings.to_dict()})

    def export(self, job: Path, target: Path, options: ExportOptions) -> TaskHandle:
        """Write a job's rows to a file, in a process of its own."""
        return self._task({"do": "export", "job": str(job), "target": str(target), "options": options.to_dict()})

    def _task(self, order: Mapping[str, Any]) -> TaskHandle:
        handle = TaskHandle(order)
        self._tasks.add(handle)
        handle.on_end(self._tasks.discard)
        return handle

    async def _ask(self, message: dict[str, Any]) -> Any:
        await self.start()
        process = self._process
        if process is None or process.stdin is None:
            raise protocol.worker_gone()
        self._next_id += 1
        number = self._next_id
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            process.stdin.write(protocol.dump({**message, "id": number}))
            await process.stdin.drain()
            return await answer
        except (ConnectionError, BrokenPipeError):
            raise protocol.worker_gone() from None
        finally:
            self._answers.pop(number, None)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self._take(json.loads(line))
        await process.wait()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(protocol.worker_gone())
        if not self._closing:
            log.warning("the worker ended by itself (exit code %s)", process.returncode)
            self._tell(WorkerLost())

    def _take(self, message: Mapping[str, Any]) -> None:
        event = message.get("event")
        if event == "progress":
            self._tell(JobProgress.from_dict(message))
        elif event == "broken":
            log.error("a job ended with an error: %s", message["error"]["sentence"])
        elif event is None:
            answer = self._answers.get(message["id"])
            if answer is not None and not answer.done():
                if "error" in message:
                    answer.set_exception(_error(message))
                else:
                    answer.set_result(message["result"])

    def _tell(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event)


def _error(message: Mapping[str, Any]) -> RowmillError:
    cause = message.get("cause")
    if cause is not None and message["error"]["kind"] == "CallFailed":
        return CallFailed(Cause(cause), str(message["error"]["details"].get("detail", "")))
    return protocol.error_from_dict(message["error"])


class TaskHandle:
    """An import or export under way. Iterate for its progress; await `result()` for its end.

    Progress that nobody took in time is dropped for newer.
    """

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._latest: TaskProgress | None = None
        self._moved = asyncio.Event()
        self._on_end: list[Callable[[TaskHandle], None]] = []
        self._process: asyncio.subprocess.Process | None = None
        self._cancelled = False
        self._task = asyncio.create_task(self._run(order), name=f"{order['do']} task")

    def on_end(self, listener: Callable[[TaskHandle], None]) -> None:
        """Be told once when it has ended, however."""
        self._on_end.append(listener)

    def cancel(self) -> None:
        """Ask it to end. `result()` then raises Cancelled, unless it was just done."""
        self._cancelled = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

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
            self._process = process = await _spawn(launching.command("task"))
            return await self._follow(process, order)
        finally:
            self._moved.set()
            for listener in self._on_end:
                listener(self)

    async def _follow(self, process: asyncio.subprocess.Process, order: Mapping[str, Any]) -> TaskResult:
        assert process.stdin is not None and process.stdout is not None
        try:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(protocol.dump(order))
                await process.stdin.drain()
            if self._cancelled:
                process.stdin.close()
            last: Mapping[str, Any] = {}
            while line := await process.stdout.readline():
                last = json.loads(line)
                if "progress" in last:
                    self._latest = TaskProgress(*last["progress"])
                    self._moved.set()
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            process.stdin.close()
        if "result" in last:
            rows, notes = last["result"]
            return TaskResult(rows, tuple((str(sentence), details) for sentence, details in notes))
        if "error" in last:
            raise protocol.error_from_dict(last["error"])
        if self._cancelled:
            raise Cancelled
        raise InternalError(f"the task ended with exit code {process.returncode}")


async def _spawn(command: list[str]) -> asyncio.subprocess.Process:
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        limit=protocol.LINE_LIMIT_BYTES,
        **options,
    )
