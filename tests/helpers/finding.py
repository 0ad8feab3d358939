"""Finding a window's part by the name it carries."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QWidget

W = TypeVar("W", bound=QWidget)


def part(root: QWidget, kind: type[W], name: str) -> W:
    """The widget of that kind and objectName. A test without it has nothing to test."""
    found = root.findChild(kind, name)
    assert found is not None, f"no {kind.__name__} is named {name}"
    return found
