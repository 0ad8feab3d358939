"""What the review panel shows, worked out on a reading thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from gui_app.jobs import FieldKind, FieldValue, OutputField
from gui_app.review import CorrectAnswers, as_label, compare_labels, compare_numbers, compare_sets
from gui_app.store.queries import JobReader
from gui_app.ui.agreement_view import Result
from gui_app.ui.bridge import JobLink
from gui_app.ui.review_panel import ReviewPanel
from gui_app.ui.store_thread import Request


def agreement(reader: JobReader, field: OutputField, gold_column: int) -> Result:
    """How far a field's answers agree with a column of correct ones. Streams over the answered rows."""
    correct = CorrectAnswers(field)
    pairs = ((row_id, given, correct.read(cell)) for row_id, given, cell in reader.pairs(field.name, gold_column))
    if field.kind is FieldKind.NUMBER:
        return compare_numbers(
            (
                row_id,
                float(given) if isinstance(given, (int, float)) else None,
                float(right) if isinstance(right, (int, float)) else None,
            )
            for row_id, given, right in pairs
        )
    if field.kind is FieldKind.LABELS:
        return compare_sets(
            (
                (row_id, given if isinstance(given, tuple) else None, right if isinstance(right, tuple) else None)
                for row_id, given, right in pairs
            ),
            field.labels,
        )
    return compare_labels(((row_id, as_label(given), as_label(right)) for row_id, given, right in pairs), field.labels)


class ReviewFeed(QObject):
    """Keeps the review panel up to date while it is seen."""

    def __init__(self, panel: ReviewPanel, link: JobLink) -> None:
        super().__init__(panel)
        self._panel, self._link = panel, link
        self._columns: Sequence[str] = ()
        self._fields: Sequence[OutputField] = ()
        self._gold: str | None = None
        self._counts: Request | None = None
        self._agreement: Request | None = None
        panel.fieldChanged.connect(lambda _name: self.refresh())
        panel.goldColumnChanged.connect(self._gold_chosen)
        link.overviewChanged.connect(lambda _overview: self.refresh())

    def set_columns(self, columns: Sequence[str], gold: str | None) -> None:
        """The file's columns, and the remembered one of correct answers."""
        self._columns, self._gold = columns, gold
        self._panel.set_columns(columns, gold)

    def set_fields(self, fields: Sequence[OutputField]) -> None:
        """The output fields."""
        self._fields = fields
        self._panel.set_fields(fields)

    def refresh(self) -> None:
        """Ask again, if anybody looks."""
        field = next((field for field in self._fields if field.name == self._panel.field_name()), None)
        if field is None or not self._panel.isVisible():
            return
        name = field.name
        if self._counts is None:
            self._counts = self._link.lists.ask(
                lambda reader: reader.label_counts(name), lambda counts: self._show_counts(name, counts), self._failed
            )
        gold = self._gold
        if gold is None or gold not in self._columns:
            self._panel.set_agreement(None)
        elif self._agreement is None:
            at = list(self._columns).index(gold)
            self._agreement = self._link.lists.ask(
                lambda reader: agreement(reader, field, at), self._show_agreement, self._failed
            )

    def close(self) -> None:
        """Ask nothing more."""
        for request in (self._counts, self._agreement):
            if request is not None:
                request.cancel()

    def _show_counts(self, name: str, counts: list[tuple[FieldValue, int]]) -> None:
        self._counts = None
        self._panel.set_label_counts(name, counts)
        if name != self._panel.field_name():
            self.refresh()

    def _show_agreement(self, result: Result) -> None:
        self._agreement = None
        self._panel.set_agreement(result if self._gold is not None else None)

    def _failed(self, error: BaseException) -> None:
        self._counts = self._agreement = None
        self._link.failed.emit(error)

    def _gold_chosen(self, name: str | None) -> None:
        self._gold = name
        self._link.set_note("gold", name)
        if self._agreement is not None:
            self._agreement.cancel()
            self._agreement = None
        self.refresh()
