"""What parts of the window are built on: a layout is read and emptied without Python holding on to its items."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLayout, QLayoutItem, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.focus_order import parts_in_order
from gui_app.ui.pieces.forms import Captioned
from gui_app.ui.pieces.panel import clear, describe, widgets_of


def items_known() -> int:
    """Layout items that PySide holds; one whose widget Qt deletes would go on standing for its address."""
    known = Shiboken.getAllValidWrappers()
    return sum(isinstance(item, QLayoutItem) and not isinstance(item, QLayout) for item in known)


def filled(qtbot: QtBot) -> tuple[QWidget, QVBoxLayout, QHBoxLayout]:
    root = QWidget()
    qtbot.addWidget(root)
    column, line = QVBoxLayout(root), QHBoxLayout()
    column.addWidget(QLabel("first"))
    column.addLayout(line)
    column.addStretch(1)
    line.addWidget(QPushButton("second"))
    line.addWidget(QPushButton("third"))
    column.addWidget(QLabel("fourth"))
    return root, column, line


def texts(widgets: list[QWidget]) -> list[str]:
    return [str(widget.property("text")) for widget in widgets]


def test_the_parts_of_a_layout_come_in_its_order_and_no_item_stays_known(qtbot: QtBot) -> None:
    root, column, line = filled(qtbot)
    before = items_known()
    column.insertWidget(0, QLabel("zeroth"))
    assert texts(widgets_of(column)) == ["zeroth", "first", "fourth"]
    assert texts(widgets_of(line)) == ["second", "third"]
    assert texts(list(parts_in_order(root))[1:]) == ["zeroth", "first", "second", "third", "fourth"]
    assert items_known() == before


def test_a_layout_that_was_emptied_is_empty_and_no_item_stays_known(qtbot: QtBot) -> None:
    _root, column, line = filled(qtbot)
    before = items_known()
    clear(line)
    assert line.count() == 0 and texts(widgets_of(column)) == ["first", "fourth"]
    assert items_known() == before


def test_a_flow_is_emptied_like_any_other(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    flow = FlowLayout(root)
    for text in ("one", "two"):
        flow.addWidget(QPushButton(text))
    assert texts(widgets_of(flow)) == ["one", "two"]
    clear(flow)
    assert flow.count() == 0 and widgets_of(flow) == []


def test_a_layout_without_a_widget_has_none() -> None:
    assert widgets_of(QVBoxLayout()) == []


def test_the_field_of_a_box_that_can_be_typed_into_has_the_name_of_the_box(qtbot: QtBot) -> None:
    box = QComboBox()
    qtbot.addWidget(box)
    box.setEditable(True)
    describe(box, "Model", "Choose one or type its name.")
    field = box.lineEdit()
    assert field is not None
    assert (field.accessibleName(), field.accessibleDescription()) == ("Model", box.accessibleDescription())
    part = Captioned(box)
    qtbot.addWidget(part)
    part.say("Speed", "Up to 16 rows at the same time.")
    assert (field.accessibleName(), field.accessibleDescription()) == ("Speed", "Up to 16 rows at the same time.")
