"""The model: chosen from the provider's own list, found by typing a part of its name, or typed in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QCompleter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui_app.providers.base import ModelInfo
from gui_app.sentences import plain
from gui_app.ui.pieces.forms import calm_wheel

_NOTE = Qt.ItemDataRole.UserRole + 1
_GAP = 24


class _Noted(QStyledItemDelegate):
    """A model's name, and quietly at the right what it costs and until when there is one."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        note = index.data(_NOTE)
        if note:
            chosen = option.state & QStyle.StateFlag.State_Selected
            role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.PlaceholderText
            painter.save()
            painter.setPen(option.palette.color(role))
            place = option.rect.adjusted(0, 0, -_GAP // 3, 0)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, note)
            painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        size, note = super().sizeHint(option, index), index.data(_NOTE)
        return size + QSize(_GAP + option.fontMetrics.horizontalAdvance(note), 0) if note else size


class ModelBox(QComboBox):
    """An editable list of models.

    Signals:
        opened: The list is about to be shown; the first time is when it has to be fetched.
    """

    opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelBox")
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(10)
        self.setMaxVisibleItems(16)
        completer = QCompleter(self.model(), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(completer)
        line = self.lineEdit()
        assert line is not None
        line.setMaxLength(200)
        self._listed: dict[str, ModelInfo] = {}
        self._wanted = False
        self.setItemDelegate(_Noted(self))
        calm_wheel(self)

    def model_id(self) -> str:
        """What is chosen or typed; "" for nothing."""
        return self.currentText().strip()

    def set_model_id(self, model: str) -> None:
        """Show this model, whether it is listed or not."""
        index = self.findText(model, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchCaseSensitive)
        self.setCurrentIndex(index)
        if index < 0:
            self.setEditText(model)

    def set_models(self, models: Sequence[ModelInfo]) -> None:
        """Put another list in; what is typed stays. An open list stays open."""
        chosen, was_open = self.model_id(), self._is_open()
        if was_open:
            self.hidePopup()
        # Opened while it was empty, it showed nothing: now there is something to show.
        was_open = was_open or (self._wanted and QApplication.focusWidget() in (None, self, self.lineEdit()))
        self._wanted = False
        self.blockSignals(True)
        self.clear()
        # Ids come from a server: what is no plain line of text could not be chosen rightly.
        self._listed = {item.id: item for item in models if item.id and plain(item.id, 200) == item.id}
        self.addItems(list(self._listed))
        self.set_model_id(chosen)
        self.blockSignals(False)
        if was_open and self.count():
            super().showPopup()

    def set_notes(self, notes: Mapping[str, str]) -> None:
        """What is said beside the models in the list, by their ids."""
        for index in range(self.count()):
            note = notes.get(self.itemText(index), "")
            self.setItemData(index, note, _NOTE)
            self.setItemData(index, note or None, Qt.ItemDataRole.AccessibleDescriptionRole)
        # The list is as wide as what is in it, the box itself as narrow as the panel wants.
        view = self.view()
        view.setMinimumWidth(min(640, view.sizeHintForColumn(0) + _GAP))

    def info(self) -> ModelInfo | None:
        """What the provider said about the chosen model; None when it is not on its list."""
        return self._listed.get(self.model_id())

    def is_listed(self) -> bool:
        """Whether there is a list."""
        return bool(self._listed)

    def showPopup(self) -> None:
        """Qt's hook."""
        self._wanted = not self.count()
        self.opened.emit()
        super().showPopup()

    def _is_open(self) -> bool:
        view = self.view()
        return view is not None and view.isVisible()
