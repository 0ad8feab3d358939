"""The worker: the engine on plain asyncio, spoken to over its standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, BinaryIO

from gui_app.engine.events import JobProgress
from gui_app.errors import UserError
from gui_app.worker import protocol
from gui_app.worker.conductor import Conductor
from gui_app.worker.protocol import RunOrder

log = logging.getLogger(__name__)


class Worker:
    """Carries out the window's commands. Ends when the window does, after what is in flight is stored.

    Args:
        source, target: The pipes.
    """

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target
        self._conductor = Conductor(self._tell)
        self._commands: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        self._carriers: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[Any]]] = {
            "run": self._run,
            "pause": self._pause,
            "stop": self._stop,
            "models": self._models,
            "test": self._test,
        }

    async def serve(self) -> None:
        """Until the pipe ends or a signal asks to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):
                # A Ctrl+C in the terminal reaches the whole group; the window decides what becomes of the jobs.
                loop.add_signal_handler(number, self._ended.set if number == signal.SIGTERM else lambda: None)
        reader = asyncio.create_task(self._read())
        await self._ended.wait()
        await self._conductor.close()
        reader.cancel()
        for command in list(self._commands):
            command.cancel()
        await asyncio.gather(reader, *self._commands, return_exceptions=True)

    async def _read(self) -> None:
        lines: asyncio.Queue[bytes] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def pump() -> None:
            # A thread, because Windows has no asyncio pipes for standard input.
            for line in self._source:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._ended.set)

        import threading

        threading.Thread(target=pump, name="rowmill-commands", daemon=True).start()
        while True:
            line = await lines.get()
            task = asyncio.create_task(self._carry_out(line))
            self._commands.add(task)
            task.add_done_callback(self._commands.discard)

    async def _carry_out(self, line: bytes) -> None:
        message = json.loads(line)
        try:
            result = await self._carriers[message["do"]](message)
            self._send({"id": message["id"], "result": result})
        except UserError as error:
            self._send({"id": message["id"], "error": protocol.error_to_dict(error), "cause": getattr(error, "cause", None)})
        except Exception as error:
            log.exception("a command failed: %s", message.get("do"))
            self._send({"id": message["id"], "error": protocol.error_to_dict(error)})

    async def _run(self, message: Mapping[str, Any]) -> None:
        order = RunOrder.from_dict(message["order"])
        task = await self._conductor.run(order)
        task.add_done_callback(lambda done: self._ended_run(order.job, done))

    def _ended_run(self, job: str, task: asyncio.Task[JobProgress]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        assert error is not None
        if not isinstance(error, UserError):
            log.error("a run ended with an error of ours", exc_info=error)
        self._send({"event": "broken", "job": job, "error": protocol.error_to_dict(error)})

    async def _pause(self, message: Mapping[str, Any]) -> None:
        self._conductor.pause(message["job"])

    async def _stop(self, message: Mapping[str, Any]) -> None:
        self._conductor.stop(message["job"])

    async def _models(self, message: Mapping[str, Any]) -> list[list[str | None]]:
        models = await self._conductor.list_models(protocol.account_from_dict(message["account"]))
        return [[model.id, model.name, model.retires_on] for model in models]

    async def _test(self, message: Mapping[str, Any]) -> dict[str, Any]:
        test = await self._conductor.test_key(protocol.account_from_dict(message["account"]))
        return {"ok": test.ok, "cause": test.cause, "detail": test.detail, "models": test.models}

    def _tell(self, progress: JobProgress) -> None:
        self._send({"event": "progress", **progress.to_dict()})

    def _send(self, message: Mapping[str, Any]) -> None:
        try:
            self._target.write(protocol.dump(message))
            self._target.flush()
        except (BrokenPipeError, ValueError, OSError):
            # Nobody listens any more. What is in flight is still stored.
            self._ended.set()


def main() -> int:
    """`rowmill worker`: not for people. Returns the exit code."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)
    # Not sys.stdin, whose lock the thread that reads it would still hold at the interpreter's end.
    source, target = os.fdopen(os.dup(sys.stdin.fileno()), "rb"), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever prints to standard output would break the lines of the protocol.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asyncio.run(Worker(source, target).serve())
    return 0
