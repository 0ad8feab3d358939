"""A scripted HTTP server on loopback: each request gets the next answer of its script, however broken."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from tests.helpers.server_thread import ServerThread

T = TypeVar("T")


@dataclass(frozen=True)
class Say:
    """One scripted answer.

    Attributes:
        body: Text and bytes go out as they are, anything else as JSON.
        byte_every_s: Send the body a byte at a time, with this pause between two.
        drop_after: Break the connection after so many bytes of the body (0: before the headers).
        wait_s: Before anything is sent.
        raw: Sent instead of HTTP.
    """

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    byte_every_s: float = 0.0
    drop_after: int | None = None
    wait_s: float = 0.0
    raw: bytes | None = None

    def content(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Seen:
    """One request as it came in. `body`: what its JSON says; the bytes of a form as they are; None without one."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any


def response(text: str, **changes: Any) -> dict[str, Any]:
    """What `POST /responses` answers."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "model-1",
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}],
            },
        ],
        "usage": {
            "input_tokens": 30,
            "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 4},
            "output_tokens": 8,
            "output_tokens_details": {"reasoning_tokens": 3},
            "total_tokens": 38,
        },
        **changes,
    }


def completion(text: str | None, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """What `POST /chat/completions` answers."""
    return {
        "id": "c_1",
        "object": "chat.completion",
        "created": 1,
        "model": "model-1",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {"prompt_tokens": 30, "completion_tokens": 8, "total_tokens": 38},
    }


def message(text: str, stop: str = "end_turn", **changes: Any) -> dict[str, Any]:
    """What `POST /v1/messages` answers."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "model-1",
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop,
        "usage": {
            "input_tokens": 20,
            "cache_read_input_tokens": 10,
            "cache_creation_input_tokens": 5,
            "output_tokens": 8,
        },
        **changes,
    }


class FaultServer(ServerThread):
    """Runs on a thread of its own. Use it as a context manager.

    Args:
        script: The answers, in the order of the requests. The last one goes to all further requests.
        routes: Answers by the end of a path, instead of the script: a script each.
    """

    def __init__(
        self,
        script: Iterable[Say] | Say = (),
        *,
        routes: Mapping[str, Iterable[Say] | Say] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__("fault server", ssl_context=ssl_context)
        self.seen: list[Seen] = []
        self._scripts = {end: _listed(says) for end, says in (routes or {}).items()}
        self._script = _listed(script)

    def say(self, *script: Say) -> None:
        """A new script, from the next request on."""
        self._script = list(script)

    def bodies(self, end: str = "") -> list[Any]:
        """The bodies of the requests so far, of those to paths with this end."""
        return [seen.body for seen in self.seen if seen.path.endswith(end)]

    def _next(self, path: str) -> Say:
        script = next((script for end, script in self._scripts.items() if path.endswith(end)), self._script)
        if not script:
            return Say({"error": {"message": "nothing scripted"}}, 500)
        return script.pop(0) if len(script) > 1 else script[0]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        body: Any = raw if request.content_type.startswith("multipart/") else json.loads(raw) if raw else None
        self.seen.append(Seen(request.method, request.path, request.query_string, headers, body))
        say = self._next(request.path)
        await asyncio.sleep(say.wait_s)
        transport = request.transport
        assert transport is not None
        if say.raw is not None:
            transport.write(say.raw)
        if say.raw is not None or say.drop_after == 0:
            transport.close()
            return web.Response()
        content = say.content()
        kind = "text/html" if content[:1] == b"<" else "application/json"
        out = web.StreamResponse(status=say.status, headers={"Content-Type": kind, **say.headers})
        out.content_length = len(content)
        await out.prepare(request)
        if say.drop_after is not None:
            await out.write(content[: say.drop_after])
            transport.close()
            return out
        if say.byte_every_s:
            for position in range(len(content)):
                await out.write(content[position : position + 1])
                await asyncio.sleep(say.byte_every_s)
        else:
            await out.write(content)
        await out.write_eof()
        return out


def _listed(script: Iterable[Say] | Say) -> list[Say]:
    return [script] if isinstance(script, Say) else list(script)
