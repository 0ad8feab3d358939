"""The SDKs' lower door: one call in, plain JSON and headers out, every error mapped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx2

from gui_app.jobs import Secret
from gui_app.providers.base import CallFailed
from gui_app.providers.mapping import failure_of, parsed_reply
from gui_app.providers.transport import HEADERS, Arrived, Call, Envelope, GuardedClient, during

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Answer = tuple[dict[str, Any], Mapping[str, str]]
"""The JSON object of an answer and its headers."""


class Door:
    """Calls an SDK's `client.post` and `client.get` for plain JSON.

    Only an SDK's addresses, authentication, headers and errors are used: its response models and iterators cost three
    times what the call itself costs. What it makes of a call but for the body is the same for all rows, and takes as
    long as sending it; so the first call to an address goes through the SDK, later ones in the envelope that it made
    then, by the HTTP client that it was given. Whatever comes back that is no answer is handed to the SDK, which
    raises its error.

    Args:
        http: What `client` sends by.
        key: Cut out of error details, should a server repeat it.
    """

    def __init__(self, client: AsyncOpenAI | AsyncAnthropic, http: GuardedClient, key: Secret | None) -> None:
        self._client = client
        self._http = http
        self._key = key
        self._envelopes: dict[str, Envelope] = {}
        self._made: dict[str, asyncio.Event] = {}
        self._written: tuple[Mapping[str, Any] | None, str] = (None, "")
        self._closed = False

    async def post(self, path: str, body: Mapping[str, Any], *, after: Mapping[str, Any] | None = None) -> Answer:
        """Send one JSON object.

        Args:
            after: What comes before `body` in it: the same object for many rows, which is written only once.

        Raises:
            CallFailed: With its cause. Nothing else but CancelledError.
        """
        content = _bytes(self._constant(after) + _json(body)[1:] if after else _json(body))
        envelope = self._envelopes.get(path) or await self._being_made(path)
        if envelope is None:
            return await self._make(path, content)
        came: Arrived | Exception
        try:
            came = await self._http.exchange(envelope, content)
        except Exception as error:
            came = error
        if isinstance(came, Arrived) and came.status < 300:
            return parsed_reply(came.status, came.body, came.headers, self._key), came.headers
        with during(Call(came)):
            return await self._call("post", path, content)

    def _constant(self, part: Mapping[str, Any]) -> str:
        """The beginning of an object that has this part, up to where the next one follows."""
        if part is not self._written[0]:
            self._written = (part, _json(part)[:-1] + ",")
        return self._written[1]

    async def _being_made(self, path: str) -> Envelope | None:
        """The envelope that the first call to this address is getting just now; None when this call has to make it."""
        made = self._made.get(path)
        if made is None:
            self._made[path] = asyncio.Event()
            return None
        await made.wait()
        return self._envelopes.get(path)

    async def _make(self, path: str, content: bytes) -> Answer:
        made = self._made[path]

        def seen(envelope: Envelope) -> None:
            if envelope.reusable:
                self._envelopes[path] = envelope
            made.set()

        try:
            with during(Call(seen=seen)):
                return await self._call("post", path, content)
        finally:
            # Even if it came to nothing before it was sent: the next one makes it then.
            made.set()

    async def get(self, path: str) -> Answer:
        """Fetch one JSON object.

        Raises:
            CallFailed: With its cause. Nothing else but CancelledError.
        """
        return await self._call("get", path, None)

    async def _call(self, method: str, path: str, content: bytes | None) -> Answer:
        failure: CallFailed
        try:
            if content is None:
                response = await self._client.get(path, cast_to=httpx2.Response)
            else:
                response = await self._client.post(path, cast_to=httpx2.Response, content=content)
            headers = response.extensions[HEADERS]
            return parsed_reply(response.status_code, response.content, headers, self._key), headers
        except Exception as error:  # This is the border: everything becomes a cause.
            failure = failure_of(error, self._key)
        # Outside of the handler, so that no traceback leads from here to the SDK's frames and their locals.
        failure.__cause__ = failure.__context__ = None
        raise failure

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        if not self._closed:
            self._closed = True
            await self._client.close()


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace")  # Half a surrogate pair, from a file with broken text.
