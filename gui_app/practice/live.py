"""Live requests: read, answered or not, and every fault acted out on the connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from gui_app.practice import anthropic_wire, decisions, openai_wire
from gui_app.practice.answering import Answering, Outcome
from gui_app.practice.asked import Answered, Asked, Refused, Trouble
from gui_app.practice.faults import Fate
from gui_app.practice.replies import broken, error_reply, is_anthropic, json_reply, read_object

_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_Write = Callable[[Answered], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Told:
    """A response, with what the journal wants to know about it.

    Attributes:
        asked: None when the request could not be read.
        status: As the client sees it; 0 for a connection broken on purpose.
    """

    response: web.Response
    asked: Asked | None
    status: int
    fate: Fate


class Live:
    """The endpoints that answer at once."""

    def __init__(self, answering: Answering, seed: int) -> None:
        self._answering = answering
        self._stopping = asyncio.Event()
        self._endpoints: Mapping[str, Callable[[dict[str, Any]], tuple[Asked, _Write]]] = {
            "/v1/chat/completions": partial(_both, openai_wire.read_chat, openai_wire.write_chat),
            "/v1/responses": partial(_both, openai_wire.read_responses, openai_wire.write_responses),
            "/v1/messages": partial(_both, anthropic_wire.read_messages, anthropic_wire.write_message),
            "/v1/decisions": partial(_decision, seed),
        }

    def serves(self, request: web.BaseRequest) -> bool:
        """Whether this is a request for an answer."""
        return request.method == "POST" and request.path in self._endpoints

    def stop(self) -> None:
        """Let go of the connections that were left hanging on purpose."""
        self._stopping.set()

    async def ask(self, request: web.BaseRequest) -> Told:
        """Answer a request, or act out its fault."""
        anthropic = is_anthropic(request)
        asked = None
        try:
            asked, write = self._endpoints[request.path](await read_object(request))
            desk = self._answering.desk(asked.model)
            desk.gate.enter()
            try:
                outcome = self._answering.live(asked)
                if outcome.wait_s:
                    await asyncio.sleep(outcome.wait_s)
                response = await self._act_out(request, outcome, write, anthropic)
            finally:
                desk.gate.leave()
            response.headers.update(desk.gate.headers(anthropic))
            return Told(response, asked, 0 if response.status == 444 else response.status, outcome.fate)
        except Refused as refused:
            response = error_reply(refused, anthropic)
            if asked is not None and refused.trouble is Trouble.RATE:
                response.headers.update(self._answering.desk(asked.model).gate.headers(anthropic))
            return Told(response, asked, response.status, Fate.NONE)

    async def _act_out(
        self, request: web.BaseRequest, outcome: Outcome, write: _Write, anthropic: bool
    ) -> web.Response:
        if outcome.refused is not None:
            return error_reply(outcome.refused, anthropic)
        if outcome.answer is not None:
            body = write(outcome.answer)
            if outcome.fate is not Fate.MALFORMED:
                return json_reply(body)
            text = json.dumps(body, ensure_ascii=False)
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        if outcome.fate is Fate.HTML:
            return web.Response(status=502, text=_PAGE, content_type="text/html")
        if outcome.fate is Fate.HANGING:
            await self._until_gone(request)
        return broken(request)

    async def _until_gone(self, request: web.BaseRequest) -> None:
        """Wait until the client gives up, or the server stops."""
        # aiohttp tells nobody when a client leaves, short of cancelling every handler: so it is looked at.
        while not self._stopping.is_set() and request.transport is not None and not request.transport.is_closing():
            try:
                await asyncio.wait_for(self._stopping.wait(), 0.05)
            except TimeoutError:
                continue


def _both(
    read: Callable[[Mapping[str, Any]], Asked],
    write: Callable[[Asked, Answered], dict[str, Any]],
    body: dict[str, Any],
) -> tuple[Asked, _Write]:
    asked = read(body)
    return asked, partial(write, asked)


def _decision(seed: int, body: dict[str, Any]) -> tuple[Asked, _Write]:
    asked, questions = decisions.read(body)
    return asked, partial(decisions.write, asked, questions, seed)
