"""The rows of a job as an export wants them: whole batches, and of each row only what is written."""

from __future__ import annotations

import itertools
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gui_app.jobs import FieldValue, RowFilter
from gui_app.store import job_file
from gui_app.store.packing import unpack_cells, unpack_values
from gui_app.store.reading import filters
from gui_app.store.reading.queries import JobReader
from gui_app.store.schema import STATES

BATCH_ROWS: Final = 500
_CELLS_MOST: Final = 4_000_000
_REMEMBERED: Final = 1_000

_ANSWERED: Final = (
    "FROM status s JOIN cells c ON c.row_id = s.row_id LEFT JOIN attempts a ON a.attempt_id = s.attempt_id"
)
_BY_HAND: Final = (
    "(SELECT json_group_object(h.field, json(h.value)) FROM hand_values h WHERE h.row_id = s.row_id HAVING count(*))"
)
_MORE: Final = (
    "s.state, s.cause, s.detail, a.input_tokens, a.output_tokens, a.cost_usd, s.source_row_id, a.model, a.confidence"
)


@dataclass(frozen=True, slots=True)
class More:
    """What an export may show of a row beside its cells and its answer.

    Attributes:
        confidence: By field name; empty where the model does not say.
        cost_usd: 0 for a row that got its answer with an identical one's request. None: no price is known.
    """

    state: str
    cause: str
    detail: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    model: str
    confidence: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ExportBatch:
    """Some rows, in file order: one entry a row in each list.

    Attributes:
        cells: As many as there are columns.
        marks: See `tables.cells`.
        values: The shown value of each field that was asked for. Rows with equal answers share one tuple.
        more: Empty when it was not asked for.
    """

    cells: Sequence[Sequence[str]]
    marks: Sequence[str]
    values: Sequence[tuple[FieldValue, ...]]
    more: Sequence[More]


class ExportReader(JobReader):
    """A `JobReader` for exports: a third of the time that `stream` takes a row, for what a file needs."""

    def export_batches(
        self, rows: RowFilter, fields: Sequence[str], *, more: bool
    ) -> Generator[ExportBatch, None, None]:
        """Rows in file order, as they were when the reading began, in flat memory.

        Args:
            fields: Names of the output fields.
            more: Whether `ExportBatch.more` is wanted.
        """
        condition, bound = filters.where(rows)
        columns = len(self.columns())
        known: dict[tuple[str | None, str | None], tuple[FieldValue, ...]] = {}
        with self._at_one_time():
            by_hand = self._all("SELECT EXISTS (SELECT 1 FROM hand_values)")[0][0]
            what = f"c.cells, c.marks, a.field_values, {_BY_HAND if by_hand else 'NULL'}, {_MORE if more else 'NULL'}"
            sql = f"SELECT {what} {filters.JOINS} WHERE {condition} ORDER BY s.row_id"
            for found in self._batches(sql, bound, BATCH_ROWS):
                packed, marks, answers, hands, *rest = zip(*found, strict=True)
                with job_file.contents(self.path):
                    if len(known) > _REMEMBERED:
                        known.clear()
                    values = [_values(pair, fields, known) for pair in zip(answers, hands, strict=True)]
                    others = (
                        [_more(item, hand) for item, hand in zip(zip(*rest, strict=True), hands, strict=True)]
                        if more
                        else []
                    )
                    cells = _cells(packed, columns)
                yield ExportBatch(cells, marks, values, others)


def _cells(packed: Sequence[str], columns: int) -> list[Sequence[str]]:
    """The cells of some rows, parsed in one go where they are not huge."""
    if sum(map(len, packed)) < _CELLS_MOST:
        rows = json.loads(f"[{','.join(packed)}]")
        texts = itertools.chain.from_iterable(rows)
        if len(rows) == len(packed) and set(map(len, rows)) == {columns} and set(map(type, texts)) <= {str}:
            return list(rows)
    cells: list[Sequence[str]] = [unpack_cells(one) for one in packed]
    if any(len(row) != columns for row in cells):
        raise ValueError(f"a row has not {columns} cells")
    return cells


def _values(
    packed: tuple[str | None, str | None],
    fields: Sequence[str],
    known: dict[tuple[str | None, str | None], tuple[FieldValue, ...]],
) -> tuple[FieldValue, ...]:
    values = known.get(packed)
    if values is None:
        model, hand = map(unpack_values, packed)
        shown = {**model, **hand}
        values = known[packed] = tuple(shown.get(name) for name in fields)
    return values


def _more(row: tuple[Any, ...], hand: str | None) -> More:
    state, cause, detail, input_tokens, output_tokens, cost_usd, source_row_id, model, confidence = row
    return More(
        state=STATES[state].value,
        cause=cause or "",
        detail=detail if cause else "",
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cost_usd=0 if source_row_id else cost_usd,
        model=model or "",
        confidence=_sure(confidence, hand) if confidence else {},
    )


def _sure(confidence: str, hand: str | None) -> dict[str, float]:
    """Of the model's own answers: what somebody wrote over them is nothing it could be sure of."""
    by_hand = unpack_values(hand) if hand else {}
    return {name: sure for name, sure in json.loads(confidence).items() if name not in by_hand}
