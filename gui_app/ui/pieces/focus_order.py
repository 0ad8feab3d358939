"""Tab goes through a window as it is read, whatever was put into it when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QSplitter, QWidget

from gui_app.ui.pieces.panel import widgets_of


def order_focus(root: QWidget) -> None:
    """Put the parts that Tab stops at into the order of their layouts.

    Qt's own order is that in which widgets were made, and parts are made late, early and again. Cheap: it is asked
    for at each press of Tab.
    """
    stops = [part for part in parts_in_order(root) if part.focusPolicy() & Qt.FocusPolicy.TabFocus]
    for before, after in pairwise(stops):
        QWidget.setTabOrder(before, after)


def parts_in_order(root: QWidget) -> Iterator[QWidget]:
    """A widget and all that its layouts, splitters and scroll areas hold, as they are read."""
    yield root
    if isinstance(root, QSplitter):
        for at in range(root.count()):
            part = root.widget(at)
            if part is not None:
                yield from parts_in_order(part)
    elif isinstance(root, QScrollArea):
        inside = root.widget()
        if inside is not None:
            yield from parts_in_order(inside)
    else:
        layout = root.layout()
        if layout is not None:
            yield from _parts_of(layout)


def _parts_of(layout: QLayout) -> Iterator[QWidget]:
    inner = [child for child in layout.children() if isinstance(child, QLayout)]
    held: list[QWidget | QLayout] = [*widgets_of(layout), *inner]
    for part in sorted(held, key=lambda part: layout.indexOf(part)):
        if isinstance(part, QLayout):
            yield from _parts_of(part)
        else:
            yield from parts_in_order(part)
