"""What an export is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gui_app.jobs.running import RowFilter
from gui_app.jobs.states import RowState

EXPORT_KINDS = ("xlsx", "csv", "json")
EXPORT_EXTRAS = ("state", "cause", "error", "tokens", "cost", "model", "confidence")
"""The columns an export can have beside the original ones and the answers, in the order they are written."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What an export holds, and how it is written.

    Attributes:
        kind: One of `EXPORT_KINDS`.
        rows: Which rows. The empty filter means all.
        states: Only rows in one of these states, beside `rows`. Empty means any.
        extra: Members of `EXPORT_EXTRAS`.
        separator: Between the cells of a CSV.
        bom: A CSV starts with the mark that tells Excel it is UTF-8.
        protect: Cells of a CSV that a spreadsheet would take for a formula get a `'` in front.
    """

    kind: str = "xlsx"
    rows: RowFilter = field(default_factory=RowFilter)
    states: frozenset[RowState] = frozenset()
    extra: frozenset[str] = frozenset()
    separator: str = ","
    bom: bool = True
    protect: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, for the pipe to the worker."""
        return {
            "kind": self.kind,
            "rows": self.rows.to_dict(),
            "states": sorted(self.states),
            "extra": sorted(self.extra),
            "separator": self.separator,
            "bom": self.bom,
            "protect": self.protect,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExportOptions:
        """The inverse of `to_dict`. Raises ValueError for a kind or extra column there is not."""
        kind, extra = str(data["kind"]), frozenset(str(item) for item in data.get("extra", ()))
        if kind not in EXPORT_KINDS or not extra <= set(EXPORT_EXTRAS):
            raise ValueError(f"no such export: {kind}, {sorted(extra)}")
        return cls(
            kind=kind,
            rows=RowFilter.from_dict(data.get("rows", {})),
            states=frozenset(RowState(item) for item in data.get("states", ())),
            extra=extra,
            separator=str(data.get("separator", ",")),
            bom=bool(data.get("bom", True)),
            protect=bool(data.get("protect", True)),
        )
