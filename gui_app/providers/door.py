"""The way to a provider's API: one call in, plain JSON and headers out, every error mapped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from gui_app.providers.base import CallFailed
from gui_app.providers.mapping import failure_of, failure_of_status, parsed_reply
from gui_app.providers.transport import Arrived, Envelope, GuardedTransport

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Answer = tuple[dict[str, Any], Mapping[str, str]]
"""The JSON object of an answer and its headers."""


class Client(Protocol):
    """The part of an SDK's client that is used."""

    async def get(self, path: str, *, cast_to: Any) -> Any:
        """Fetch something."""
        ...


class Door:
    """Carries rows to an address and answers back.

    What an SDK makes of a call but for the body is the same for all rows, takes it longer than sending, and importing
    it takes half a second to two, of which a short run has none to spare. So a row's call is put into an envelope of
    our own, and what is asked once, as the list of models, is left to the SDK. A test holds the envelopes, and another
    one the errors, against what the SDKs make of the same calls.

    Args:
        headers: Of a row's call; `{key}` in a value is the place of the key.
        client: Makes the SDK's client, over the same way out. May take seconds.
    """

    def __init__(
        self, transport: GuardedTransport, headers: Mapping[str, str], client: Callable[[GuardedTransport], Client]
    ) -> None:
        self._transport = transport
        self._headers = headers
        self._make_client = client
        self._client: Client | None = None
        self._envelopes: dict[str, Envelope] = {}
        self._written: tuple[Mapping[str, Any] | None, str] = (None, "")

    async def post(self, path: str, body: Mapping[str, Any], *, after: Mapping[str, Any] | None = None) -> Answer:
        """Send one JSON object.

        Args:
            after: What comes before `body` in it: the same object for many rows, which is written only once.

        Raises:
            CallFailed: With its cause. Nothing else but CancelledError.
        """
        content = _bytes(self._constant(after) + _json(body)[1:] if after else _json(body))
        envelope = self._envelopes.get(path)
        if envelope is None:
            envelope = self._envelopes[path] = self._transport.envelope("POST", path, self._headers)
        failure: CallFailed
        try:
            return self._answer(await self._transport.exchange(envelope, content))
        except Exception as error:  # This is the border: everything becomes a cause.
            failure = failure_of(error, self._transport.key)
        # Outside of the handler, so that no traceback leads from here to frames whose locals hold the key.
        failure.__cause__ = failure.__context__ = None
        raise failure

    def _answer(self, came: Arrived) -> Answer:
        if came.status < 300:
            return parsed_reply(came.status, came.body, came.headers, self._transport.key), came.headers
        raise failure_of_status(came.status, _error_body(came), came.headers, self._transport.key)

    def _constant(self, part: Mapping[str, Any]) -> str:
        """The beginning of an object that has this part, up to where the next one follows."""
        if part is not self._written[0]:
            self._written = (part, _json(part)[:-1] + ",")
        return self._written[1]

    async def get(self, path: str) -> Answer:
        """Fetch one JSON object.

        Raises:
            CallFailed: With its cause. Nothing else but CancelledError.
        """
        failure: CallFailed
        try:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make_client, self._transport)
            return await self._asked(self._client, path)
        except Exception as error:
            failure = failure_of(error, self._transport.key)
        failure.__cause__ = failure.__context__ = None
        raise failure

    async def _asked(self, client: Client, path: str) -> Answer:
        import httpx2

        from gui_app.providers.sdk import HEADERS

        response = await client.get(path, cast_to=httpx2.Response)
        headers: dict[str, str] = response.extensions[HEADERS]
        return parsed_reply(response.status_code, response.content, headers, self._transport.key), headers

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._transport.aclose()


def _error_body(came: Arrived) -> Any:
    """The JSON of an error page, or its text."""
    try:
        return json.loads(came.body)
    except (ValueError, RecursionError):
        return came.body.decode("utf-8", "replace")


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace")  # Half a surrogate pair, from a file with broken text.
