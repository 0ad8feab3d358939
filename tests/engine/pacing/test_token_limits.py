"""A limit of tokens told in headers, as OpenAI and Anthropic tell it: kept to through the real SDKs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from gui_app.engine.pacing.pace import Pace
from gui_app.jobs import Account, Counts, Secret
from gui_app.providers.catalog import open_provider
from tests.engine.running import RECIPE, make_job, numbered, runner
from tests.helpers.fault_server import message, response

TOKENS_A_SECOND = 20_000.0
TAKEN = 500
"""By every call, whatever its usage says: some providers count what a reply may at most be long."""


class TokenServer:
    """Allows so many tokens a second, one second's worth at once, and says so in its headers.

    Attributes:
        refused: How many calls were.
    """

    def __init__(self, name: str) -> None:
        self.refused = self.answered = 0
        self._name = name
        self._level, self._filled_at = TOKENS_A_SECOND, time.monotonic()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._answer)
        server = web.AppRunner(app, access_log=None)
        await server.setup()
        await web.TCPSite(server, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{server.addresses[0][1]}"
        finally:
            await server.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        await request.read()
        now = time.monotonic()
        self._level = min(TOKENS_A_SECOND, self._level + (now - self._filled_at) * TOKENS_A_SECOND)
        self._filled_at = now
        if self._level < TAKEN:
            self.refused += 1
            error = {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "tokens per min"}
            return web.json_response({"type": "error", "error": error}, status=429, headers=self._headers())
        self._level -= TAKEN
        self.answered += 1
        body = message('{"answer": "x"}') if self._name == "anthropic" else response('{"answer": "x"}')
        return web.json_response(body, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        limit, left, whole_s = int(TOKENS_A_SECOND), int(self._level), 1.0 - self._level / TOKENS_A_SECOND
        if self._name == "anthropic":
            at = (datetime.now(UTC) + timedelta(seconds=whole_s)).isoformat()
            said = {"limit": str(limit), "remaining": str(left), "reset": at}
            return {f"anthropic-ratelimit-output-tokens-{part}": value for part, value in said.items()}
        said = {"limit": str(limit), "remaining": str(left), "reset": f"{whole_s * 1000:.0f}ms"}
        return {f"x-ratelimit-{part}-tokens": value for part, value in said.items()}


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_a_told_limit_of_tokens_is_hardly_ever_overrun(tmp_path: Path, path: Path, name: str) -> None:
    make_job(path, numbered(200))
    server = TokenServer(name)
    async with server.running() as url:
        provider = open_provider(Account(name, url, Secret("sk-1")))
        pace = Pace(20, start=20)
        final = await runner(path, provider, recipe=RECIPE, pace=pace).run()  # type: ignore[arg-type]
        await provider.close()
    assert final.counts == Counts(done=200)
    assert server.answered == 200
    # Without the headers it takes about thirty refusals to find this limit. With them none to eight, and a few more on
    # a machine whose stalls make what the headers told old.
    assert server.refused <= 15
