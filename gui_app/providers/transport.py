"""The way out: to one host only, with no header that nobody asked for, and with bounded replies."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from gui_app.jobs import Secret
from gui_app.keys import origin_of
from gui_app.providers.hosts import proxy_for
from gui_app.providers.line import is_dead, lively_socket

MAX_REPLY_BYTES = 8 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024

LEAST_KEY_BYTES = 12
"""A shorter one protects nothing, as “ollama” or “none” do, and may be a word of an answer."""
CONNECT_TIMEOUT_S = 20.0

SENT_WITH_ALL: dict[str, str] = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "content-type": "application/json",
    "user-agent": "rowmill",
}


class TransportError(Exception):
    """No reply came, or one that cannot be read."""


class ConnectError(TransportError):
    """There is nobody at the other end."""


class ProxyError(TransportError):
    """The way leads through a proxy, and ends there."""


class ReadError(TransportError):
    """The line broke."""


class DecodingError(TransportError):
    """A reply is packed in a way that was not asked for, and that nobody can unpack."""


class OtherHost(TransportError):
    """A call was to go where it may not."""


class ReplyTooLarge(TransportError):
    """A reply larger than any model writes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """All of a request but its body: the same for every row of a job.

    Attributes:
        headers: What leaves, the key included.
    """

    method: str
    url: URL
    headers: CIMultiDict[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A reply, read to its end. Header names are in lower case; of those that came twice the last one counts."""

    status: int
    headers: dict[str, str]
    body: bytes


class LineDead(ReadError):
    """The other end could not be heard any more. What was sent may have come there, and be paid for."""


class ReplyCut(ReadError):
    """A reply had begun to come, and its end did not, or what came cannot be told apart into replies."""


class GuardedTransport:
    """Sends requests to the origin of `base_url` and nowhere else.

    Redirects are not followed, cookies not kept, no header is added by the environment. Error pages are cut at
    `MAX_ERROR_BYTES`; longer replies than `MAX_REPLY_BYTES` raise. There is no timeout but the one for connecting:
    whoever calls has a deadline of its own. Must be used and closed on one event loop; making one may take a moment,
    for the certificates of the system are read.
    """

    def __init__(self, base_url: str, key: Secret | None, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self.base_url = base_url
        self.key = key
        self._proxy = proxy_for(base_url)
        self._ssl: ssl.SSLContext | bool = True
        if origin_of(base_url).startswith("https:"):
            self._ssl = ssl_context or trusted_by_the_system()
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            # No limit here: the pace decides how many calls are out.
            connector=aiohttp.TCPConnector(
                limit=0, ssl=self._ssl, keepalive_timeout=15.0, socket_factory=lively_socket
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
            trust_env=False,
        )

    async def exchange(self, envelope: Envelope, body: bytes | None) -> Arrived:
        """Send a body and read its whole reply.

        Raises:
            TransportError: No reply came, or one that cannot be read.
        """
        if self._closed:
            raise RuntimeError("this provider has been closed")
        if self._session is None:
            self._session = self._open()
        try:
            async with self._session.request(
                envelope.method,
                envelope.url,
                headers=envelope.headers,
                data=body,
                allow_redirects=False,
                proxy=self._proxy,
            ) as response:
                content = await _read_bounded(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Arrived(response.status, headers, without_key(content, self.key))
        except TransportError:
            raise
        except aiohttp.ClientConnectorError as error:
            if self._proxy is not None and error.host == URL(self._proxy).host:
                raise ProxyError(str(error)) from error
            raise ConnectError(str(error)) from error
        except (aiohttp.ClientOSError, OSError) as error:
            if is_dead(error):
                raise LineDead(str(error)) from error
            if isinstance(error, TimeoutError):
                raise ConnectError("no connection in time") from error
            raise ReadError(str(error) or type(error).__name__) from error
        except (aiohttp.ClientPayloadError, zlib.error) as error:
            raise ReplyCut(str(error) or type(error).__name__) from error
        except aiohttp.ClientHttpProxyError as error:
            raise ReadError(str(error) or type(error).__name__) from error
        except aiohttp.ClientResponseError as error:
            # Broken HTTP. With aiohttp, something behind a reply spoils the reply too.
            raise ReplyCut(error.message or type(error).__name__) from error
        except aiohttp.ClientError as error:
            raise ReadError(str(error) or type(error).__name__) from error
        except ValueError as error:
            # A proxy address of a kind that aiohttp does not speak (socks), or one that is none.
            raise ProxyError(str(error)) from error

    def envelope(self, method: str, path: str, headers: Mapping[str, str]) -> Envelope:
        """For calls to a path below the base URL.

        Args:
            headers: As in `outgoing`.
        """
        address = URL(self.base_url + path, encoded=True)
        return Envelope(method, address, CIMultiDict(outgoing(headers, self.key)))

    async def aclose(self) -> None:
        """Close the connections. Idempotent."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def outgoing(headers: Mapping[str, str], key: Secret | None) -> dict[str, str]:
    """All headers of a call, with the key where `{key}` stands; without a key such a header is left out."""
    out = dict(SENT_WITH_ALL)
    for name, value in headers.items():
        if "{key}" not in value:
            out[name] = value
        elif key is not None:
            out[name] = value.replace("{key}", key.reveal())
    return out


def trusted_by_the_system() -> ssl.SSLContext:
    """Takes the certificates that the system takes, as the SDKs do."""
    import httpx2

    return httpx2.create_ssl_context()


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
        raise DecodingError(f"the reply is packed with {encoding[:20]}")
    # 32 more: zlib and gzip frames are told apart by themselves.
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, limit + 1)
