"""The look: spacing, roles, fonts, and switching between light and dark.

A widget says what it is by its `role` (`give_role`, `set_role`), and `stylesheet` knows what each role looks like.
Where the same role comes in several kinds (a banner that warns, a bar that is done), a `tone` says which.
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from gui_app.ui.look.icons import refresh_icons
from gui_app.ui.look.palette import DARK, LIGHT, Colours, colours, qt_palette
from gui_app.ui.look.sizes import keep_percent
from gui_app.ui.look.stylesheet import stylesheet

__all__ = [
    "GAP_L",
    "GAP_M",
    "GAP_S",
    "GAP_XL",
    "GAP_XS",
    "apply_theme",
    "colours",
    "give_role",
    "scaled_font",
    "set_role",
]

# Device-independent pixels: Qt scales them with the screen.
GAP_XS, GAP_S, GAP_M, GAP_L, GAP_XL = 4, 8, 12, 16, 24

_PROPERTY = "systemFollower"


def give_role(widget: QWidget, role: str) -> None:
    """Say what a widget is that was made just now."""
    widget.setProperty("role", role)


def set_role(widget: QWidget, role: str, tone: str = "") -> None:
    """Say what a widget is; safe to call again when that changes."""
    from PySide6.QtCore import Qt  # See `before_paint`.

    widget.setProperty("role", role)
    widget.setProperty("tone", tone)
    if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        # It is dressed when it is first shown, and most get their role long before.
        return
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def scaled_font(base: QFont, factor: float, *, bold: bool = False) -> QFont:
    """`base` in another size, relative to its own."""
    out = QFont(base)
    if base.pointSizeF() > 0:
        out.setPointSizeF(base.pointSizeF() * factor)
    else:
        out.setPixelSize(max(1, round(base.pixelSize() * factor)))
    if bold:
        out.setWeight(QFont.Weight.Bold)
    return out


def choose_colours(app: QApplication, choice: str) -> None:
    """What `apply_theme` does, without the stylesheet, for the first widgets to be made.

    Under a stylesheet each of them would be dressed again with every part of the window that it is put into.
    """
    (_follower(app) or _SystemFollower(app)).choose(choice)


def apply_theme(app: QApplication, choice: str) -> None:
    """Dress the application; callable at any time, widgets that are open change at once.

    Args:
        choice: "light", "dark" or "system". "system" goes on following the system.
    """
    follower = _follower(app) or _SystemFollower(app)
    follower.choose(choice)
    follower.dress()


def apply_text_size(app: QApplication, percent: int) -> None:
    """Make all letters so many percent of the system's own size. After `choose_colours` or `apply_theme`."""
    follower = _follower(app)
    if follower is not None:
        follower.size(percent)


def look_again(app: QApplication) -> None:
    """Ask the system itself whether it is dark, once that costs nothing any more."""
    follower = _follower(app)
    if follower is not None:
        follower.look_again()


def _follower(app: QApplication) -> _SystemFollower | None:
    # Not a child that is looked for: PySide would wrap the children one by one, the style too, with all its names.
    found = app.property(_PROPERTY)
    return found if isinstance(found, _SystemFollower) else None


class _SystemFollower(QObject):
    """Keeps the choice, and dresses the application again when the system turns dark or light."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._choice = ""
        self._dark: bool | None = None
        self._own_font = app.font()
        self.percent = 100
        app.setProperty(_PROPERTY, self)
        app.styleHints().colorSchemeChanged.connect(self._system_changed)

    def choose(self, choice: str) -> None:
        if choice != self._choice:
            self._choice = choice
            self._colour()

    def _colour(self) -> None:
        self._dark = self._is_dark()
        self._app.setPalette(qt_palette(self._look()))

    def size(self, percent: int) -> None:
        if percent != self.percent:
            self.percent = percent
            keep_percent(self._app, percent)
            self._app.setFont(scaled_font(self._own_font, percent / 100))
            self._dress_again()

    def look_again(self) -> None:
        if self._is_dark() != self._dark:
            self._colour()
            self.dress()

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._colour()
            self._dress_again()

    def _look(self) -> Colours:
        return DARK if self._dark else LIGHT

    def _dress_again(self) -> None:
        if self._app.styleSheet():
            self.dress()

    def _is_dark(self) -> bool:
        if self._choice != "system":
            return self._choice == "dark"
        if self._dark is None:
            # The palette is the system's own still, and tells it without the names of `Qt` (see `before_paint`).
            own = self._app.palette()
            return (
                own.color(QPalette.ColorRole.WindowText).lightness() > own.color(QPalette.ColorRole.Window).lightness()
            )
        from PySide6.QtCore import Qt

        return self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark

    def dress(self) -> None:
        again = bool(self._app.styleSheet())
        self._app.setStyleSheet(stylesheet(self._look(), self._app.font()))
        if again:
            refresh_icons()
