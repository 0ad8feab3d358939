"""What a run is told: which rows, how, at which price; and how many rows stand where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gui_app.jobs.asking import FieldValue
from gui_app.jobs.states import Cause, Lane, RowState


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows are meant. All given conditions must hold; the empty filter means all rows.

    Attributes:
        causes: Only rows with one of these causes.
        field_value: Only rows whose shown value (hand-made first) of this field is that; None = no value.
        cell: Only rows whose cell in this column of the file (by position) is exactly this text.
        search: Rows with this text in a cell or an answer, upper and lower case alike.
        edited, approved: Only rows that were (True) or were not (False).
        row_ids: Only these.
    """

    states: frozenset[RowState] = frozenset()
    causes: frozenset[Cause] = frozenset()
    field_value: tuple[str, FieldValue] | None = None
    search: str = ""
    edited: bool | None = None
    approved: bool | None = None
    row_ids: tuple[int, ...] | None = None
    cell: tuple[int, str] | None = None

    def is_empty(self) -> bool:
        """True when it lets every row through."""
        return self == RowFilter()

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, for the pipe to the worker and the job file."""
        value = self.field_value
        return {
            "states": sorted(self.states),
            "causes": sorted(self.causes),
            "field_value": None
            if value is None
            else [value[0], list(value[1]) if isinstance(value[1], tuple) else value[1]],
            "search": self.search,
            "edited": self.edited,
            "approved": self.approved,
            "row_ids": None if self.row_ids is None else list(self.row_ids),
            "cell": None if self.cell is None else list(self.cell),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RowFilter:
        """The inverse of `to_dict`."""
        pair = data.get("field_value")
        ids, cell = data.get("row_ids"), data.get("cell")
        return cls(
            states=frozenset(RowState(item) for item in data.get("states", ())),
            causes=frozenset(Cause(item) for item in data.get("causes", ())),
            field_value=None
            if pair is None
            else (str(pair[0]), tuple(pair[1]) if isinstance(pair[1], list) else pair[1]),
            search=str(data.get("search", "")),
            edited=data.get("edited"),
            approved=data.get("approved"),
            row_ids=None if ids is None else tuple(int(item) for item in ids),
            cell=None if cell is None else (int(cell[0]), str(cell[1])),
        )


class ScopeKind(StrEnum):
    """What a run is to do with the rows it is given."""

    REMAINING = "remaining"
    """Ask the waiting ones."""
    RETRY = "retry"
    """Ask the failed ones (and those that need review, where the filter names them) again."""
    AGAIN = "again"
    """Ask all of them again, the done ones too."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows a run asks, and whether finished ones are asked again.

    Attributes:
        first: Only the first so many rows of the file. None means no such limit.
    """

    kind: ScopeKind = ScopeKind.REMAINING
    rows: RowFilter = field(default_factory=RowFilter)
    first: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {"kind": self.kind.value, "rows": self.rows.to_dict(), "first": self.first}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scope:
        """The inverse of `to_dict`."""
        first = data.get("first")
        return cls(ScopeKind(data["kind"]), RowFilter.from_dict(data["rows"]), None if first is None else int(first))


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes. Not part of the recipe: changing it makes no new version.

    Attributes:
        concurrency: None means "Automatic"; a number is a ceiling the pace never exceeds.
        ceiling: "Automatic" goes no further than this. None: as far as helps.
        budget_usd: The job's spending limit over all its runs. None: no limit.
        price: A price the user typed, when the catalogue knows none.
    """

    lane: Lane = Lane.NOW
    concurrency: int | None = None
    budget_usd: float | None = None
    price: Price | None = None
    ceiling: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input_usd: float
    output_usd: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows are in each state."""

    waiting: int = 0
    running: int = 0
    done: int = 0
    needs_review: int = 0
    failed: int = 0

    @property
    def rows(self) -> int:
        """All rows."""
        return self.waiting + self.running + self.done + self.needs_review + self.failed

    @property
    def finished(self) -> int:
        """Rows that will not change by themselves."""
        return self.done + self.needs_review + self.failed

    def of(self, state: RowState) -> int:
        """The count of one state."""
        return int(getattr(self, state.value.replace(" ", "_")))
