"""The providers' official SDKs, over our own way out: for what is asked once, as they take long to import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import httpx2
from multidict import CIMultiDict
from yarl import URL

from gui_app.keys import origin_of
from gui_app.providers.quiet import quiet_sdk_logs
from gui_app.providers.transport import Arrived, Envelope, GuardedTransport, OtherHost

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

PLACEHOLDER: Final = "rowmill-key-is-put-in-on-the-way-out"
"""What the SDKs are given as a key, so that none of their errors, logs or tracebacks can hold the real one."""

# Only these leave. The SDKs also send headers the environment asks for (organisation, project, OPENAI_CUSTOM_HEADERS),
# and the user has consented to none of them.
_SENT = frozenset(
    (b"accept", b"authorization", b"content-type", b"user-agent", b"x-api-key", b"anthropic-version", b"anthropic-beta")
)

# What the SDKs themselves read from a response. All the others travel beside it, as plain strings.
_READ_BY_SDKS = ("content-type", "x-request-id", "request-id", "location")

HEADERS: Final = "plain_headers"
"""The extension of a response that holds its headers: a dict of strings, names in lower case, the last one counts."""


def openai_client(transport: GuardedTransport) -> AsyncOpenAI:
    """OpenAI's client, with nothing left to the environment."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(
        api_key=PLACEHOLDER,
        base_url=transport.base_url,
        # "" and not None: None would be looked up in the environment.
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        websocket_base_url=transport.base_url,
        # Said again, because headers from the environment go before what the SDK makes of `api_key`.
        default_headers={"Authorization": f"Bearer {PLACEHOLDER}"},
        timeout=None,
        max_retries=0,
        http_client=_http(transport),
    )
    quiet_sdk_logs()
    return client


def anthropic_client(transport: GuardedTransport, key_headers: Mapping[str, str]) -> AsyncAnthropic:
    """Anthropic's client, with nothing left to the environment.

    Args:
        key_headers: Those that hold the key; `{key}` stands where it goes.
    """
    from anthropic import AsyncAnthropic

    client = AsyncAnthropic(
        api_key=PLACEHOLDER,
        base_url=transport.base_url,
        webhook_key="",
        # Said again, because headers from the environment go before what the SDK makes of `api_key`.
        default_headers={name: value.replace("{key}", PLACEHOLDER) for name, value in key_headers.items()},
        timeout=None,
        max_retries=0,
        open_telemetry=False,
        http_client=_http(transport),
    )
    quiet_sdk_logs()
    return client


def _http(transport: GuardedTransport) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=SdkTransport(transport), follow_redirects=False, trust_env=False, timeout=None)


class SdkTransport(httpx2.AsyncBaseTransport):
    """Our way out as httpx2 has it. It is closed by whoever made the way out."""

    def __init__(self, transport: GuardedTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and read its whole reply."""
        address = str(request.url)
        if origin_of(address) != origin_of(self._transport.base_url):
            raise OtherHost(f"a call to {origin_of(address)} was refused")
        envelope = Envelope(request.method, URL(address, encoded=True), CIMultiDict(self._headers(request)))
        return _response_of(await self._transport.exchange(envelope, await request.aread() or None), request)

    def _headers(self, request: httpx2.Request) -> dict[str, str]:
        out = {"accept-encoding": "identity"}
        for raw_name, raw_value in request.headers.raw:
            name = raw_name.lower()
            if name not in _SENT and not name.startswith(b"x-stainless-"):
                continue
            value = raw_value.decode("latin-1")
            if name in (b"authorization", b"x-api-key"):
                key = self._transport.key
                if PLACEHOLDER not in value or key is None:
                    continue  # A key out of the environment: never sent.
                value = value.replace(PLACEHOLDER, key.reveal())
            out[name.decode("latin-1")] = value
        return out


def _response_of(came: Arrived, request: httpx2.Request) -> httpx2.Response:
    extensions: dict[str, Any] = {HEADERS: came.headers}
    return httpx2.Response(
        came.status,
        headers=[(name, came.headers[name]) for name in _READ_BY_SDKS if name in came.headers],
        content=came.body,
        request=request,
        extensions=extensions,
    )
