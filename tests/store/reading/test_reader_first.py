"""A window that opened a job before any worker did."""

from __future__ import annotations

from pathlib import Path

from gui_app.jobs import FieldKind, OutputField, Recipe, Row, RowState, Scope
from gui_app.store.claims import JobWriter, Prepared
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.outcomes import Outcome
from gui_app.store.reading.queries import JobReader

RECIPE = Recipe("{text}", (OutputField("s", FieldKind.LABEL, ("a", "b")),), model="m")


def test_a_reader_that_came_first_sees_what_a_later_worker_writes(tmp_path: Path) -> None:
    path = tmp_path / "job.rowmill"
    create_job(path, name="job")
    rows = RowsWriter(path)
    rows.begin(["text"], source_name="a.csv", import_settings={})
    rows.add([(("hello",), ""), (("there",), "")])
    rows.finish()
    reader = JobReader(path)
    assert reader.counts().waiting == 2

    writer = JobWriter(path)
    version = writer.begin_run(RECIPE, Scope(), {"lane": "now"})

    def prepare(taken: list[Row]) -> list[Prepared]:
        return [Prepared(row.row_id, row.cells[0], None, None) for row in taken]

    writer.exchange([], 2, version, prepare)  # type: ignore[arg-type]
    writer.exchange([Outcome(1, version, RowState.DONE, values={"s": "a"})], 0, version, prepare)  # type: ignore[arg-type]
    assert reader.counts().done == 1
    writer.close()

    assert reader.rows([1])[0].values == {"s": "a"}
    assert reader.counts().done == 1
    reader.close()
