"""HTTP bodies in and out: JSON objects, and errors in the form of the provider that was asked."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from gui_app.practice import anthropic_wire, openai_wire
from gui_app.practice.asked import Refused, Trouble


def is_anthropic(request: web.BaseRequest) -> bool:
    """Whether a request speaks Anthropic's wire format."""
    return "anthropic-version" in request.headers or request.path.startswith("/v1/messages")


async def read_object(request: web.BaseRequest) -> dict[str, Any]:
    """The JSON object a request carries.

    Raises:
        Refused: It carries something else.
    """
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(Trouble.BAD, "We could not parse the JSON body of your request. A JSON object was expected.")
    return body


def json_reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON response."""
    named = {"x-request-id": openai_wire.new_id("req_"), **(headers or {})}
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return web.Response(body=text, status=status, headers=named, content_type="application/json")


def error_reply(refused: Refused, anthropic: bool) -> web.Response:
    """An error response."""
    status, body, headers = (anthropic_wire if anthropic else openai_wire).write_error(refused)
    if anthropic:
        headers["request-id"] = body["request_id"]
    return json_reply(body, status, headers)


def broken(request: web.BaseRequest) -> web.Response:
    """End the connection without a reply, as a network that fails.

    Nobody reads the response returned; nginx says 444 for "closed without a response".
    """
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=444)
