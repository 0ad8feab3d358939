"""What each recipe version, or a second run of the same one, has answered: read side by side from the attempts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gui_app.jobs import Cause, FieldValue, Recipe, RowFilter, RowState
from gui_app.store import job_file
from gui_app.store.packing import unpack_values
from gui_app.store.reading import filters
from gui_app.store.reading.queries import JobReader

_SETTLED = "outcome IN ('done', 'needs review', 'failed')"


@dataclass(frozen=True, slots=True)
class VersionResults:
    """A recipe version and what came of it.

    Attributes:
        rows: Rows it was asked about. A row that was asked several times counts once, with its last reply.
        latest: The last run used it.
    """

    version: int
    recipe: Recipe
    created_at: float
    rows: int
    done: int
    needs_review: int
    failed: int
    cost_usd: float
    latest: bool


@dataclass(frozen=True, slots=True)
class Opinion:
    """One answer of a model to one row."""

    state: RowState
    values: dict[str, FieldValue]
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to the same row. The cells are cut for display."""

    row_id: int
    cells: tuple[str, ...]
    first: Opinion
    second: Opinion


def version_results(reader: JobReader) -> list[VersionResults]:
    """Every version, oldest first."""
    found = reader._all(
        f"SELECT version, outcome, count(*) FROM (SELECT version, outcome, max(attempt_id) FROM attempts "
        f"WHERE {_SETTLED} GROUP BY row_id, version) GROUP BY version, outcome"
    )
    costs = dict(reader._all("SELECT version, ifnull(sum(cost_usd), 0) FROM attempts GROUP BY version"))
    counts: dict[int, dict[str, int]] = {}
    for version, outcome, count in found:
        counts.setdefault(version, {})[outcome] = count
    latest = reader.latest_version()
    out = []
    for item in reader.recipe_versions():
        mine = counts.get(item.version, {})
        done, review, failed = (mine.get(state.value, 0) for state in _STATES)
        out.append(
            VersionResults(
                item.version,
                item.recipe,
                item.created_at,
                done + review + failed,
                done,
                review,
                failed,
                float(costs.get(item.version, 0.0)),
                item.version == latest,
            )
        )
    return out


_STATES = (RowState.DONE, RowState.NEEDS_REVIEW, RowState.FAILED)


def compare_versions(reader: JobReader, first: int, second: int, *, most: int | None = None) -> list[Pair]:
    """The rows that both versions were asked about, in file order.

    Args:
        most: No more pairs than that.
    """
    return _pairs(
        reader, f"{_SETTLED} AND version = ?", [first], f"{_SETTLED} AND version = ?", [second], "1", [], most
    )


def compare_runs(reader: JobReader, row_ids: Sequence[int], boundary: int) -> list[Pair]:
    """What rows were answered up to an attempt, and what after it: a second opinion beside the first."""
    return _pairs(
        reader,
        f"{_SETTLED} AND attempt_id <= ?",
        [boundary],
        f"{_SETTLED} AND attempt_id > ?",
        [boundary],
        "row_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(row_ids))],
        None,
    )


def last_attempt(reader: JobReader) -> int:
    """The number of the newest attempt; 0 before the first."""
    return int(reader._all("SELECT ifnull(max(attempt_id), 0) FROM attempts")[0][0])


def has_confidence(reader: JobReader) -> bool:
    """The model says how sure it is. Looks at the newest attempts only, so it is cheap at any number of rows."""
    query = "SELECT EXISTS (SELECT 1 FROM attempts WHERE attempt_id > ? AND confidence IS NOT NULL)"
    return bool(reader._all(query, (last_attempt(reader) - 2_000,))[0][0])


def has_answers_of(reader: JobReader, versions: Sequence[int]) -> bool:
    """Whether one of these versions made an answer that is shown. In the worst case looks at every row."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM status s JOIN attempts a ON a.attempt_id = s.attempt_id "
        "WHERE s.state IN (2, 3) AND a.version IN (SELECT value FROM json_each(?)))"
    )
    return bool(reader._all(query, (json.dumps(list(versions)),))[0][0])


def rows_asked(reader: JobReader, version: int) -> list[int]:
    """The rows a version was asked about, in file order."""
    found = reader._all(f"SELECT DISTINCT row_id FROM attempts WHERE {_SETTLED} AND version = ? ORDER BY 1", (version,))
    return [row_id for (row_id,) in found]


def with_text(reader: JobReader, column: int, rows: RowFilter | None = None) -> list[int]:
    """The rows whose cell in a column is not blank, in file order: those with a known correct answer."""
    condition, values = filters.where(rows or RowFilter())
    found = reader._all(
        f"SELECT s.row_id {filters.JOINS} WHERE trim(ifnull(json_extract(c.cells, ?), '')) <> '' AND {condition} "
        "ORDER BY s.row_id",
        [f"$[{int(column)}]", *values],
    )
    return [row_id for (row_id,) in found]


def untouched_answers(reader: JobReader) -> list[int]:
    """Rows that are done by the model's own answer to this very row: not edited, approved or shared from another."""
    found = reader._all(
        "SELECT s.row_id FROM status s WHERE s.state = 2 AND s.attempt_id IS NOT NULL "
        "AND s.source_row_id IS NULL AND NOT EXISTS (SELECT 1 FROM hand_values h WHERE h.row_id = s.row_id) "
        "AND NOT EXISTS (SELECT 1 FROM approvals p WHERE p.row_id = s.row_id) ORDER BY s.row_id"
    )
    return [row_id for (row_id,) in found]


def _pairs(
    reader: JobReader,
    first: str,
    of_first: list[Any],
    second: str,
    of_second: list[Any],
    rows: str,
    of_rows: list[Any],
    most: int | None,
) -> list[Pair]:
    last = "SELECT row_id, max(attempt_id) AS id FROM attempts WHERE {0} AND {1} GROUP BY row_id"
    found = reader._all(
        "SELECT a.row_id, a.outcome, a.field_values, a.cause, b.outcome, b.field_values, b.cause "
        f"FROM ({last.format(first, rows)}) x JOIN ({last.format(second, rows)}) y ON y.row_id = x.row_id "
        "JOIN attempts a ON a.attempt_id = x.id JOIN attempts b ON b.attempt_id = y.id ORDER BY a.row_id LIMIT ?",
        [*of_first, *of_rows, *of_second, *of_rows, -1 if most is None else most],
    )
    cells = {row.row_id: row.cells for row in reader.rows([row[0] for row in found])}
    with job_file.contents(reader.path):
        return [Pair(row[0], cells.get(row[0], ()), _opinion(*row[1:4]), _opinion(*row[4:7])) for row in found]


def _opinion(outcome: str, values: str | None, cause: str | None) -> Opinion:
    return Opinion(RowState(outcome), dict(unpack_values(values)), None if cause is None else Cause(cause))
