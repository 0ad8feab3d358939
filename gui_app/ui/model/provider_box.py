"""The provider: chosen from the list, with those marked that run on this computer just now."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from gui_app.i18n import _
from gui_app.providers import catalog
from gui_app.ui.pieces.forms import calm_wheel, fill


def provider_title(name: str) -> str:
    """A provider's name as shown. Most are the same in all languages; two are catalogue entries."""
    return _(catalog.entry(name).title)


class ProviderBox(QComboBox):
    """All providers of the catalogue; the data of an item is its name there.

    Signals:
        opened: The list is about to be shown: the moment to look which local servers run.
    """

    opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("providerBox")
        # Narrower than its longest item, so that long names do not widen the panel.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setMaxVisibleItems(16)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._running: Collection[str] = ()
        calm_wheel(self)

    def retranslate(self) -> None:
        """Set every text; what was chosen stays."""
        fill(self, [(self._text(name), name) for name in catalog.names()])

    def set_running(self, names: Collection[str]) -> None:
        """Mark those that run on this computer. An open list stays open."""
        self._running = names
        for index in range(self.count()):
            self.setItemText(index, self._text(str(self.itemData(index))))

    def showPopup(self) -> None:
        """Qt's hook."""
        self.opened.emit()
        super().showPopup()

    def _text(self, name: str) -> str:
        title = provider_title(name)
        return _("{provider} (running here)").format(provider=title) if name in self._running else title
