"""What the settings say about Rowmill itself: its version, and the works of others in it with their licences."""

from __future__ import annotations

import asyncio
import platform

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtWidgets import QApplication, QLabel, QListWidget, QPlainTextEdit, QWidget

from gui_app import __version__, licences
from gui_app.i18n import _
from gui_app.licences import Component
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, GAP_XS, set_role
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox
from gui_app.ui.pieces.tasks import Tasks

_ICON = 48
_LIST_HEIGHT = 70
_TEXT_HEIGHT = 70


class AboutPage(Panel):
    """The licence texts are read when the page is first seen, not when the window opens."""

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._components: list[Component] = []
        self._name, self._words = text_label("subtitle"), text_label(wrap=True)
        self._words.setObjectName("aboutText")
        self._words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._caption = text_label("heading", wrap=True)
        self._hint = text_label("hint", wrap=True)
        self.list = named(QListWidget(), "componentList")
        self.list.setMinimumHeight(_LIST_HEIGHT)
        self.list.setUniformItemSizes(True)
        set_role(self.list, "boxed")
        self.list.setStyleSheet("QListWidget::item { padding: 2px 6px; } QListWidget { padding: 3px 0; }")
        self.text = named(QPlainTextEdit(), "licenceText")
        self.text.setReadOnly(True)
        self.text.setMinimumHeight(_TEXT_HEIGHT)
        self._arrange()
        self.list.currentRowChanged.connect(self._chosen)
        self.retranslate()

    def look(self) -> None:
        """Read the licences, once."""
        if not self._components:
            self._tasks.start("read the licences", self._read())

    def retranslate(self) -> None:
        """Set every text."""
        self._name.setText("Rowmill")
        version = _("Version {version}, with Qt {qt} and Python {python}").format(
            version=__version__, qt=qVersion(), python=platform.python_version()
        )
        licence = _("Rowmill is free software under the MIT licence. You may use it, change it and pass it on.")
        self._words.setText(f"{version}\n{licence}")
        self._caption.setText(_("Works of others that Rowmill builds on"))
        self._hint.setText(_("Choose a name to read its licence.") if self._components else _("Looking…"))
        describe(self._words, _("About Rowmill"))
        describe(self.list, _("Works of others in Rowmill"))
        describe(self.text, _("Text of the licence"))

    def _arrange(self) -> None:
        drawing = QLabel()
        drawing.setPixmap(QApplication.windowIcon().pixmap(QSize(_ICON, _ICON), self.devicePixelRatioF()))
        drawing.setFixedSize(_ICON, _ICON)
        words = vbox(None, gap=GAP_XS)
        words.addWidget(self._name)
        words.addWidget(self._words)
        head = hbox(None, gap=GAP_M)
        head.addWidget(drawing, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        column = vbox(self, (0, GAP_L, 0, GAP_M), GAP_S)
        column.addLayout(head)
        column.addSpacing(GAP_S)
        column.addWidget(self._caption)
        column.addWidget(self._hint)
        column.addWidget(self.list, 1)
        column.addWidget(self.text, 1)

    async def _read(self) -> None:
        self._components = await asyncio.to_thread(licences.components)
        self.list.addItems([_line(component) for component in self._components])
        self.list.setCurrentRow(0)
        self.retranslate()

    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self._components):
            self.text.setPlainText(self._components[row].text)


def _line(component: Component) -> str:
    return f"{component.name} {component.version}".strip() + f"  ({component.licence})"
