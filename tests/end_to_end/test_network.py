"""In a network of its own: loopback down and up, the name server gone and back. One state, and on by itself."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.jobs import JobState
from gui_app.store.queries import JobReader
from tests.helpers.leftovers import strays
from tests.helpers.namespace import Namespace, namespace
from tests.helpers.terminal import LABEL, PROMPT, expected_label, many_reviews, read_csv, write_reviews

pytestmark = [pytest.mark.privileged, pytest.mark.timeout(200)]

ROWS = 150
SERVER = """
import json
from gui_app.practice import launch
server = launch.ensure_running()
print(json.dumps([server.base_url, server.token]))
"""


@pytest.fixture
def net(home: Path) -> Iterator[Namespace]:
    with namespace() as found:
        yield found
        for process in strays({str(home)}).values():
            process.terminate()


def _wait(condition: Callable[[], bool], process: subprocess.Popen[bytes], limit_s: float = 60.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def _look(job: Path) -> tuple[JobState, int, int]:
    if not job.exists():
        return JobState.DRAFT, 0, 0
    with closing(JobReader(job)) as reader:
        summary = reader.summary()
        return summary.state, summary.counts.done, summary.counts.failed


@pytest.mark.parametrize("what", ["loopback", "names"])
def test_a_network_that_goes_and_comes_back(net, home, tmp_path, what):
    source, job, out = write_reviews(tmp_path / "r.csv", many_reviews(ROWS)), tmp_path / "j.rowmill", tmp_path / "o.csv"
    served = subprocess.run(net.command([sys.executable, "-c", SERVER]), capture_output=True, check=True, timeout=60)
    address, token = json.loads(served.stdout)
    words: list[str | Path] = ["run", source, "--prompt", PROMPT, "--field", LABEL, "--provider", "compatible"]
    words += ["--base-url", address.replace("127.0.0.1", "localhost"), "--model", "practice", "--concurrency", "6"]
    words += ["--job", job, "--out", out]
    env = {**os.environ, "ROWMILL_API_KEY": token}
    if what == "names":
        net.names()  # From the start: a connection that is there needs no name.
    command = net.command([sys.executable, "-m", "gui_app", *words])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
        if what == "loopback":
            _wait(lambda: _look(job)[1] > 20, process)
            net.network(False)
        _wait(lambda: _look(job)[0] is JobState.OFFLINE, process)
        time.sleep(3.0)
        state, done, failed = _look(job)
        assert (state, failed) == (JobState.OFFLINE, 0)
        net.network(True)
        net.names("127.0.0.1 localhost")
        said = process.communicate(timeout=90)
    assert process.returncode == 0, said
    lines = read_csv(out)[1:]
    assert [line[3] for line in lines] == [expected_label(n) for n in range(1, ROWS + 1)]
    with closing(sqlite3.connect(job)) as db:
        assert db.execute("SELECT max(tries) FROM status").fetchone() == (0,), "an attempt was burned"
        ended = dict(db.execute("SELECT ifnull(cause, outcome), count(*) FROM attempts GROUP BY 1"))
    with closing(sqlite3.connect(home / "practice" / "practice.sqlite3")) as db:
        asked, prompts = db.execute(
            "SELECT count(*), count(DISTINCT prompt_hash) FROM journal WHERE endpoint LIKE '%completions'"
        ).fetchone()
    assert prompts == ROWS
    print(f"{what}: done at the cut {done}, attempts {ended}, requests the server saw {asked} for {ROWS} rows")
    assert asked <= ROWS + 6
