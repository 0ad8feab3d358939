"""A menu that opens at a button, without holding anything up."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget


def pop_up(menu: QMenu, button: QWidget) -> None:
    """Show it under the button, or over it where the screen ends."""
    size, corner = menu.sizeHint(), button.mapToGlobal(button.rect().bottomLeft())
    below = button.screen().availableGeometry().bottom() - corner.y()
    if size.height() > below:
        corner = button.mapToGlobal(QPoint(0, -size.height()))
    menu.popup(corner)
