"""Finds model servers on this computer by asking their usual ports on loopback."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gui_app.keys import OWN_ADDRESSES

LOCAL_NAMES = ("ollama", "lmstudio", "llamacpp", "vllm")
MAX_LIST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that answered.

    Attributes:
        provider: A name from the catalogue.
        models: The ids it lists; empty when it has none loaded.
    """

    provider: str
    base_url: str
    models: tuple[str, ...]


async def find_local(
    places: Iterable[tuple[str, str]] | None = None, *, timeout_s: float = 1.0
) -> tuple[LocalServer, ...]:
    """The model servers that run on this computer, in the catalogue's order. Sends no key and no row.

    Args:
        places: (provider, base URL) pairs to ask; None means the usual ones.
        timeout_s: How long to wait for each.
    """
    asked = list(places) if places is not None else [(name, OWN_ADDRESSES[name]) for name in LOCAL_NAMES]
    answers = await asyncio.gather(*(asyncio.to_thread(_ask, name, url, timeout_s) for name, url in asked))
    return tuple(answer for answer in answers if answer is not None)


def _ask(provider: str, base_url: str, timeout_s: float) -> LocalServer | None:
    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.hostname or "localhost", parts.port or 80, timeout=timeout_s)
    try:
        connection.request("GET", parts.path.rstrip("/") + "/models", headers={"Accept": "application/json"})
        response = connection.getresponse()
        body = response.read(MAX_LIST_BYTES)
        data = json.loads(body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return None
    finally:
        connection.close()
    # Something else may live on that port: only a list of models counts.
    items = data.get("data") if isinstance(data, dict) else None
    if items is None and isinstance(data, dict) and data.get("object") == "list":
        items = []  # Ollama without a model says null.
    if not isinstance(items, list):
        return None
    models = tuple(item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str))
    return LocalServer(provider, base_url, models)
