"""No name server, a proxy that is none, a hotel's login page: one state of the job, and it goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gui_app.engine.events import JobProgress
from gui_app.jobs import Account, Cause, Counts, JobState, Secret
from gui_app.practice.faults import Faults
from gui_app.providers.catalog import open_provider
from tests.engine.running import RECIPE, make_job, numbered, runner
from tests.helpers.practice import Practice
from tests.helpers.waiting import until

ASKED = RECIPE.with_model("practice", "practice-instant")


@pytest.mark.parametrize(
    ("address", "proxy", "cause"),
    [
        # A resolver may take its time to say that there is no such name.
        pytest.param("https://models.invalid/v1", "", Cause.DNS, marks=pytest.mark.long),
        ("https://models.example/v1", "http://127.0.0.1:9", Cause.PROXY),
        ("https://models.example/v1", "socks5://127.0.0.1:9", Cause.PROXY),
        ("http://127.0.0.1:9/v1", "", Cause.NETWORK),
    ],
)
async def test_an_address_that_cannot_be_reached_is_one_state_and_no_failed_row(
    path: Path, quick_retries: None, monkeypatch: pytest.MonkeyPatch, address: str, proxy: str, cause: Cause
) -> None:
    if proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
    make_job(path, numbered(200))
    seen: list[JobProgress] = []
    provider = open_provider(Account("compatible", address, Secret("k")))
    job = runner(path, provider, recipe=ASKED, concurrency=8, on_progress=seen.append)  # type: ignore[arg-type]
    running = asyncio.create_task(job.run())
    await until(lambda: bool(seen) and seen[-1].state is JobState.OFFLINE)
    assert seen[-1].offline_cause is cause
    job.pause()
    final = await running
    await provider.close()
    assert final.counts == Counts(waiting=200)
    assert not any(event.counts.failed or event.counts.needs_review for event in seen)


PAGE = "<!DOCTYPE html><html><head><title>Hotel Wi-Fi</title></head><body>Please log in</body></html>"
PORTALS: dict[str, tuple[int, dict[str, str]]] = {
    "a page": (200, {}),
    "network authentication required": (511, {}),
}


@asynccontextmanager
async def portal(port: int, status: int, headers: dict[str, str]) -> AsyncIterator[None]:
    """A hotel's gateway in the place of whatever server was meant."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=PAGE, headers=headers, content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    runner_ = web.AppRunner(app)
    await runner_.setup()
    await web.TCPSite(runner_, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner_.cleanup()


@pytest.mark.parametrize("kind", PORTALS)
async def test_behind_a_login_page_a_job_waits_and_goes_on_once_it_is_gone(
    tmp_path: Path, path: Path, quick_retries: None, kind: str
) -> None:
    make_job(path, numbered(150))
    seen: list[JobProgress] = []
    with Practice(tmp_path / "server", Faults(latency_ms=(5, 15))) as practice:
        provider = open_provider(Account("openai", practice.base_url, Secret(practice.token)))
        job = runner(path, provider, recipe=ASKED, concurrency=6, on_progress=seen.append)  # type: ignore[arg-type]
        running = asyncio.create_task(job.run())
        await until(lambda: bool(seen) and seen[-1].counts.done > 20)
        await asyncio.to_thread(practice.go_away)
        async with portal(practice.port, *PORTALS[kind]):
            await until(lambda: seen[-1].state is JobState.OFFLINE)
        await asyncio.to_thread(practice.come_back)
        final = await running
        await provider.close()
        # Answers that were on their way when the network changed are all that is asked twice.
        assert practice.answers() <= 150 + 6
    assert final.state is JobState.FINISHED and final.counts == Counts(done=150)
    assert not any(event.counts.failed for event in seen)
