"""The client and a real worker process."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from gui_app.engine.events import JobProgress
from gui_app.errors import JobInUse, NotAJobFile, RecipeError, UserError
from gui_app.jobs import Account, Cause, JobState, RowFilter, RunOptions, Scope, ScopeKind, Secret
from gui_app.practice.faults import Fate, Faults
from gui_app.providers.base import CannotOpen
from gui_app.worker.client import JobBroken, WorkerClient, WorkerLost
from gui_app.worker.process import AHEAD_S
from tests.helpers.fault_server import FaultServer, Say
from tests.helpers.terminal import expected_label, practice_in
from tests.helpers.waiting import until
from tests.worker.conftest import RECIPE, SENTIMENT, labels, states, working

OPTIONS = RunOptions()


async def test_a_job_runs_to_its_end_and_every_row_has_its_own_answer(practice, make_job):
    job = make_job(60)
    async with working() as (client, watch):
        await client.run(job, RECIPE, Scope(), OPTIONS)
        last = await watch.end_of(job)
    assert (last.state, last.counts.done, last.run_finished) == (JobState.FINISHED, 60, 60)
    assert labels(job) == {number: expected_label(number) for number in range(1, 61)}
    assert len(practice.asked()) == 60


async def test_a_paused_job_sends_nothing_until_it_goes_on(home, make_job):
    job = make_job(60)
    with practice_in(home, Faults(latency_ms=(30, 60))) as practice:
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), RunOptions(concurrency=4))
            await watch.until(lambda event: getattr(getattr(event, "counts", None), "done", 0) >= 5)
            await client.pause(job)
            assert (await watch.end_of(job)).state is JobState.PAUSED
            sent = len(practice.asked())
            assert sent == states(job)["done"] < 60
            await asyncio.sleep(0.3)
            assert len(practice.asked()) == sent
            since = len(watch.events)
            # A selection of very many rows is one line of some megabytes.
            everything = Scope(rows=RowFilter(row_ids=tuple(range(1, 500_001))))
            await client.run(job, RECIPE, everything, OPTIONS)
            assert (await watch.end_of(job, since)).state is JobState.FINISHED
        assert states(job) == {"done": 60}
        assert len(practice.asked()) == 60


async def test_automatic_goes_no_further_than_the_user_lets_it(home, make_job):
    job = make_job(40)
    with practice_in(home, Faults(latency_ms=(60, 90))):
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), RunOptions(ceiling=3))
            assert (await watch.end_of(job)).state is JobState.FINISHED
    out = [(event.in_flight, event.concurrency) for event in watch.events if isinstance(event, JobProgress)]
    assert max(at_once for at_once, _ in out) == 3
    assert max(shown for _, shown in out) == 3


async def test_a_stopped_job_lets_go_of_what_does_not_come_back(home, make_job):
    job = make_job([("1", "hangs", ""), ("2", "fine", "")])
    with practice_in(home, Faults(by_word={"hangs": Fate.SLOW}, slow_ms=(60_000, 60_000))):
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), OPTIONS)
            await watch.until(lambda event: getattr(getattr(event, "counts", None), "done", 0) == 1)
            await client.stop(job, grace_s=0.1)
            last = await watch.end_of(job)
    assert last.state is JobState.STOPPED
    assert states(job) == {"waiting": 1, "done": 1}


async def test_two_jobs_run_at_once_and_failed_rows_are_retried(home, make_job):
    first, second = make_job(40, "a.rowmill"), make_job([("1", "refused thing", ""), ("2", "fine", "")], "b.rowmill")
    with practice_in(home, Faults(latency_ms=(5, 20), by_word={"refused": Fate.REFUSED})) as practice:
        async with working() as (client, watch):
            await asyncio.gather(
                client.run(first, RECIPE, Scope(), OPTIONS), client.run(second, RECIPE, Scope(), OPTIONS)
            )
            await asyncio.gather(watch.end_of(first), watch.end_of(second))
            assert states(first) == {"done": 40}
            assert states(second) == {"done": 1, "failed": 1}
            practice.set_faults()
            since = len(watch.events)
            scope = Scope(ScopeKind.RETRY, RowFilter(causes=frozenset({Cause.REFUSED})))
            await client.run(second, RECIPE, scope, OPTIONS)
            await watch.end_of(second, since)
    assert states(second) == {"done": 2}


async def test_what_cannot_run_is_refused_in_words_and_nothing_is_sent(practice, make_job, tmp_path):
    job = make_job(3)
    async with working() as (client, _watch):
        with pytest.raises(RecipeError, match="names no column"):
            await client.run(job, type(RECIPE)("hello", (SENTIMENT,), model="m"), Scope(), OPTIONS)
        with pytest.raises(NotAJobFile):
            await client.run(tmp_path / "nix.rowmill", RECIPE, Scope(), OPTIONS)
        with pytest.raises(CannotOpen) as refused:
            await client.run(job, RECIPE.with_model("openai", "m"), Scope(), OPTIONS)
        assert refused.value.reason is Cause.KEY_REFUSED
        with pytest.raises(CannotOpen) as refused:
            await client.list_models(Account("compatible", "http://open.example/v1", Secret("k" * 20)))
        assert refused.value.reason is Cause.HOST_REFUSED
    assert not practice.asked()


async def test_a_job_that_runs_cannot_be_started_twice(home, make_job):
    job = make_job(30)
    with practice_in(home, Faults(latency_ms=(50, 80))):
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), RunOptions(concurrency=2))
            with pytest.raises(JobInUse):
                await client.run(job, RECIPE, Scope(), OPTIONS)
            await client.stop(job)
            await watch.end_of(job)


async def test_models_are_listed_and_a_key_is_tested_without_a_job(practice):
    with FaultServer(Say({"error": {"message": "no", "code": "invalid_api_key"}}, 401)) as server:
        async with working() as (client, _watch):
            models = await client.list_models(Account("practice"))
            assert "practice-instant" in [model.id for model in models]
            test = await client.test_key(Account("openai", f"{server.url}/v1", Secret("sk-" + "x" * 20)))
    assert (test.ok, test.cause) == (False, Cause.KEY_REFUSED)


async def test_a_killed_worker_is_told_and_the_next_run_goes_on_without_a_second_payment(home, make_job, expect_log):
    expect_log("the worker ended by itself")
    job = make_job(150)
    with practice_in(home, Faults(latency_ms=(5, 30))) as practice:
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), RunOptions(concurrency=8))
            await watch.until(lambda event: getattr(getattr(event, "counts", None), "done", 0) >= 20)
            assert client.pid is not None
            os.kill(client.pid, signal.SIGKILL)
            await watch.until(lambda event: isinstance(event, WorkerLost))
            told = max(getattr(getattr(event, "counts", None), "done", 0) for event in watch.events)
            done = {row for row, label in labels(job).items() if label}
            assert len(done) >= told
            stored = {entry.prompt for entry in practice.asked() if _row_of(entry.prompt) in done}
            since = len(watch.events)
            asked_before = len(practice.asked())
            await client.run(job, RECIPE, Scope(), OPTIONS)
            assert (await watch.end_of(job, since)).state is JobState.FINISHED
            again = {entry.prompt for entry in practice.asked()[asked_before:]}
    assert not stored & again
    assert labels(job) == {number: expected_label(number) for number in range(1, 151)}


def _row_of(prompt: str) -> int:
    return int(prompt.split("Item ")[1].split()[0])


async def test_a_command_to_a_dead_worker_fails_in_words_and_the_next_starts_another(practice, make_job, expect_log):
    expect_log("the worker ended by itself")
    async with working() as (client, watch):
        await client.start()
        first = client.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        asked = asyncio.create_task(client.list_models(Account("practice")))
        await asyncio.sleep(0.1)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(UserError, match="ended unexpectedly"):
            await asked
        assert await client.list_models(Account("practice"))
        assert client.pid != first
        assert sum(isinstance(event, WorkerLost) for event in watch.events) == 1


async def test_a_run_that_breaks_is_told_and_the_job_is_free_again(home, make_job):
    job = make_job(60)
    with practice_in(home, Faults(latency_ms=(50, 80))):
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), RunOptions(concurrency=2))
            await watch.until(lambda event: getattr(getattr(event, "counts", None), "done", 0) >= 2)
            with closing(sqlite3.connect(job, timeout=10)) as db, db:
                # Another computer has taken it, and has gone since.
                db.execute("""UPDATE meta SET value = '{"token": "other"}' WHERE key = 'owner'""")
            broken = await watch.until(lambda event: isinstance(event, JobBroken))
            assert broken.job == str(job)
            assert isinstance(broken.error, JobInUse)
            last = await watch.end_of(job)
            assert last.state is JobState.STOPPED
            assert last.counts.rows == 60
            since = len(watch.events)
            await client.run(job, RECIPE, Scope(), OPTIONS)
            assert (await watch.end_of(job, since)).state is JobState.FINISHED
    assert states(job) == {"done": 60}


async def test_a_listener_that_fails_makes_nobody_else_deaf(practice, make_job, expect_log):
    expect_log("a listener of the worker's events failed")
    job = make_job(3)
    async with working() as (client, watch):

        def fails(_event: object) -> None:
            raise ValueError("a listener's own mistake")

        end = client.subscribe(fails)
        await client.run(job, RECIPE, Scope(), OPTIONS)
        assert (await watch.end_of(job)).counts.done == 3
        end()
        end()


async def test_closing_pauses_the_jobs_and_stores_what_is_on_its_way(home, make_job):
    job = make_job(60)
    with practice_in(home, Faults(latency_ms=(100, 200))) as practice:
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), RunOptions(concurrency=6))
            await watch.until(lambda event: getattr(getattr(event, "counts", None), "done", 0) >= 6)
        found = states(job)
        assert found["done"] == practice.answers()
        assert set(found) == {"done", "waiting"}
        with pytest.raises(UserError):
            await client.run(job, RECIPE, Scope(), OPTIONS)


_PARENT = """
import asyncio, sys
from pathlib import Path
from gui_app.jobs import *
from gui_app.worker.client import WorkerClient

async def main():
    client = WorkerClient()
    field = OutputField("sentiment", FieldKind.LABEL, ("positive", "negative", "neutral"))
    recipe = Recipe("Which sentiment?\\n\\nText:\\n{review}", (field,), model="practice-instant")
    client.subscribe(lambda event: print(client.pid, event.counts.done, flush=True))
    await client.run(Path(sys.argv[1]), recipe, Scope(), RunOptions(concurrency=6))
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_window_dies_the_worker_stores_what_is_in_flight_and_ends(how, home, make_job):
    job = make_job(200)
    with practice_in(home, Faults(latency_ms=(100, 200))) as practice:
        with subprocess.Popen([sys.executable, "-c", _PARENT, str(job)], stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            pid = 0
            for line in parent.stdout:
                pid, done = map(int, line.split())
                if done >= 6:
                    break
            worker = psutil.Process(pid)
            parent.send_signal(how)
            parent.wait(20)
            psutil.wait_procs([worker], timeout=20)
            assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
        found = states(job)
        assert found["done"] == practice.answers() < 200
        assert set(found) == {"done", "waiting"}


def _bare_worker() -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-m", "gui_app", "worker"], stdin=pipe, stdout=pipe, stderr=pipe)


def test_the_worker_survives_bad_lines_and_ends_with_its_input(home):
    worker = _bare_worker()
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(b'no json sk-canary\n[1]\n{"id": 1, "do": "nix"}\n{"id": 2, "do": "run", "order": {}}\n')
    worker.stdin.write(b'{"do": "pause"}\n{"id": 3, "do": "pause", "job": "nix"}\n')
    worker.stdin.flush()
    answers = [worker.stdout.readline() for _ in range(3)]
    out, err = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert out == err == b""
    assert Counter(b'"error"' in answer for answer in answers) == {True: 2, False: 1}
    log = (home / "logs" / "worker.log").read_text("utf-8")
    assert "could not be read" in log
    assert "canary" not in log


def test_a_worker_ends_by_a_signal_without_a_word(home):
    worker = _bare_worker()
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(b'{"id": 3, "do": "pause", "job": "nix"}\n')
    worker.stdin.flush()
    assert worker.stdout.readline()
    worker.send_signal(signal.SIGINT)  # A Ctrl+C in the window's terminal is the window's business.
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    out, err = worker.communicate()
    assert out == err == b""


async def test_a_worker_has_no_key_in_its_environment_or_on_its_command_line(practice, make_job, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-of-the-environment")
    job = make_job(5)
    async with working() as (client, watch):
        await client.run(job, RECIPE, Scope(), OPTIONS, Secret("sk-canary-of-the-run"))
        assert client.pid is not None
        process = psutil.Process(client.pid)
        assert "canary" not in str(process.cmdline()) + str(process.environ())
        await watch.end_of(job)
    assert WorkerClient().pid is None


def has_the_sdk(process: psutil.Process) -> bool:
    return any("pydantic_core" in part.path for part in process.memory_maps())


@pytest.mark.skipif(sys.platform == "darwin", reason="a process does not tell what it has loaded there")
async def test_a_worker_with_nothing_to_do_imports_what_a_run_will_need(practice, make_job):
    job = make_job(5)
    async with working() as (client, watch):
        await client.start()
        assert client.pid is not None
        process = psutil.Process(client.pid)
        await until(lambda: has_the_sdk(process))
        await client.run(job, RECIPE, Scope(), OPTIONS)
        assert (await watch.end_of(job)).counts.done == 5


@pytest.mark.skipif(sys.platform == "darwin", reason="a process does not tell what it has loaded there")
async def test_a_worker_that_is_asked_something_first_imports_only_what_that_needs(make_job):
    async with working() as (client, _):
        await client.pause(make_job(1))
        assert client.pid is not None
        process = psutil.Process(client.pid)
        await asyncio.sleep(AHEAD_S + 0.5)
        assert not has_the_sdk(process)


def test_the_window_s_side_imports_no_sdk(tmp_path: Path):
    code = """
import importlib, importlib.util, sys
names = ["gui_app.worker.client", "gui_app.worker.estimating", "gui_app.ui.window.main_window", "gui_app.app"]
for name in names:
    importlib.import_module(name)
    heavy = {"openai", "anthropic", "aiohttp", "genai_prices", "httpx2"} & set(sys.modules)
    assert not heavy, (name, heavy)
assert "gui_app.worker.conductor" not in sys.modules
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


async def test_a_job_that_may_be_run_elsewhere_is_watched_said_so_and_can_be_let_be(practice, make_job):
    job = make_job(20)
    with closing(sqlite3.connect(job)) as db, db:
        owner = """{"token": "other", "host": "elsewhere", "pid": 7, "seen_at": 0}"""
        db.execute("INSERT OR REPLACE INTO meta VALUES ('owner', ?)", (owner,))
    async with working() as (client, watch):
        starting = asyncio.create_task(client.run(job, RECIPE, Scope(), OPTIONS))
        said = await watch.until(lambda event: isinstance(event, JobProgress) and event.problem is not None)
        assert said.problem[1]["who"] == "elsewhere, 7" and said.counts.waiting == 20
        assert not starting.done()
        await client.pause(job)
        with pytest.raises(JobInUse, match="may still be running"):
            await starting
        last = await watch.end_of(job)
        assert last.problem is None and last.counts.waiting == 20
    assert practice.answers() == 0
