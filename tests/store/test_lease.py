"""One owner runs a job; a second one is told who, and may look."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from gui_app.errors import JobInUse
from gui_app.jobs import JobState
from gui_app.store import job_file, lease
from gui_app.store.claims import JobWriter
from gui_app.store.lease import OwnerUnknown
from tests.store.making import Read, Run, done, make_job, one_column


@pytest.fixture
def job(path: Path) -> Path:
    return make_job(path, one_column("a", "b"))


ELSEWHERE = {"host": "elsewhere", "machine": "other", "boot": "other"}


def owned_by(path: Path, **changes: Any) -> None:
    """Put an owner into the file: this process's parent, but for the changes."""
    parent = os.getppid()
    changes = {"pid": parent, "started": lease._started(parent), **changes}
    with closing(job_file.connect(path)) as db:
        job_file.put_meta(db, owner={**lease._myself(lease.Lease(uuid.uuid4().hex)), **changes})


def test_a_second_owner_is_told_who_the_first_is(job: Path, read: Read) -> None:
    with closing(JobWriter(job)):
        with pytest.raises(JobInUse) as refused:
            JobWriter(job)
        assert socket.gethostname() in str(refused.value)
        assert str(os.getpid()) in str(refused.value)
        summary = read().summary()
        assert str(os.getpid()) in (summary.owner or "")
    assert read().summary().owner is None
    JobWriter(job).close()


def test_the_job_of_a_process_that_ended_is_free(job: Path, read: Read) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    owned_by(job, pid=int(ended.stdout))
    assert read().summary().owner is None
    JobWriter(job).close()


def test_a_process_number_that_was_given_anew_is_not_the_owner(job: Path) -> None:
    owned_by(job, started=1.0)
    JobWriter(job).close()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own start times")
def test_setting_the_clock_does_not_make_a_living_owner_look_dead(job: Path) -> None:
    # Nothing in it is taken from a clock that can be set.
    owner = lease._myself(lease.Lease("t"))
    assert owner["started"] == lease._started(os.getpid())
    assert abs(owner["started"] - psutil.Process().create_time()) > 1_000_000


def test_an_owner_that_is_held_up_still_owns(job: Path) -> None:
    script = "import time; print('ready', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        owned_by(job, pid=process.pid, started=lease._started(process.pid))
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(JobInUse):
            JobWriter(job)
        process.kill()
        process.wait()
        JobWriter(job).close()


def test_a_dead_child_nobody_waited_for_owns_nothing(job: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    owned_by(job, pid=process.pid, started=lease._started(process.pid))
    with pytest.raises(JobInUse):
        JobWriter(job)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    JobWriter(job).close()
    process.wait()


HOUR = 3600.0


@pytest.mark.parametrize("ahead_s", [-HOUR, 0.0, HOUR])
def test_an_owner_on_another_computer_is_watched_whatever_its_clock_says(
    job: Path, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    token = uuid.uuid4().hex
    owned_by(job, **ELSEWHERE, token=token, seen_at=time.time() + ahead_s)
    for _ in range(2):
        with pytest.raises(OwnerUnknown, match="elsewhere"):
            JobWriter(job)
    owned_by(job, **ELSEWHERE, token=token, seen_at=time.time() + ahead_s)
    # It was seen to beat: it lives.
    with pytest.raises(JobInUse, match="pause it there first"):
        JobWriter(job)
    monkeypatch.setattr(lease, "WATCH_S", 0.0)
    JobWriter(job).close()


def test_looking_at_a_job_is_watching_its_owner(job: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    owned_by(job, **ELSEWHERE)
    assert "elsewhere" in (read().summary().owner or "")
    monkeypatch.setattr(lease, "WATCH_S", 0.0)
    assert read().summary().owner is None
    JobWriter(job).close()


OWNER = """
import socket, sys, time
from pathlib import Path
ahead_s, job = float(sys.argv[1]), Path(sys.argv[2])
real = time.time
time.time = lambda: real() + ahead_s
socket.gethostname = lambda: "elsewhere"
from gui_app.errors import JobInUse
from gui_app.store import lease
lease._boot = lease._machine = lambda: "elsewhere"
from tests.store.making import Run, done
run = Run(job)
ids = run.claim(1)
print("up", flush=True)
while run.writer.beat():
    time.sleep(0.02)
try:
    run.keep(done(ids[0], run.version))
    print("stored", flush=True)
except JobInUse:
    print("noticed", flush=True)
"""


def taken_when_it_is_free(job: Path) -> Run:
    while True:
        try:
            return Run(job)
        except JobInUse:
            time.sleep(0.05)


def put_to_sleep(owner: subprocess.Popen[str], job: Path) -> None:
    """Stop it, as a computer's sleep does, and not while it writes: nobody could then take anything."""
    while True:
        owner.send_signal(signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(job, timeout=0.1)) as db:
                db.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError:
            owner.send_signal(signal.SIGCONT)
            time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
@pytest.mark.parametrize("ahead_s", [-HOUR, HOUR])
def test_two_computers_whose_clocks_differ_take_no_running_job_from_each_other(
    job: Path, read: Read, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    monkeypatch.setattr(lease, "WATCH_S", 1.0)
    command = [sys.executable, "-c", OWNER, str(ahead_s), str(job)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as owner:
        assert owner.stdout is not None and owner.stdout.readline() == "up\n"
        try:
            watched_until = time.monotonic() + 2.5
            while time.monotonic() < watched_until:
                with pytest.raises(JobInUse, match="elsewhere"):
                    JobWriter(job)
                time.sleep(0.05)
            put_to_sleep(owner, job)
            run = taken_when_it_is_free(job)
            assert run.lost == 1
            owner.send_signal(signal.SIGCONT)
            assert owner.stdout.readline() == "noticed\n"
            assert run.answer_all() == [1, 2]
            run.close()
        finally:
            owner.kill()
    assert read().counts().done == 2


def test_a_computer_of_the_same_name_is_another_one(job: Path) -> None:
    owned_by(job, machine="other", boot="other", pid=1)
    with pytest.raises(JobInUse):
        JobWriter(job)


def test_an_owner_from_before_this_computer_was_started_is_gone(job: Path) -> None:
    if not lease._machine():
        pytest.skip("this system does not say which computer it is")
    owned_by(job, boot="an earlier start")
    JobWriter(job).close()


@pytest.mark.parametrize("owner", ["text", 7, [], {}, {"pid": "x"}, {"host": 3, "seen_at": "soon"}, {"pid": 10**30}])
def test_an_owner_that_cannot_be_one_owns_nothing(job: Path, read: Read, owner: object) -> None:
    if isinstance(owner, dict) and "pid" in owner:
        owner = {**lease._myself(lease.Lease("t")), **owner}
    with closing(job_file.connect(job)) as db:
        job_file.put_meta(db, owner=owner)
    assert read().summary().owner is None
    JobWriter(job).close()


def test_who_lost_the_job_writes_nothing_more(job: Path, read: Read) -> None:
    """The computer slept, another took the job over, the first wakes up."""
    run = Run(job)
    run.claim(1)
    assert run.writer.beat()
    owned_by(job, token="another", host="elsewhere", machine="other", boot="other")
    assert not run.writer.beat()
    before = read().counts()
    for write in (
        lambda: run.exchange([done(1)], 1),
        lambda: run.begin(),
        lambda: run.writer.recover(),
        lambda: run.writer.look_again(),
        lambda: run.writer.set_state(JobState.FINISHED),
    ):
        with pytest.raises(JobInUse, match="elsewhere"):
            write()
    run.close()
    assert read().counts() == before
    # Closing gives up only what is one's own.
    assert "elsewhere" in (read().summary().owner or "")


def test_a_beat_is_seen(job: Path) -> None:
    run = Run(job)
    owner = job_file.get_meta(run.writer.db, "owner")
    time.sleep(0.01)
    run.writer.beat()
    assert job_file.get_meta(run.writer.db, "owner")["seen_at"] > owner["seen_at"]
    run.close()
