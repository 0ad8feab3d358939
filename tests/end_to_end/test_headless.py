"""The headless commands as processes: interrupted, spied upon, read by a pipe, on a terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from gui_app.practice import launch
from gui_app.practice.faults import Fate, Faults
from tests.helpers.fault_server import FaultServer, Say, response
from tests.helpers.terminal import (
    COLUMNS,
    LABEL,
    PROMPT,
    expected_label,
    many_reviews,
    practice_in,
    read_csv,
    rowmill,
    start,
    write_reviews,
)
from tests.helpers.waiting import wait_until

TASK = ("--prompt", PROMPT, "--field", LABEL)
INSTANT = ("--model", "practice-instant")
CANARY = "sk-canary-7f3a91c2d4e5"


def finished(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_in_130_and_resumes_without_asking_anything_twice(how, home, tmp_path):
    source, job, out = write_reviews(tmp_path / "in.csv", many_reviews(80)), tmp_path / "j.rowmill", tmp_path / "o.csv"
    with practice_in(home, Faults(latency_ms=(100, 150))) as practice:
        run = start("run", source, *TASK, *INSTANT, "--concurrency", "4", "--job", job, "--out", out)
        wait_until(lambda: practice.answers() >= 8)
        run.send_signal(how)
        code, printed, said = finished(run)
        assert (code, printed) == (130, "")
        assert "rowmill resume" in said
        assert not out.exists()
        before = practice.answers()
        assert before < 80
        practice.set_faults()
        resumed = rowmill("resume", job, "--out", out, "--json")
        assert (resumed.code, resumed.last["done"], resumed.last["requests"]) == (0, 80, 80)
        assert set(Counter(entry.prompt for entry in practice.asked()).values()) == {1}
    assert [line[3] for line in read_csv(out)[1:]] == [expected_label(number) for number in range(1, 81)]


def test_a_second_interrupt_waits_for_nothing(home, tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", [("1", "slow one", ""), ("2", "fine", "")]), tmp_path / "j.rowmill"
    with practice_in(home, Faults(by_word={"slow": Fate.SLOW}, slow_ms=(50_000, 50_000))) as practice:
        run = start("run", source, *TASK, *INSTANT, "--job", job)
        wait_until(lambda: practice.answers() >= 1)
        time.sleep(0.2)
        run.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert run.poll() is None
        run.send_signal(signal.SIGINT)
        code, _out, _err = finished(run)
        assert code == 130
        practice.set_faults()
        resumed = rowmill("resume", job, "--json")
        assert (resumed.code, resumed.last["done"]) == (0, 2)
        assert "may be paid twice" in resumed.err


def test_an_import_that_is_interrupted_leaves_no_half_job(home, tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", many_reviews(400_000)), tmp_path / "j.rowmill"
    run = start("run", source, *TASK, *INSTANT, "--job", job)
    wait_until(job.exists)
    run.send_signal(signal.SIGTERM)
    assert finished(run)[0] == 130
    assert sorted(path.name for path in tmp_path.iterdir() if path != home) == ["in.csv"]


def test_a_job_that_runs_elsewhere_is_left_to_its_owner(home, tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", [*many_reviews(9), ("0", "slow", "")]), tmp_path / "j.rowmill"
    with practice_in(home, Faults(by_word={"slow": Fate.SLOW}, slow_ms=(90_000, 90_000))) as practice:
        run = start("run", source, *TASK, *INSTANT, "--job", job)
        wait_until(lambda: practice.answers() >= 2)
        second = rowmill("retry", job, "--model", "practice-with-faults")
        assert second.code == 2
        assert str(run.pid) in second.err
        # Whoever may not run it may still look at it.
        assert rowmill("export", job, tmp_path / "o.csv").code == 0
        assert "practice-with-faults" not in rowmill("recipe", job).out
        run.send_signal(signal.SIGINT)
        time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        assert finished(run)[0] == 130


def test_a_key_is_found_in_no_file_no_output_and_no_command_line(home, tmp_path):
    source, job, out = write_reviews(tmp_path / "in.csv", many_reviews(8)), tmp_path / "j.rowmill", tmp_path / "o.csv"
    echo = Say({"error": {"message": f"Your key {CANARY} was seen in Bearer {CANARY}", "type": "x"}}, 400)
    odd = Say(f"<html>{CANARY}</html>", 200)
    good = [Say(response('{"sentiment": "positive"}'), wait_s=0.2)] * 2
    seen_on_command_lines = []
    with FaultServer([echo, odd, *good]) as server:
        words = ("--provider", "openai", "--model", "m", "--base-url", f"{server.url}/v1", "--concurrency", "1")
        env = {"OPENAI_API_KEY": CANARY, "OPENAI_LOG": "debug", "PYTHONASYNCIODEBUG": "1"}
        run = start("run", source, *TASK, *words, "--job", job, "--out", out, env=env)
        wait_until(lambda: len(server.seen) > 3)
        for process in psutil.process_iter():
            try:
                seen_on_command_lines += [word for word in process.cmdline() if CANARY in word]
            except psutil.Error:
                continue
        places = {name: data.count(CANARY.encode()) for name, data in _every_byte(tmp_path).items()}
        _code, printed, said = finished(run)
        places |= {f"{name} after": data.count(CANARY.encode()) for name, data in _every_byte(tmp_path).items()}
        assert any(CANARY in seen.headers.get("authorization", "") for seen in server.seen)
    assert not seen_on_command_lines
    assert not {name: count for name, count in places.items() if count}
    assert any(name.endswith("-wal") for name in places)
    assert CANARY not in printed + said


def _every_byte(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                found[str(path)] = path.read_bytes()
        except OSError:
            continue
    return found


def test_the_practice_model_starts_by_itself_and_needs_nothing(home, tmp_path):
    source, out = write_reviews(tmp_path / "in.csv", many_reviews(6)), tmp_path / "out.csv"
    try:
        done = rowmill("run", source, *TASK, *INSTANT, "--out", out, cwd=tmp_path)
        assert (done.code, done.out) == (0, f"{out}\n")
        assert read_csv(out)[0] == [*COLUMNS, "sentiment"]
    finally:
        pid = launch.read_state(home / "practice").get("pid")
        if pid:
            os.kill(pid, signal.SIGTERM)


def test_whoever_reads_the_output_may_go_without_harm_to_the_job(home, tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", many_reviews(40)), tmp_path / "j.rowmill"
    with practice_in(home, Faults(latency_ms=(100, 150))):
        run = start("run", source, *TASK, *INSTANT, "--concurrency", "4", "--job", job, "--json")
        assert run.stdout is not None and run.stderr is not None
        run.stdout.readline()
        run.stdout.close()
        with run.stderr as said:
            assert b"Traceback" not in said.read()
        assert run.wait(60) == 0
    assert rowmill("export", job, tmp_path / "o.csv").code == 0
    assert len(read_csv(tmp_path / "o.csv")) == 41


def test_a_terminal_shows_a_bar_that_draws_over_itself(home, tmp_path):
    source = write_reviews(tmp_path / "in.csv", many_reviews(30))
    terminal, other_end = pty.openpty()
    with practice_in(home, Faults(latency_ms=(50, 100))):
        run = subprocess.Popen(
            [sys.executable, "-m", "gui_app", "run", str(source), *TASK, *INSTANT, "--concurrency", "3"],
            stdout=subprocess.DEVNULL,
            stderr=other_end,
        )
        os.close(other_end)
        shown = b""
        try:
            while data := os.read(terminal, 65536):
                shown += data
        except OSError:
            pass  # Linux says so at the end.
        os.close(terminal)
        assert run.wait(60) == 0
    text = shown.decode()
    assert "█" in text and "░" in text and "\r" in text
    assert "30 of 30 rows" in text.splitlines()[-1]
    assert text.count("\n") < 12
