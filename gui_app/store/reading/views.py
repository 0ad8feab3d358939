"""What is read from a job file, as the window and the exports use it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gui_app.jobs import Cause, Counts, FieldValue, JobState, Lane, Recipe, RowState, Usage
from gui_app.store.carried import Carried
from gui_app.store.packing import unpack_cells, unpack_value, unpack_values
from gui_app.store.schema import LANES, STATES

CUT_AT = 300
"""Characters of a cell that are read for display. A 10 MB cell would freeze a view for seconds."""


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job at a glance.

    Attributes:
        sent: A request has gone out: the table is locked.
        unknown_sent: Waiting rows that were sent and whose reply was never seen.
        still_out: Of those, rows that are marked as running though nobody runs the job; see `parts.settle`.
        owner: Who runs it now; None when nobody does.
        warnings: From the reading of the table: catalogue entry and details each.
        carried: What was found again of a former version of the table, as `carry.Carried` has it; told until the
            next run. None: nothing to tell.
        archived: Put away: listed in the archive only.
        interrupted: Whoever ran it ended before it could say so.
        elsewhere: The owner is another computer that has the job of a network folder open.
        behind: Why its network folder lacks what was done here, as a catalogue entry with details; None when not.
    """

    name: str
    state: JobState
    stopped_cause: Cause | None
    stopped_detail: str
    counts: Counts
    columns: tuple[str, ...]
    source_name: str
    import_settings: Mapping[str, Any]
    sheets: tuple[str, ...]
    renamed: tuple[tuple[int, str, str], ...]
    import_done: bool
    sent: bool
    lane: Lane | None
    created_at: float
    updated_at: float
    unknown_sent: int
    owner: str | None
    warnings: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    carried: Carried | None = None
    archived: bool = False
    interrupted: bool = False
    elsewhere: bool = False
    behind: tuple[str, Mapping[str, str]] | None = None
    still_out: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What all attempts so far add up to. `unpriced`: attempts with no known price, not in `cost_usd`."""

    requests: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    reasoning_tokens: int
    cost_usd: float
    unpriced: int
    unknown: int
    identical_saved: int


@dataclass(frozen=True, slots=True)
class RowView:
    """A row as the window shows it.

    Attributes:
        values: The model's, by field. `hand`: those made by hand, shown before the model's.
        stale: The answer comes from another recipe version than the latest.
        not_before: When a retry is due, seconds since the epoch; 0 when none is.
        source_row_id: The identical row whose request gave this answer.
    """

    row_id: int
    cells: tuple[str, ...]
    state: RowState
    values: Mapping[str, FieldValue] = field(default_factory=dict)
    hand: Mapping[str, FieldValue] = field(default_factory=dict)
    cause: Cause | None = None
    detail: str = ""
    tries: int = 0
    version: int | None = None
    stale: bool = False
    approved: bool = False
    cost_usd: float | None = None
    source_row_id: int | None = None
    not_before: float = 0.0
    lane: Lane = Lane.NOW
    confidence: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    marks: str = ""
    follows: int | None = None

    def shown(self, name: str) -> FieldValue:
        """The value of a field as it is shown and exported."""
        return self.hand[name] if name in self.hand else self.values.get(name)


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One request of a row and what it brought."""

    attempt_id: int
    sent_at: float | None
    ended_at: float | None
    outcome: str
    cause: Cause | None
    detail: str
    raw: str | None
    values: Mapping[str, FieldValue]
    usage: Usage | None
    cost_usd: float | None
    model: str
    version: int
    lane: Lane


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Rows that failed, or need review, for one cause."""

    cause: Cause
    state: RowState
    count: int
    example_detail: str
    example_row_id: int


@dataclass(frozen=True, slots=True)
class RecipeVersion:
    """A recipe as it was when its first row was sent."""

    version: int
    recipe: Recipe
    created_at: float


def row_view(row: Sequence[Any], latest: int | None, columns: int, cut: int | None) -> RowView:
    """A row as `queries` selects it.

    Args:
        latest: The newest recipe version.
        columns: How many cells it must have.
        cut: Characters of a cell that are shown; None for all.
    """
    cells = unpack_cells(row[1])
    if len(cells) != columns:
        raise ValueError(f"row {row[0]} has {len(cells)} cells")
    if cut is not None:
        cells = tuple(cell if len(cell) <= cut else f"{cell[:cut]}…" for cell in cells)
    return RowView(
        row_id=row[0],
        cells=cells,
        marks=row[2],
        state=STATES[row[3]],
        cause=None if row[4] is None else Cause(row[4]),
        detail=row[5],
        tries=row[6],
        version=row[7],
        not_before=max(row[8], 0.0),
        source_row_id=row[9],
        lane=LANES[row[10]],
        follows=row[11],
        values=unpack_values(row[12]),
        confidence={} if not row[13] else json.loads(row[13]),
        model=row[14] or "",
        cost_usd=row[15],
        input_tokens=row[16],
        output_tokens=row[17],
        stale=row[18] is not None and latest is not None and row[18] != latest,
        approved=bool(row[19]),
        hand=unpack_values(row[20]),
    )


def attempt_view(row: Sequence[Any]) -> AttemptView:
    """An attempt as `queries` selects it."""
    usage = None if row[8] is None else Usage(row[8], row[9] or 0, row[10] or 0, 0, row[11] or 0)
    return AttemptView(
        attempt_id=row[0],
        sent_at=row[1],
        ended_at=row[2],
        outcome=row[3],
        cause=None if row[4] is None else Cause(row[4]),
        detail=row[5],
        raw=row[6],
        values=unpack_values(row[7]),
        usage=usage,
        cost_usd=row[12],
        model=row[13],
        version=row[14],
        lane=LANES[row[15]],
    )


def shown_value(text: str | None) -> FieldValue:
    """A field's value from `filters.shown`."""
    return None if text is None else unpack_value(json.loads(text))
