"""A job's rows with their answers into a file."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gui_app.errors import N_, ExportError
from gui_app.jobs import CAN_BE_SURE, ExportOptions, FieldValue, OutputField
from gui_app.store.reading.exporting import ExportBatch, ExportReader, More
from gui_app.store.reading.queries import JobReader
from gui_app.tables import Cell, save_table, typed
from gui_app.worker.protocol import TaskProgress, TaskResult

_TEXT_LIKE = {".tsv", ".tab", ".jsonl", ".ndjson"}


_Extra = tuple[list[str], Callable[[More], list[Cell]]]
"""Headings, and the cells of a row below them."""


def export_job(
    job: Path,
    target: Path,
    options: ExportOptions,
    progress: Callable[[TaskProgress], None],
    cancelled: Callable[[], bool],
) -> TaskResult:
    """Write a job's rows with their answers.

    Columns: the original ones, then one per output field, then the extra ones that were asked for.

    Raises:
        ExportError, StorageError, JobFileError, Cancelled.
    """
    _refuse_job(target)
    reader = ExportReader(job)
    try:
        fields = answer_fields(reader)
        wanted = options.rows
        if options.states:
            wanted = replace(wanted, states=wanted.states & options.states if wanted.states else options.states)
        total = reader.count(wanted)
        names = [field.name for field in fields]
        known = {**_EXTRA, "confidence": _confidence([field.name for field in fields if field.kind in CAN_BE_SURE])}
        extra = [known[name] for name in known if name in options.extra]
        headings = _unique(
            [*reader.columns(), *names, *(heading for headings, _cells in extra for heading in headings)]
        )
        with contextlib.closing(reader.export_batches(wanted, names, more=bool(extra))) as batches:
            report = save_table(
                target,
                headings,
                itertools.chain.from_iterable(_rows(batches, extra)),
                kind=options.kind if target.suffix.lower() not in _TEXT_LIKE else None,
                separator=options.separator if options.kind == "csv" and target.suffix.lower() == ".csv" else None,
                bom=options.bom,
                protect=options.protect,
                progress=lambda rows: progress(TaskProgress(rows, total, rows)),
                cancelled=cancelled,
            )
        return TaskResult(report.rows, tuple(report.notes()))
    finally:
        reader.close()


def _refuse_job(target: Path) -> None:
    """A job may lie under the name of a table, as a link for example. Before the job is opened: see `store.opened`."""
    head = b""
    with contextlib.suppress(OSError):
        if target.is_file():
            with target.open("rb") as file:
                head = file.read(16)
    if head == b"SQLite format 3\0":
        raise ExportError(
            N_("“{file}” is a Rowmill job or another database, and would be lost. Choose another name."),
            file=target.name,
        )


def answer_fields(reader: JobReader) -> tuple[OutputField, ...]:
    """The answer columns of an export: those of the recipe that ran last, in its order.

    Then those that only earlier recipes had and whose answers still stand, the newest recipe first.
    """
    latest, versions = reader.latest_version(), reader.recipe_versions()
    last = next((item.recipe for item in versions if item.version == latest), None) or reader.draft()
    fields = {field.name: field for field in (last.fields if last else ())}
    for item in reversed(versions):
        for field in item.recipe.fields:
            if field.name not in fields and any(value is not None for value, _count in reader.label_counts(field.name)):
                fields[field.name] = field
    return tuple(fields.values())


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


def _rows(batches: Iterable[ExportBatch], extra: Sequence[_Extra]) -> Iterator[list[list[Cell]]]:
    for batch in batches:
        cells: Iterable[Sequence[Cell]] = batch.cells
        if any(batch.marks):
            cells = map(typed, batch.cells, batch.marks)
        # Rows with the same answer share one tuple, and then its cells, too.
        shown = {id(values): [*map(_value, values)] for values in batch.values}
        rows = [[*row, *shown[id(values)]] for row, values in zip(cells, batch.values, strict=True)]
        for _headings, cells_of in extra:
            for row, more in zip(rows, batch.more, strict=True):
                row += cells_of(more)
        yield rows


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


def _confidence(names: Sequence[str]) -> _Extra:
    return [f"{name} (confidence)" for name in names], lambda row: [_number(row.confidence.get(name)) for name in names]


_EXTRA: dict[str, _Extra] = {
    "state": (["state"], lambda row: [row.state]),
    "cause": (["cause"], lambda row: [row.cause]),
    "error": (["error"], lambda row: [row.detail]),
    "tokens": (["input tokens", "output tokens"], lambda row: [_number(row.input_tokens), _number(row.output_tokens)]),
    "cost": (["cost (USD)"], lambda row: [_number(row.cost_usd)]),
    "model": (["model"], lambda row: [row.model]),
}
