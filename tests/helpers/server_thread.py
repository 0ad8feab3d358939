"""An aiohttp server on loopback, on a thread and a loop of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from abc import abstractmethod
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

T = TypeVar("T")

_LIMIT_S = 20


class ServerThread:
    """Answers every request by `answer`. Use it as a context manager.

    Args:
        name: Of its thread.
    """

    def __init__(self, name: str, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl = ssl_context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._ssl else 'http'}://127.0.0.1:{self.port}"

    @abstractmethod
    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LIMIT_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_LIMIT_S)

    async def start(self) -> None:
        """On its own loop."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self.answer)
        # A client that goes away takes its handler with it, so that stopping never waits for a slow answer.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._ssl).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """On its own loop."""
        await self._runner.cleanup()
