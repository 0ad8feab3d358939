"""The worker: the engine on plain asyncio, spoken to over its standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gui_app import pricing
from gui_app.engine.events import JobProgress
from gui_app.engine.runner import STOP_GRACE_S
from gui_app.errors import UserError
from gui_app.logs import log_to_file
from gui_app.providers import catalog
from gui_app.worker import pipes, protocol
from gui_app.worker.conductor import Conductor
from gui_app.worker.garbage import uncollected
from gui_app.worker.protocol import RunOrder

log = logging.getLogger(__name__)

AHEAD_S = 1.0
"""A worker that nobody has asked anything for so long imports what most runs need."""


class Worker:
    """Carries out the window's commands. Ends when the window does, after what is in flight is stored.

    Args:
        source, target: Descriptors of the pipes.
    """

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._out = pipes.LineWriter(target, self._end_from_thread)
        self._conductor = Conductor(self._tell)
        self._commands: set[asyncio.Task[None]] = set()
        self._watched: set[asyncio.Task[JobProgress]] = set()
        self._ahead = self._loop.call_later(AHEAD_S, self._prepare)
        self._carriers: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[Any]]] = {
            "run": self._run,
            "pause": self._pause,
            "stop": self._stop,
            "cancel_overnight": self._cancel_overnight,
            "give_up_overnight": self._give_up_overnight,
            "models": self._models,
            "test": self._test,
        }

    async def serve(self) -> None:
        """Until the pipe ends or a signal asks to end; what is on its way is then still stored."""
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                with contextlib.suppress(NotImplementedError):
                    self._loop.add_signal_handler(getattr(signal, name), self._ended.set)
        # A thread, because Windows has no asyncio pipes for standard input.
        threading.Thread(target=self._read, name="rowmill-commands", daemon=True).start()
        await self._ended.wait()
        self._ahead.cancel()
        await self._conductor.close()
        for command in list(self._commands):
            command.cancel()
        await asyncio.gather(*self._commands, return_exceptions=True)
        await asyncio.to_thread(self._out.close)

    def _read(self) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is gone: so is the worker.
            for line in pipes.lines(self._source):
                self._loop.call_soon_threadsafe(self._take, line)
        self._end_from_thread()

    def _end_from_thread(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ended.set)

    def _prepare(self) -> None:
        task = asyncio.create_task(asyncio.to_thread(_import_ahead), name="import ahead")
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    def _take(self, line: bytes) -> None:
        # From now on what is asked for is imported, and nothing else takes its time.
        self._ahead.cancel()
        message = protocol.load(line)
        if message is None or not isinstance(message.get("id"), int):
            # Never the line itself: it may hold a key.
            log.error("a command of %d bytes could not be read", len(line))
            return
        task = asyncio.create_task(self._carry_out(message))
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _carry_out(self, message: Mapping[str, Any]) -> None:
        answer: dict[str, Any] = {"id": message["id"]}
        try:
            answer["result"] = await self._carriers[message["do"]](message)
        except UserError as error:
            answer["error"] = protocol.error_to_dict(error)
        except Exception as error:  # One bad command must not take the running jobs along.
            log.exception("a command failed")
            answer["error"] = protocol.error_to_dict(error)
        self._out.send(answer)

    async def _run(self, message: Mapping[str, Any]) -> None:
        order = RunOrder.from_dict(message["order"])
        task = await self._conductor.run(order)
        if task not in self._watched:
            self._watched.add(task)
            task.add_done_callback(lambda done: self._ended_run(order.job, done))

    def _ended_run(self, job: str, task: asyncio.Task[JobProgress]) -> None:
        self._watched.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        if not isinstance(error, UserError):
            log.error("a run ended with an error of ours", exc_info=error)
        self._out.send({"event": "broken", "job": job, "error": protocol.error_to_dict(error)})

    async def _pause(self, message: Mapping[str, Any]) -> None:
        self._conductor.pause(message["job"])

    async def _stop(self, message: Mapping[str, Any]) -> None:
        grace_s = message.get("grace_s")
        self._conductor.stop(message["job"], grace_s=STOP_GRACE_S if grace_s is None else float(grace_s))

    async def _cancel_overnight(self, message: Mapping[str, Any]) -> None:
        await self._conductor.cancel_overnight(RunOrder.from_dict(message["order"]))

    async def _give_up_overnight(self, message: Mapping[str, Any]) -> int:
        return await self._conductor.give_up_overnight(message["job"], frozenset(message["parts"]))

    async def _models(self, message: Mapping[str, Any]) -> list[list[str | None]]:
        models = await self._conductor.list_models(protocol.account_from_dict(message["account"]))
        return [[model.id, model.name, model.retires_on] for model in models]

    async def _test(self, message: Mapping[str, Any]) -> dict[str, Any]:
        test = await self._conductor.test_key(protocol.account_from_dict(message["account"]))
        return {"ok": test.ok, "cause": test.cause, "detail": test.detail, "models": test.models}

    def _tell(self, progress: JobProgress) -> None:
        self._out.send_progress(progress.job, {"event": "progress", **progress.to_dict()})


def _import_ahead() -> None:
    """The SDK that all providers but one speak through, and the prices: a third of a second after Run was pressed."""
    try:
        with uncollected():
            catalog.load("compatible")
            pricing.preload()
    except Exception:  # Whoever needs it will be told.
        log.exception("nothing could be imported ahead")


def main() -> int:
    """`rowmill worker`: not for people. Returns the exit code."""
    # A Ctrl+C in a terminal reaches the whole group; the window decides what becomes of the jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)
    log_to_file("worker")
    target = pipes.own_output()

    async def serve() -> None:
        await Worker(0, target).serve()

    asyncio.run(serve())
    return 0
