"""Imports, exports and questions to a job file: ours, and the plainest program that does the same. A process a task."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from gui_app.jobs import ExportOptions, RowFilter, RowState
from gui_app.store.packing import unpack_cells
from gui_app.store.reading import filters
from gui_app.store.reading.queries import JobReader, Order
from gui_app.tables import ImportSettings
from gui_app.worker import exporting, tasks
from tests.benchmarks import big_files
from tests.benchmarks.peers.measured import Meter


def import_ours(source: str, target: str) -> None:
    tasks.import_table(Path(source), Path(target), ImportSettings(), lambda _: None, lambda: False)


def import_csv_plainly(source: str, target: str) -> None:
    with open(source, encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        _insert(target, reader)


def import_xlsx_plainly(source: str, target: str) -> None:
    rows = CalamineWorkbook.from_path(source).get_sheet_by_index(0).to_python()
    _insert(target, iter(rows[1:]))


def _insert(target: str, rows: Iterator[Any]) -> None:
    with closing(sqlite3.connect(target)) as db:
        db.execute("CREATE TABLE cells (row_id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT, e TEXT)")
        db.executemany("INSERT INTO cells (a, b, c, d, e) VALUES (?, ?, ?, ?, ?)", rows)
        db.commit()


def export_ours(source: str, target: str) -> None:
    options = ExportOptions(kind=Path(target).suffix[1:])
    exporting.export_job(Path(source), Path(target), options, lambda _: None, lambda: False)


def export_csv_plainly(source: str, target: str) -> None:
    with open(target, "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(_same_query(source))


def export_xlsx_plainly(source: str, target: str) -> None:
    """xlsxwriter alone: the rows lie ready."""
    rows = list(_same_query(source))
    began = time.perf_counter(), time.process_time()
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write_string(number, column, cell)
    _ALONE.update(wall_s=time.perf_counter() - began[0], cpu_s=time.process_time() - began[1])


_ALONE: dict[str, float] = {}


def _same_query(source: str) -> Iterator[tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as db:
        for cells, values in db.execute(f"SELECT c.cells, a.field_values {filters.JOINS} ORDER BY s.row_id"):
            yield (*unpack_cells(cells), json.loads(values)["label"] if values else "")


TASKS: dict[str, Callable[[str, str], None]] = {
    "import_ours": import_ours,
    "import_csv_plainly": import_csv_plainly,
    "import_xlsx_plainly": import_xlsx_plainly,
    "export_ours": export_ours,
    "export_csv_plainly": export_csv_plainly,
    "export_xlsx_plainly": export_xlsx_plainly,
}


def questions(source: str) -> dict[str, float]:
    """Milliseconds of what the window asks of a job file."""
    times: dict[str, float] = {}

    def timed(name: str, ask: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        found = ask()
        times[name] = (time.perf_counter() - began) * 1000
        return found

    def first_screen() -> JobReader:
        reader = JobReader(Path(source))
        reader.summary()
        reader.rows(reader.row_ids()[:50])
        return reader

    reader = timed("open, summary, first 50 rows", first_screen)
    ids = timed("all row ids", reader.row_ids)
    timed("counts", reader.counts)
    failed = RowFilter(frozenset({RowState.FAILED}))
    timed("filter: failed", lambda: reader.row_ids(failed))
    timed("count: done", lambda: reader.count(RowFilter(frozenset({RowState.DONE}))))
    timed("failure groups", reader.failure_groups)
    spots = random.Random(3)
    screens = []
    for _ in range(50):
        start = spots.randrange(len(ids) - 50)
        began = time.perf_counter()
        reader.rows(ids[start : start + 50])
        screens.append((time.perf_counter() - began) * 1000)
    times["50 rows anywhere, worst of 50"] = max(screens)
    timed("sort by text column", lambda: reader.row_ids(None, Order("column", 4)))
    timed("sort by number column", lambda: reader.row_ids(None, Order("column", 3)))
    timed("sort by answer", lambda: reader.row_ids(None, Order("field", "label")))
    timed("filter: answer is bad", lambda: reader.row_ids(RowFilter(field_value=("label", "bad"))))
    timed("search a text", lambda: reader.row_ids(RowFilter(search="ff00")))
    timed("label counts", lambda: reader.label_counts("label"))
    reader.close()
    return times


def main() -> None:
    """Arguments: a task, a source, a target. Prints what was measured."""
    task, source, target = sys.argv[1:4]
    if task == "questions":
        print(json.dumps(questions(source)))
        return
    if task == "make":
        kind, count = source, int(target)
        made = {"csv": big_files.csv_file, "xlsx": big_files.xlsx_file}.get(kind)
        print(json.dumps(str(made(count) if made else big_files.job_file(count, answered=kind == "answered"))))
        return
    meter = Meter()
    with meter.measure():
        TASKS[task](source, target)
    meter.found.update(_ALONE)
    print(json.dumps({**meter.found, "bytes": Path(target).stat().st_size}))


if __name__ == "__main__":
    main()
