"""Icons of one family (Lucide), drawn in the colours in use."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QToolButton

from gui_app.jobs import JobState, RowState
from gui_app.paths import resource
from gui_app.ui.look.palette import Colours, colours, state_colour

STATE_ICONS = {
    RowState.WAITING: "clock",
    RowState.RUNNING: "loader-circle",
    RowState.DONE: "circle-check",
    RowState.NEEDS_REVIEW: "eye",
    RowState.FAILED: "circle-x",
}
JOB_STATE_ICONS = {
    JobState.DRAFT: "circle",
    JobState.RUNNING: "circle-play",
    JobState.PAUSING: "hourglass",
    JobState.PAUSED: "circle-pause",
    JobState.OFFLINE: "wifi-off",
    JobState.SUBMITTED: "moon",
    JobState.STOPPED: "circle-alert",
    JobState.FINISHED: "circle-check",
}
_GAP = 4


def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """One icon in one colour, `size` in device-independent pixels."""
    return _pixmap(name, colour, size, round(ratio * 100))


@lru_cache(maxsize=512)
def _pixmap(name: str, colour: str, size: int, ratio_percent: int) -> QPixmap:
    ratio = ratio_percent / 100
    out = QPixmap(round(size * ratio), round(size * ratio))
    out.fill(Qt.GlobalColor.transparent)
    painter = QPainter(out)
    _renderer(name, colour).render(painter, QRectF(out.rect()))
    painter.end()
    out.setDevicePixelRatio(ratio)
    return out


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = resource("icons", f"{name}.svg").read_bytes()
    return QSvgRenderer(QByteArray(drawing.replace(b"currentColor", colour.encode("ascii"))))


@lru_cache(maxsize=256)
def _icon(name: str, colour: str, disabled: str, checked: str, gap: int) -> QIcon:
    out = QIcon()
    for size in _sizes():
        room = round(gap * size / 16)
        out.addPixmap(_with_room(pixmap(name, colour, size), room), QIcon.Mode.Normal, QIcon.State.Off)
        out.addPixmap(_with_room(pixmap(name, checked, size), room), QIcon.Mode.Normal, QIcon.State.On)
        out.addPixmap(_with_room(pixmap(name, disabled, size), room), QIcon.Mode.Disabled)
    return out


def _sizes() -> tuple[int, ...]:
    # Every size is drawn in three colours for every icon, so only those that the screens can show; Qt scales down well.
    finest = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    return (16, 32) if finest <= 2 else (16, 32, 64)


def _with_room(drawing: QPixmap, room: int) -> QPixmap:
    if not room:
        return drawing
    out = QPixmap(drawing.width() + room, drawing.height())
    out.fill(Qt.GlobalColor.transparent)
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
    return _icon(name, getattr(c, tone), c.disabled, checked, gap)


def set_icon(target: QAbstractButton | QAction, name: str, tone: str = "muted") -> None:
    """Give a button or action an icon that follows the theme when it is switched."""
    target.setProperty("iconName", name)
    target.setProperty("iconTone", tone)
    _put(target)


def _put(target: QAbstractButton | QAction) -> None:
    name, tone = str(target.property("iconName")), str(target.property("iconTone") or "muted")
    beside = isinstance(target, QPushButton) or (
        isinstance(target, QToolButton) and target.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    )
    target.setIcon(icon(name, tone, gap=_GAP if beside else 0))
    if beside and isinstance(target, QAbstractButton):
        target.setIconSize(QSize(16 + _GAP, 16))


def refresh_icons() -> None:
    """Draw every icon given by `set_icon` again, after the colours changed."""
    targets: list[QAbstractButton | QAction] = []
    for widget in QApplication.allWidgets():
        targets += widget.findChildren(QAction, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if isinstance(widget, QAbstractButton):
            targets.append(widget)
    for target in targets:
        if target.property("iconName"):
            _put(target)


def state_pixmap(state: RowState, c: Colours, size: int, ratio: float) -> QPixmap:
    """The icon of a row's state, in its colour."""
    return pixmap(STATE_ICONS[state], state_colour(c, state), size, ratio)


class IconLabel(QLabel):
    """An icon by itself, in the colours in use; it says nothing to a screen reader."""

    def __init__(self, name: str, tone: str = "muted", size: int = 18) -> None:
        super().__init__()
        self._drawing, self._tone, self._size = name, tone, size
        self._draw()

    def set_drawing(self, name: str, tone: str = "muted") -> None:
        """Show another icon."""
        self._drawing, self._tone = name, tone
        self._draw()

    def _draw(self) -> None:
        colour = getattr(colours(), self._tone)
        self.setPixmap(pixmap(self._drawing, colour, self._size, self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)
