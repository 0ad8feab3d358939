"""The window's side of the worker: starts it, speaks to it, notices when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gui_app.engine.events import JobProgress
from gui_app.errors import RowmillError
from gui_app.jobs import Account, Cause, Counts, ExportOptions, JobState, Recipe, RunOptions, Scope, Secret
from gui_app.worker import launching, protocol
from gui_app.worker.protocol import JobBroken, KeyTest, RunOrder, WorkerLost
from gui_app.worker.task_handle import TaskHandle

if TYPE_CHECKING:
    from gui_app.providers.base import ModelInfo
    from gui_app.tables import ImportSettings

__all__ = ["Event", "JobBroken", "Listener", "TaskHandle", "WorkerClient", "WorkerLost"]

log = logging.getLogger(__name__)

Event = JobProgress | JobBroken | WorkerLost
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
        self._imports: dict[str, TaskHandle] = {}
        self._last: dict[str, JobProgress] = {}
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while there is none."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told every event. Returns what ends that."""
        self._listeners.append(listener)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    async def start(self) -> None:
        """Start the worker ahead of time, so that the first run need not wait for it.

        Raises:
            UserError: It is being closed.
        """
        async with self._starting:
            if self._closing:
                raise protocol.worker_gone()
            if self._reader is not None and self._reader.done():
                self._process = self._reader = None
            if self._process is not None and self._process.returncode is not None and self._reader is not None:
                # What the dead one said last, and that it died, is told before the next one says anything.
                await asyncio.shield(self._reader)
                self._process = self._reader = None
            if self._process is None:
                self._process = await launching.start("worker")
                self._reader = asyncio.create_task(self._read(self._process), name="worker events")

    async def close(self, grace_s: float = 15.0) -> None:
        """Ask the worker to end; what is in flight is stored first. After the grace it is killed."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(RowmillError):
                await task.result()
        async with self._starting:
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

    async def collect(self, job: Path, recipe: Recipe, options: RunOptions, key: Secret | None = None) -> None:
        """Look after what is out overnight, and send nothing. For jobs found `submitted` when the window opens.

        Args:
            recipe: Only its provider and address count: those the parts were sent to (`store.parts`).

        Raises:
            UserError: Why it cannot, in words.
        """
        order = RunOrder(str(job), recipe, Scope(), options, key, collect=True)
        await self._ask({"do": "run", "order": order.to_dict()})

    async def cancel_overnight(self, job: Path, recipe: Recipe, options: RunOptions, key: Secret | None = None) -> None:
        """Ask the provider to end what is out. What is finished by then still comes, and is charged.

        Raises:
            UserError: As `collect`.
        """
        order = RunOrder(str(job), recipe, Scope(), options, key, collect=True)
        await self._ask({"do": "cancel_overnight", "order": order.to_dict()})

    async def give_up_overnight(self, job: Path, part_ids: Collection[int]) -> int:
        """Let parts go whose answers can never be fetched. Returns how many rows wait again.

        Raises:
            UserError: The job is sending rows just now, or its file cannot be used.
        """
        return int(await self._ask({"do": "give_up_overnight", "job": str(job), "parts": sorted(part_ids)}))

    async def pause(self, job: Path) -> None:
        """Send nothing new for a job."""
        await self._ask({"do": "pause", "job": str(job)})

    async def stop(self, job: Path, *, grace_s: float | None = None) -> None:
        """As `pause`; what is still out after the grace (None: ten seconds) is let go of."""
        await self._ask({"do": "stop", "job": str(job), "grace_s": grace_s})

    async def list_models(self, account: Account) -> list[ModelInfo]:
        """What a provider offers.

        Raises:
            CallFailed: It could not be asked; carries the cause.
            CannotOpen: The address may not be used, or a key is missing.
        """
        from gui_app.providers.base import ModelInfo

        found = await self._ask({"do": "models", "account": protocol.account_to_dict(account)})
        return [ModelInfo(*item) for item in found]

    async def test_key(self, account: Account) -> KeyTest:
        """Whether a provider answers with this key.

        Raises:
            CannotOpen: The address may not be used, or a key is missing.
        """
        found = await self._ask({"do": "test", "account": protocol.account_to_dict(account)})
        cause = None if found["cause"] is None else Cause(found["cause"])
        return KeyTest(found["ok"], cause, found["detail"], found["models"])

    def import_table(
        self, source: Path, job: Path, settings: ImportSettings | None = None, former: Path | None = None
    ) -> TaskHandle:
        """Read a table into a job, in a process of its own. An import of the same job that goes on is ended first.

        Args:
            former: The job of a former version of this table, whose answers the same rows keep.
        """
        chosen = {} if settings is None else settings.to_dict()
        order = {"do": "import", "source": str(source), "job": str(job), "settings": chosen}
        if former is not None:
            order["former"] = str(former)
        handle = self._task(order, after=self._imports.get(str(job)))
        self._imports[str(job)] = handle
        handle.on_end(lambda ended: self._import_ended(str(job), ended))
        return handle

    def export(self, job: Path, target: Path, options: ExportOptions) -> TaskHandle:
        """Write a job's rows to a file, in a process of its own."""
        return self._task({"do": "export", "job": str(job), "target": str(target), "options": options.to_dict()})

    def _import_ended(self, job: str, handle: TaskHandle) -> None:
        if self._imports.get(job) is handle:
            del self._imports[job]

    def _task(self, order: Mapping[str, Any], after: TaskHandle | None = None) -> TaskHandle:
        handle = TaskHandle(order, after)
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
        except ConnectionError:
            raise protocol.worker_gone() from None
        finally:
            self._answers.pop(number, None)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                message = protocol.load(line)
                if message is None:
                    log.error("the worker said something that is no message (%d bytes)", len(line))
                else:
                    self._take(message)
        except ValueError:
            log.error("the worker said more than %d bytes in one line", protocol.LINE_LIMIT_BYTES)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        self._last.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(protocol.worker_gone())
        if not self._closing:
            log.warning("the worker ended by itself (exit code %s)", process.returncode)
            self._tell(WorkerLost())

    def _take(self, message: Mapping[str, Any]) -> None:
        event = message.get("event")
        if event == "progress":
            progress = JobProgress.from_dict(message)
            self._last[progress.job] = progress
            self._tell(progress)
        elif event == "broken":
            self._broken(str(message["job"]), protocol.error_from_dict(message["error"]))
        elif event is None:
            answer = self._answers.get(message["id"])
            if answer is not None and not answer.done():
                if "error" in message:
                    answer.set_exception(protocol.error_from_dict(message["error"]))
                else:
                    answer.set_result(message["result"])

    def _broken(self, job: str, error: RowmillError) -> None:
        self._tell(JobBroken(job, error))
        last = self._last.pop(job, None) or JobProgress(job, JobState.STOPPED, Counts())
        self._tell(replace(last, state=JobState.STOPPED, changed=(), many=True, in_flight=0, eta_s=None))

    def _tell(self, event: Event) -> None:
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:  # One listener's mistake must not make the window deaf.
                log.exception("a listener of the worker's events failed")
