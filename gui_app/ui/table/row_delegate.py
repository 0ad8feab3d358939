"""The small editors for answers in the row table. Cells are painted by `row_painter`, all at once."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui_app.i18n import _
from gui_app.jobs import FieldKind, OutputField
from gui_app.ui.table.hand_value import editable_text, typed_value
from gui_app.ui.table.row_model import RowModel

Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """An editor for each kind of answer, and what it gives back."""

    def __init__(self, model: RowModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Qt's hook."""
        return QSize(80, option.fontMetrics.height() + 10)

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
