"""What each label means: one line a label, kept while the list of labels is edited."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from gui_app.i18n import _
from gui_app.sentences import plain
from gui_app.ui.look.theme import GAP_S, GAP_XS
from gui_app.ui.pieces.panel import Panel, describe, text_label

MOST = 40
"""A longer list gets its meanings in the prompt."""


class LabelMeanings(Panel):
    """A line for each label. A meaning stays with its label when others are added, removed or moved.

    Signals:
        changed: A meaning was typed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._texts: dict[str, str] = {}
        self._lines: list[tuple[QLabel, QLineEdit]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP_S)
        self._grid.setVerticalSpacing(GAP_XS)
        self._grid.setColumnStretch(1, 1)

    def set_labels(self, labels: Sequence[str], meanings: Sequence[str] | None = None) -> None:
        """The labels to describe, and what is known of them already (None: what was typed before)."""
        if meanings is not None:
            self._texts = dict(zip(labels, meanings, strict=False))
        elif tuple(labels) == self._labels:
            return
        self._labels = tuple(labels)
        while len(self._lines) < min(len(labels), MOST):
            self._add_line()
        for index, (name, edit) in enumerate(self._lines):
            shown = index < len(labels)
            name.setVisible(shown)
            edit.setVisible(shown)
            if shown:
                label = labels[index]
                name.setText(plain(label, 24))
                edit.blockSignals(True)
                edit.setText(self._texts.get(label, ""))
                edit.blockSignals(False)
        self.retranslate()

    def meanings(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The meanings beside these labels; () when none is given."""
        out = tuple(self._texts.get(label, "").strip() for label in labels)
        return out if any(out) else ()

    def retranslate(self) -> None:
        """Set every text."""
        for (_name, edit), label in zip(self._lines, self._labels, strict=False):
            describe(edit, _("Meaning of {label}").format(label=plain(label, 60)))
            edit.setPlaceholderText(_("Meaning (optional)"))

    def _add_line(self) -> None:
        name, edit = text_label(), QLineEdit()
        edit.setObjectName("labelMeaningEdit")
        edit.setMaxLength(500)
        number = len(self._lines)
        edit.textChanged.connect(lambda text: self._typed(number, text))
        self._grid.addWidget(name, number, 0)
        self._grid.addWidget(edit, number, 1)
        self._lines.append((name, edit))

    def _typed(self, number: int, text: str) -> None:
        if number < len(self._labels):
            self._texts[self._labels[number]] = text
            self.changed.emit()
