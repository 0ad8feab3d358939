"""kill -9 at every step of an overnight job: each row is answered and paid exactly once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gui_app.jobs import RowState
from gui_app.practice.faults import Batching
from gui_app.store.queries import JobReader
from tests.helpers.overnight import make_job, own_answers, paid, parts_of, rows, texts
from tests.helpers.overnight_child import STEPS
from tests.helpers.practice import Practice

ROWS, PART = 40, 15
MANY_RUNS = 200
"""More starts than any run here needs; beyond them it does not come to an end."""


class Killed:  # Also used by the test of memory.
    """Runs a job again and again, in processes that die."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.overnight_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def run(self, server: Practice, job: Path, api: str, **kill: Any) -> str:
        order = {
            "job": str(job),
            "api": api,
            "base_url": server.base_url,
            "token": server.token,
            "limits": {"requests": PART},
            **kill,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Practice]:
    with Practice(tmp_path / "server", batching=Batching(seconds=0.2)) as started:
        yield started


@pytest.fixture(scope="module")
def killed() -> Iterator[Killed]:
    with closing(Killed()) as runs:
        yield runs


def all_is_well(server: Practice, job: Path, times: int = 1) -> None:
    own_answers(job, ROWS)
    assert all(row.state is RowState.DONE for row in rows(job))
    assert paid(server) == dict.fromkeys(texts(ROWS), times)
    with closing(JobReader(job)) as reader:
        totals = reader.totals()
    # A dollar an answer: each counted once, none as unknown.
    assert (totals.cost_usd, totals.requests, totals.unknown) == (ROWS, ROWS, 0)
    assert not any(part.open for part in parts_of(job))


@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_killed_once_at_every_step(server, killed, tmp_path, api):
    for number, step in enumerate(STEPS, start=1):
        job = make_job(tmp_path / f"{step}.rowmill", texts(ROWS))
        # The second part, so that there is one before and one after it.
        ended = killed.run(server, job, api, kill_at=step, nth=2)
        assert ended == "killed" or (api == "anthropic" and step == "marked"), step
        assert killed.run(server, job, api) == "finished", step
        all_is_well(server, job, number)


def killed_at_random(server: Practice, killed: Killed, folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    left, number = kills, 0
    while left > 0:
        number += 1
        api = chance.choice(["openai", "anthropic"])
        job = make_job(folder / f"job{number}.rowmill", texts(ROWS))
        for _ in range(MANY_RUNS):
            if chance.random() < 0.5:
                ended = killed.run(server, job, api, kill_after_s=chance.uniform(0.0, 1.2))
            else:
                ended = killed.run(server, job, api, kill_at=chance.choice(STEPS), nth=chance.randint(1, 3))
            assert ended != "broken"
            if ended == "finished":
                break
            left -= 1
        else:
            pytest.fail("the job never came to an end")
        all_is_well(server, job, number)


def test_killed_ten_times_at_random(server, killed, tmp_path):
    killed_at_random(server, killed, tmp_path, 10, seed=1)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_killed_fifty_times_at_random(server, killed, tmp_path):
    killed_at_random(server, killed, tmp_path, 50, seed=random.randrange(2**32))
