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
from gui_app.store.reading.queries import JobReader
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


LISTENER = """
import json, ssl, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tests.helpers.fault_server import completion

class Thinking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2], "ab") as log:
            log.write(asked.replace(b"\\n", b" ") + b"\\n")
        time.sleep(1.0)
        answer = json.dumps(completion("positive")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words):
        pass

served = ThreadingHTTPServer((sys.argv[1], 8000), Thinking)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3])
served.socket = context.wrap_socket(served.socket, server_side=True, do_handshake_on_connect=False)
served.serve_forever()
"""


def certificate(folder: Path, address: str) -> Path:
    """A key and a certificate of our own for an address, in one file."""
    made, out = folder / "paper.pem", folder / "paper.crt"
    asked = f"-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext subjectAltName=IP:{address}"
    command = ["openssl", "req", *asked.split(), "-keyout", str(made), "-out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    made.write_text(made.read_text() + out.read_text())
    return made


def test_lines_that_a_change_of_network_took_along_hold_no_slot_until_the_deadline(home, tmp_path):
    """Another address, as after a change of the wireless network or of the VPN: what was out is never heard of."""
    rows, slots = 40, 6
    source, job, log = write_reviews(tmp_path / "r.csv", many_reviews(rows)), tmp_path / "j.rowmill", tmp_path / "log"
    words: list[str | Path] = ["run", source, "--prompt", PROMPT, "--field", LABEL, "--provider", "compatible"]
    words += ["--base-url", "https://10.99.0.1:8000/v1", "--model", "m", "--concurrency", str(slots), "--job", job]
    paper = certificate(tmp_path, "10.99.0.1")
    env = {**os.environ, "ROWMILL_API_KEY": "k" * 20, "SSL_CERT_FILE": str(paper)}
    with namespace() as here, namespace() as there:
        here.cable(there, "10.99.0.2/24", "10.99.0.1/24")
        listener = subprocess.Popen(there.command([sys.executable, "-c", LISTENER, "10.99.0.1", log, paper]))
        try:
            command = here.command([sys.executable, "-m", "gui_app", *words])
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
                _wait(lambda: _look(job)[1] >= 2 * slots, process)
                here.move("10.99.0.2/24", "10.99.0.77/24")
                began = time.monotonic()
                said = process.communicate(timeout=150)
                took_s = time.monotonic() - began
            assert process.returncode == 0, said
        finally:
            listener.terminate()
            listener.wait()
    with closing(sqlite3.connect(job)) as db:
        assert db.execute("SELECT count(*), max(tries) FROM status WHERE state = 2").fetchone() == (rows, 0)
        attempts = db.execute("SELECT count(*) FROM attempts").fetchone()[0]
        ended = dict(db.execute("SELECT ifnull(cause, outcome), count(*) FROM attempts GROUP BY 1"))
        lost = db.execute("SELECT count(*) FROM attempts WHERE cause = 'network'").fetchone()[0]
    # Every request that came to the server is on record, and those that were never heard of were sent once more.
    assert len(log.read_bytes().splitlines()) <= attempts == rows + lost and 0 < lost <= slots
    print(f"on again and through in {took_s:.0f} s; attempts {ended}")
