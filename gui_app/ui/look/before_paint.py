"""Settings of widgets, by their numbers: for what is shown first.

PySide makes all names of the `Qt` namespace, two thousand, when the first of them is asked for. That takes longer than
to draw the first page, so until it is on the screen nothing may name `Qt`, nor override a hook that is given an event
(`tests/ui/program/test_start.py` watches over it). The numbers are part of Qt's promise to its users.
"""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

_PLAIN_TEXT, _CENTRE, _NO_FOCUS, _CUSTOM_MENU, _NEVER = 0, 0x84, 0, 3, 1


def take_as_plain_text(label: QLabel) -> None:
    """Qt.TextFormat.PlainText."""
    label.setProperty("textFormat", _PLAIN_TEXT)


def centre(label: QLabel) -> None:
    """Qt.AlignmentFlag.AlignCenter."""
    label.setProperty("alignment", _CENTRE)


def leave_out_of_tab_order(widget: QWidget) -> None:
    """Qt.FocusPolicy.NoFocus."""
    widget.setProperty("focusPolicy", _NO_FOCUS)


def ask_for_own_menu(widget: QWidget) -> None:
    """Qt.ContextMenuPolicy.CustomContextMenu."""
    widget.setProperty("contextMenuPolicy", _CUSTOM_MENU)


def never_scroll_sideways(area: QWidget) -> None:
    """Qt.ScrollBarPolicy.ScrollBarAlwaysOff."""
    area.setProperty("horizontalScrollBarPolicy", _NEVER)


def make_the_names() -> None:
    """From now on they cost nothing."""
    from PySide6.QtCore import QEvent, Qt  # noqa: F401
