"""The finished prompt of one row, as the model will get it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QToolButton, QWidget

from gui_app.i18n import _, number
from gui_app.recipes.template import Template
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import GAP_S, GAP_XS, set_role
from gui_app.ui.pieces.forms import readable, tell
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label, vbox

SHOWN_CHARACTERS = 20_000
"""More would make every key typed in the prompt slow."""


class PromptPreview(Panel):
    """Shows one row's prompt, with a way to the rows above and below.

    Signals:
        stepped: -1 or +1.
    """

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row_id: int | None = None
        self._length = 0
        self._blank = False
        self._heading = text_label("heading")
        self._which = text_label("hint")
        self._previous, self._next = QToolButton(), QToolButton()
        self._previous.setObjectName("previousRowButton")
        self._next.setObjectName("nextRowButton")
        for button, drawing, step in ((self._previous, "chevron-left", -1), (self._next, "chevron-right", 1)):
            set_role(button, "icon")
            set_icon(button, drawing)
            button.clicked.connect(lambda _checked=False, step=step: self.stepped.emit(step))
        self.text = named(QPlainTextEdit(), "promptPreview")
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(64)
        self._note = text_label("hint", wrap=True)
        self._note.hide()
        line = hbox(None, gap=GAP_XS)
        line.addWidget(self._heading)
        line.addWidget(self._which)
        line.addStretch(1)
        line.addWidget(self._previous)
        line.addWidget(self._next)
        column = vbox(self, gap=GAP_S // 2)
        column.addLayout(line)
        column.addWidget(self.text, 1)
        column.addWidget(self._note)
        self.retranslate()

    def show_row(self, template: Template, row_id: int | None, cells: Sequence[str]) -> None:
        """Show the prompt of this row. None: there is no row yet."""
        self._row_id = row_id
        fits = row_id is not None and len(cells) == len(template.columns)
        prompt = template.render(cells) if fits else ""
        self._blank = fits and Template.is_blank(prompt) and not Template.is_blank(template.text)
        self._length = len(prompt)
        shown = readable(prompt[:SHOWN_CHARACTERS])
        if shown != self.text.toPlainText():
            bar = self.text.verticalScrollBar()
            at = bar.value()
            self.text.setPlainText(shown)
            bar.setValue(at)
        self._say()

    def retranslate(self) -> None:
        """Set every text."""
        self._heading.setText(_("Preview"))
        for button, name in ((self._previous, _("Previous row")), (self._next, _("Next row"))):
            describe(button, name)
            button.setToolTip(plain_tip(name))
        describe(self.text, _("Finished prompt"), _("What the model gets for this row. To change it, edit the prompt."))
        self.text.setPlaceholderText(_("The finished prompt for a row appears here."))
        self._say()

    def _say(self) -> None:
        row = self._row_id
        self._which.setText("" if row is None else _("of row {row}").format(row=number(row)))
        self._previous.setEnabled(row is not None)
        self._next.setEnabled(row is not None)
        if self._blank:
            tell(self._note, _("This row's prompt is blank, so it will not be sent."), "warning")
        elif self._length > SHOWN_CHARACTERS:
            tell(
                self._note,
                _("The beginning of {count} characters. The model gets all of them.").format(
                    count=number(self._length)
                ),
            )
        else:
            tell(self._note, "")
