"""The loopback HTTP server: who may call, and which path means what."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from gui_app.practice import anthropic_wire, openai_wire
from gui_app.practice.answering import Answering
from gui_app.practice.anthropic_batches import AnthropicBatches
from gui_app.practice.asked import Asked, Refused, Trouble, prompt_hash
from gui_app.practice.batches import Batches
from gui_app.practice.faults import Fate
from gui_app.practice.files import Files
from gui_app.practice.live import Live
from gui_app.practice.models import MODELS, PracticeModel
from gui_app.practice.openai_batches import OpenAIBatches
from gui_app.practice.replies import error_reply, is_anthropic, json_reply
from gui_app.practice.state import Entry, State

log = logging.getLogger(__name__)

HEALTH_PATH = "/practice/health"
"""Says that this is a practice server, and whose; needs the token like every path."""

_LARGEST_BODY = 64 * 1024 * 1024
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server:
    """One practice server. Start it on the running loop; stop it there too.

    Args:
        home: The folder of its state; made when it is missing.
        token: The bearer token to ask for; None makes a random one.
        port: The port to try first; 0, or one that is taken, gives another.
        models: What is on offer and how it behaves.
        seed: Another seed, other rows with faults.
        journal: False keeps no journal.
        keep_prompts: The journal holds the prompts themselves, not only their hashes. For tests.
        idle_s: `ended` is set after so long without a request and without an unfinished batch. None: never.
    """

    def __init__(
        self,
        home: Path,
        *,
        token: str | None = None,
        port: int = 0,
        models: Iterable[PracticeModel] = MODELS,
        seed: int = 0,
        journal: bool = True,
        keep_prompts: bool = False,
        idle_s: float | None = None,
    ) -> None:
        self.home = home
        self.token = token or secrets.token_urlsafe(32)
        self.port = port
        self.ended = asyncio.Event()
        """Set when the server has been idle for long enough."""
        self._models = tuple(models)
        self._seed = seed
        self._journal = journal
        self._keep_prompts = keep_prompts
        self._idle_s = idle_s
        self._last_request_at = time.monotonic()
        self._key = self.token.encode()
        self._stopping = False
        self._listening: web.TCPSite | None = None
        self._idle_watch: asyncio.Task[None] | None = None

    # Life.

    async def start(self) -> None:
        """Open the state and listen on 127.0.0.1."""
        self.state = State(self.home, journal=self._journal)
        self.answering = Answering(self._models, self.state.attempts, self._seed)
        self.batches = Batches(self.home, self.state, self.answering, seed=self._seed, keep_prompts=self._keep_prompts)
        self._live = Live(self.answering, self._seed)
        self._routes = self._mount()
        http = web.Server(
            self._handle, request_factory=_request, access_log=None, keepalive_timeout=300.0, lingering_time=1.0
        )
        self._runner = web.ServerRunner(http, shutdown_timeout=0.5)
        await self._runner.setup()
        await self.come_back()
        if self._idle_s is not None:
            self._idle_watch = asyncio.create_task(self._watch_idle(self._idle_s))

    def _mount(self) -> dict[str, _Handler]:
        """The endpoints other than those of `Live`, by the path they begin with; and the batches of before begin."""
        files = Files(self.home / "files", self.state, self.batches)
        files.tidy()
        openai_batches = OpenAIBatches(self.batches, files)
        anthropic_batches = AnthropicBatches(self.batches, self.home / "batches")
        self.batches.start({"openai": openai_batches, "anthropic": anthropic_batches})
        return {
            HEALTH_PATH: self._health,
            "/v1/models": self._list_models,
            "/v1/files": files.serve,
            "/v1/batches": openai_batches.serve,
            "/v1/messages/batches": anthropic_batches.serve,
        }

    async def stop(self) -> None:
        """End the connections, write what is left. Idempotent."""
        if self._stopping:
            return
        self._stopping = True
        if self._idle_watch is not None:
            self._idle_watch.cancel()
        self._live.stop()
        await self.batches.stop()
        await self._runner.cleanup()
        self.state.close()

    async def come_back(self) -> None:
        """Listen, on the same port as before where that is free. After `go_away`, or at the start."""
        try:
            self._listening = await self._listen(self.port)
        except OSError:
            if self.port == 0:
                raise
            self._listening = await self._listen(0)

    async def _listen(self, port: int) -> web.TCPSite:
        site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        return site

    async def go_away(self) -> None:
        """Stop listening and break all connections, as a network that is gone. State and batches live on."""
        if self._listening is not None:
            await self._listening.stop()
            self._listening = None
        http = self._runner.server
        for connection in http.connections if http is not None else ():
            if connection.transport is not None:
                connection.transport.abort()

    @property
    def root_url(self) -> str:
        """The address for Anthropic's SDK."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """The address for OpenAI's SDK."""
        return f"{self.root_url}/v1"

    def set_models(self, models: Iterable[PracticeModel]) -> None:
        """Change what is on offer and how it behaves, from the next request on."""
        self._models = tuple(models)
        self.answering.set_models(self._models)
        self.batches.forget_strikes()

    async def _watch_idle(self, idle_s: float) -> None:
        while True:
            await asyncio.sleep(min(5.0, idle_s))
            quiet_s = time.monotonic() - self._last_request_at
            if quiet_s >= idle_s and not self.state.batches(unfinished=True):
                self.ended.set()

    # Requests.

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        started = time.monotonic()
        self._last_request_at = started
        try:
            self._admit(request)
            if self._live.serves(request):
                told = await self._live.ask(request)
                self._note(request, started, told.status, told.asked, told.fate)
                return told.response
            response = await self._route(request)(request)
        except Refused as refused:
            response = error_reply(refused, is_anthropic(request))
        except (web.HTTPRequestEntityTooLarge, ConnectionError, asyncio.IncompleteReadError):
            too_large = Refused(Trouble.TOO_LARGE, "The request is too large, or ended early.")
            response = error_reply(too_large, is_anthropic(request))
        except Exception:
            log.exception("the practice server failed on %s %s", request.method, request.path)
            ours = Refused(Trouble.SERVER, "The practice server itself had an error.")
            response = error_reply(ours, is_anthropic(request))
        self._note(request, started, 0 if response.status == 444 else response.status)
        return response

    def _admit(self, request: web.BaseRequest) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        given = given or request.headers.get("x-api-key", "")
        if not hmac.compare_digest(given.encode(), self._key):
            message = "Incorrect API key provided. This practice server answers only to the Rowmill that started it."
            raise Refused(Trouble.KEY, message)
        # A web page that got hold of the port by DNS rebinding would send its own name here.
        if request.host.rpartition(":")[0] not in ("127.0.0.1", "localhost"):
            raise Refused(Trouble.BAD, "This practice server is reached by 127.0.0.1 only.")

    def _route(self, request: web.BaseRequest) -> _Handler:
        path = request.path
        for prefix, handler in self._routes.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return handler
        raise Refused(Trouble.NOT_FOUND, f"Unknown request URL: {request.method} {path[:200]}.")

    async def _health(self, request: web.BaseRequest) -> web.StreamResponse:
        return json_reply({"rowmill": "practice", "home": str(self.home)})

    async def _list_models(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "GET":
            raise Refused(Trouble.NOT_FOUND, f"Unknown request URL: {request.method} {request.path[:200]}.")
        wire = anthropic_wire if is_anthropic(request) else openai_wire
        model_id = request.path.removeprefix("/v1/models").removeprefix("/")
        if model_id:
            return json_reply(wire.write_model(self.answering.desk(model_id).model))
        return json_reply(wire.write_models(self._models))

    def _note(
        self,
        request: web.BaseRequest,
        started: float,
        status: int,
        asked: Asked | None = None,
        fate: Fate = Fate.NONE,
    ) -> None:
        seconds = time.monotonic() - started
        self.state.note(
            Entry(
                at=time.time() - seconds,
                endpoint=f"{request.method} {request.path}",
                model="" if asked is None else asked.model,
                prompt_hash="" if asked is None else prompt_hash(asked.prompt),
                prompt=asked.prompt if asked is not None and self._keep_prompts else "",
                status=status,
                fate=fate.value,
                seconds=seconds,
            )
        )


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """As aiohttp's own, with room for long cells."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LARGEST_BODY)
