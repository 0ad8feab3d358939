"""Whatever worker and window do to a job, in whatever order: the promises hold."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from gui_app.jobs import Cause, Recipe, RowState, Scope, ScopeKind
from gui_app.store.claims import Outcome
from gui_app.store.copies import check_job
from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import JobReader
from tests.store.making import (
    OTHER_RECIPE,
    RECIPE,
    Run,
    again,
    forget_owner,
    make_job,
    one_column,
    remaining,
    retry,
)

ROWS = 10
PROMPTS = ["p", "p", "q", "p", "r", "q", "p", "", "s", "q"]

row_ids = st.integers(1, ROWS)
some_ids = st.lists(row_ids, min_size=1, max_size=4).map(lambda ids: tuple(sorted(set(ids))))
scopes = st.one_of(
    st.just(Scope()),
    st.just(retry()),
    st.just(again()),
    st.builds(remaining, first=st.integers(1, ROWS)),
    st.builds(lambda ids: remaining(row_ids=ids), some_ids),
    st.builds(lambda ids: retry(row_ids=ids), some_ids),
    st.builds(lambda ids: again(row_ids=ids), some_ids),
    st.just(retry(causes=frozenset({Cause.OFF_LIST}))),
    st.just(again(states=frozenset({RowState.DONE}))),
)
endings = st.sampled_from(["done", "done", "done", "doubtful", "failed", "again", "unsent"])


class Job(RuleBasedStateMachine):
    """A worker and an editor on one file, and a model of what the outside world saw."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rowmill-any-order-"))
        self.path = make_job(self.folder / "job.rowmill", one_column(*PROMPTS))
        self.editor = JobEditor(self.path)
        self.reader = JobReader(self.path)
        self.clock = 1000.0
        self.calls = 0
        self.out: dict[int, int] = {}  # Row out now: under which version.
        self.replies: dict[str, tuple[int, int]] = {}  # Each reply ever made: to which row, which version.
        self.acknowledged: dict[int, str] = {}  # A row's own last stored reply.
        self._open()
        self.recipe: Recipe = RECIPE

    def _open(self) -> None:
        self.run = Run(self.path)
        self._quick()

    def _quick(self) -> None:
        # Durability has its own tests; here the file is as good in the cache.
        for db in (self.run.writer.db, self.editor._db):
            db.execute("PRAGMA synchronous = OFF")

    def teardown(self) -> None:
        if hasattr(self, "run"):
            self._to_the_end()
            self.run.close()
            self.editor.close()
            self.reader.close()
            check_job(self.path)
            left = [name for name in os.listdir(self.folder) if name != "job.rowmill"]
            shutil.rmtree(self.folder)
            assert left == []

    def _to_the_end(self) -> None:
        """One plain run more finishes every row, however many were put back, edited, shared or lost."""
        self.run.keep(*(self._outcome(row_id, "done") for row_id in sorted(self.out)))
        self.out.clear()
        self.run.begin(Scope(), self.recipe)
        for _ in range(4 * ROWS):
            self.clock += 10.0
            claimed = self.run.exchange((), 3, now=self.clock)
            for item, _, _ in claimed.sent:
                self.out[item.row_id] = self.run.version
            self.run.keep(*(self._outcome(row_id, "done") for row_id in sorted(self.out)))
            self.out.clear()
            if not claimed.sent and self.run.writer.next_due() is None and not self.run.writer.look_again():
                break
        counts = self.reader.counts()
        assert (counts.waiting, counts.running) == (0, 0)
        self.counts_are_those_of_a_recount()
        self.an_answer_is_a_reply_to_the_rows_own_prompt()

    # -- the worker ------------------------------------------------------------------------------

    def _finished(self) -> set[int]:
        return {row.row_id for row in self.reader.rows(range(1, ROWS + 1)) if row.state not in ("waiting", "running")}

    @rule(scope=scopes, other=st.booleans())
    def begin(self, scope: Scope, other: bool) -> None:
        if self.out:
            return
        before = {row.row_id: row for row in self.reader.rows(range(1, ROWS + 1))}
        self.recipe = OTHER_RECIPE if other else RECIPE
        self.run.begin(scope, self.recipe)
        finished = self._finished()
        for row_id, row in before.items():
            if row.state in ("done", "needs review", "failed") and row_id not in finished:
                # Only a scope that says so sends a finished row back, and retry never a done one.
                assert scope.kind is not ScopeKind.REMAINING
                assert scope.kind is ScopeKind.AGAIN or row.state is not RowState.DONE
        total, done = self.run.writer.in_run()
        assert 0 <= done <= total <= ROWS

    @rule(limit=st.integers(1, 6), ends=st.lists(endings, max_size=6), pick=st.randoms(use_true_random=False))
    def exchange(self, limit: int, ends: list[str], pick: Any) -> None:
        self.clock += 1.0
        out = sorted(self.out)
        pick.shuffle(out)
        outcomes = [self._outcome(row_id, end) for row_id, end in zip(out, ends, strict=False)]
        finished = self._finished()
        claimed = self.run.exchange(outcomes, limit, now=self.clock)
        for outcome in outcomes:
            del self.out[outcome.row_id]
        for item, _, _ in claimed.sent:
            # Nothing that is stored as finished, or is out already, goes out.
            assert item.row_id not in finished
            assert item.row_id not in self.out
            assert item.prompt == PROMPTS[item.row_id - 1]
            self.out[item.row_id] = self.run.version
        assert len(claimed.sent) <= limit

    def _outcome(self, row_id: int, end: str) -> Outcome:
        version = self.out[row_id]
        if end == "unsent":
            return Outcome(row_id, version, RowState.WAITING, sent=False)
        self.calls += 1
        if end == "again":
            return Outcome(
                row_id, version, RowState.WAITING, cause=Cause.RATE_LIMIT, tries=1, not_before=self.clock + 3,
                cost_usd=0.001,
            )  # fmt: skip
        # A reply says what it is a reply to, so that one in a wrong place is seen.
        reply = f"{self.calls}: version {version} of {PROMPTS[row_id - 1]}"
        self.replies[reply] = (row_id, version)
        self.acknowledged[row_id] = reply
        state, cause = {
            "done": (RowState.DONE, None),
            "doubtful": (RowState.NEEDS_REVIEW, Cause.OFF_LIST),
            "failed": (RowState.FAILED, Cause.REFUSED),
        }[end]
        return Outcome(row_id, version, state, cause=cause, raw=reply, values={"label": reply}, cost_usd=0.001)

    @rule()
    def look_again(self) -> None:
        self.run.writer.look_again()

    @rule()
    def time_goes_by(self) -> None:
        self.clock += 10.0

    @rule()
    def the_worker_dies(self) -> None:
        self.run.writer.db.close()
        forget_owner(self.path)
        lost = len(self.out)
        self._open()
        assert self.run.lost == lost
        self.calls += lost
        self.out.clear()
        self.run.begin(Scope(), self.recipe)

    # -- the window ------------------------------------------------------------------------------

    @rule(row_id=row_ids, value=st.sampled_from(["hand", "other hand", None]))
    def set_value(self, row_id: int, value: str | None) -> None:
        self.editor.set_value(row_id, "label", value)
        assert self.reader.rows([row_id])[0].state in ("done", "running")

    @rule(row_id=row_ids)
    def clear_value(self, row_id: int) -> None:
        self.editor.clear_value(row_id, "label")

    @rule(ids=some_ids, yes=st.booleans())
    def approve(self, ids: tuple[int, ...], yes: bool) -> None:
        (self.editor.approve if yes else self.editor.unapprove)(ids)

    @rule()
    def undo(self) -> None:
        self.editor.undo()

    # -- what always holds -----------------------------------------------------------------------

    @invariant()
    def counts_are_those_of_a_recount(self) -> None:
        if not hasattr(self, "run"):
            return
        rows = self.reader.rows(range(1, ROWS + 1))
        assert len(rows) == ROWS
        counts = self.reader.counts()
        states = Counter(row.state for row in rows)
        assert {state: counts.of(state) for state in RowState} == {state: states[state] for state in RowState}
        totals = self.reader.totals()
        assert totals.requests == self.calls
        assert totals.identical_saved == sum(row.source_row_id is not None for row in rows)
        db = self.run.writer.db
        in_run = {row_id for (row_id,) in db.execute("SELECT row_id FROM run_rows")}
        if in_run:
            finished = sum(row.state not in ("waiting", "running") for row in rows if row.row_id in in_run)
            assert db.execute("SELECT total, finished FROM run_counts").fetchone() == (len(in_run), finished)

    @invariant()
    def what_is_out_is_marked(self) -> None:
        if hasattr(self, "run"):
            rows = self.reader.rows(range(1, ROWS + 1))
            assert {row.row_id for row in rows if row.state == "running"} == set(self.out)

    @invariant()
    def an_answer_is_a_reply_to_the_rows_own_prompt(self) -> None:
        if not hasattr(self, "run"):
            return
        for row in self.reader.rows(range(1, ROWS + 1)):
            if row.state == "done":
                assert row.values or row.hand
                assert row.cause is None
            if row.state in ("needs review", "failed"):
                assert row.cause is not None
            if not row.values:
                continue
            reply = str(row.values["label"])
            asked, version = self.replies[reply]
            # Its own request, or that of the recorded row with the very same prompt in the same version.
            assert asked == (row.source_row_id or row.row_id)
            assert PROMPTS[asked - 1] == PROMPTS[row.row_id - 1] != ""
            assert reply.endswith(f"version {version} of {PROMPTS[row.row_id - 1]}")
            if row.source_row_id is None:
                assert reply == self.acknowledged[row.row_id]

    @invariant()
    def nobody_waits_for_a_row_that_was_given_up(self) -> None:
        """Every waiting row is within reach: fresh, due some day, or behind one that is."""
        if not hasattr(self, "run"):
            return
        rows = {row.row_id: row for row in self.reader.rows(range(1, ROWS + 1))}
        for row in rows.values():
            if row.follows is not None:
                assert row.state == "waiting"
                assert PROMPTS[row.follows - 1] == PROMPTS[row.row_id - 1]


def run_machine(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


def test_the_promises_hold_in_any_order_of_operations() -> None:
    run_machine(Job, examples=25, steps=30)


def test_a_run_that_goes_on_to_its_end_leaves_no_row_waiting(tmp_path: Path) -> None:
    """After any mix of scopes and edits, one plain run finishes everything."""
    path = make_job(tmp_path / "job.rowmill", one_column(*PROMPTS))
    with closing(JobEditor(path)) as editor, Run(path) as run:
        run.claim(3)
        editor.set_value(1, "label", "x")
        run.begin(again())
        editor.clear_value(1, "label")
        run.begin(retry())
        run.begin()
    with Run(path) as run:
        run.answer_all()
        counts = run.writer.counts()
        assert (counts.waiting, counts.running) == (0, 0)
