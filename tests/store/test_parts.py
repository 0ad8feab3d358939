"""Overnight parts in the job file: on record before they are sent, collected once, and never left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from gui_app.errors import JobInUse
from gui_app.jobs import Cause, Counts, JobState, Lane, RowState, Scope
from gui_app.store import network_folder, parts
from gui_app.store.claims import JobWriter, Outcome
from gui_app.store.outcomes import SentOut
from gui_app.store.parts import Judge, PartState, PartView
from tests.store.making import RECIPE, Read, Run, done, forget_owner, make_job, one_column, prepare


@pytest.fixture
def writer(path: Path) -> Iterator[JobWriter]:
    make_job(path, one_column("a", "b", "c", "a"))
    with closing(JobWriter(path)) as opened:
        begin(opened)
        yield opened


def begin(writer: JobWriter) -> None:
    writer.recover()
    writer.begin_run(RECIPE, Scope(), {"lane": "overnight"})


def claim(writer: JobWriter, limit: int = 10) -> list[int]:
    return [item.row_id for item, _, _ in writer.exchange([], limit, 1, prepare, lane=Lane.OVERNIGHT).sent]


def intend(writer: JobWriter, row_ids: list[int], nonce: str = "n1") -> PartView:
    return parts.intend(
        writer,
        row_ids,
        nonce=nonce,
        version=1,
        provider="openai",
        host="https://api.openai.com/v1",
        key_hint="abc",
        size_bytes=100,
        reserved_usd=0.03,
    )


def answered(cost: float = 0.001) -> Judge:
    def judge(row: SentOut) -> Outcome:
        return Outcome(
            row.row_id,
            1,
            RowState.DONE,
            values={"label": "good"},
            cost_usd=cost,
            sent_at=row.sent_at,
            ended_at=row.sent_at + 1,
            lane=Lane.OVERNIGHT,
        )

    return judge


def states(read: Read) -> list[str]:
    with closing(read()) as reader:
        return [row.state.value for row in reader.rows(reader.row_ids())]


def test_a_part_is_on_record_with_its_rows_in_one_commit(writer, read):
    taken = claim(writer)
    assert taken == [1, 2, 3]
    part = intend(writer, taken)
    assert (part.state, part.rows, part.waiting, part.batch_id) == (PartState.SENDING, 3, 3, None)
    assert parts.parts(read()) == [part]
    assert parts.open_parts(read()) == parts.open_parts(writer) == [part]
    assert parts.reserved_usd(writer.db) == 0.03


def test_rows_in_a_part_outlive_their_owner_and_others_wait_again(path, read):
    make_job(path, one_column("a", "b", "c", "a"))
    with closing(JobWriter(path)) as first:
        begin(first)
        intend(first, claim(first)[:2])
    with closing(JobWriter(path)) as again:
        assert parts.recover(again) == 0
        # The fourth is the same prompt as the first, and goes on waiting for it.
        assert states(read) == ["running", "running", "waiting", "waiting"]
        parts.collect(again, 1, {1: answered()})
        assert states(read) == ["done", "running", "waiting", "done"]


def test_collecting_twice_counts_once_and_strangers_not_at_all(writer, read):
    part = intend(writer, claim(writer))
    first = parts.collect(writer, part.part_id, {1: answered(), 2: answered(), 77: answered()})
    assert [outcome.row_id for outcome in first] == [1, 2]
    assert parts.collect(writer, part.part_id, {1: answered(), 2: answered()}) == []
    with closing(read()) as reader:
        assert reader.totals().cost_usd == pytest.approx(0.002)
        assert reader.rows([1])[0].lane is Lane.OVERNIGHT


def test_a_result_for_a_row_of_another_part_is_passed_over(writer):
    taken = claim(writer)
    one, two = intend(writer, taken[:1], "n1"), intend(writer, taken[1:], "n2")
    assert parts.collect(writer, one.part_id, {2: answered()}) == []
    assert len(parts.collect(writer, two.part_id, {2: answered()})) == 1


def test_a_row_asked_again_since_takes_no_late_result(writer, read):
    taken = claim(writer)
    part = intend(writer, taken)
    parts.close(writer, part.part_id, PartState.VOID)
    again = intend(writer, claim_again(writer), "n2")
    assert parts.collect(writer, part.part_id, {1: answered()}) == []
    assert len(parts.collect(writer, again.part_id, {1: answered()})) == 1


def claim_again(writer: JobWriter) -> list[int]:
    writer.look_again()
    return claim(writer)


def test_what_did_not_come_back_waits_again_when_the_part_is_closed(writer, read):
    part = intend(writer, claim(writer))
    parts.collect(writer, part.part_id, {2: answered()})
    assert parts.close(writer, part.part_id, PartState.COLLECTED) == 2
    assert states(read) == ["waiting", "done", "waiting", "waiting"]
    (closed,) = parts.parts(read())
    assert not closed.open and closed.waiting == 0 and closed.collected_at is not None
    assert parts.reserved_usd(writer.db) == 0
    with closing(read()) as reader:
        assert reader.totals().requests == 1


def test_the_rows_of_a_lost_part_count_as_sent_with_unknown_reply(writer, read):
    part = intend(writer, claim(writer))
    parts.close(writer, part.part_id, PartState.LOST, Cause.UNKNOWN)
    with closing(read()) as reader:
        assert reader.summary().unknown_sent == 3
        assert reader.totals().cost_usd == pytest.approx(0.03)
        assert reader.rows([1])[0].cause is Cause.UNKNOWN


def test_a_row_answered_by_hand_meanwhile_stays_done(writer, path, read, opened: ExitStack):
    from gui_app.store.edits import JobEditor

    part = intend(writer, claim(writer))
    with closing(JobEditor(path)) as editor:
        editor.set_value(3, "label", "bad")
    parts.close(writer, part.part_id, PartState.COLLECTED)
    assert states(read)[2] == "done"


def test_notes_are_kept_and_unknown_ones_refused(writer, read):
    part = intend(writer, claim(writer))
    noted = parts.note(writer, part.part_id, state=PartState.SENT.value, batch_id="b-1", expires_at=5.0, done=2)
    assert (noted.state, noted.batch_id, noted.expires_at, noted.done) == (PartState.SENT, "b-1", 5.0, 2)
    assert parts.parts(read()) == [noted]
    with pytest.raises(ValueError, match="rows"):
        parts.note(writer, part.part_id, rows=7)


def test_a_part_remembers_the_recipe_it_was_asked_with(writer):
    assert parts.recipe_of(writer, 1) == RECIPE


def test_the_deadlines_of_a_job_are_those_of_what_is_out(writer, read):
    taken = claim(writer)
    one, two = intend(writer, taken[:1], "n1"), intend(writer, taken[1:], "n2")
    assert (parts.ready_by([one, two]), parts.collect_by([one, two])) == (None, None)
    parts.note(writer, one.part_id, expires_at=10.0, results_until=30.0)
    parts.note(writer, two.part_id, expires_at=20.0, results_until=40.0)
    assert (parts.ready_by(parts.parts(read())), parts.collect_by(parts.parts(read()))) == (20.0, 30.0)
    parts.close(writer, two.part_id, PartState.COLLECTED)
    assert (parts.ready_by(parts.parts(read())), parts.collect_by(parts.parts(read()))) == (10.0, 30.0)


def test_rows_that_were_out_when_their_owner_died_wait_again_without_a_run(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b", "c", "d"))
    with Run(path) as run:
        run.claim(3)
        run.keep(done(1))
        with pytest.raises(JobInUse):
            parts.settle(path)
    forget_owner(path)
    before = read().summary()
    assert (before.counts.running, before.still_out, before.unknown_sent) == (2, 2, 2)
    assert parts.settle(path) == 2
    after = read().summary()
    assert after.counts == Counts(waiting=3, done=1)
    # What was sent is on record as possibly paid for, and Continue says so; the job's own state is as it was.
    assert (after.still_out, after.unknown_sent, after.interrupted, after.state) == (0, 2, True, JobState.PAUSED)
    assert [row.state.value for row in read().rows([2, 3])] == ["waiting", "waiting"]
    assert parts.settle(path) == 0


def test_to_look_at_a_job_in_a_network_folder_changes_nothing_in_it(
    path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_job(path, one_column("a", "b"))
    with Run(path) as run:
        run.claim(2)
    forget_owner(path)
    monkeypatch.setattr(network_folder, "is_remote", lambda _folder: True)
    assert parts.settle(path) == 0
    monkeypatch.undo()
    assert read().summary().counts == Counts(running=2)
