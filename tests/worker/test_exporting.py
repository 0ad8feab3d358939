"""What an export writes is what the window shows."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gui_app.errors import Cancelled, DamagedJobFile, ExportError
from gui_app.jobs import EXPORT_EXTRAS, Cause, ExportOptions, RowFilter, RowState, Usage
from gui_app.store import job_file
from gui_app.store.edits import JobEditor
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.exporting import ExportReader
from gui_app.store.reading.queries import JobReader, RowView
from gui_app.worker.exporting import export_job
from tests.helpers.terminal import read_csv
from tests.store.making import Run, again_later, done, doubtful, failed, make_job, one_column

HEADINGS = ["text", "label", "state", "cause", "error", "input tokens", "output tokens", "cost (USD)", "model",
            "label (confidence)"]  # fmt: skip


def export(job: Path, target: Path, **options: Any) -> list[list[str]]:
    given = ExportOptions(**{"kind": target.suffix[1:], "protect": False, **options})
    export_job(job, target, given, lambda _: None, lambda: False)
    return read_csv(target)


def shown(row: RowView) -> list[str]:
    """A row as the window has it, in the order of `HEADINGS`."""
    value = row.shown("label")
    cost = "0" if row.source_row_id else f"{row.cost_usd or '':.3}" if row.cost_usd else ""
    tokens = ["" if number is None else str(number) for number in (row.input_tokens, row.output_tokens)]
    cause = row.cause.value if row.cause else ""
    sure = "" if "label" in row.hand else str(row.confidence.get("label", ""))
    why = row.detail if cause else ""
    return [*row.cells, str(value or ""), row.state.value, cause, why, *tokens, cost, row.model, sure]


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """One of each: done, identical to another, by hand, in doubt, failed, waiting again, not asked yet."""
    path = make_job(tmp_path / "a.rowmill", one_column("a", "b", "a", "c", "d", "e", "f", 'say "x"\n\ud800', "g"))
    with Run(path) as run:
        run.claim(6)
        usage = Usage(120, 8, 0, 0, 0)
        run.keep(
            done(1, usage=usage, model="m-1", confidence={"label": 0.75}),
            done(2, value="bad", usage=usage, model="m-2", confidence={"label": 0.5}),
            doubtful(4), failed(5, cause=Cause.REFUSED), again_later(6, 9e12),
        )  # fmt: skip
    with closing(JobEditor(path)) as editor:
        editor.set_value(2, "label", "good")
        editor.set_value(4, "label", "bad")
        editor.set_value(9, "label", "good")
    return path


def test_an_export_writes_what_the_window_shows(job: Path, tmp_path: Path) -> None:
    heading, *rows = export(job, tmp_path / "out.csv", extra=frozenset(EXPORT_EXTRAS))
    with closing(JobReader(job)) as reader:
        expected = [shown(row) for row in reader.stream()]
    assert heading == HEADINGS
    assert [[cell.replace("\ufffd", "\ud800") for cell in row] for row in rows] == expected
    assert [row[1] for row in rows] == ["good", "good", "good", "bad", "", "", "", "", "good"]
    assert {row[2] for row in rows} == {"done", "failed", "running", "waiting"}
    # Said of the model's own answers alone; the identical row has the same one.
    assert [row[-1] for row in rows] == ["0.75", "", "0.75", "", "", "", "", "", ""]


def test_an_export_of_chosen_rows_holds_these_alone_in_file_order(job: Path, tmp_path: Path) -> None:
    states = frozenset({RowState.DONE})
    _, *rows = export(job, tmp_path / "out.csv", states=states, rows=RowFilter(row_ids=(9, 3, 1, 5)))
    assert [row[0] for row in rows] == ["a", "a", "g"]


def test_numbers_and_dates_of_a_workbook_stay_such(tmp_path: Path) -> None:
    create_job(tmp_path / "a.rowmill", name="n")
    writer = RowsWriter(tmp_path / "a.rowmill")
    writer.begin(["a", "b"], source_name="t.xlsx", import_settings={})
    writer.add([(("007", "12"), "tn"), (("x", "2026-01-31"), "td"), (("y", "z"), "")])
    writer.finish()
    export_job(tmp_path / "a.rowmill", tmp_path / "o.json", ExportOptions(kind="json"), lambda _: None, lambda: False)
    text = (tmp_path / "o.json").read_text("utf-8")
    assert '"a": "007", "b": 12' in text
    assert '"a": "x", "b": "2026-01-31"' in text


def test_an_edit_made_during_an_export_is_in_none_of_its_rows(tmp_path: Path) -> None:
    path = make_job(tmp_path / "a.rowmill", one_column(*map(str, range(1200))))
    with Run(path) as run:
        run.answer_all()
    with closing(ExportReader(path)) as reader, closing(reader.export_batches(RowFilter(), ["label"], more=True)) as it:
        first = next(it)
        with closing(JobEditor(path)) as editor:
            editor.set_value(1100, "label", "bad")
        rest = list(it)
    values = [value for batch in [first, *rest] for (value,) in batch.values]
    assert values == ["good"] * 1200


def test_an_export_that_is_cancelled_leaves_the_job_free(tmp_path: Path) -> None:
    path = make_job(tmp_path / "a.rowmill", one_column(*map(str, range(3000))))
    told: list[int] = []
    with pytest.raises(Cancelled):
        export_job(
            path, tmp_path / "o.csv", ExportOptions(kind="csv"), lambda p: told.append(p.rows), lambda: len(told) > 2
        )
    assert not list(tmp_path.glob("*.csv"))
    with Run(path) as run:
        assert len(run.claim(5)) == 5


@pytest.mark.parametrize("packed", ['["a","b"]', '["a"', "[1]", '["a"],["b"]', "null"])
def test_cells_that_cannot_be_end_the_export_in_words(tmp_path: Path, packed: str) -> None:
    path = make_job(tmp_path / "a.rowmill", one_column("x", "y"))
    with closing(job_file.connect(path)) as db:
        db.execute("UPDATE cells SET cells = ? WHERE row_id = 2", (packed,))
    with pytest.raises(DamagedJobFile):
        export(path, tmp_path / "o.csv")


def test_a_job_that_lies_under_the_name_of_a_table_is_not_replaced(job: Path, tmp_path: Path) -> None:
    before = job.read_bytes()
    (tmp_path / "link.csv").symlink_to(job)
    os.link(job, tmp_path / "same.csv")
    for name in ("link.csv", "same.csv"):
        with pytest.raises(ExportError, match=f"“{name}” is a Rowmill job or another database, and would be lost"):
            export(job, tmp_path / name)
    assert job.read_bytes() == before and (tmp_path / "same.csv").samefile(job)
