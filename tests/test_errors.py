"""The tree of errors is the one that is drawn at the top of its module."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import gui_app
from gui_app import errors


def drawn() -> Iterator[tuple[int, str]]:
    """(depth, name) of every line of the drawing."""
    assert errors.__doc__ is not None
    for line in errors.__doc__.splitlines():
        found = re.match(r"((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+)\b", line)
        if found and (found[1] or found[2] == "RowmillError"):
            yield len(found[1]) // 4, found[2]


def built(kind: type[Exception], depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, kind.__name__
    for child in kind.__subclasses__():
        if child.__module__.startswith("gui_app."):
            yield from built(child, depth + 1)


def test_the_drawing_shows_every_error_there_is() -> None:
    for module in pkgutil.walk_packages(gui_app.__path__, "gui_app."):
        # The window defines none, and would be imported for nothing.
        if not module.name.startswith(("gui_app.ui", "gui_app.app")) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    parents: list[str] = []
    shown = set()
    for depth, name in drawn():
        parents[depth:] = [name]
        shown.add(tuple(parents))
    there = set()
    for depth, name in built(errors.RowmillError):
        parents[depth:] = [name]
        there.add(tuple(parents))
    assert shown == there
