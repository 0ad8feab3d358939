"""The way out, under the SDKs: aiohttp as an httpx2 transport, to one host only and with bounded replies."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import httpx2
from multidict import CIMultiDict
from yarl import URL

from gui_app.jobs import Secret
from gui_app.keys import origin_of
from gui_app.providers.hosts import proxy_for
from gui_app.providers.line import is_dead, lively_socket

PLACEHOLDER: Final = "rowmill-key-is-put-in-on-the-way-out"
"""What the SDKs are given as a key, so that none of their errors, logs or tracebacks can hold the real one."""

MAX_REPLY_BYTES = 8 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024

LEAST_KEY_BYTES = 12
"""A shorter one protects nothing, as “ollama” or “none” do, and may be a word of an answer."""
CONNECT_TIMEOUT_S = 20.0

# Only these leave. The SDKs also send headers the environment asks for (organisation, project, OPENAI_CUSTOM_HEADERS),
# and the user has consented to none of them.
_SENT = frozenset(
    (
        b"accept",
        b"authorization",
        b"content-type",
        b"user-agent",
        b"x-api-key",
        b"anthropic-version",
        b"anthropic-beta",
        b"idempotency-key",
    )
)

# What the SDKs themselves read from a response. All the others travel beside it, as plain strings.
_READ_BY_SDKS = ("content-type", "x-request-id", "request-id", "location")

HEADERS: Final = "plain_headers"
"""The extension of a response that holds its headers: a dict of strings, names in lower case, the last one counts."""

_OF_ONE_REQUEST = (b"idempotency-key",)
"""Headers that say which request it is: an envelope with one of them is not used again."""


class ReplyTooLarge(httpx2.TransportError):
    """A reply larger than any model writes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """All of a request but its body, as an SDK made it: the same for every row of a job.

    Attributes:
        headers: What leaves, the key included.
    """

    method: str
    url: URL
    headers: CIMultiDict[str] = field(repr=False)
    reusable: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """A reply, read to its end. Header names are in lower case; of those that came twice the last one counts."""

    status: int
    headers: dict[str, str]
    body: bytes


class LineDead(httpx2.ReadError):
    """The other end could not be heard any more. What was sent may have come there, and be paid for."""


class ReplyCut(httpx2.ReadError):
    """A reply had begun to come, and its end did not, or what came cannot be told apart into replies."""


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends requests to the origin of `base_url` and nowhere else.

    Redirects are not followed, cookies not kept, no header leaves that is not on the list. Error pages are cut at
    `MAX_ERROR_BYTES`; longer replies than `MAX_REPLY_BYTES` raise. There is no timeout but the one for connecting:
    whoever calls has a deadline of its own. Must be used and closed on one event loop.
    """

    def __init__(self, base_url: str, key: Secret | None, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._origin = origin_of(base_url)
        self._key = key
        self._proxy = proxy_for(base_url)
        self._ssl = ssl_context
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, URL] = {}
        self._closed = False

    def _open(self) -> aiohttp.ClientSession:
        context: ssl.SSLContext | bool = True
        if self._origin.startswith("https:") or (self._proxy or "").startswith("https:"):
            # The trust store of the system, as the SDKs have it.
            context = self._ssl or httpx2.create_ssl_context()
        return aiohttp.ClientSession(
            # No limit here: the pace decides how many calls are out.
            connector=aiohttp.TCPConnector(limit=0, ssl=context, keepalive_timeout=15.0, socket_factory=lively_socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
            auto_decompress=False,
            trust_env=False,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and read its whole reply."""
        return response_of(await self.exchange(self.envelope(request), request.content or None), request)

    async def exchange(self, envelope: Envelope, body: bytes | None) -> Arrived:
        """Send a body and read its whole reply.

        Raises:
            httpx2.TransportError: No reply came, or one that cannot be read.
        """
        if self._closed:
            raise RuntimeError("this provider has been closed")
        if self._session is None:
            self._session = self._open()
        try:
            response = await self._session.request(
                envelope.method,
                envelope.url,
                headers=envelope.headers,
                data=body,
                allow_redirects=False,
                proxy=self._proxy,
            )
            try:
                content = await _read_bounded(response)
            except BaseException:
                # Read to its end, it has given its connection back by itself.
                response.close()
                raise
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Arrived(response.status, headers, without_key(content, self._key))
        except httpx2.TransportError:
            raise
        except aiohttp.ClientConnectorError as error:
            if self._proxy is not None and error.host == URL(self._proxy).host:
                raise httpx2.ProxyError(str(error)) from error
            raise httpx2.ConnectError(str(error)) from error
        except (aiohttp.ClientOSError, OSError) as error:
            if is_dead(error):
                raise LineDead(str(error)) from error
            if isinstance(error, TimeoutError):
                raise httpx2.ConnectError("no connection in time") from error
            raise httpx2.ReadError(str(error) or type(error).__name__) from error
        except (aiohttp.ClientPayloadError, zlib.error) as error:
            raise ReplyCut(str(error) or type(error).__name__) from error
        except aiohttp.ClientHttpProxyError as error:
            raise httpx2.ReadError(str(error) or type(error).__name__) from error
        except aiohttp.ClientResponseError as error:
            # Broken HTTP. With aiohttp, something behind a reply spoils the reply too.
            raise ReplyCut(error.message or type(error).__name__) from error
        except aiohttp.ClientError as error:
            raise httpx2.ReadError(str(error) or type(error).__name__) from error
        except ValueError as error:
            # A proxy address of a kind that aiohttp does not speak (socks), or one that is none.
            raise httpx2.ProxyError(str(error)) from error

    def envelope(self, request: httpx2.Request) -> Envelope:
        """What an SDK has made of a call.

        Raises:
            httpx2.UnsupportedProtocol: It goes to another host.
        """
        address = str(request.url)
        url = self._urls.get(address) or self._remember(address)
        own = any(name.lower() in _OF_ONE_REQUEST for name, _ in request.headers.raw)
        return Envelope(request.method, url, CIMultiDict(self._headers(request)), reusable=not own)

    def _remember(self, address: str) -> URL:
        if origin_of(address) != self._origin:
            raise httpx2.UnsupportedProtocol(f"a call to {origin_of(address)} was refused")
        if len(self._urls) > 100:
            self._urls.clear()
        self._urls[address] = url = URL(address, encoded=True)
        return url

    def _headers(self, request: httpx2.Request) -> dict[str, str]:
        # What aiohttp would put in by itself: its own words would not be the SDK's.
        out = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "Rowmill"}
        for raw_name, raw_value in request.headers.raw:
            name = raw_name.lower()
            if name not in _SENT and not name.startswith(b"x-stainless-"):
                continue
            value = raw_value.decode("latin-1")
            if name in (b"authorization", b"x-api-key"):
                if PLACEHOLDER not in value or self._key is None:
                    continue  # A key out of the environment: never sent.
                value = value.replace(PLACEHOLDER, self._key.reveal())
            out[name.decode("latin-1")] = value
        return out

    async def aclose(self) -> None:
        """Close the connections. Idempotent."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class GuardedClient(httpx2.AsyncClient):
    """The HTTP client the SDKs are given: a `GuardedTransport` and nothing around it.

    No redirects, cookies, proxies of its own or other hooks: what httpx2 does for them costs as much as the call, and
    none of it is wanted here.
    """

    def __init__(self, transport: GuardedTransport) -> None:
        super().__init__(transport=transport, follow_redirects=False, trust_env=False, timeout=None)
        self._guarded = transport
        self._parsed: dict[str, httpx2.URL] = {}

    def build_request(self, method: str, url: httpx2.URL | str, **parts: Any) -> httpx2.Request:
        """As httpx2's, for requests that are made of headers and bytes."""
        text = str(url)
        parsed = self._parsed.get(text)
        if parsed is None:
            if len(self._parsed) > 100:
                self._parsed.clear()
            parsed = self._parsed[text] = httpx2.URL(text)
        if parts.get("params") is not None or parts.get("data") is not None or parts.get("files"):
            return super().build_request(method, parsed, **parts)
        request = httpx2.Request(
            method, parsed, headers=parts.get("headers"), stream=httpx2.ByteStream(parts.get("content") or b"")
        )
        request.read()
        return request

    async def send(self, request: httpx2.Request, **_options: Any) -> httpx2.Response:
        """Send as it is; the reply comes back whole, redirects included."""
        call = _CALL.get()
        came = None
        if call is not None:
            # Should the SDK send again, that is a request of its own.
            came, call.came = call.came, None
        if came is None:
            envelope = self._guarded.envelope(request)
            if call is not None and call.seen is not None:
                call.seen(envelope)
            came = await self._guarded.exchange(envelope, request.content or None)
        elif isinstance(came, Exception):
            raise came
        return response_of(came, request)

    async def exchange(self, envelope: Envelope, body: bytes) -> Arrived:
        """See `GuardedTransport.exchange`."""
        return await self._guarded.exchange(envelope, body)


@dataclass(slots=True)
class Call:
    """A call of an SDK that whoever makes it wants to have a hand in.

    Attributes:
        came: What came of the request, which has gone out already. None: it is to be sent.
        seen: Told the envelope as soon as the SDK has made it.
    """

    came: Arrived | Exception | None = None
    seen: Callable[[Envelope], None] | None = None


_CALL: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def during(call: Call) -> Iterator[None]:
    """What an SDK sends in this block belongs to this call."""
    token = _CALL.set(call)
    try:
        yield
    finally:
        _CALL.reset(token)


def response_of(came: Arrived, request: httpx2.Request) -> httpx2.Response:
    """What the SDKs read."""
    return httpx2.Response(
        came.status,
        headers=[(name, came.headers[name]) for name in _READ_BY_SDKS if name in came.headers],
        content=came.body,
        request=request,
        extensions={HEADERS: came.headers},
    )


def without_key(body: bytes, key: Secret | None) -> bytes:
    """A reply as it is, but for a key that its server sends back: an answer is kept, exported and mailed."""
    secret = b"" if key is None else key.reveal().encode()
    if len(secret) < LEAST_KEY_BYTES:
        return body
    # JSON may be written with its slashes escaped.
    return body.replace(secret, b"***").replace(secret.replace(b"/", b"\\/"), b"***")


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    limit = MAX_REPLY_BYTES if response.status < 300 else MAX_ERROR_BYTES
    announced = response.content_length
    if announced is not None and announced <= limit:
        body = await response.read()
    else:
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_any():
            parts.append(part)
            size += len(part)
            if size > limit:
                response.close()
                break
        body = b"".join(parts)
    encoding = response.headers.get("Content-Encoding", "").lower()
    if encoding and encoding != "identity" and body:
        body = _unpacked(body, encoding, limit)
    if len(body) > limit:
        if response.status < 300:
            raise ReplyTooLarge(f"more than {limit // 2**20} MB")
        body = body[:limit]
    return body


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """gzip and deflate from servers that pack although they were asked not to; never more than the limit and a byte."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise httpx2.DecodingError(f"the reply is packed with {encoding[:20]}")
    # 32 more: zlib and gzip frames are told apart by themselves.
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, limit + 1)
