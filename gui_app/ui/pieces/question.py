"""A question with a few answers, asked without holding up the window."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QPushButton, QWidget

from gui_app.ui.look.icons import IconLabel
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, GAP_XL
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import describe, hbox, text_label, vbox


@dataclass(frozen=True)
class Choice:
    """One answer. The first choice of a question is the one that Enter takes."""

    key: str
    text: str
    role: str = ""


class Question(QDialog):
    """Opened with `open()`; `answer` is the key of the choice, "" while there is none and when it was closed."""

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        text: str,
        choices: Sequence[Choice],
        *,
        drawing: str = "circle-question-mark",
        tone: str = "accent",
    ) -> None:
        super().__init__(parent)
        self.setObjectName("question")
        self.setWindowTitle(title)
        self.answer = ""
        head, body = text_label("subtitle", wrap=True), text_label(wrap=True)
        head.setText(title)
        body.setText(text)
        body.setMinimumWidth(380)
        body.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = vbox(None, gap=GAP_S)
        words.addWidget(head)
        words.addWidget(body)
        line = hbox(None, gap=GAP_L)
        line.addWidget(IconLabel(drawing, tone, 28), 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        self.buttons = {choice.key: self._button(choice, default=at == 0) for at, choice in enumerate(choices)}
        buttons = hbox(None, gap=GAP_S)
        buttons.addStretch(1)
        # The choice that Enter takes stands last, at the right, where it is looked for.
        for button in reversed(self.buttons.values()):
            buttons.addWidget(button)
        column = vbox(self, (GAP_XL, GAP_XL, GAP_XL, GAP_L), GAP_L)
        column.addLayout(line)
        column.addSpacing(GAP_M)
        column.addLayout(buttons)
        describe(self, title, text)
        next(iter(self.buttons.values())).setFocus()

    def _button(self, choice: Choice, *, default: bool) -> QPushButton:
        out = named(QPushButton(choice.text), f"answer_{choice.key}", choice.role)
        out.setAutoDefault(False)
        out.setDefault(default)
        out.clicked.connect(lambda: self._take(choice.key))
        return out

    def _take(self, key: str) -> None:
        self.answer = key
        self.accept()


async def ask(question: Question) -> str:
    """Open the question and wait for its answer; "" when it was closed without one."""
    closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def finish() -> None:
        if not closed.done():
            closed.set_result(question.answer)

    question.finished.connect(finish)
    question.open()
    try:
        return await closed
    finally:
        question.close()
        question.deleteLater()
