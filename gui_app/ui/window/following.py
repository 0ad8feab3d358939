"""A switch of the language, or other letters: told to the panels that were made too early to hear of it themselves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer

from gui_app.ui.pieces.panel import FirstPanel, Panel
from gui_app.ui.pieces.search_edit import SearchEdit


class Following(QObject):
    """Watches such a panel for itself and all those inside it, from the moment on when it is whole."""

    def __init__(self, whole: FirstPanel) -> None:
        super().__init__(whole)
        self._whole = whole
        self._letters = whole.font().pointSizeF()
        whole.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's hook."""
        kind = event.type()
        if kind == QEvent.Type.LanguageChange:
            for panel in self._panels():
                panel.retranslate()
            for search in self._whole.findChildren(SearchEdit):
                search.retranslate()
        elif kind == QEvent.Type.FontChange and self._whole.font().pointSizeF() != self._letters:
            self._letters = self._whole.font().pointSizeF()
            # Later, when those inside have their new letters too.
            QTimer.singleShot(0, self, self._refit)
        return False

    def _refit(self) -> None:
        for panel in self._panels():
            panel.refit()

    def _panels(self) -> list[FirstPanel]:
        inside = [panel for panel in self._whole.findChildren(FirstPanel) if not isinstance(panel, Panel)]
        return [self._whole, *inside]
