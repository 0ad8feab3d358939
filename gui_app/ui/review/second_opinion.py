"""A second opinion on a sample of the answers: by another model, or by the same one once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from gui_app.i18n import _, ngettext, number
from gui_app.store.edits import Change, JobEditor
from gui_app.ui.feed.bridge import JobLink
from gui_app.ui.look.theme import GAP_S
from gui_app.ui.pieces.forms import Captioned, calm_wheel
from gui_app.ui.pieces.named import named, named_button
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox
from gui_app.ui.review.agreement_view import AgreementView, Result

SIZES = (20, 50, 100, 200)
NOTE = "second"
"""The note in the job file: `rows` asked twice, `boundary` (the last attempt of the first answers), `run` (the run
before) and `open`: whether the first answers have yet to be put back."""


class SecondOpinionPart(Panel):
    """The part of the review that asks for it and shows where the answers differ.

    Signals:
        asked: How many rows.
    """

    asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("secondOpinion")
        self._heading, self._hint = text_label("heading", wrap=True), text_label("hint", wrap=True)
        self.size_box = named(QComboBox(), "secondSizeBox")
        for size in SIZES:
            self.size_box.addItem(number(size), size)
        self._size_part = Captioned(self.size_box, self)
        self.ask_button = named_button(QPushButton(), "askTwiceButton", "", "scale")
        self.view = AgreementView(self, second=True)
        line = hbox(None, gap=GAP_S)
        line.addWidget(self.size_box)
        line.addWidget(self.ask_button)
        line.addStretch(1)
        column = vbox(self, gap=GAP_S)
        column.addWidget(self._heading)
        column.addWidget(self._hint)
        column.addLayout(line)
        column.addWidget(self.view)
        calm_wheel(self.size_box)
        self.ask_button.clicked.connect(lambda: self.asked.emit(int(self.size_box.currentData())))
        self.retranslate()

    def show_result(self, result: Result | None) -> None:
        """The two answers compared; None while there are none."""
        self.view.show_result(result)

    def retranslate(self) -> None:
        """Set every text."""
        self._heading.setText(_("Second opinion"))
        self._hint.setText(
            _(
                "Asks once more about a random sample of the answered rows and shows where the two answers differ. "
                "Choose another model in the Model tab first, or see how steady this one is. "
                "The answers in the table stay as they are."
            )
        )
        for at, size in enumerate(SIZES):
            self.size_box.setItemText(at, ngettext("{n} row", "{n} rows", size).format(n=number(size)))
        describe(self.size_box, _("How many rows are asked again"))
        self.ask_button.setText(_("Ask again"))
        describe(self.ask_button, _("Ask for a second opinion"), self._hint.text())


class SecondOpinion(QObject):
    """Remembers in the job file what was asked twice, and puts the first answers back when the second run has ended.

    The second answers stay on record beside the first ones; only what the table shows goes back. That is done however
    the run ended, also when Rowmill itself ended in between: then when the job is opened again.

    Signals:
        changed: There is something new to compare.
    """

    changed = Signal()

    def __init__(self, link: JobLink, parent: QObject) -> None:
        super().__init__(parent)
        self._link = link
        self.note: Mapping[str, Any] | None = None
        self._settling = False

    def set_note(self, note: object) -> None:
        """What the job file remembers of it."""
        usable = isinstance(note, dict) and isinstance(note.get("rows"), list) and isinstance(note.get("boundary"), int)
        self.note = note if usable else None  # type: ignore[assignment]

    def begin(self, rows: list[int], boundary: int, run: Mapping[str, Any] | None) -> dict[str, Any]:
        """A second run begins; returns the note that must be in the file before anything is sent."""
        note = {"rows": rows, "boundary": boundary, "run": None if run is None else dict(run), "open": True}
        self.note = note
        return note

    def settle(self) -> None:
        """The job does not move: put the first answers back, if that is still to be done."""
        note = self.note
        if note is None or not note.get("open") or self._settling:
            return
        self._settling = True
        closed = {**note, "open": False}

        def bring(editor: JobEditor) -> Change:
            if note.get("run"):
                editor.use_version(None, note["run"])
            change = editor.bring_back(note["rows"], upto=int(note["boundary"]))
            editor.set_note(NOTE, closed)
            return change

        def brought(_change: Change) -> None:
            self._settling = False
            self.note = closed
            self.changed.emit()

        self._link.edit(bring, brought)

    def is_open(self) -> bool:
        """The second answers are on their way, or the first ones not back yet."""
        return self.note is not None and bool(self.note.get("open"))
