"""The SDKs' lower door: one call in, plain JSON and headers out, every error mapped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx2

from gui_app.jobs import Secret
from gui_app.providers.base import CallFailed
from gui_app.providers.mapping import failure_of, parsed_reply
from gui_app.providers.transport import HEADERS

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

Answer = tuple[dict[str, Any], Mapping[str, str]]
"""The JSON object of an answer and its headers."""


class Door:
    """Calls an SDK's `client.post` and `client.get` for plain JSON.

    The SDKs' response models and iterators cost three times what the call itself costs, so only their addresses,
    authentication, headers and errors are used.

    Args:
        key: Cut out of error details, should a server repeat it.
    """

    def __init__(self, client: AsyncOpenAI | AsyncAnthropic, key: Secret | None) -> None:
        self._client = client
        self._key = key
        self._closed = False

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send one JSON body.

        Raises:
            CallFailed: With its cause. Nothing else but CancelledError.
        """
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        try:
            content = text.encode()
        except UnicodeEncodeError:
            content = text.encode(errors="replace")  # Half a surrogate pair, from a file with broken text.
        return await self._call("post", path, content)

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
