"""kill -9 at every step of an overnight job: each row is answered and paid exactly once."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gui_app.jobs import RowState
from gui_app.practice.faults import Batching
from gui_app.store.reading.queries import JobReader
from tests.helpers.overnight import make_job, own_answers, paid, parts_of, rows, texts
from tests.helpers.overnight_child import STEPS
from tests.helpers.paid_once import wrong
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
            cwd=Path(__file__).parents[3],
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
    # The journal is written in groups, and `paid` has just waited for the last one.
    assert wrong(job, server.home / "practice.sqlite3") == []
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


def killed_at_random(server: Practice, killed: Killed, folder: Path, runs: int, seed: int) -> int:
    """So many jobs, each killed again and again until it comes to its end. Returns the kills."""
    chance, kills = random.Random(seed), 0
    for number in range(1, runs + 1):
        api = chance.choice(["openai", "anthropic", "qwen"])
        job = make_job(folder / f"job{number}.rowmill", texts(ROWS))
        for _ in range(MANY_RUNS):
            if chance.random() < 0.5:
                ended = killed.run(server, job, api, kill_after_s=chance.uniform(0.0, 1.2))
            else:
                ended = killed.run(server, job, api, kill_at=chance.choice(STEPS), nth=chance.randint(1, 3))
            assert ended != "broken"
            if ended == "finished":
                break
            kills += 1
        else:
            pytest.fail("the job never came to an end")
        all_is_well(server, job, number)
    return kills


def test_jobs_killed_at_random(server, killed, tmp_path):
    assert killed_at_random(server, killed, tmp_path, 4, seed=3) >= 4


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_fifty_jobs_killed_at_random(server, killed, tmp_path):
    seed = random.randrange(2**32)
    print(f"seed {seed}: {killed_at_random(server, killed, tmp_path, 50, seed)} kills")


SPOILT = {
    "UPDATE attempts SET raw = 'text number 00001.', field_values = '{\"said\": 1}' WHERE row_id = 3": "another row's",
    "INSERT INTO attempts (row_id, version, lane, outcome) VALUES (4, 1, 1, 'answered')": "2 attempts",
    "UPDATE status SET state = 0 WHERE row_id = 5": "state 0",
    "DELETE FROM cells WHERE row_id = 6": "in no job",
    "UPDATE parts SET nonce = 'x' WHERE part_id = 1": "paid 0 times",
    "UPDATE parts SET state = 'sent' WHERE part_id = 1": "still out",
}


def test_the_checker_sees_what_it_is_there_to_see(server, killed, tmp_path):
    job = make_job(tmp_path / "j.rowmill", texts(ROWS))
    assert killed.run(server, job, "openai") == "finished"
    all_is_well(server, job)
    for number, (spoil, says) in enumerate(SPOILT.items()):
        spoilt = tmp_path / f"spoilt{number}.sqlite3"
        shutil.copy(job, spoilt)
        with closing(sqlite3.connect(spoilt)) as db:
            db.execute(spoil)
            db.commit()
        assert any(says in problem for problem in wrong(spoilt, server.home / "practice.sqlite3")), says
