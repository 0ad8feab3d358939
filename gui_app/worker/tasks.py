"""Imports and exports: long, hungry, and each in a process of its own, which a bad file may take down alone."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gui_app.errors import Cancelled, InternalError, UserError
from gui_app.jobs import FieldValue, OutputField, RowFilter
from gui_app.jobs import ExportOptions as ExportOptions
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.queries import JobReader, RowView
from gui_app.tables import Cell, ExportReport, ImportSettings, open_table, save_table, typed
from gui_app.worker import protocol
from gui_app.worker.protocol import TaskProgress, TaskResult

Progress = Callable[[TaskProgress], None]
IsCancelled = Callable[[], bool]


def import_table(
    source: Path, job: Path, settings: ImportSettings, progress: Progress, cancelled: IsCancelled
) -> TaskResult:
    """Read a table into a job file, which is made when it is not there.

    A job that is made here and not finished is removed again.

    Raises:
        InputError: The table cannot be read.
        JobFileError: The job has already sent rows.
        StorageError, Cancelled.
    """
    with open_table(source, settings) as table:
        fresh = not job.exists()
        if fresh:
            create_job(job, name=source.stem)
        try:
            return _fill(job, table, progress, cancelled)
        except BaseException:
            if fresh:
                _remove(job)
            raise


def _fill(job: Path, table: Any, progress: Progress, cancelled: IsCancelled) -> TaskResult:
    writer = RowsWriter(job)
    try:
        writer.begin(
            table.columns,
            source_name=table.name,
            import_settings=table.settings.to_dict(),
            renamed=table.renamed,
            sheets=table.sheets,
        )
        rows = 0
        progress(TaskProgress(0, table.total_bytes or table.total_rows, 0))
        for batch in _small_first(table.batches()):
            if cancelled():
                raise Cancelled
            rows = writer.add(batch)
            done = table.bytes_read() if table.total_bytes else rows
            progress(TaskProgress(done, table.total_bytes or table.total_rows, rows, ready=True))
        writer.finish(table.warnings)
        return TaskResult(rows, tuple(table.warnings))
    except BaseException:
        writer.close()
        raise


def _small_first(batches: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """The first screenful by itself, so that the window shows it while the rest is read."""
    for batch in batches:
        if len(batch) > 200:
            yield batch[:200]
            batch = batch[200:]
        yield batch
        break
    yield from batches


def _remove(job: Path) -> None:
    for name in (str(job), f"{job}-wal", f"{job}-shm"):
        Path(name).unlink(missing_ok=True)


def export_job(
    job: Path, target: Path, options: ExportOptions, progress: Progress, cancelled: IsCancelled
) -> TaskResult:
    """Write a job's rows with their answers.

    Columns: the original ones, then one per output field, then the extra ones that were asked for.

    Raises:
        ExportError, StorageError, JobFileError, Cancelled.
    """
    reader = JobReader(job)
    try:
        versions = reader.recipe_versions()
        draft = reader.draft()
        recipe = versions[-1].recipe if versions else draft
        fields = recipe.fields if recipe else ()
        wanted = options.rows
        if options.states:
            states = wanted.states & options.states if wanted.states else options.states
            wanted = RowFilter(
                states, wanted.causes, wanted.field_value, wanted.search, wanted.edited, wanted.approved, wanted.row_ids
            )
        total = reader.count(wanted)
        extra = [name for name in _EXTRA if name in options.extra]
        original = reader.columns()
        headings = _unique([*original, *(field.name for field in fields), *(h for e in extra for h in _EXTRA[e][0])])
        report = save_table(
            target,
            headings,
            (_cells(row, len(original), fields, extra) for row in reader.stream(wanted)),
            kind=options.kind if target.suffix.lower() not in _TEXT_LIKE else None,
            separator=options.separator if options.kind == "csv" and target.suffix.lower() == ".csv" else None,
            bom=options.bom,
            protect=options.protect,
            progress=lambda rows: progress(TaskProgress(rows, total, rows)),
            cancelled=cancelled,
        )
        return _result(report)
    finally:
        reader.close()


_TEXT_LIKE = {".tsv", ".tab", ".jsonl", ".ndjson"}


def _result(report: ExportReport) -> TaskResult:
    return TaskResult(report.rows, tuple(report.notes()))


def _unique(headings: list[str]) -> list[str]:
    """An answer column that is named like an original one gets a number behind it."""
    seen: set[str] = set()
    out = []
    for heading in headings:
        name, number = heading, 2
        while name.casefold() in seen:
            name, number = f"{heading} {number}", number + 1
        seen.add(name.casefold())
        out.append(name)
    return out


def _cells(row: RowView, width: int, fields: tuple[OutputField, ...], extra: list[str]) -> list[Cell]:
    cells: list[Cell] = list(typed(row.cells, row.marks))
    cells += [""] * (width - len(cells))
    cells += [_value(row.shown(field.name)) for field in fields]
    for name in extra:
        cells += _EXTRA[name][1](row)
    return cells


def _value(value: FieldValue) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(value)
    return value


def _number(value: float | int | None) -> Cell:
    return "" if value is None else value


_EXTRA: dict[str, tuple[list[str], Callable[[RowView], list[Cell]]]] = {
    "state": (["state"], lambda row: [row.state.value]),
    "cause": (["cause"], lambda row: [row.cause.value if row.cause else ""]),
    "error": (["error"], lambda row: [row.detail if row.cause else ""]),
    "tokens": (["input tokens", "output tokens"], lambda row: [_number(row.input_tokens), _number(row.output_tokens)]),
    "cost": (["cost (USD)"], lambda row: [0 if row.source_row_id else _number(row.cost_usd)]),
    "model": (["model"], lambda row: [row.model]),
}


def main() -> int:
    """`rowmill task`: one import or export, ordered by a line on standard input. Returns the exit code."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    order = _read_order()
    gone = threading.Event()

    def watch() -> None:
        # The end of standard input is the wish to cancel; a window that died says the same.
        # Not through sys.stdin, whose lock a thread that still reads would hold at the interpreter's end.
        while os.read(0, 65_536):
            pass
        gone.set()

    threading.Thread(target=watch, name="rowmill-cancel", daemon=True).start()

    def tell(progress: TaskProgress) -> None:
        _say(out, {"progress": [progress.done, progress.total, progress.rows, progress.ready]})

    try:
        if order["do"] == "import":
            settings = ImportSettings.from_dict(order["settings"])
            result = import_table(Path(order["source"]), Path(order["job"]), settings, tell, gone.is_set)
        else:
            options = ExportOptions.from_dict(order["options"])
            result = export_job(Path(order["job"]), Path(order["target"]), options, tell, gone.is_set)
    except (UserError, Cancelled) as error:
        _say(out, {"error": protocol.error_to_dict(error)})
        return 1
    except MemoryError:
        _say(out, {"error": protocol.error_to_dict(InternalError("memory"))})
        return 1
    _say(out, {"result": [result.rows, [[sentence, _plain(details)] for sentence, details in result.notes]]})
    return 0


def _read_order() -> dict[str, Any]:
    import json

    order = json.loads(_first_line())
    assert isinstance(order, dict)
    return order


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n") and (some := os.read(0, 1)):
        line += some
    return line


def _plain(details: Any) -> dict[str, Any]:
    return {k: v if isinstance(v, str | int | float | bool | type(None)) else str(v) for k, v in dict(details).items()}


def _say(out: Any, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, ValueError):
        out.write(protocol.dump(message))
        out.flush()
