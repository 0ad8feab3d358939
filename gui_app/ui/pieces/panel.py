"""The frame every part of the window is built on: it puts its words in again when the language changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget

from gui_app.ui.look.before_paint import take_as_plain_text
from gui_app.ui.look.theme import give_role

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QComboBox

L = TypeVar("L", bound=QBoxLayout)


class FirstPanel(QFrame):
    """A frame with a role that is shown before any name of `Qt` is made: the window tells it what has changed."""

    def __init__(self, parent: QWidget | None = None, *, role: str = "") -> None:
        super().__init__(parent)
        if role:
            give_role(self, role)

    def retranslate(self) -> None:
        """Set every visible text, in the language in use."""

    def refit(self) -> None:
        """Set every width and height that hangs on the size of letters. Called when that has changed."""


class Panel(FirstPanel):
    """A frame with a role, whose `retranslate` is called on every switch of the language."""

    # Qt tells of changes before the object is made.
    _letters = 0.0

    def __init__(self, parent: QWidget | None = None, *, role: str = "") -> None:
        super().__init__(parent, role=role)
        self._letters = self.font().pointSizeF()

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook."""
        from PySide6.QtCore import QEvent  # See `before_paint`.

        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.FontChange and self.font().pointSizeF() != self._letters:
            if self._letters:
                # Later, when those inside have their new letters too.
                QTimer.singleShot(0, self, self.refit)
            self._letters = self.font().pointSizeF()


def text_label(role: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """A label that never takes its text for markup."""
    out = QLabel(parent)
    take_as_plain_text(out)
    out.setWordWrap(wrap)
    if role:
        give_role(out, role)
    return out


def plain_tip(text: str) -> str:
    """Text for a tooltip. Qt guesses rich text there, so it is given markup that shows exactly the text."""
    from html import escape

    return f"<p style='white-space: pre-wrap'>{escape(text)}</p>" if text else ""


def describe(widget: QWidget, name: str, description: str = "") -> None:
    """What a screen reader says."""
    widget.setAccessibleName(name)
    if widget.inherits("QComboBox"):
        # Qt takes the chosen text for the name of a box on Linux.
        description = f"{name}. {description}" if description else name
    widget.setAccessibleDescription(description)
    name_field_of(widget, name, description)


def name_field_of(widget: QWidget, name: str, description: str) -> None:
    """The field of a box that can be typed into is one of its own to a screen reader: it has the box's name."""
    field = cast("QComboBox", widget).lineEdit() if widget.inherits("QComboBox") else None
    if field is not None:
        field.setAccessibleName(name)
        field.setAccessibleDescription(description)


def vbox(parent: QWidget | None, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = 0) -> QVBoxLayout:
    """A column with our margins instead of the style's."""
    out = QVBoxLayout() if parent is None else QVBoxLayout(parent)
    return _set(out, margins, gap)


def hbox(parent: QWidget | None, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = 0) -> QHBoxLayout:
    """A line with our margins instead of the style's."""
    out = QHBoxLayout() if parent is None else QHBoxLayout(parent)
    return _set(out, margins, gap)


def _set(layout: L, margins: tuple[int, int, int, int], gap: int) -> L:
    layout.setContentsMargins(*margins)
    layout.setSpacing(gap)
    return layout


def clear(layout: QLayout) -> None:
    """Take every widget out of a layout and delete it."""
    for widget in widgets_of(layout):
        layout.removeWidget(widget)
        widget.hide()
        widget.deleteLater()


def widgets_of(layout: QLayout) -> list[QWidget]:
    """The widgets of a layout in its order; not those of the layouts in it.

    WORKAROUND: never by `itemAt`. PySide (6.8 to 6.11 seen) keeps what it returns for as long as the layout lives, also
    when Qt has deleted it with its widget. The next thing that Qt makes at that address then comes to Python as that
    item, and the process ends. To be removed when an item is no longer listed by `Shiboken.getAllValidWrappers` after
    its widget was deleted.
    """
    parent = layout.parentWidget()
    if parent is None:
        return []
    places = [(layout.indexOf(child), child) for child in parent.children() if isinstance(child, QWidget)]
    return [child for place, child in sorted(places, key=lambda found: found[0]) if place >= 0]
