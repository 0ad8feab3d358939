"""A reverse proxy on loopback that spoils what goes through it, and keeps what came of every request."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from tests.helpers.server_thread import ServerThread

T = TypeVar("T")

ITEM = re.compile(rb"item-\d{4}")
"""How a row is told in a request: each row's text holds its own."""


@dataclass(frozen=True)
class Spoil:
    """How much goes wrong here, as shares of all requests; what is left is passed on."""

    refused: float = 0.0
    dropped: float = 0.0
    malformed: float = 0.0


@dataclass
class Row:
    """What came of a row's requests, in order: "refused", "dropped", "malformed", a status, or the text of a reply."""

    outcomes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Requests that failed by themselves: those that were asked to wait are not among them."""
        return sum(outcome not in ("refused", "429", "answered") for outcome in self.outcomes)


class FaultProxy(ServerThread):
    """Runs on a thread of its own. Use it as a context manager.

    Args:
        upstream: Scheme, host and port of the server behind it.
    """

    def __init__(self, upstream: str, spoil: Spoil, *, seed: int = 1) -> None:
        super().__init__("fault proxy")
        self.rows: dict[str, Row] = defaultdict(Row)
        self._upstream = upstream
        self._spoil = spoil
        self._rng = random.Random(seed)

    async def start(self) -> None:
        await super().start()
        self._session = aiohttp.ClientSession(auto_decompress=False)

    async def stop(self) -> None:
        await self._session.close()
        await super().stop()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        found = ITEM.search(body)
        row = self.rows[found.group().decode()] if found else Row()
        chance = self._rng.random() if found else 1.0
        if chance < self._spoil.refused:
            row.outcomes.append("refused")
            error = {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Rate limit reached"}
            return web.json_response({"type": "error", "error": error}, status=429)
        chance -= self._spoil.refused
        if chance < self._spoil.dropped:
            row.outcomes.append("dropped")
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        try:
            status, headers, content = await self._pass_on(request, body)
        except aiohttp.ClientError:
            # The server behind has a way of its own to drop a connection.
            row.outcomes.append("dropped")
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        chance -= self._spoil.dropped
        if chance < self._spoil.malformed:
            content = content[: len(content) // 2]
        self._note(row, status, content)
        return web.Response(body=content, status=status, headers=headers)

    async def _pass_on(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_A_CONNECTION}
        url = self._upstream + request.path_qs
        async with self._session.request(request.method, url, headers=headers, data=body or None) as response:
            content = await response.read()
            kept = {name: value for name, value in response.headers.items() if name.lower() not in _OF_A_CONNECTION}
            return response.status, kept, content

    @staticmethod
    def _note(row: Row, status: int, content: bytes) -> None:
        if status != 200:
            row.outcomes.append(str(status))
            return
        try:
            row.texts.append(text_of(json.loads(content)))
            row.outcomes.append("answered")
        except (ValueError, KeyError, IndexError, StopIteration):
            row.outcomes.append("malformed")


_OF_A_CONNECTION = ("host", "content-length", "transfer-encoding", "connection", "keep-alive")


def text_of(reply: dict[str, Any]) -> str:
    """The text of a reply in any of the three forms."""
    if "choices" in reply:
        return str(reply["choices"][0]["message"]["content"])
    if "output" in reply:
        said = next(item for item in reply["output"] if item.get("type") == "message")
        return "".join(part["text"] for part in said["content"])
    return "".join(part["text"] for part in reply["content"] if part["type"] == "text")
