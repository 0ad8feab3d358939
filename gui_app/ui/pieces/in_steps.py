"""A panel whose parts can be made ahead, a few milliseconds at a time, before anybody needs it."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from gui_app.ui.pieces.panel import Panel


class MadeInSteps(Panel):
    """The parts come from `_make`, which takes a breath wherever some milliseconds have gone by.

    Whoever makes the panel calls `make_more` until nothing is left, or `make_at_once`.
    """

    is_made = False

    def __init__(self, parent: QWidget | None = None, *, role: str = "") -> None:
        super().__init__(parent, role=role)
        self._making = self._make()

    def make_more(self) -> bool:
        """Make some of what is left. False: it is whole."""
        if not self.is_made and next(self._making, self) is self:
            self.is_made = True
            self.retranslate()
        return not self.is_made

    def make_at_once(self) -> None:
        """Make all that is left."""
        while self.make_more():
            pass

    def _make(self) -> Iterator[None]:
        """Make all there is."""
        raise NotImplementedError

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook: what is not whole yet gets its words when it is."""
        if self.is_made:
            super().changeEvent(event)
