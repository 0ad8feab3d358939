"""Paints the cells of the row table, and makes the small editors for answers."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QComboBox, QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui_app.i18n import _
from gui_app.jobs import FieldKind, OutputField, RowState
from gui_app.store.queries import RowView
from gui_app.ui.cell_text import display, state_text
from gui_app.ui.columns import ColumnKind, TableColumn
from gui_app.ui.hand_value import editable_text, typed_value
from gui_app.ui.icons import pixmap, state_pixmap
from gui_app.ui.palette import Colours, colours, state_colour
from gui_app.ui.row_model import RowModel

Index = QModelIndex | QPersistentModelIndex

PADDING = 8
ICON = 14


class RowDelegate(QStyledItemDelegate):
    """Painting goes straight from the row to the painter: a style's own way costs ten times as much a cell."""

    def __init__(self, model: RowModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Qt's hook."""
        return QSize(80, option.fontMetrics.height() + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt's hook."""
        c = colours()
        column = self._model.columns[index.column()]
        row = self._model.row_at(index.row())
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(rect, QColor(_ground(c, column, row, selected=selected)))
        if row is None:
            _placeholder(painter, rect, c)
        elif column.kind is ColumnKind.STATE:
            _paint_state(painter, rect, row, option.font, c)
        else:
            _paint_text(painter, rect, row, column, option.font, c)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Qt's hook."""
        field = self._model.columns[index.column()].field
        if field is not None and field.kind in (FieldKind.LABEL, FieldKind.YES_NO):
            box = QComboBox(parent)
            choices: list[tuple[str, object]] = [(label, label) for label in field.labels]
            for text, value in choices or [(_("Yes"), True), (_("No"), False)]:
                box.addItem(text, value)
            box.setAccessibleName(field.name)
            box.activated.connect(lambda: self._finish(box))
            return box
        line = QLineEdit(parent)
        line.setAccessibleName("" if field is None else field.name)
        return line

    def _finish(self, editor: QWidget) -> None:
        self.commitData.emit(editor)
        self.closeEditor.emit(editor)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Qt's hook."""
        value = index.data(Qt.ItemDataRole.EditRole)
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findData(value))
            # A label that came from the model is one click away from any other.
            editor.showPopup()
        elif isinstance(editor, QLineEdit) and not editor.isModified():
            editor.setText(editable_text(value))
            editor.selectAll()

    def setModelData(self, editor: QWidget, _model: QAbstractItemModel, index: Index) -> None:
        """Qt's hook. What cannot be a value of the field is not taken: the cell keeps the one it has."""
        field = self._model.columns[index.column()].field
        if isinstance(editor, QComboBox) and editor.currentIndex() >= 0:
            self._set(index, editor.currentData())
        elif isinstance(editor, QLineEdit) and isinstance(field, OutputField):
            value = typed_value(field, editor.text())
            if value is not None:
                self._set(index, value)

    def _set(self, index: Index, value: object) -> None:
        self._model.setData(self._model.index(index.row(), index.column()), value)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt's hook: an editor is as tall as it needs to be."""
        rect = QRect(option.rect)
        rect.setHeight(max(rect.height(), editor.sizeHint().height()))
        rect.setWidth(max(rect.width(), 140))
        editor.setGeometry(rect)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Qt's hook: leaving the pop-up list of a box does not end the editing before the choice is taken."""
        if isinstance(editor, QComboBox) and event.type() == QEvent.Type.FocusOut and editor.view().isVisible():
            return False
        return bool(super().eventFilter(editor, event))


def _ground(c: Colours, column: TableColumn, row: RowView | None, *, selected: bool) -> str:
    if selected:
        return c.selection
    if column.kind is ColumnKind.INPUT:
        return c.base
    if row is not None and column.kind is ColumnKind.ANSWER and column.name in row.hand:
        return c.hand
    return c.answer


def _placeholder(painter: QPainter, rect: QRect, c: Colours) -> None:
    width = min(rect.width() - 2 * PADDING, 60)
    bar = QRect(rect.left() + PADDING, rect.center().y() - 3, max(0, width), 7)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(c.hover))
    painter.drawRoundedRect(bar, 3, 3)


def _paint_state(painter: QPainter, rect: QRect, row: RowView, font: QFont, c: Colours) -> None:
    device = painter.device()
    ratio = 1.0 if device is None else device.devicePixelRatioF()
    at = rect.left() + PADDING
    drawing = state_pixmap(row.state, c, ICON, ratio)
    painter.drawPixmap(at, rect.center().y() - ICON // 2 + 1, drawing)
    at += ICON + 6
    right = rect.right() - PADDING
    if row.approved:
        painter.drawPixmap(
            right - ICON, rect.center().y() - ICON // 2 + 1, pixmap("badge-check", c.success, ICON, ratio)
        )
        right -= ICON + 4
    painter.setPen(QColor(state_colour(c, row.state)))
    _draw(painter, QRect(at, rect.top(), right - at, rect.height()), state_text(row), font)


def _paint_text(painter: QPainter, rect: QRect, row: RowView, column: TableColumn, font: QFont, c: Colours) -> None:
    answer = column.kind is ColumnKind.ANSWER
    box = rect.adjusted(PADDING, 0, -PADDING, 0)
    if answer and column.name in row.hand:
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        painter.drawPixmap(box.right() - 11, rect.center().y() - 5, pixmap("pencil", c.muted, 12, ratio))
        box.setRight(box.right() - 16)
    faded = answer and (row.stale or row.state is RowState.RUNNING) and column.name not in row.hand
    painter.setPen(QColor(c.muted if faded else c.text))
    if faded and row.stale:
        font = QFont(font)
        font.setItalic(True)
    _draw(painter, box, display(row, column), font)


def _draw(painter: QPainter, box: QRect, text: str, font: QFont) -> None:
    if not text or box.width() < 4:
        return
    painter.setFont(font)
    elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    # A cell that begins in Arabic or Hebrew still stands where its column stands.
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine
    painter.drawText(box, int(flags), elided)
