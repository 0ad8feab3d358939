"""Parts of the window get the names they are found by, where they are made: by tests, screen readers and scripts."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QAbstractButton, QWidget

from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import give_role

W = TypeVar("W", bound=QWidget)
B = TypeVar("B", bound=QAbstractButton)


def named(widget: W, name: str, role: str = "") -> W:
    """A new widget with its name and, where it has one, its role."""
    widget.setObjectName(name)
    if role:
        give_role(widget, role)
    return widget


def named_button(button: B, name: str, role: str = "", icon: str = "", tone: str = "muted") -> B:
    """A new button with its name, its role and its icon. "": the usual look, no icon."""
    named(button, name, role)
    if icon:
        set_icon(button, icon, tone)
    return button
