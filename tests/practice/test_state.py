"""What the server remembers."""

import sqlite3

import pytest

from gui_app.practice.state import Attempts, Entry, State


@pytest.fixture
def open_state(tmp_path):
    opened = []

    def make(**options):
        opened.append(State(tmp_path / "practice", **options))
        return opened[-1]

    yield make
    for state in opened:
        state.close()


async def test_the_journal_outlives_a_close(open_state):
    state = open_state()
    for number in range(5):
        state.note(Entry(at=number, endpoint="POST /v1/responses", prompt_hash=f"h{number}"))
    state.close()
    again = open_state()
    assert [entry.at for entry in again.journal()] == [0, 1, 2, 3, 4]
    assert [entry.at for entry in again.journal(prompt_hash="h3")] == [3]


async def test_the_journal_keeps_only_its_newest_entries(open_state):
    state = open_state(kept_entries=100)
    for number in range(1000):
        state.note(Entry(at=number, endpoint="x"))
        if number % 50 == 0:
            state.flush()
    kept = [entry.at for entry in state.journal()]
    assert kept[-1] == 999
    assert 100 <= len(kept) <= 250


async def test_a_row_of_a_batch_is_in_the_journal_once(open_state):
    state = open_state()
    for status in (500, 200):
        state.note(Entry(at=1, endpoint="batch", batch_id="b", custom_id="row-1", status=status))
        state.note(Entry(at=1, endpoint="batch", batch_id="b", custom_id="row-2", status=status))
    assert [entry.status for entry in state.journal(batch_id="b")] == [200, 200]


async def test_only_prompts_in_the_middle_of_failing_are_remembered(open_state):
    state = open_state()
    for key in ("a", "b"):
        state.attempts.failed(key)
        state.attempts.failed(key)
    state.attempts.answered("a")
    state.close()
    again = open_state().attempts
    assert (again.failures("a"), again.failures("b")) == (0, 2)


def test_attempts_count_from_the_last_answer():
    attempts = Attempts()
    attempts.failed("k")
    attempts.answered("k")
    attempts.answered("k")
    attempts.failed("k")
    assert attempts.failures("k") == 1


@pytest.mark.parametrize("content", [b"this is no database" * 100, b""])
def test_a_damaged_database_is_set_aside(open_state, tmp_path, content):
    (tmp_path / "practice").mkdir()
    (tmp_path / "practice" / "practice.sqlite3").write_bytes(content)
    state = open_state()
    assert list(state.journal()) == []
    assert len(list((tmp_path / "practice").glob("*damaged*"))) == (1 if content else 0)


def test_another_programs_database_is_set_aside(open_state, tmp_path):
    (tmp_path / "practice").mkdir()
    other = sqlite3.connect(tmp_path / "practice" / "practice.sqlite3")
    other.execute("PRAGMA user_version = 9")
    other.close()
    assert list(open_state().journal()) == []
