"""Icons of one family (Lucide), drawn in the colours in use."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QToolButton

from gui_app.paths import resource
from gui_app.ui.look.palette import colours
from gui_app.ui.look.sizes import scaled

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

_GAP = 4
MOST_GROWN = 1.3
"""Beside letters of twice the size icons look right a little smaller."""


def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """One icon in one colour, `size` in device-independent pixels."""
    return _tinted(name, colour, size, round(ratio * 100))


@lru_cache(maxsize=512)
def _tinted(name: str, colour: str, size: int, ratio_percent: int) -> QPixmap:
    shape = drawing(name, size, ratio_percent)
    ground, out = QPixmap(shape.size()), QPixmap(shape.size())
    ground.fill(QColor(colour))
    out.fill(QColor(0, 0, 0, 0))
    painter = QPainter(out)
    painter.drawPixmap(out.rect(), shape)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.drawPixmap(0, 0, ground)
    painter.end()
    out.setDevicePixelRatio(shape.devicePixelRatio())
    return out


@lru_cache(maxsize=256)
def drawing(name: str, size: int, ratio_percent: int = 100) -> QPixmap:
    """A drawing in its own colours; an icon of the family is black."""
    ratio = ratio_percent / 100
    out = QPixmap(round(size * ratio), round(size * ratio))
    out.fill(QColor(0, 0, 0, 0))
    painter = QPainter(out)
    _renderer(name).render(painter, QRectF(out.rect()))
    painter.end()
    out.setDevicePixelRatio(ratio)
    return out


@lru_cache(maxsize=128)
def _renderer(name: str) -> QSvgRenderer:
    # Read once for all colours and sizes: reading costs more than drawing.
    return QSvgRenderer(f"{_folder()}/{name}.svg")


@lru_cache(maxsize=1)
def _folder() -> str:
    return str(resource("icons"))


@lru_cache(maxsize=256)
def _icon(name: str, colour: str, disabled: str, checked: str, gap: int, sizes: tuple[int, ...]) -> QIcon:
    out = QIcon()
    for size in sizes:
        room = round(gap * size / 16)
        out.addPixmap(_with_room(pixmap(name, colour, size), room), QIcon.Mode.Normal, QIcon.State.Off)
        if checked != colour:
            out.addPixmap(_with_room(pixmap(name, checked, size), room), QIcon.Mode.Normal, QIcon.State.On)
        out.addPixmap(_with_room(pixmap(name, disabled, size), room), QIcon.Mode.Disabled)
    return out


def _sizes() -> tuple[int, ...]:
    # Every size is drawn in three colours for every icon, so only those that the screens can show; Qt scales down well.
    finest = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0) * scaled(16) / 16
    return (16,) if finest <= 1 else (16, 32) if finest <= 2 else (16, 32, 64)


def _with_room(drawing: QPixmap, room: int) -> QPixmap:
    if not room:
        return drawing
    out = QPixmap(drawing.width() + room, drawing.height())
    out.fill(QColor(0, 0, 0, 0))
    painter = QPainter(out)
    painter.drawPixmap(0, 0, drawing)
    painter.end()
    return out


def icon(name: str, tone: str = "muted", *, gap: int = 0) -> QIcon:
    """An icon in the colours in use.

    Args:
        tone: Names one of `Colours`: "muted", "text", "accent", "on_accent", "error" ...
        gap: Empty room at the right of a 16-pixel icon, for buttons that would put their text too near.
    """
    c = colours()
    # On the primary button's ground the greyed form is drawn by the button itself.
    checked = getattr(c, tone if tone != "muted" else "accent")
    return _icon(name, getattr(c, tone), c.disabled, checked, gap, _sizes())


def set_icon(target: QAbstractButton | QAction, name: str, tone: str = "muted") -> None:
    """Give a button or action an icon that follows the theme when it is switched."""
    target.setProperty("iconName", name)
    target.setProperty("iconTone", tone)
    _put(target)


def _put(target: QAbstractButton | QAction) -> None:
    name, tone = str(target.property("iconName")), str(target.property("iconTone") or "muted")
    beside = isinstance(target, QPushButton) or (isinstance(target, QToolButton) and _text_is_beside(target))
    target.setIcon(icon(name, tone, gap=_GAP if beside else 0))
    side = scaled(16, MOST_GROWN)
    if isinstance(target, QAbstractButton) and (beside or side != target.iconSize().height()):
        target.setIconSize(QSize(side + side * _GAP // 16 if beside else side, side))


def _text_is_beside(button: QToolButton) -> bool:
    from PySide6.QtCore import Qt  # See `before_paint`.

    return button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon


def refresh_icons() -> None:
    """Draw every icon given by `set_icon` and every `IconLabel` again, after the colours changed."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QAction

    targets: list[QAbstractButton | QAction] = []
    for widget in QApplication.allWidgets():
        targets += widget.findChildren(QAction, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if isinstance(widget, QAbstractButton):
            targets.append(widget)
        elif isinstance(widget, IconLabel):
            widget.draw()
    for target in targets:
        if target.property("iconName"):
            _put(target)


class IconLabel(QLabel):
    """An icon by itself, in the colours in use; it says nothing to a screen reader."""

    def __init__(self, name: str, tone: str = "muted", size: int = 18) -> None:
        super().__init__()
        self._drawing, self._tone, self._size = name, tone, size
        self.draw()

    def set_drawing(self, name: str, tone: str = "muted") -> None:
        """Show another icon."""
        self._drawing, self._tone = name, tone
        self.draw()

    def draw(self) -> None:
        """Draw it, in the colours in use now."""
        colour = getattr(colours(), self._tone)
        self.setPixmap(pixmap(self._drawing, colour, scaled(self._size, MOST_GROWN), self.devicePixelRatioF()))
