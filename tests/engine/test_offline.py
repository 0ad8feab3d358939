"""The network gone, computers that sleep, and calls that never come back."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.engine import deadline, network, retry, silence
from gui_app.engine.events import JobProgress
from gui_app.engine.network import NetworkGate
from gui_app.jobs import Cause, Counts, JobState
from gui_app.jobs.states import LIMIT_OFFLINE
from gui_app.providers.base import CallFailed
from gui_app.store import job_file
from gui_app.store.reading.queries import JobReader
from tests.engine.running import Model, make_job, numbered, runner


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "SILENT_S", 0.05)
    monkeypatch.setattr(network, "PROBE_FIRST_S", 0.1)
    monkeypatch.setattr(network, "PROBE_CAP_S", 0.2)


class Net:
    """A network that can be cut."""

    def __init__(self) -> None:
        self.gone = False
        self.tried_while_gone = 0

    async def answer(self, prompt: str, before: int) -> str:
        await asyncio.sleep(0.005)
        if self.gone:
            self.tried_while_gone += 1
            raise CallFailed(Cause.DNS, "no such host")
        return f"re: {prompt}"


async def test_the_network_gone_is_one_state_that_ends_by_itself_and_burns_no_attempt(path: Path, quick: None) -> None:
    make_job(path, numbered(300))
    net, seen = Net(), list[JobProgress]()
    job = runner(path, Model(net.answer), concurrency=5, on_progress=seen.append)
    running = asyncio.create_task(job.run())
    while not seen or seen[-1].counts.done < 50:
        await asyncio.sleep(0.01)
    net.gone = True
    while seen[-1].state is not JobState.OFFLINE:
        await asyncio.sleep(0.01)
    tried = net.tried_while_gone
    assert seen[-1].offline_cause is Cause.DNS
    await asyncio.sleep(0.8)
    # Only a probe now and then, not a storm.
    assert 1 <= net.tried_while_gone - tried <= 12
    assert seen[-1].counts.failed == 0
    with closing(JobReader(path)) as reader:
        assert reader.summary().state is JobState.OFFLINE
    net.gone = False
    final = await running
    assert final.state is JobState.FINISHED
    assert final.counts == Counts(done=300)
    assert not [event for event in seen if event.counts.failed]


async def test_an_offline_job_can_be_paused_at_once(path: Path, quick: None) -> None:
    make_job(path, numbered(50))
    net = Net()
    net.gone = True
    seen = list[JobProgress]()
    job = runner(path, Model(net.answer), concurrency=5, on_progress=seen.append)
    running = asyncio.create_task(job.run())
    while not seen or seen[-1].state is not JobState.OFFLINE:
        await asyncio.sleep(0.01)
    job.pause()
    async with asyncio.timeout(5):
        assert (await running).state is JobState.PAUSED


async def test_offline_for_too_long_stops_where_that_was_asked_for(path: Path, quick: None) -> None:
    make_job(path, numbered(50))
    net = Net()
    net.gone = True
    final = await runner(path, Model(net.answer), concurrency=5, offline_limit_s=0.4).run()
    assert (final.state, final.stopped_cause, final.stopped_detail) == (JobState.STOPPED, Cause.DNS, LIMIT_OFFLINE)
    assert final.counts == Counts(waiting=50)


async def test_a_probe_that_ends_at_its_deadline_does_not_end_the_probing(path: Path, quick: None) -> None:
    make_job(path, numbered(20))
    times = 0

    async def answer(prompt: str, before: int) -> str:
        nonlocal times
        times += 1
        if times <= 10:
            await asyncio.sleep(0.02)
            raise CallFailed(Cause.NETWORK)
        if times <= 13:
            await asyncio.sleep(60)
        return prompt

    final = await runner(path, Model(answer), concurrency=4, deadline_s=0.2).run()
    assert final.counts == Counts(done=20)


async def test_one_row_whose_connection_always_breaks_fails_by_itself(
    path: Path, quick: None, quick_retries: None
) -> None:
    async def answer(prompt: str, before: int) -> str:
        if prompt == "row 5":
            raise CallFailed(Cause.NETWORK, "reset")
        return prompt

    make_job(path, numbered(30))
    model = Model(answer, latency_s=lambda: 0.005)
    final = await runner(path, model, concurrency=4).run()
    assert final.state is JobState.FINISHED
    assert final.counts == Counts(done=29, failed=1)
    assert model.times["row 5"] <= 6


async def test_replies_that_never_end_are_not_paid_for_without_end(
    path: Path, quick: None, quick_retries: None
) -> None:
    """The server is there, and whatever it is sent it breaks off in its answer: that is not the network."""
    make_job(path, numbered(3))
    asked = 0

    async def answer(prompt: str, before: int) -> str:
        nonlocal asked
        asked += 1
        raise CallFailed(Cause.NETWORK, "the reply was cut", cut_off=True)

    final = await runner(path, Model(answer), concurrency=3).run()
    assert final.counts == Counts(failed=3)
    assert asked <= 3 * (1 + retry.MAX_TRIES)


async def test_one_cut_reply_costs_no_attempt(path: Path, quick: None, quick_retries: None) -> None:
    make_job(path, numbered(3))
    cut: set[str] = set()

    async def answer(prompt: str, before: int) -> str:
        if prompt not in cut:
            cut.add(prompt)
            raise CallFailed(Cause.NETWORK, "the reply was cut", cut_off=True)
        return f"re: {prompt}"

    assert (await runner(path, Model(answer), concurrency=3).run()).counts == Counts(done=3)


async def test_deadlines_that_fire_together_after_a_sleep_burn_no_attempt(path: Path, quick_retries: None) -> None:
    """The process stood still for an hour: on waking, every deadline is over at once."""
    slept = 0.0

    def monotonic() -> float:
        return time.monotonic() + slept

    async def answer(prompt: str, before: int) -> str:
        if before < 7:
            nonlocal slept
            slept += 3600.0
            await asyncio.sleep(10)
        return prompt

    make_job(path, ["a"])
    model = Model(answer)
    final = await runner(path, model, deadline_s=0.05, monotonic=monotonic).run()
    assert final.counts == Counts(done=1)
    assert len(model.asked) == 8


async def test_a_sleep_that_the_monotonic_clock_leaves_out_burns_no_attempt_either(
    path: Path, quick_retries: None
) -> None:
    """On Linux that clock stands still while the lid is closed; the connections are dead on waking all the same."""
    slept = 0.0

    async def answer(prompt: str, before: int) -> str:
        if before < 7:
            nonlocal slept
            slept += 3600.0
            await asyncio.sleep(10)
        return prompt

    make_job(path, ["a"])
    model = Model(answer)
    final = await runner(path, model, deadline_s=0.2, slept_s=lambda: slept).run()
    assert final.counts == Counts(done=1)
    assert len(model.asked) == 8


async def test_a_reply_that_came_while_the_process_stood_still_is_taken(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "LATE_S", 0.3)

    async def answer(prompt: str, before: int) -> str:
        # It lies in the socket when the process goes on.
        asyncio.get_running_loop().call_later(0.15, time.sleep, 0.8)
        await asyncio.sleep(0.3)
        await asyncio.sleep(0.01)
        return prompt

    make_job(path, ["a"])
    model = Model(answer)
    final = await runner(path, model, deadline_s=0.2).run()
    assert final.counts == Counts(done=1)
    assert model.asked == ["a"]


async def test_a_network_that_goes_without_a_word_is_noticed_and_comes_back(
    path: Path, quick: None, quick_retries: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cable that is pulled breaks no connection: what is out says nothing, and nothing fails."""
    monkeypatch.setattr(silence, "ASK_AFTER_S", 0.2)
    monkeypatch.setattr(silence, "LOOK_AGAIN_S", 0.1)
    gone = asyncio.Event()
    back = asyncio.Event()

    async def answer(prompt: str, before: int) -> str:
        if len(model.asked) > 20 and not back.is_set():
            gone.set()
            await asyncio.sleep(10)  # Beyond its deadline: this connection is dead for good.
        return prompt

    async def reach() -> Cause | None:
        return Cause.NETWORK if gone.is_set() and not back.is_set() else None

    def offline() -> bool:
        return bool(seen) and seen[-1].state is JobState.OFFLINE

    make_job(path, numbered(60))
    model = Model(answer, latency_s=lambda: 0.005)
    seen: list[JobProgress] = []
    job = runner(path, model, concurrency=4, deadline_s=2.0, reach=reach, on_progress=seen.append)
    running = asyncio.create_task(job.run())
    async with asyncio.timeout(20):
        while not offline():
            await asyncio.sleep(0.01)
        asked = len(model.asked)
        await asyncio.sleep(0.5)
        assert len(model.asked) == asked, "sent into a network that is gone"
        back.set()
        while offline():
            await asyncio.sleep(0.01)
    final = await running
    assert final.counts == Counts(done=60)
    with closing(job_file.connect(path)) as db:
        assert db.execute("SELECT max(tries) FROM status").fetchone() == (0,), "an attempt was burned"


async def test_a_slow_model_is_no_lost_network(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "ASK_AFTER_S", 0.1)
    asked = 0

    async def reach() -> Cause | None:
        nonlocal asked
        asked += 1
        return None

    make_job(path, numbered(2))
    seen: list[JobProgress] = []
    model = Model(latency_s=lambda: 1.5)
    final = await runner(path, model, reach=reach, on_progress=seen.append).run()
    assert final.counts == Counts(done=2)
    assert not any(event.state is JobState.OFFLINE for event in seen)
    # After 0.1, 0.2, 0.4 and 0.8 seconds of silence, and so on.
    assert 1 <= asked <= 5


async def test_deadlines_of_its_own_fail_a_row(path: Path, quick_retries: None) -> None:
    async def answer(prompt: str, before: int) -> str:
        await asyncio.sleep(60)
        return prompt

    make_job(path, ["a"])
    model = Model(answer)
    final = await runner(path, model, deadline_s=0.01).run()
    assert final.counts == Counts(failed=1)
    assert len(model.asked) == 5


def test_a_probe_given_up_lets_the_next_one_probe() -> None:
    now = 0.0
    gate = NetworkGate(now=lambda: now)
    for row in range(5):
        now += 1.0
        gate.failed(row, Cause.DNS, now - 0.5)
    assert gate.offline

    async def go() -> None:
        nonlocal now
        now += 30.0
        await gate.admit(1)
        assert not gate.lets(2)
        gate.given_up(1)
        now += 30.0
        await gate.admit(2)
        gate.answered(2)
        assert not gate.offline

    asyncio.run(go())
