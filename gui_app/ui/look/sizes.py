"""Lengths that grow with the letters in use."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

_LETTERS = "lettersPercent"


def keep_percent(app: QApplication, percent: int) -> None:
    """The letters are so many percent of the system's own from now on."""
    app.setProperty(_LETTERS, percent)


def scaled(pixels: float, most: float = 2.0) -> int:
    """A length for letters of the system's own size, grown with the letters in use, `most` times at most."""
    app = QApplication.instance()
    percent = None if app is None else app.property(_LETTERS)
    return round(pixels * min(most, (percent or 100) / 100))
