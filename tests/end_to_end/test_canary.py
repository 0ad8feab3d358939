"""Canaries for a key and for a row's text, looked for wherever the window's worker could leave them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from gui_app.jobs import Account, ExportOptions, JobState, RunOptions, Scope, Secret
from gui_app.providers.base import CallFailed
from gui_app.providers.catalog import open_provider
from gui_app.recipes.question import build_question
from gui_app.worker.client import WorkerLost
from tests.end_to_end.window_stand_in import RECIPE
from tests.helpers.fault_server import FaultServer, Say
from tests.helpers.terminal import COLUMNS, write_reviews
from tests.worker.conftest import working

# Five processes one after the other; on a machine that is busy with something else that takes its time.
pytestmark = pytest.mark.timeout(240)

KEY = "sk-canary-5b1e77c0a9d2"
ROW = "the secret text of one row, canary-4711"
REPLY = {
    "id": "c1",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "positive"}}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 1},
}


def files_with(text: str, folder: Path) -> set[str]:
    """The names of all files below a folder in which a text stands, in UTF-8 or UTF-16."""
    wanted = (text.encode(), text.encode("utf-16-le"))
    found = set()
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file() and any(form in (data := path.read_bytes()) for form in wanted) and data:
                found.add(path.name)
    return found


def seen_of_processes(text: str) -> list[str]:
    """Command lines and environments of our children in which a text stands."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = [*process.cmdline(), *(f"{name}={value}" for name, value in process.environ().items())]
            found += [f"{process.pid}: {word[:40]}" for word in words if text in word]
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="SIGSEGV")
async def test_a_key_and_a_row_are_found_nowhere_but_where_they_belong(home, tmp_path, monkeypatch, expect_log):
    expect_log("the worker ended by itself")
    # What a developer may have set, and what makes the SDKs talkative.
    for name, value in {
        "OPENAI_LOG": "debug",
        "ANTHROPIC_LOG": "debug",
        "PYTHONASYNCIODEBUG": "1",
        "PYTHONFAULTHANDLER": "1",
        "OPENAI_API_KEY": KEY,
        "ANTHROPIC_API_KEY": KEY,
        "ROWMILL_API_KEY": KEY,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    said = tmp_path.parent / f"{tmp_path.name}.stderr"
    rows = [(str(n), f"{ROW} {n}", "") for n in range(12)]
    source, job, out = write_reviews(tmp_path / "in.csv", rows), tmp_path / "j.rowmill", tmp_path / "out.csv"
    echo = {"error": {"message": f"Your key {KEY} may not ask: {ROW} Bearer {KEY}", "type": "x"}}
    script = [Say(echo, 400), Say(echo, 500), Say(f"<html>{KEY} {ROW}</html>", 502), *[Say(REPLY, wait_s=0.1)] * 40]
    with FaultServer(script) as server, _errors_to(said):
        recipe = replace(RECIPE.with_model("compatible", "m"), base_url=f"{server.url}/v1")
        async with working() as (client, watch):
            await client.import_table(source, job).result()
            await client.run(job, recipe, Scope(), RunOptions(concurrency=2), Secret(KEY))
            while len(server.seen) < 6:
                await asyncio.sleep(0.02)
            assert not seen_of_processes(KEY) and not seen_of_processes(ROW)
            assert client.pid is not None
            os.kill(client.pid, signal.SIGSEGV)  # A crash of an extension: Python says what it was at.
            await watch.until(lambda event: isinstance(event, WorkerLost))
            during = files_with(KEY, tmp_path)
            since = len(watch.events)
            await client.run(job, recipe, Scope(), RunOptions(concurrency=2), Secret(KEY))
            final = await watch.end_of(job, since)
            await client.export(job, out, ExportOptions(kind="csv", extra=frozenset({"error"}))).result()
            with pytest.raises(Exception, match="folder"):
                await client.export(job, tmp_path / "no" / "where.csv", ExportOptions(kind="csv")).result()
        assert any(KEY in seen.headers.get("authorization", "") for seen in server.seen), "the canary was sent at all"
    assert final.state is JobState.FINISHED
    assert not during and not files_with(KEY, tmp_path)
    assert files_with(ROW, tmp_path) <= {"in.csv", "j.rowmill", "out.csv"}
    assert not [path.name for path in tmp_path.rglob("core*")], "a core file holds all of a process's memory"
    errors = said.read_text(errors="replace")
    assert "Segmentation fault" in errors, "the crash report is there"
    assert KEY not in errors and ROW not in errors
    assert b",".join(name.encode() for name in COLUMNS) in out.read_bytes()
    said.unlink()


@contextlib.contextmanager
def _errors_to(path: Path):
    """What children write to standard error."""
    kept = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@pytest.mark.skipif(sys.platform == "win32", reason="no core files")
def test_no_role_of_this_program_leaves_a_core_file(monkeypatch):
    import resource

    before = resource.getrlimit(resource.RLIMIT_CORE)
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, limit: limits.append(limit))
    from gui_app.__main__ import main

    assert main(["/no/such/file"]) == 2
    assert limits == [(0, before[1])]


FAILURES = [
    Say({"error": {"message": f"key {KEY}", "code": "x"}}, 400),
    Say(f"<html>Bearer {KEY}</html>", 502),
    Say("{", 200),
    Say({"choices": 7, "content": 7, "output": 7}, 200),
    Say(raw=f"HTTP/9 {KEY}\r\n\r\n".encode()),
    Say(REPLY, drop_after=3),
    Say(REPLY, drop_after=0),
    Say("", 302, {"Location": f"https://evil.example/{KEY}"}),
    Say(REPLY, wait_s=3.0),
]


@pytest.mark.parametrize("name", ["openai", "anthropic", "compatible"])
async def test_a_traceback_with_all_its_locals_holds_no_key(name):
    """Crash reporters print the values of every frame: those of a failed call lead to no key."""
    question = build_question(RECIPE.with_model(name, "m"))
    for failure in FAILURES:
        with FaultServer([failure] * 3) as server:
            address = server.url if name == "anthropic" else f"{server.url}/v1"
            provider = open_provider(Account(name, address, Secret(KEY)))
            failed: Exception | None = None
            try:
                async with asyncio.timeout(1.0):
                    await provider.ask(question, "hello")
            except (CallFailed, TimeoutError) as error:
                failed = error
            finally:
                await provider.close()
        assert isinstance(failed, CallFailed) or failure.wait_s
        if isinstance(failed, CallFailed):
            # Without this test's own frame, where the key stands.
            trace = None if failed.__traceback__ is None else failed.__traceback__.tb_next
            report = traceback.TracebackException(type(failed), failed, trace, capture_locals=True)
            assert KEY not in "".join(report.format())
            assert KEY not in repr(failed.__dict__)
