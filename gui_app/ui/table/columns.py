"""The columns of the row table: the input's, then the answers, how sure the model is of them, then the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from gui_app.i18n import _
from gui_app.jobs import CAN_BE_SURE, OutputField
from gui_app.store.reading.filters import Order


class ColumnKind(Enum):
    """Where a column's text comes from."""

    INPUT = auto()
    ANSWER = auto()
    SURE = auto()
    STATE = auto()


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of the table.

    Attributes:
        position: In the input, for input columns; among the answers, for answer columns.
        field: The output field, for answer columns.
    """

    kind: ColumnKind
    name: str = ""
    position: int = 0
    field: OutputField | None = None

    @property
    def key(self) -> str:
        """Names the column in remembered layouts, whatever else comes and goes."""
        return f"{self.kind.name.lower()}:{self.name}"

    def heading(self) -> str:
        """What the header shows."""
        if self.kind is ColumnKind.SURE:
            return _("Sure: {name}").format(name=self.name)
        return _("State") if self.kind is ColumnKind.STATE else self.name

    def order(self, *, descending: bool) -> Order:
        """Sorting by this column, done by the store."""
        if self.kind is ColumnKind.INPUT:
            return Order("column", self.position, descending)
        if self.kind is ColumnKind.ANSWER:
            return Order("field", self.name, descending)
        if self.kind is ColumnKind.SURE:
            return Order("confidence", self.name, descending)
        return Order("state", 0, descending)


def table_columns(names: Sequence[str], fields: Sequence[OutputField], *, sure: bool = False) -> list[TableColumn]:
    """All columns, in their first order. `sure`: with how sure the model is of each answer."""
    decided = [(at, field) for at, field in enumerate(fields) if sure and field.kind in CAN_BE_SURE]
    return [
        *(TableColumn(ColumnKind.INPUT, name, at) for at, name in enumerate(names)),
        *(TableColumn(ColumnKind.ANSWER, field.name, at, field) for at, field in enumerate(fields)),
        *(TableColumn(ColumnKind.SURE, field.name, at, field) for at, field in decided),
        TableColumn(ColumnKind.STATE, "state"),
    ]
