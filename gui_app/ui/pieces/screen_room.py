"""No window is larger than the screen, however small that is with everything scaled up."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

_FRAME = 40
"""Room for the title bar that the system draws."""


def resize_within(window: QWidget, width: int, height: int) -> None:
    """Give a window this size, or as much of it as its screen has."""
    room = window.screen().availableSize()
    window.resize(min(width, room.width()), min(height, room.height() - _FRAME))
