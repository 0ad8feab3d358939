"""Whole jobs from the command line against servers that others wrote, with everything going wrong at once.

Each server is installed into a folder of its own when these tests run: from PyPI with uv, from npm where there is npm.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gui_app.jobs import Cause, RowState
from gui_app.store.reading.queries import JobReader
from gui_app.store.reading.views import AttemptView
from tests.helpers.fault_proxy import FaultProxy, Spoil

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

ROWS = 200
ITEMS = [f"item-{number:04}" for number in range(1, ROWS + 1)]
ALL_FAULTS = Spoil(refused=0.3, dropped=0.1, malformed=0.1)
TRIES = 5
UV = Path(__file__).parents[2] / ".bootstrap" / "bin" / "uv"


def answer_for(item: str) -> str:
    return json.dumps({"answer": f"the answer of {item}"})


@dataclass(frozen=True)
class Server:
    """Somebody else's server.

    Attributes:
        package: With its version.
        command: How it is started; {port} and {folder} are filled in.
        prepare: Writes what it needs into its folder.
        apis: Rowmill's provider -> where it speaks that API.
        spoil: What the proxy in front has to add, because the server has no such fault.
        by_row: Its answers tell the rows apart.
    """

    package: str
    command: tuple[str, ...]
    apis: dict[str, str]
    prepare: Callable[[Path], object] = lambda folder: None
    spoil: Spoil = ALL_FAULTS
    npm: bool = False
    by_row: tuple[str, ...] = ("openai", "anthropic", "compatible")


def aimock_fixtures(folder: Path) -> None:
    fixtures = [{"match": {"userMessage": item}, "response": {"content": answer_for(item)}} for item in ITEMS]
    (folder / "fixtures.json").write_text(json.dumps({"fixtures": fixtures}))


def mock_api_rules(folder: Path) -> None:
    rules = [{"when": item, "reply": answer_for(item)} for item in ITEMS]
    (folder / "rules.json5").write_text(json.dumps(rules))


SERVERS = {
    # Its own 429s, dropped connections and broken JSON.
    "aimock": Server(
        "@copilotkit/aimock@1.43.0",
        ("node", "{folder}/node_modules/@copilotkit/aimock/dist/cli.js", "--port", "{port}", "--log-level", "silent",
         "--fixtures", "{folder}/fixtures.json", "--journal-max", "10", "--chaos-ratelimit", "0.3",
         "--chaos-disconnect", "0.1", "--chaos-malformed", "0.1"),
        {"openai": "/v1", "anthropic": "", "compatible": "/v1"},
        aimock_fixtures, Spoil(), npm=True,
    ),
    "llm-mock-api": Server(
        "llm-mock-api==0.1.2",
        ("{folder}/bin/llm-mock-api", "start", "--port", "{port}", "--rules", "{folder}/rules.json5"),
        {"openai": "/v1", "anthropic": "", "compatible": "/v1"},
        mock_api_rules,
    ),
    # Its own 429s. What it answers under a schema is the same for all rows.
    "llmock": Server(
        "llmock==0.2.2",
        ("{folder}/bin/llmock", "serve", "--port", "{port}", "--error-rate", "429=0.3",
         "--response-style", "echo"),
        {"openai": "/v1", "anthropic": "/anthropic", "compatible": "/v1"},
        spoil=replace(ALL_FAULTS, refused=0.0), by_row=("anthropic",),
    ),
    "llm-katan": Server(
        "llm-katan==0.22.0",
        ("{folder}/bin/llm-katan", "--model", "m", "--backend", "echo", "--host", "127.0.0.1", "--port", "{port}",
         "--providers", "openai,anthropic", "--stats-file", "{folder}/stats.json", "--max-concurrent", "20"),
        {"anthropic": "", "compatible": "/v1"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Server], Path]:
    """The folder a server lies in, installed when it is first asked for."""
    folders: dict[str, Path] = {}

    def install(server: Server) -> Path:
        if server.package not in folders:
            folder = tmp_path_factory.mktemp("server")
            if server.npm:
                if shutil.which("npm") is None:
                    pytest.skip("this server comes from npm, and there is none")
                done = run("npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), server.package)
            else:
                run(str(UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
                done = run(str(UV), "pip", "install", "--quiet", "--python", f"{folder}/bin/python", server.package)
            if done.returncode:
                pytest.skip(f"{server.package} could not be installed: {done.stderr[-300:]}")
            server.prepare(folder)
            folders[server.package] = folder
        return folders[server.package]

    return install


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)


@contextmanager
def running(server: Server, folder: Path) -> Iterator[str]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [word.format(port=port, folder=folder) for word in server.command]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder)
        try:
            wait_for(port, process, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the server did not start: " + (folder / "log.txt").read_text()[-500:])


@dataclass(frozen=True)
class Ran:
    """How a job ended: its last line, and its rows as stored."""

    last: dict[str, object]
    rows: dict[str, tuple[RowState, Cause | None, list[AttemptView]]]
    seconds: float


def ran(folder: Path, provider: str, base_url: str) -> Ran:
    table, job = folder / "items.csv", folder / "items.rowmill"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([["item"], *([item] for item in ITEMS)])
    keys = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ROWMILL_API_KEY"), "sk-of-nobody-1234")
    words = [sys.executable, "-m", "gui_app", "run", str(table), "--provider", provider, "--base-url", base_url,
             "--model", "model-1", "--prompt", "What about {item}?", "--field", "answer=text",
             "--concurrency", "20", "--job", str(job), "--out", str(folder / "out.csv"), "--json"]  # fmt: skip
    began = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **keys}, timeout=600, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    with closing(JobReader(job)) as reader:
        rows = {row.cells[0]: (row.state, row.cause, reader.attempts(row.row_id)) for row in reader.stream()}
    return Ran(json.loads(done.stdout.splitlines()[-1]), rows, time.monotonic() - began)


@pytest.mark.parametrize(("name", "provider"), [(name, api) for name, server in SERVERS.items() for api in server.apis])
def test_two_hundred_rows_end_with_their_own_answers_or_a_named_failure(
    installed: Callable[[Server], Path], tmp_path: Path, name: str, provider: str
) -> None:
    server = SERVERS[name]
    with running(server, installed(server)) as upstream, FaultProxy(upstream, server.spoil) as proxy:
        done = ran(tmp_path, provider, proxy.url + server.apis[provider])
        verdict = verdict_of(upstream) if name == "llmock" else None
    outcomes = Counter(
        outcome if outcome in ("refused", "dropped", "malformed") or outcome.isdigit() else "answered"
        for row in proxy.rows.values()
        for outcome in row.outcomes
    )
    states = Counter(state.value for state, _, _ in done.rows.values())
    print(f"\n{name} {provider}: {dict(states)}, requests {dict(outcomes)}, {done.seconds:.1f} s, verdict {verdict}")
    assert set(done.rows) == set(ITEMS) == set(proxy.rows)
    for item, (state, cause, attempts) in done.rows.items():
        seen = proxy.rows[item]
        # No request that is not on record, and no row tried more often than is said.
        assert len(attempts) == len(seen.outcomes)
        assert seen.failed <= TRIES
        if state is RowState.FAILED and not seen.texts:
            assert seen.failed == TRIES
            assert cause in (Cause.NETWORK, Cause.UNREADABLE)
            continue
        # Answered once, then never asked again; and the answer is the one this very row was given.
        assert seen.outcomes.index("answered") == len(seen.outcomes) - 1
        raw = attempts[-1].raw or ""
        assert [raw] == seen.texts
        if provider in server.by_row:
            assert item in raw
    assert outcomes["refused"] + outcomes["429"] > 0.2 * ROWS
    assert outcomes["dropped"] and outcomes["malformed"]
    assert verdict in (None, [])


def verdict_of(upstream: str) -> list[str]:
    """What llmock, which sees every attempt and its timing, has against this client."""
    with urllib.request.urlopen(f"{upstream}/_llmock/verdict", timeout=20) as reply:
        findings = json.load(reply)["findings"]
    return sorted({finding["code"] for finding in findings if finding.get("severity") != "warning"})
