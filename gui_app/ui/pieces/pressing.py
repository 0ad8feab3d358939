"""Buttons that stay pressed in: what the user presses, by mouse, by key or through a screen reader, is told once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractButton


def on_press(button: QAbstractButton, do: Callable[[bool], object]) -> None:
    """Call `do` with whether it is pressed in, whenever somebody pressed it.

    WORKAROUND: `clicked` alone is not enough: the first action that Qt offers a screen reader for such a button is to
    toggle it, which is no click. `toggled` alone is not either: a button of a group that is in already can be pressed
    once more. Remove when Qt's accessible "toggle" clicks. What the program itself sets, it sets by `set_pressed`.
    """
    _Presses(button, do)


def set_pressed(button: QAbstractButton, pressed: bool) -> None:
    """Show that it is pressed in, or not, without anybody having pressed it."""
    blocked = button.blockSignals(True)
    button.setChecked(pressed)
    button.blockSignals(blocked)


class _Presses(QObject):
    """Belongs to its button."""

    def __init__(self, button: QAbstractButton, do: Callable[[bool], object]) -> None:
        super().__init__(button)
        self._do = do
        self._is_told = False
        button.pressed.connect(self._begin)
        button.toggled.connect(self._toggled)
        button.clicked.connect(self._clicked)

    def _begin(self) -> None:
        self._is_told = False

    def _toggled(self, on: bool) -> None:
        self._is_told = True
        self._do(on)

    def _clicked(self, on: bool) -> None:
        if not self._is_told:
            self._do(on)
        self._is_told = False
