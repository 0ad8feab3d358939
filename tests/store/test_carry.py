"""A newer version of a table: the same rows keep their answers, the others are asked, and nobody gets another's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gui_app.errors import JobFileError, JobInUse
from gui_app.jobs import Cause, FieldKind, JobState, OutputField, Recipe, RowFilter, RowState
from gui_app.recipes.template import Template
from gui_app.store.carried import Carried, carried_text
from gui_app.store.carry import FormerJob, create_successor
from gui_app.store.copies import check_job
from gui_app.store.edits import JobEditor
from gui_app.store.imports import RowsWriter
from gui_app.store.reading.queries import JobReader
from tests.store.making import (
    RECIPE,
    Run,
    again,
    again_later,
    done,
    doubtful,
    each_alone,
    failed,
    forget_owner,
    make_job,
    one_column,
    prepare,
)

FIELD = OutputField("label", FieldKind.LABEL, ("good", "bad"))
NOTED = Recipe("{text} {note}", (FIELD,), model="practice")


def uses(recipe: Recipe, columns: Sequence[str]) -> list[tuple[int, str]]:
    return [(place.start, place.name) for place in Template(recipe.template, columns).places() if place.known]


def newer(former: Path, path: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = ("text",)) -> Carried:
    create_successor(path, former)
    writer = RowsWriter(path)
    writer.begin(columns, source_name="table.csv", import_settings={})
    writer.add((row, "") for row in rows)
    with closing(FormerJob(former, uses)) as held:
        told = writer.finish((), held)
    assert told is not None
    check_job(path)
    return told


def shown(path: Path) -> list[tuple[str, RowState, object]]:
    with closing(JobReader(path)) as reader:
        return [(row.cells[0], row.state, row.shown("label")) for row in reader.stream()]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return tmp_path / "newer.rowmill"


def answered(path: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = ("text",)) -> Path:
    """Every row done; the answer says which row was asked."""
    make_job(path, rows, columns, name="reviews")
    with closing(JobEditor(path)) as editor:
        editor.save_draft(RECIPE)
    with Run(path) as run:
        run.answer_all(lambda row_id, version: done(row_id, version, f"answer {row_id}"))
        run.writer.set_state(JobState.FINISHED)
    return path


def test_rows_that_are_the_same_keep_their_answers_wherever_they_stand(path: Path, other: Path) -> None:
    answered(path, one_column("a", "b", "c"))
    told = newer(path, other, one_column("new", "c", "a"))
    assert shown(other) == [
        ("new", RowState.WAITING, None),
        ("c", RowState.DONE, "answer 3"),
        ("a", RowState.DONE, "answer 1"),
    ]
    assert told == Carried(rows=3, found=2, kept=2, gone=1, former="reviews")
    assert carried_text(told) == (
        "2 of 3 rows are unchanged; 2 of them keep their answers. 1 row is new or changed. "
        "1 row of the former version is gone."
    )
    with Run(other) as run:
        assert run.answer_all() == [1]


def test_the_former_job_stays_as_it_is(path: Path, other: Path) -> None:
    answered(path, one_column("a", "b"))
    before = shown(path)
    newer(path, other, one_column("b"))
    assert shown(path) == before
    check_job(path)
    with Run(path) as run:
        assert run.answer_all() == []


def test_the_newer_job_has_name_task_notes_and_money_of_what_it_keeps(path: Path, other: Path) -> None:
    answered(path, one_column("a", "b", "c"))
    with closing(JobEditor(path)) as editor:
        editor.set_note("columns", [{"key": "input:text"}])
    newer(path, other, one_column("a", "b"))
    with closing(JobReader(other)) as reader:
        summary = reader.summary()
        assert (summary.name, summary.state, summary.sent) == ("reviews", JobState.FINISHED, True)
        assert summary.carried is not None
        assert summary.carried.kept == 2
        assert reader.draft() == RECIPE
        assert reader.note("columns") == [{"key": "input:text"}]
        assert reader.totals().requests == 2
        assert reader.totals().cost_usd == pytest.approx(0.002)
        assert [len(reader.attempts(row_id)) for row_id in (1, 2)] == [1, 1]


def test_every_state_is_kept_and_only_what_was_waiting_is_asked(path: Path, other: Path) -> None:
    make_job(path, one_column("a", "b", "c", "d", "e", ""))
    with Run(path) as run:
        run.claim(5)
        run.keep(done(1), doubtful(2), failed(3), again_later(4, 0.0))
        run.exchange((), 10, now=0.0)
    forget_owner(path)
    told = newer(path, other, one_column("", "e", "d", "c", "b", "a"))
    states = [state for _text, state, _value in shown(other)]
    assert states == [
        RowState.FAILED,
        RowState.WAITING,
        RowState.WAITING,
        RowState.FAILED,
        RowState.NEEDS_REVIEW,
        RowState.DONE,
    ]
    assert (told.found, told.kept) == (6, 4)
    with closing(JobReader(other)) as reader:
        # "e" was out when its owner died: it may be paid twice, and that is still said.
        assert reader.summary().unknown_sent == 1
        assert reader.rows([4])[0].cause is Cause.REFUSED
    with Run(other) as run:
        assert run.answer_all() == [2, 3]


def test_answers_by_hand_and_approvals_go_along_and_can_be_taken_back(path: Path, other: Path) -> None:
    answered(path, one_column("a", "b", "c"))
    with closing(JobEditor(path)) as editor:
        editor.set_value(1, "label", "mine")
        editor.approve([2])
    newer(path, other, one_column("c", "b", "a"))
    with closing(JobReader(other)) as reader:
        rows = reader.rows([1, 2, 3])
        assert [row.shown("label") for row in rows] == ["answer 3", "answer 2", "mine"]
        assert [row.approved for row in rows] == [False, True, False]
    with closing(JobEditor(other)) as editor:
        editor.clear_value(3, "label")
    assert shown(other)[2] == ("a", RowState.DONE, "answer 1")


def test_a_row_answered_by_hand_alone_keeps_that(path: Path, other: Path) -> None:
    make_job(path, [["a", "1"], ["b", "1"]], ("text", "note"))
    with closing(JobEditor(path)) as editor:
        editor.save_draft(RECIPE)
        editor.set_value(1, "label", "mine")
        editor.set_value(2, "label", "also mine")
    newer(path, other, [["b", "2"], ["a", "1"]], ("text", "note"))
    assert shown(other) == [("b", RowState.DONE, "also mine"), ("a", RowState.DONE, "mine")]


def test_a_change_in_a_cell_that_is_not_asked_about_costs_nothing(path: Path, other: Path) -> None:
    answered(path, [["a", "1"], ["b", "1"]], ("text", "note"))
    told = newer(path, other, [["b", "2"], ["a", "2"]], ("text", "note"))
    assert shown(other) == [("b", RowState.DONE, "answer 2"), ("a", RowState.DONE, "answer 1")]
    assert told.kept == 2


def test_a_change_in_a_cell_that_is_asked_about_is_asked_anew(path: Path, other: Path) -> None:
    make_job(path, [["a", "1"], ["b", "1"]], ("text", "note"))
    with closing(JobEditor(path)) as editor:
        editor.save_draft(NOTED)
    with Run(path, recipe=NOTED) as run:
        run.answer_all()
    newer(path, other, [["a", "2"], ["b", "1"]], ("text", "note"))
    assert [state for _t, state, _v in shown(other)] == [RowState.WAITING, RowState.DONE]


def test_columns_may_come_go_and_change_places(path: Path, other: Path) -> None:
    answered(path, [["a", "1"], ["b", "1"]], ("text", "note"))
    newer(path, other, [["x", "b"], ["y", "a"]], ("more", "text"))
    with closing(JobReader(other)) as reader:
        assert [row.shown("label") for row in reader.rows([1, 2])] == ["answer 2", "answer 1"]


def test_a_column_that_the_task_needs_must_be_there(path: Path, other: Path) -> None:
    answered(path, [["a", "1"]], ("text", "note"))
    with pytest.raises(JobFileError, match="“text”"):
        newer(path, other, [["1"]], ("note",))


def test_a_new_column_that_changes_the_prompt_is_refused(path: Path, other: Path) -> None:
    make_job(path, [["a"]])
    with closing(JobEditor(path)) as editor:
        editor.save_draft(Recipe("{text} {kind}", (FIELD,)))
    with pytest.raises(JobFileError, match="changes the prompt"):
        newer(path, other, [["a", "x"]], ("text", "kind"))


def test_another_table_is_refused(path: Path, other: Path) -> None:
    answered(path, one_column("a"))
    with pytest.raises(JobFileError, match="no column"):
        newer(path, other, [["a"]], ("quite",))


def test_answers_of_a_recipe_that_used_a_column_now_gone_are_left_behind(path: Path, other: Path) -> None:
    make_job(path, [["a", "1"], ["b", "1"]], ("text", "note"))
    with Run(path, recipe=NOTED) as run:
        run.claim(1)
        run.keep(done(1))
    with Run(path, recipe=RECIPE) as run:
        run.claim(1)
        run.keep(done(2, run.version))
    newer(path, other, one_column("a", "b"))
    assert [state for _t, state, _v in shown(other)] == [RowState.WAITING, RowState.DONE]


def test_a_running_job_is_left_alone(path: Path, other: Path) -> None:
    answered(path, one_column("a"))
    with Run(path), pytest.raises(JobInUse):
        newer(path, other, one_column("a"))


def test_nothing_can_be_sent_before_the_answers_are_there(path: Path, other: Path) -> None:
    answered(path, one_column("a"))
    create_successor(other, path)
    writer = RowsWriter(other)
    writer.begin(("text",), source_name="t", import_settings={})
    writer.add([(["a"], "")])
    with pytest.raises(JobFileError, match="not read to its end"):
        Run(other)
    writer.close()


def test_of_two_rows_alike_the_answered_one_is_kept(path: Path, other: Path) -> None:
    make_job(path, one_column("a", "a"))
    with Run(path, prepare=each_alone) as run:
        run.claim(2)
        run.keep(again_later(1, 0.0), done(2, value="second"))
    newer(path, other, one_column("a"))
    assert shown(other) == [("a", RowState.DONE, "second")]


def test_answers_by_hand_that_differ_among_rows_alike_are_not_given_to_the_wrong_one(path: Path, other: Path) -> None:
    answered(path, one_column("a", "a"))
    with closing(JobEditor(path)) as editor:
        editor.set_value(1, "label", "one")
        editor.set_value(2, "label", "two")
    as_many = newer(path, other, one_column("x", "a", "a"))
    assert [value for _t, _s, value in shown(other)] == [None, "one", "two"]
    assert as_many.hand_left == 0
    fewer = newer(path, other.with_name("fewer.rowmill"), one_column("a"))
    assert fewer.hand_left == 1
    assert shown(other.with_name("fewer.rowmill")) == [("a", RowState.DONE, "answer 1")]
    assert "left behind" in carried_text(fewer)


def test_a_row_that_shared_an_answer_keeps_it_when_the_asked_one_is_gone(path: Path, other: Path) -> None:
    make_job(path, [["a", "1"], ["a", "2"], ["a", "3"]], ("text", "note"))
    with Run(path) as run:
        assert run.answer_all() == [1]
    told = newer(path, other, [["a", "3"], ["a", "2"], ["a", "4"]], ("text", "note"))
    assert told.kept == 3
    with closing(JobReader(other)) as reader:
        assert reader.totals().requests == 1
        assert [row.state for row in reader.stream()] == [RowState.DONE] * 3
    with Run(other) as run:
        assert run.answer_all() == []


def test_a_new_row_with_a_prompt_that_was_asked_before_is_not_paid_for(path: Path, other: Path) -> None:
    answered(path, [["a", "1"], ["b", "1"]], ("text", "note"))
    newer(path, other, [["a", "1"], ["a", "1"], ["b", "7"]], ("text", "note"))
    with Run(other) as run:
        assert run.answer_all() == []
    assert [value for _t, _s, value in shown(other)] == ["answer 1", "answer 1", "answer 2"]


def test_a_row_asked_again_and_waiting_gets_a_new_answer_that_stays(path: Path, other: Path) -> None:
    answered(path, one_column("a", "b", "c", "d"))
    run = Run(path, again(row_ids=(1,)))
    run.close()
    newer(path, other, one_column("a"))
    assert shown(other)[0][1] is RowState.WAITING
    with Run(other) as run:
        assert run.answer_all(lambda row_id, version: done(row_id, version, "fresh")) == [1]
    # An attempt that counted as older than the question would send the row back here.
    with closing(JobEditor(other)) as editor:
        editor.set_value(1, "label", "mine")
        editor.clear_value(1, "label")
    assert shown(other) == [("a", RowState.DONE, "fresh")]


def test_the_next_run_ends_the_telling(path: Path, other: Path) -> None:
    answered(path, one_column("a"))
    newer(path, other, one_column("a", "b"))
    with Run(other):
        pass
    with closing(JobReader(other)) as reader:
        assert reader.summary().carried is None


def test_a_newer_version_can_follow_a_newer_version(path: Path, other: Path) -> None:
    answered(path, one_column("a", "b"))
    newer(path, other, one_column("b", "c"))
    with Run(other) as run:
        run.answer_all(lambda row_id, version: done(row_id, version, f"second {row_id}"))
    third = other.with_name("third.rowmill")
    told = newer(other, third, one_column("c", "b"))
    assert [value for _t, _s, value in shown(third)] == ["second 2", "answer 2"]
    assert told.kept == 2


def test_a_row_that_still_waited_takes_no_answer_from_a_new_row_with_the_same_prompt(path: Path, other: Path) -> None:
    make_job(path, [("a", "1"), ("b", "1"), ("b", "2")], ("text", "note"))
    with Run(path, prepare=each_alone) as run:
        run.claim(3)
        run.keep(done(1, value="a"), again_later(2, 0.0), done(3, value="b"))
    # The prompt is the text alone: the new row is the waiting one to the letter, and its answer is the other's.
    told = newer(path, other, [("b", "1")], ("text", "note"))
    assert shown(other) == [("b", RowState.DONE, "b")] and told.kept == 1


_TABLES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12")), max_size=8)
_FATES = st.lists(st.sampled_from(["done", "doubtful", "failed", "later", "hand", "none"]), min_size=8, max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    before=[("a", "1")] * 4 + [("b", "1"), ("b", "2")],
    after=[("b", "1")],
    fates=["done"] * 4 + ["later"] + ["done"] * 3,
    once=False,
    noted=False,
)
@given(before=_TABLES, after=_TABLES, fates=_FATES, once=st.booleans(), noted=st.booleans())
def test_whatever_the_tables_no_row_gets_a_foreign_answer_and_none_is_paid_twice(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[str, str]],
    after: list[tuple[str, str]],
    fates: list[str],
    once: bool,
    noted: bool,
) -> None:
    folder = tmp_path_factory.mktemp("carry")
    path, other = folder / "old.rowmill", folder / "new.rowmill"
    recipe = NOTED if noted else RECIPE

    def prompt(cells: Sequence[str]) -> str:
        return " ".join(cells) if noted else cells[0]

    def prompts(rows):
        made = prepare([type(row)(row.row_id, (prompt(row.cells),)) for row in rows])
        return made if once else [type(item)(item.row_id, item.prompt, None, 0.01) for item in made]

    make_job(path, before, ("text", "note"))
    asked_before: Counter[str] = Counter()
    with Run(path, recipe=recipe, prepare=prompts) as run:
        sent = run.claim(100)
        for row_id in sent:
            fate = fates[row_id - 1]
            # The answer is the prompt, so that a foreign one can be told.
            said = prompt(before[row_id - 1])
            if fate in ("done", "hand"):
                run.keep(done(row_id, value=said))
            elif fate == "doubtful":
                run.keep(doubtful(row_id))
            elif fate == "failed":
                run.keep(failed(row_id))
            else:
                run.keep(again_later(row_id, 0.0))
            asked_before[said] += fate not in ("later", "none")
    with closing(JobEditor(path)) as editor:
        for row_id in sent:
            if fates[row_id - 1] == "hand":
                editor.set_value(row_id, "label", f"hand {prompt(before[row_id - 1])}")
    told = newer(path, other, after, ("text", "note"))
    with closing(JobReader(other)) as reader:
        kept = 0
        for row in reader.stream():
            if row.state in (RowState.DONE, RowState.NEEDS_REVIEW, RowState.FAILED):
                kept += 1
                assert row.shown("label") in (None, prompt(row.cells), f"hand {prompt(row.cells)}")
        assert kept == told.kept
        wanted = Counter(prompt(row) for row in after)
        with closing(JobReader(path)) as old:
            answered_rows = Counter(
                prompt(row.cells)
                for row in old.stream(RowFilter(frozenset({RowState.DONE, RowState.NEEDS_REVIEW, RowState.FAILED})))
            )
        # As many as there are on both sides, of each prompt.
        assert kept == sum((wanted & answered_rows).values())
    with Run(other, recipe=recipe, prepare=prompts) as run:
        asked = Counter(prompt(after[row_id - 1]) for row_id in run.answer_all())
    for said, times in asked.items():
        assert times <= max(0, wanted[said] - answered_rows[said])
        if once and answered_rows[said]:
            assert not times
    check_job(other)
