"""What the tests of the overnight lane share: which providers, and one run from its start to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.overnight import (
    Overnight,
    provider_on,
    recipe,
)
from tests.helpers.practice import Practice

# Some forty commits a test wait for the disk, and seconds each where others keep it busy: with three programs that
# wrote and synced all the time, the usual minute was not enough.
SLOW_DISK = pytest.mark.timeout(300)

BOTH = pytest.mark.parametrize("api", ["openai", "anthropic", "qwen"])
Start = Callable[..., Practice]


async def run(path: Path, server: Practice, api: str = "openai", *, limits: dict[str, int] | None = None, **options):
    provider = provider_on(server, api, **(limits or {}))
    try:
        return await Overnight(path, provider, recipe(api), **options).run()
    finally:
        await provider.close()
