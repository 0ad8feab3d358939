"""What the review panel shows, worked out on a reading thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject

from gui_app.jobs import FieldKind, FieldValue, OutputField
from gui_app.review import CorrectAnswers, as_label, compare_labels, compare_numbers, compare_sets
from gui_app.store.reading.queries import JobReader
from gui_app.store.reading.versions import compare_runs, has_confidence
from gui_app.ui.feed.bridge import JobLink
from gui_app.ui.feed.store_thread import Request
from gui_app.ui.review.agreement_view import Result
from gui_app.ui.review.review_panel import ReviewPanel
from gui_app.ui.review.second_opinion import SecondOpinion


def agreement(reader: JobReader, field: OutputField, gold_column: int) -> Result:
    """How far a field's answers agree with a column of correct ones. Streams over the answered rows."""
    correct = CorrectAnswers(field)
    pairs = ((row_id, given, correct.read(cell)) for row_id, given, cell in reader.pairs(field.name, gold_column))
    return compare(field, pairs)


def second_opinion(reader: JobReader, field: OutputField, row_ids: Sequence[int], boundary: int) -> Result:
    """How far the answers to rows that were asked twice agree. The second stands where the correct one would."""
    name = field.name
    pairs = compare_runs(reader, row_ids, boundary)
    return compare(field, ((pair.row_id, pair.first.values.get(name), pair.second.values.get(name)) for pair in pairs))


def compare(field: OutputField, pairs: Iterable[tuple[int, FieldValue, FieldValue]]) -> Result:
    """Two answers a row, compared as the field's kind wants it."""
    if field.kind is FieldKind.NUMBER:
        return compare_numbers((row_id, _as_number(given), _as_number(right)) for row_id, given, right in pairs)
    if field.kind is FieldKind.LABELS:
        return compare_sets(
            (
                (row_id, given if isinstance(given, tuple) else None, right if isinstance(right, tuple) else None)
                for row_id, given, right in pairs
            ),
            field.labels,
        )
    return compare_labels(((row_id, as_label(given), as_label(right)) for row_id, given, right in pairs), field.labels)


def _as_number(value: FieldValue) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


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
        self._asked_twice: Request | None = None
        self.second = SecondOpinion(link, self)
        self.second.changed.connect(self.refresh)
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
                lambda reader: (reader.label_counts(name), has_confidence(reader)),
                lambda found: self._show_counts(name, *found),
                self._failed,
            )
        at = self.gold_position()
        if at is None:
            self._panel.set_agreement(None)
        elif self._agreement is None:
            self._agreement = self._link.lists.ask(
                lambda reader: agreement(reader, field, at), self._show_agreement, self._failed
            )

        self._refresh_second(field)

    def _refresh_second(self, field: OutputField) -> None:
        note = self.second.note
        if note is None or self.second.is_open():
            self._panel.second.show_result(None)
        elif self._asked_twice is None:
            rows, boundary = note["rows"], int(note["boundary"])
            self._asked_twice = self._link.lists.ask(
                lambda reader: second_opinion(reader, field, rows, boundary), self._show_second, self._failed
            )

    def gold_position(self) -> int | None:
        """Where the column of correct answers stands; None when none is chosen."""
        columns = list(self._columns)
        return columns.index(self._gold) if self._gold is not None and self._gold in columns else None

    def gold_name(self) -> str | None:
        """The column of correct answers; None when none is chosen."""
        return None if self.gold_position() is None else self._gold

    def close(self) -> None:
        """Ask nothing more."""
        for request in (self._counts, self._agreement, self._asked_twice):
            if request is not None:
                request.cancel()

    def _show_counts(self, name: str, counts: list[tuple[FieldValue, int]], sure: bool) -> None:
        self._counts = None
        self._panel.set_has_confidence(sure)
        self._panel.set_label_counts(name, counts)
        if name != self._panel.field_name():
            self.refresh()

    def _show_agreement(self, result: Result) -> None:
        self._agreement = None
        self._panel.set_agreement(result if self._gold is not None else None)

    def _show_second(self, result: Result) -> None:
        self._asked_twice = None
        self._panel.second.show_result(result)

    def _failed(self, error: BaseException) -> None:
        self._counts = self._agreement = self._asked_twice = None
        self._link.failed.emit(error)

    def _gold_chosen(self, name: str | None) -> None:
        self._gold = name
        self._link.set_note("gold", name)
        if self._agreement is not None:
            self._agreement.cancel()
            self._agreement = None
        self.refresh()
