"""Whether a provider's server can be reached at all: a connection is made, and nothing is sent."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

from gui_app.jobs import Cause
from gui_app.providers.hosts import proxy_for

CONNECT_LIMIT_S = 10.0


async def unreachable(base_url: str) -> Cause | None:
    """Why no connection can be made now; None when one can be."""
    proxy = proxy_for(base_url)
    parts = urlsplit(proxy or base_url)
    try:
        port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
        async with asyncio.timeout(CONNECT_LIMIT_S):
            _reader, writer = await asyncio.open_connection(parts.hostname, port)
    except socket.gaierror:
        return Cause.PROXY if proxy else Cause.DNS
    except (OSError, TimeoutError, ValueError):
        return Cause.PROXY if proxy else Cause.NETWORK
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return None
