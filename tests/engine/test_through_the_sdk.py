"""Whole jobs against the practice server, through the real SDKs."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.engine.events import JobProgress
from gui_app.jobs import Account, Cause, Counts, JobState, RowState, Secret
from gui_app.practice.faults import Faults
from gui_app.providers.base import LiveProvider
from gui_app.providers.catalog import open_provider
from gui_app.store.reading.queries import JobReader
from tests.engine.running import RECIPE, make_job, numbered, runner
from tests.helpers.practice import Practice
from tests.helpers.waiting import until

ASKED = RECIPE.with_model("practice", "practice-instant")


def provider_of(practice: Practice, name: str = "openai") -> LiveProvider:
    url = practice.root_url if name == "anthropic" else practice.base_url
    return open_provider(Account(name, url, Secret(practice.token)))


async def run(practice: Practice, path: Path, name: str = "openai", **more: object) -> JobProgress:
    provider = provider_of(practice, name)
    try:
        return await runner(path, provider, recipe=ASKED, **more).run()  # type: ignore[arg-type]
    finally:
        await provider.close()


def asked_by_prompt(practice: Practice) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in practice.asked():
        found[entry.prompt_hash] = found.get(entry.prompt_hash, 0) + 1
    return found


@pytest.mark.parametrize("name", ["openai", "anthropic", "compatible"])
async def test_two_hundred_rows_with_every_kind_of_trouble(
    tmp_path: Path, path: Path, quick_retries: None, name: str
) -> None:
    # Anthropic's wire tells whole seconds of waiting; here it tells none, so that the test is quick.
    wait_s = None if name == "anthropic" else 0.05
    faults = Faults(
        rate_limited=0.2, dropped=0.1, failing=0.1, overloaded=0.05, retry_after_s=wait_s, latency_ms=(1, 9)
    )
    make_job(path, numbered(200))
    with Practice(tmp_path / "server", faults) as practice:
        final = await run(practice, path, name, concurrency=20)
        assert final.state is JobState.FINISHED
        assert final.counts == Counts(done=200)
        assert max(asked_by_prompt(practice).values()) <= 2, (
            "each fault strikes once, and so each row goes twice at most"
        )
    with closing(JobReader(path)) as reader:
        for view in reader.rows(list(reader.row_ids())):
            assert view.cells[0].split()[-1] in str(view.values["answer"]).split() or view.values["answer"]


async def test_rows_that_are_refused_again_and_again_fail_after_five_attempts(
    tmp_path: Path, path: Path, quick_retries: None
) -> None:
    make_job(path, numbered(30))
    with Practice(tmp_path / "server", Faults(stubborn=0.3)) as practice:
        final = await run(practice, path, concurrency=5)
        assert final.counts.failed > 2
        assert final.counts.done == 30 - final.counts.failed
        assert sorted(set(asked_by_prompt(practice).values())) == [1, 5]
    with closing(JobReader(path)) as reader:
        failed = [view for view in reader.rows(list(reader.row_ids())) if view.state is RowState.FAILED]
        assert {view.cause for view in failed} == {Cause.SERVER_ERROR}


@pytest.mark.parametrize(
    ("faults", "cause"),
    [
        (Faults(balance_gone_after=30, latency_ms=(5, 10)), Cause.BALANCE_GONE),
        (Faults(key_refused_after=30, latency_ms=(5, 10)), Cause.KEY_REFUSED),
    ],
)
async def test_a_job_stops_at_once_when_the_account_is_at_its_end(
    tmp_path: Path, path: Path, faults: Faults, cause: Cause
) -> None:
    make_job(path, numbered(500))
    with Practice(tmp_path / "server", faults) as practice:
        final = await run(practice, path, concurrency=8)
        assert len(practice.asked()) <= 30 + 2 * 8
    assert (final.state, final.stopped_cause) == (JobState.STOPPED, cause)
    assert final.counts.waiting == 500 - final.counts.done
    assert 30 <= final.counts.done < 40


async def test_the_server_going_away_is_one_state_and_the_job_goes_on_by_itself(tmp_path: Path, path: Path) -> None:
    make_job(path, numbered(150))
    seen: list[JobProgress] = []
    with Practice(tmp_path / "server", Faults(latency_ms=(5, 15))) as practice:
        provider = provider_of(practice)
        job = runner(path, provider, recipe=ASKED, concurrency=6, on_progress=seen.append)  # type: ignore[arg-type]
        running = asyncio.create_task(job.run())
        await until(lambda: bool(seen) and seen[-1].counts.done > 20)
        await asyncio.to_thread(practice.go_away)
        await until(lambda: seen[-1].state is JobState.OFFLINE)
        await asyncio.to_thread(practice.come_back)
        final = await running
        await provider.close()
    assert final.counts == Counts(done=150)
    assert not any(event.counts.failed for event in seen)


async def test_a_rate_limit_nobody_told_is_found(tmp_path: Path, path: Path) -> None:
    """A short form; the figures are measured in virtual time and in the benchmark."""
    from gui_app.engine.pacing.pace import Pace

    make_job(path, numbered(250))
    faults = Faults(requests_per_second=60.0, burst=10.0, latency_ms=(50, 50))
    with Practice(tmp_path / "server", faults) as practice:
        final = await run(practice, path, pace=Pace(20, start=20))
        refused = sum(entry.status == 429 for entry in practice.asked())
    assert final.counts == Counts(done=250)
    assert refused < 40
