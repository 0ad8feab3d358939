"""The way to the Batch APIs: bodies of any size streamed from and to disk, to one host only, every error mapped."""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
import httpx2
from yarl import URL

from gui_app.errors import N_, StorageError
from gui_app.jobs import Cause, Secret
from gui_app.keys import origin_of
from gui_app.providers.base import CallFailed, NotSent, Uploaded
from gui_app.providers.hosts import proxy_for
from gui_app.providers.mapping import failure_of, failure_of_status, parsed_reply, plain_detail
from gui_app.providers.transport import CONNECT_TIMEOUT_S, MAX_ERROR_BYTES, MAX_REPLY_BYTES, without_key

PIECE_BYTES = 1 << 18
STALLED_S = 180.0
"""An upload or download that does not move for so long is broken off."""

CALL_S = 60.0
MAX_RESULTS_BYTES = 8 * 1024**3
"""More than the longest replies of a whole batch; a server must not fill the disk."""

MAX_LINE_BYTES = 32 * 1024 * 1024
"""A line of results longer than any model's reply."""


class BatchDoor:
    """Calls below one base URL. Redirects are not followed, cookies not kept, no header added by the environment.

    The SDKs hold whole files in memory, and count no progress; so they are not used here.

    Args:
        headers: Sent with every call; `{key}` in a value is the place of the key.
    """

    def __init__(
        self,
        base_url: str,
        key: Secret | None,
        headers: Mapping[str, str],
        *,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._base = base_url
        self._key = key
        self._headers = headers
        self._proxy = proxy_for(base_url)
        self._ssl = ssl_context
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One small call with a JSON object each way."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        async with self._answer(method, path, data, {"content-type": "application/json"}, CALL_S) as response:
            return await self._object(response)

    async def cancel(self, path: str) -> None:
        """Post to where a batch is ended. What has ended already is refused there, which is no failure."""
        try:
            await self.call("POST", path)
        except CallFailed as failure:
            if failure.status not in (400, 409):
                raise

    async def send(
        self, path: str, head: bytes, body: BinaryIO, size_bytes: int, tail: bytes, content_type: str, told: Uploaded
    ) -> dict[str, Any]:
        """Post a body from disk, piece by piece, between two ends."""
        body.seek(0)
        headers = {"content-type": content_type, "content-length": str(len(head) + size_bytes + len(tail))}
        async with self._answer("POST", path, (head, body, tail, told), headers, STALLED_S) as response:
            return await self._object(response)

    async def lines(self, path: str, folder: Path) -> AsyncGenerator[Any, None]:
        """The JSON values of a file of lines. Brought to disk first, so that what reads them may take its time.

        Raises:
            CallFailed: Not all of it came.
        """
        with tempfile.TemporaryFile(dir=folder) as file:
            await self._download(path, file)
            file.seek(0)
            for piece in _lines(file):
                line = without_key(piece, self._key)
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    raise CallFailed(Cause.UNREADABLE, plain_detail(repr(line[:80]), self._key), status=200) from None
                yield value

    async def _download(self, path: str, file: BinaryIO) -> None:
        async with self._answer("GET", path, None, {}, STALLED_S) as response:
            moving = asyncio.timeout(STALLED_S)
            async with moving:
                async for piece in response.content.iter_chunked(PIECE_BYTES):
                    _write(file, piece)
                    if file.tell() > MAX_RESULTS_BYTES:
                        raise CallFailed(Cause.UNREADABLE, "the results have no end", status=200)
                    moving.reschedule(asyncio.get_running_loop().time() + STALLED_S)

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        data: bytes | tuple[bytes, BinaryIO, bytes, Uploaded] | None,
        headers: Mapping[str, str],
        limit_s: float,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response with a status below 300, its body not read yet. Everything else becomes a CallFailed."""
        failure: CallFailed
        waiting = asyncio.timeout(limit_s)
        try:
            async with waiting:
                sent = _pieces(*data, waiting) if isinstance(data, tuple) else data
                async with self._opened().request(
                    method,
                    URL(self._base + path, encoded=True),
                    headers=self._all_headers(headers),
                    data=sent,
                    allow_redirects=False,
                    proxy=self._proxy,
                ) as response:
                    if response.status >= 300:
                        raise await self._refused(response)
                    # Whoever reads a long body has a limit of its own.
                    waiting.reschedule(None)
                    yield response
                    return
        except CallFailed as error:
            failure = error
        except TimeoutError:
            failure = CallFailed(Cause.DEADLINE)
        except aiohttp.ClientConnectorError as error:
            told = failure_of(error, self._key)
            failure = NotSent(told.cause, told.detail)
        except (aiohttp.ClientError, OSError) as error:
            failure = failure_of(error, self._key)
        except ValueError as error:
            failure = NotSent(Cause.PROXY if self._proxy else Cause.HOST_REFUSED, plain_detail(str(error), self._key))
        # Outside of the handlers, so that no traceback leads to frames whose locals hold the key.
        failure.__cause__ = failure.__context__ = None
        raise failure

    async def _object(self, response: aiohttp.ClientResponse) -> dict[str, Any]:
        async with asyncio.timeout(CALL_S):
            body = await response.content.read(MAX_REPLY_BYTES)
            while len(body) < MAX_REPLY_BYTES and (more := await response.content.read(MAX_REPLY_BYTES)):
                body += more
        return parsed_reply(response.status, without_key(body, self._key), _plain(response), self._key)

    async def _refused(self, response: aiohttp.ClientResponse) -> CallFailed:
        text = await response.content.read(MAX_ERROR_BYTES)
        body: Any
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = text.decode("utf-8", "replace")
        response.close()
        return failure_of_status(response.status, body, _plain(response), self._key)

    def _all_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        out = {"accept-encoding": "identity", "user-agent": "rowmill", **headers}
        for name, value in self._headers.items():
            if "{key}" not in value:
                out[name] = value
            elif self._key is not None:
                out[name] = value.replace("{key}", self._key.reveal())
        return out

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise RuntimeError("this provider has been closed")
        if self._session is None:
            context: ssl.SSLContext | bool = True
            if origin_of(self._base).startswith("https:"):
                context = self._ssl or httpx2.create_ssl_context()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context, keepalive_timeout=15.0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
                trust_env=False,
            )
        return self._session


async def _pieces(
    head: bytes, body: BinaryIO, tail: bytes, told: Uploaded, moving: asyncio.Timeout
) -> AsyncGenerator[bytes, None]:
    sent = 0
    if head:
        yield head
    while piece := body.read(PIECE_BYTES):
        # Told before it goes: whoever breaks off then knows for sure whether all of it can have arrived.
        sent += len(piece)
        told(sent)
        yield piece
        moving.reschedule(asyncio.get_running_loop().time() + STALLED_S)
    if tail:
        yield tail


def _write(file: BinaryIO, piece: bytes) -> None:
    try:
        file.write(piece)
    except OSError as error:
        raise StorageError(
            N_("The results cannot be brought to this computer ({reason}). Free some space; they are fetched again."),
            reason=error.strerror or str(error),
        ) from None


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE_BYTES):
        if line.strip():
            yield line


def _plain(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
