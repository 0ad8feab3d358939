"""What is pressed, dropped or typed in the first tenth of a second, before all that answers it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtCore import QKeyCombination
    from PySide6.QtGui import QAction


class Early:
    """Keeps it until then, in its order."""

    def __init__(self) -> None:
        self._is_over = False
        self._wanted: list[Callable[[], object]] = []
        self._actions: Mapping[str, QAction] = {}

    def soon(self, do: Callable[[], object]) -> None:
        """Do it as soon as it can be done: now, except in the beginning."""
        if self._is_over:
            do()
        else:
            self._wanted.append(do)

    def take_key(self, keys: QKeyCombination) -> None:
        """A key that no control had a use for: one of the window's, perhaps."""
        if not self._is_over:
            self._wanted.append(lambda: self._press(keys))

    def end(self, actions: Mapping[str, QAction]) -> None:
        """Do all that was wanted. From now on nothing is kept.

        Args:
            actions: What the window's keys do.
        """
        self._is_over, self._actions = True, actions
        wanted, self._wanted = self._wanted, []
        for do in wanted:
            do()

    def _press(self, keys: QKeyCombination) -> None:
        from PySide6.QtGui import QKeySequence

        for action in self._actions.values():
            if action.shortcut() == QKeySequence(keys):
                action.trigger()
                return
