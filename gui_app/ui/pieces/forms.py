"""The pieces that forms are built from: a captioned control, a fold, a column that scrolls."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QBoxLayout,
    QComboBox,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from gui_app.sentences import plain
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import GAP_M, GAP_S, GAP_XS, set_role
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import hbox, name_field_of, text_label, vbox


class Captioned(QWidget):
    """A caption above a control, and a line below it that says more or what is wrong.

    The caption is the control's accessible name, the line below its description.
    """

    def __init__(self, control: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self.caption = text_label("heading", wrap=True)
        self.caption.setBuddy(control)
        self.note = text_label("hint", wrap=True)
        self.note.hide()
        column = vbox(self, gap=GAP_XS)
        for part in (self.caption, control, self.note):
            column.addWidget(part)

    def say(self, caption: str, note: str = "", description: str = "") -> None:
        """Set the caption, the hint under the control, and what a screen reader adds."""
        self.caption.setText(caption)
        self.control.setAccessibleName(caption)
        self._description = description
        self.tell(note)

    def put_beside(self, widget: QWidget) -> None:
        """Lay something small beside the control, on its line."""
        column = self.layout()
        assert isinstance(column, QBoxLayout)
        at = column.indexOf(self.control)
        column.removeWidget(self.control)
        line = hbox(None, gap=GAP_XS)
        line.addWidget(self.control, 1)
        line.addWidget(widget)
        column.insertLayout(at, line)

    def tell(self, note: str, role: str = "hint") -> None:
        """Change the line under the control; "" hides it."""
        tell(self.note, note, role)
        description = note or getattr(self, "_description", "")
        self.control.setAccessibleDescription(description)
        name_field_of(self.control, self.caption.text(), description)


def tell(label: QLabel, text: str, role: str = "hint") -> None:
    """Show a sentence in a label, or hide the label when there is none."""
    if label.property("role") != role:
        set_role(label, role)
    if label.text() != text:
        label.setText(text)
    label.setVisible(bool(text))


class Fold(QWidget):
    """A heading that opens and closes what is under it."""

    def __init__(self, content: QWidget, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = content
        self.button = named(QToolButton(), name)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_role(self.button, "link")
        self.button.toggled.connect(self._show)
        column = vbox(self, gap=GAP_S)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(content)
        self._show(False)

    def say(self, text: str, description: str = "") -> None:
        """Set the heading."""
        self.button.setText(button_text(text))
        self.button.setAccessibleName(text)
        self.button.setAccessibleDescription(description)

    def open(self, shown: bool = True) -> None:
        """Open or close it."""
        self.button.setChecked(shown)

    def is_open(self) -> bool:
        """Whether the content is shown."""
        return self.button.isChecked()

    def _show(self, shown: bool) -> None:
        self.content.setVisible(shown)
        set_icon(self.button, "chevron-down" if shown else "chevron-right")


class SideBySide(QWidget):
    """Two controls in one line where there is room for both, else one above the other."""

    def __init__(self, first: QWidget, second: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = (first, second)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(GAP_M)
        for part in self._parts:
            self._line.addWidget(part, 1, Qt.AlignmentFlag.AlignTop)

    def minimumSizeHint(self) -> QSize:
        """Qt's hook: it can be as narrow as the wider of the two."""
        hint = super().minimumSizeHint()
        return QSize(max(part.minimumSizeHint().width() for part in self._parts), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook."""
        super().resizeEvent(event)
        needed = 2 * max(part.minimumSizeHint().width() for part in self._parts) + GAP_M
        fits = event.size().width() >= needed
        wanted = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if self._line.direction() != wanted:
            self._line.setDirection(wanted)


class _WheelPasser(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def calm_wheel(*widgets: QWidget) -> None:
    """Keep the pointer wheel from changing these boxes while they have no focus."""
    for widget in widgets:
        if isinstance(widget, (QComboBox, QAbstractSpinBox)) and widget.findChild(_WheelPasser) is None:
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.installEventFilter(_WheelPasser(widget))


def button_text(text: str) -> str:
    """Text for a button or menu, where Qt takes a single & for a shortcut."""
    return text.replace("&", "&&")


def readable(text: str) -> str:
    """Text for a reading pane: line ends stay, control and direction characters become visible."""
    return "\n".join(plain(line, len(line) + 1) for line in text.splitlines())


def fill(box: QComboBox, items: Iterable[tuple[str, object]]) -> None:
    """Put texts and their data into a box again, keeping what was chosen; nothing is announced."""
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    for text, data in items:
        box.addItem(text, data)
    index = box.findData(chosen)
    box.setCurrentIndex(index if index >= 0 else (0 if box.count() else -1))
    box.blockSignals(False)


def choose(box: QComboBox, data: object) -> bool:
    """Choose the item with this data. Returns False, and changes nothing, when there is none."""
    for index in range(box.count()):
        if box.itemData(index) == data:
            box.setCurrentIndex(index)
            return True
    return False


def shrinking_box(*, name: str) -> QComboBox:
    """A box that gets narrower than its longest item, so that long names do not widen the panel."""
    out = named(QComboBox(), name)
    out.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    out.setMinimumContentsLength(8)
    out.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return out
