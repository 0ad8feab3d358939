"""What can be asked of a job file."""

from __future__ import annotations

import itertools
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.errors import Cancelled
from gui_app.jobs import Cause, Counts, FieldValue, RowFilter, RowState
from gui_app.store.claims import Outcome
from gui_app.store.edits import JobEditor
from gui_app.store.reading.filters import Order
from gui_app.store.reading.queries import CUT_AT, JobReader
from tests.store.making import Edit, Read, Run, again_later, done, doubtful, each_alone, failed, make_job, one_column

NASTY = [
    "'; DROP TABLE status; --",
    'a "quoted" word',
    "back\\slash",
    "per%cent under_score",
    "line\nbreak\ttab",
    "中文字符，全角",
    "STRASSE",
    "Ünïcödé ẞ",
    "nul\x00nul",
    "<b>&amp;</b>",
    '","',
    "[1, 2]",
]


def ids(reader: JobReader, rows: RowFilter | None = None, order: Order | None = None) -> list[int]:
    found = reader.row_ids(rows, order)
    if rows is not None:
        assert reader.count(rows) == len(found)
        assert [row.row_id for row in reader.stream(rows)] == sorted(found)
    return list(found)


@pytest.fixture
def mixed(path: Path, edit: Edit) -> Path:
    """Row 1 done "good", 2 done "bad", 3 off the list, 4 refused, 5 too long, 6 waits for a retry, 7 waits."""
    make_job(path, [[f"row {i}", str(10 - i)] for i in range(1, 8)], ["text", "n"])
    with Run(path) as run:
        run.claim(6)
        run.keep(
            done(1, value="good", confidence={"label": 0.9}, cost_usd=0.002),
            done(2, value="bad", confidence={"label": 0.3}),
            doubtful(3),
            failed(4),
            failed(5, cause=Cause.TOO_LONG),
            again_later(6, 9e9),
        )
    editor = edit()
    editor.set_value(2, "label", "good")
    editor.approve([1])
    return path


def test_rows_come_in_the_order_asked_for_and_unknown_ids_are_left_out(mixed: Path, read: Read) -> None:
    assert [row.row_id for row in read().rows([5, 1, 99, 3])] == [5, 1, 3]
    assert read().rows([]) == []


def test_any_choice_of_states_lists_the_rows_that_are_in_one_of_them(mixed: Path, read: Read) -> None:
    reader = read()
    state_of = {row.row_id: row.state for row in reader.rows(range(1, 8))}
    for size in range(1, len(RowState) + 1):
        for chosen in map(frozenset, itertools.combinations(RowState, size)):
            rows = RowFilter(states=chosen)
            assert ids(reader, rows) == [row_id for row_id, state in state_of.items() if state in chosen]
            assert ids(reader, rows, Order("row", descending=True)) == ids(reader, rows)[::-1]


def test_rows_are_found_by_state_and_cause(mixed: Path, read: Read) -> None:
    reader = read()
    assert ids(reader) == [1, 2, 3, 4, 5, 6, 7]
    assert ids(reader, RowFilter(states=frozenset({RowState.DONE}))) == [1, 2]
    assert ids(reader, RowFilter(states=frozenset({RowState.WAITING, RowState.FAILED}))) == [4, 5, 6, 7]
    assert ids(reader, RowFilter(causes=frozenset({Cause.REFUSED, Cause.OFF_LIST}))) == [3, 4]
    assert ids(reader, RowFilter(states=frozenset({RowState.FAILED}), causes=frozenset({Cause.OFF_LIST}))) == []


def test_rows_are_found_by_their_shown_value(mixed: Path, read: Read) -> None:
    reader = read()
    assert ids(reader, RowFilter(field_value=("label", "good"))) == [1, 2]
    assert ids(reader, RowFilter(field_value=("label", "bad"))) == []
    assert ids(reader, RowFilter(field_value=("label", None))) == [3, 4, 5, 6, 7]
    assert ids(reader, RowFilter(field_value=("no such field", "good"))) == []
    assert ids(reader, RowFilter(states=frozenset({RowState.NEEDS_REVIEW}), field_value=("label", None))) == [3]


def test_rows_are_found_by_what_was_done_by_hand(mixed: Path, read: Read) -> None:
    reader = read()
    assert ids(reader, RowFilter(edited=True)) == [2]
    assert ids(reader, RowFilter(edited=False)) == [1, 3, 4, 5, 6, 7]
    assert ids(reader, RowFilter(approved=True)) == [1]
    assert ids(reader, RowFilter(approved=False, states=frozenset({RowState.DONE}))) == [2]


def test_rows_are_found_by_id(mixed: Path, read: Read) -> None:
    reader = read()
    assert ids(reader, RowFilter(row_ids=(7, 2, 2, 99))) == [2, 7]
    assert ids(reader, RowFilter(row_ids=())) == []
    assert ids(reader, RowFilter(row_ids=tuple(range(1, 40_001)))) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("text", NASTY)
def test_rows_are_found_by_the_whole_text_of_one_cell(path: Path, read: Read, text: str) -> None:
    make_job(path, [["x", text], [text, "x"], ["x", f"{text}."], ["x", text], ["x", ""]], ["a", "b"])
    reader = read()
    assert ids(reader, RowFilter(cell=(1, text))) == [1, 4]
    assert ids(reader, RowFilter(cell=(0, text))) == [2]
    assert ids(reader, RowFilter(cell=(1, ""))) == [5]
    assert reader.count(RowFilter(cell=(1, text), states=frozenset({RowState.DONE}))) == 0
    assert RowFilter.from_dict(RowFilter(cell=(1, text)).to_dict()) == RowFilter(cell=(1, text))


@pytest.mark.parametrize("text", NASTY)
def test_any_text_is_found_whole_in_part_and_in_the_other_case(path: Path, read: Read, text: str) -> None:
    make_job(path, [["nothing", text], ["x", "y"], [f"before {text} after", ""]], ["a", "b"])
    reader = read()
    for wanted in (text, text[1:-1], text.upper(), text.lower(), text.casefold()):
        assert ids(reader, RowFilter(search=wanted)) == [1, 3], wanted


def test_search_looks_in_the_texts_and_not_between_them(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, [["a\nbc", "d\te"], ["\ud800 中文", "é"]], ["one", "two"])
    with Run(path, prepare=each_alone) as run:
        run.claim()
        run.keep(done(1, value="über"), done(2, value="x"))
    edit().set_value(2, "label", "hand-made\nnext")
    reader = read()
    for punctuation in ('","', ",", "[", '"', ":", "\\", "nbc", "te", "label", "u00", "ud800", "null"):
        assert ids(reader, RowFilter(search=punctuation)) == [], punctuation
    assert ids(reader, RowFilter(search="ÜBER")) == [1]
    assert ids(reader, RowFilter(search="中文")) == [2]
    assert ids(reader, RowFilter(search="MADE\nnext")) == [2]
    assert ids(reader, RowFilter(search="\ud800")) == []


def test_search_finds_numbers_among_the_answers(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b"))
    with Run(path) as run:
        run.claim()
        run.keep(done(1, value=37), done(2, value=True))
    assert ids(read(), RowFilter(search="37")) == [1]
    assert ids(read(), RowFilter(search="true")) == []


VALUES: list[FieldValue] = ["x", 'a "b" \\ c', "中", "nul \x00 end", 4, 4.5, True, False, ("a", 'b"'), ()]


@pytest.mark.parametrize("name", ["label", 'quo"te', "back\\slash", "a.b[0]", "$", "tab\there", "中文", "'; --", " "])
def test_a_field_of_any_name_and_value_can_be_filtered_counted_and_sorted(path: Path, read: Read, name: str) -> None:
    given: dict[int, FieldValue] = dict(enumerate([*VALUES, "else", *VALUES], start=1))
    make_job(path, one_column(*map(str, given)))
    with Run(path) as run:
        run.claim()
        run.keep(*(done_with(row_id, {name: value}) for row_id, value in given.items()))
    reader = read()
    for row_id, value in enumerate(VALUES, start=1):
        assert ids(reader, RowFilter(field_value=(name, value))) == [row_id, row_id + len(VALUES) + 1]
    counts = reader.label_counts(name)
    assert {(type(value), value): count for value, count in counts} == {
        (type(value), value): list(given.values()).count(value) for value in given.values()
    }
    assert sorted(ids(reader, None, Order("field", name))) == list(given)
    assert sorted(ids(reader, None, Order("confidence", name, True))) == list(given)
    assert list(reader.pairs(name, 0)) == [(row_id, value, str(row_id)) for row_id, value in given.items()]


def done_with(row_id: int, values: dict[str, FieldValue]) -> Outcome:
    return Outcome(row_id, 1, RowState.DONE, values=values, confidence=dict.fromkeys(values, 0.5))


def test_whole_numbers_are_found_however_they_were_written(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b", "c", "d"))
    with Run(path) as run:
        run.claim()
        run.keep(done(1, value=4), done(2, value=4.0), done(3, value="4"), done(4, value=True))
    assert ids(read(), RowFilter(field_value=("label", 4))) == [1, 2]
    assert ids(read(), RowFilter(field_value=("label", "4"))) == [3]
    assert ids(read(), RowFilter(field_value=("label", True))) == [4]
    assert (4, 2) in read().label_counts("label")


def test_columns_sort_numbers_as_numbers_then_texts_then_nothing(path: Path, read: Read) -> None:
    cells = ["10", "9", "", "beta", "Alpha", "-3", "1.5", ".5", "1e2", "+2", "-.5"]
    make_job(path, one_column(*cells))
    by = Order("column", 0)
    assert [cells[i - 1] for i in ids(read(), None, by)] == [
        "-3", "-.5", ".5", "1.5", "+2", "9", "10", "1e2", "Alpha", "beta", ""
    ]  # fmt: skip
    assert [cells[i - 1] for i in ids(read(), None, Order("column", 0, True))] == [
        "beta", "Alpha", "1e2", "10", "9", "+2", "1.5", ".5", "-.5", "-3", ""
    ]  # fmt: skip


def test_equal_rows_stay_in_file_order_either_way(path: Path, read: Read) -> None:
    make_job(path, one_column("b", "a", "b", "a"))
    assert ids(read(), None, Order("column", 0)) == [2, 4, 1, 3]
    assert ids(read(), None, Order("column", 0, True)) == [1, 3, 2, 4]


def test_rows_sort_by_everything_that_is_shown(mixed: Path, read: Read) -> None:
    reader = read()
    assert ids(reader, None, Order("row", descending=True)) == [7, 6, 5, 4, 3, 2, 1]
    assert ids(reader, None, Order("state")) == [6, 7, 1, 2, 3, 4, 5]
    assert ids(reader, None, Order("state", descending=True)) == [4, 5, 3, 1, 2, 6, 7]
    assert ids(reader, None, Order("cause")) == [3, 6, 4, 5, 1, 2, 7]
    assert ids(reader, None, Order("confidence", "label")) == [2, 1, 3, 4, 5, 6, 7]
    assert ids(reader, None, Order("confidence", "label", True)) == [1, 2, 3, 4, 5, 6, 7]
    assert ids(reader, None, Order("field", "label"))[:2] == [1, 2]
    assert ids(reader, None, Order("cost", descending=True))[0] == 1
    assert ids(reader, RowFilter(states=frozenset({RowState.FAILED})), Order("row", descending=True)) == [5, 4]
    assert ids(reader, RowFilter(search="row"), Order("column", 1)) == [7, 6, 5, 4, 3, 2, 1]


def test_failures_are_grouped_by_cause_with_an_example(mixed: Path, read: Read) -> None:
    groups = {(group.cause, group.state): group for group in read().failure_groups()}
    assert set(groups) == {
        (Cause.OFF_LIST, RowState.NEEDS_REVIEW),
        (Cause.REFUSED, RowState.FAILED),
        (Cause.TOO_LONG, RowState.FAILED),
    }
    group = groups[Cause.OFF_LIST, RowState.NEEDS_REVIEW]
    assert (group.count, group.example_detail, group.example_row_id) == (1, "“fine”", 3)


def test_values_are_counted_as_they_are_shown(mixed: Path, read: Read) -> None:
    assert read().label_counts("label") == [("good", 2), (None, 1)]


def test_answers_are_paired_with_the_column_of_correct_ones(mixed: Path, read: Read) -> None:
    assert list(read().pairs("label", 1)) == [(1, "good", "9"), (2, "good", "8"), (3, None, "7")]
    assert list(read().pairs("label", 1, RowFilter(states=frozenset({RowState.DONE})))) == [
        (1, "good", "9"),
        (2, "good", "8"),
    ]
    assert list(read().pairs("label", 99)) == [(1, "good", ""), (2, "good", ""), (3, None, "")]


def test_long_cells_are_cut_for_display_only(path: Path, read: Read) -> None:
    make_job(path, one_column("x" * 301, "x" * 300))
    one, two = read().rows([1, 2])
    assert one.cells == ("x" * CUT_AT + "…",)
    assert two.cells == ("x" * 300,)
    assert read().rows([1], full=True)[0].cells == ("x" * 301,)


def test_a_summary_before_anything_was_run(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    reader = read()
    summary = reader.summary()
    assert (summary.counts, summary.lane, summary.owner, summary.unknown_sent) == (Counts(waiting=1), None, None, 0)
    assert reader.latest_version() is None
    assert reader.run() is None
    assert reader.recipe_versions() == []
    assert reader.failure_groups() == []


def test_what_the_last_run_was_can_be_read(mixed: Path, read: Read) -> None:
    run = read().run()
    assert run is not None
    assert (run["version"], run["options"]) == (1, {"lane": "now"})
    assert read().summary().lane is not None


def test_a_reader_sees_each_commit_and_nothing_before_it(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b", "c"))
    reader = read()
    with Run(path) as run:
        run.claim(1)
        assert reader.counts() == Counts(waiting=2, running=1)
        run.writer.db.execute("BEGIN IMMEDIATE")
        run.writer.db.execute("UPDATE status SET state = 4")
        assert reader.counts() == Counts(waiting=2, running=1)
        run.writer.db.execute("ROLLBACK")
        run.keep(done(1))
        assert reader.counts() == Counts(waiting=2, done=1)


def test_a_stream_shows_the_rows_as_they_were_when_it_began(path: Path, read: Read) -> None:
    make_job(path, one_column(*map(str, range(1500))))
    reader = read()
    stream = reader.stream(batch=10)
    first = next(stream)
    with Run(path) as run:
        run.answer_all()
        assert first.state is RowState.WAITING
        assert {row.state for row in stream} == {RowState.WAITING}
    assert {row.state for row in reader.stream()} == {RowState.DONE}


def test_other_questions_may_be_asked_during_a_stream(path: Path, read: Read) -> None:
    make_job(path, one_column(*map(str, range(1500))))
    reader = read()
    seen = 0
    for row in reader.stream(batch=10):
        if row.row_id % 500 == 0:
            assert reader.summary().counts.rows == 1500
            assert reader.rows([row.row_id])[0].cells == row.cells
        seen += 1
    assert seen == 1500


def test_a_worker_does_not_wait_for_a_reader(path: Path, read: Read) -> None:
    make_job(path, one_column(*map(str, range(600))))
    reader = read()
    stream = reader.stream(batch=10)
    next(stream)
    with Run(path) as run:
        run.answer_all()
    stream.close()
    assert reader.counts().done == 600


def test_a_long_query_can_be_ended(path: Path, read: Read) -> None:
    make_job(path, one_column(*(f"{i} " * 50 for i in range(40_000))))
    reader = read()
    for question in (
        lambda: reader.row_ids(RowFilter(search="never there")),
        lambda: list(reader.stream(RowFilter(search="never there"))),
        lambda: reader.count(RowFilter(search="never there")),
    ):
        timer = threading.Timer(0.02, reader.interrupt)
        timer.start()
        try:
            with pytest.raises(Cancelled):
                while True:
                    question()
        finally:
            timer.join()
    assert reader.counts().waiting == 40_000


def test_ending_a_query_when_there_is_none_is_harmless(path: Path) -> None:
    make_job(path, one_column("a"))
    with closing(JobReader(path)) as reader:
        reader.interrupt()
        assert reader.counts() == Counts(waiting=1)
    reader.interrupt()


def test_a_closed_job_is_one_file(path: Path, edit: Edit) -> None:
    make_job(path, one_column("a"))
    alone = [path.name]
    assert files(path) == alone
    with closing(JobReader(path)) as reader:
        reader.counts()
    assert files(path) == alone
    reader = JobReader(path)
    editor = JobEditor(path)
    run = Run(path)
    run.answer_all()
    editor.set_value(1, "label", "x")
    reader.counts()
    editor.close()
    run.close()
    reader.close()
    assert files(path) == alone


def files(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if file.is_file())
