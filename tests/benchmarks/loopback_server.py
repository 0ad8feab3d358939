"""A model server that costs almost nothing: `python loopback_server.py '{"latency_s": 0.2}'`, in its own process.

Prints its port, answers `POST .../responses` and `POST .../chat/completions`, and ends when its standard input does.
How long an answer takes is drawn from the seed and the row's number in the prompt, so that every client of a run gets
the same latencies whatever the order of its calls, and the ideal can be worked out.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import math
import os
import random
import re
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

_ROW = re.compile(rb"row #(\d+)")
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_ANSWER = '{"label": "good"}'


@dataclass(frozen=True)
class Manner:
    """How the server behaves.

    Attributes:
        latency_s: Of an answer; the median where `sigma` is not 0.
        sigma: Of a lognormal latency.
        longest_s: No latency is longer.
        limits: (from second, requests a second) pairs, the seconds counted from the first request. Empty: no limit.
        burst: Requests that a rested limit lets through at once.
        headers: Whether answers say how much of the limit is left, and refusals when to come back.
        late: A refusal takes as long as an answer.
    """

    latency_s: float = 0.2
    sigma: float = 0.0
    longest_s: float = 10.0
    seed: int = 1
    limits: tuple[tuple[float, float], ...] = ()
    burst: int = 10
    headers: bool = True
    late: bool = False

    def to_json(self) -> str:
        """The command line's argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Manner:
        """The inverse of `to_json`."""
        data = json.loads(text)
        return cls(**{**data, "limits": tuple((start, rate) for start, rate in data.get("limits", ()))})

    def latency_of(self, row: int) -> float:
        """Seconds that this row's answer takes, of this seed."""
        if not self.sigma:
            return self.latency_s
        drawn = random.Random(f"{self.seed}/{row}").gauss(0.0, 1.0)
        return min(self.longest_s, self.latency_s * math.exp(self.sigma * drawn))


def ideal_s(latencies: Iterable[float], at_once: int) -> float:
    """How long the rows take if `at_once` are always out, in order, and nothing else takes any time."""
    free = [0.0] * at_once
    for latency in latencies:
        heapq.heapreplace(free, free[0] + latency)
    return max(free)


def ideal_under_limits_s(rows: int, manner: Manner) -> float:
    """How long the rows take if each goes out as soon as the limit lets it."""
    left, now = float(rows - manner.burst), 0.0
    steps = [*manner.limits, (math.inf, 0.0)]
    for (_, rate), (until, _) in itertools.pairwise(steps):
        if left <= rate * (until - now):
            return now + left / rate + manner.latency_s
        left -= rate * (until - now)
        now = until
    raise ValueError("limits must not be empty")


@dataclass
class Seen:
    """What the server has seen so far: `GET /seen`."""

    requests: int = 0
    refused: int = 0
    out: int = 0
    most_out: int = 0
    connections: int = 0


class _Limit:
    """A bucket that fills at the rate in force."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._first_at: float | None = None
        self._at = 0.0
        self._credit = float(manner.burst)

    def take(self, now: float) -> bool:
        if self._first_at is None:
            self._first_at = self._at = now
        self._credit = min(float(self._manner.burst), self._credit + (now - self._at) * self.rate(now))
        self._at = now
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True

    def rate(self, now: float) -> float:
        age = now - (self._first_at or now)
        return next(rate for start, rate in reversed(self._manner.limits) if age >= start)

    def headers(self, now: float) -> str:
        rate = self.rate(now)
        reset_ms = math.ceil((self._manner.burst - self._credit) / rate * 1000)
        text = (
            f"x-ratelimit-limit-requests: {self._manner.burst}\r\n"
            f"x-ratelimit-remaining-requests: {int(self._credit)}\r\n"
            f"x-ratelimit-reset-requests: {reset_ms}ms\r\n"
        )
        if self._credit < 1.0:
            text += f"retry-after-ms: {math.ceil((1.0 - self._credit) / rate * 1000)}\r\n"
        return text


@dataclass
class _Server:
    manner: Manner
    seen: Seen = field(default_factory=Seen)

    def __post_init__(self) -> None:
        self.limit = _Limit(self.manner) if self.manner.limits else None
        self.responses = json.dumps(_response()).encode()
        self.completion = json.dumps(_completion()).encode()
        self.refusal = json.dumps(
            {"error": {"message": "Too many requests", "type": "requests", "code": "rate_limit_exceeded"}}
        ).encode()
        self.models = json.dumps({"object": "list", "data": [{"id": "gpt-6-luna", "object": "model"}]}).encode()


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as well-behaved clients need it."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._data = b""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.seen.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._data) < whole:
                if b"100-continue" in head.lower() and len(self._data) == end + 4:
                    self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body, self._data = self._data[end + 4 : whole], self._data[whole:]
            self._answer(head[: head.find(b"\r\n")], body)

    def _answer(self, line: bytes, body: bytes) -> None:
        server, seen = self._server, self._server.seen
        if line.startswith(b"GET"):
            content = json.dumps(asdict(seen)).encode() if b"/seen" in line else server.models
            self._reply(200, content, "")
            return
        now = time.monotonic()
        seen.requests += 1
        admitted = server.limit is None or server.limit.take(now)
        headers = server.limit.headers(now) if server.limit is not None and server.manner.headers else ""
        row = _ROW.search(body)
        latency = server.manner.latency_of(int(row[1]) if row else 0)
        if not admitted:
            seen.refused += 1
            if server.manner.late:
                self._loop.call_later(latency, self._reply, 429, server.refusal, headers)
            else:
                self._reply(429, server.refusal, headers)
            return
        content = server.responses if b"/responses" in line else server.completion
        seen.out += 1
        seen.most_out = max(seen.most_out, seen.out)
        if latency <= 0:
            self._done(content, headers)
        else:
            self._loop.call_later(latency, self._done, content, headers)

    def _done(self, content: bytes, headers: str) -> None:
        self._server.seen.out -= 1
        self._reply(200, content, headers)

    def _reply(self, status: int, content: bytes, headers: str) -> None:
        head = (
            f"HTTP/1.1 {status} {'OK' if status == 200 else 'Too Many Requests'}\r\nContent-Type: application/json\r\n"
            f"x-request-id: r\r\n{headers}Content-Length: {len(content)}\r\n\r\n"
        )
        self._write(head.encode() + content)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _response() -> dict[str, Any]:
    text = {"type": "output_text", "text": _ANSWER, "annotations": [], "logprobs": []}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": "gpt-6-luna",
        "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [text]}],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 60,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 8,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 68,
        },
    }


def _completion() -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": _ANSWER, "refusal": None, "annotations": []}
    return {
        "id": "chatcmpl_1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-6-luna",
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}],
        "usage": {"prompt_tokens": 60, "completion_tokens": 8, "total_tokens": 68},
    }


async def _serve(manner: Manner) -> None:
    loop = asyncio.get_running_loop()
    state = _Server(manner)
    listening = await loop.create_server(lambda: _Connection(state), "127.0.0.1", 0, backlog=2048)
    print(listening.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()

    def wait_for_the_end() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(Manner.from_json(sys.argv[1] if len(sys.argv) > 1 else "{}")))
