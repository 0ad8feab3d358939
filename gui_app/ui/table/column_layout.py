"""How the columns of the row table lie: wide, in which order, which are hidden; fitted until somebody touches them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QTableView, QWidget

from gui_app.i18n import _
from gui_app.ui.pieces.once import once
from gui_app.ui.table.column_widths import fitted_widths
from gui_app.ui.table.row_model import RowModel

_NARROWEST, _WIDEST = 44, 2_000
_MOST_IN_MENU = 200


class ColumnLayout(QObject):
    """The header's columns, as the user leaves them.

    Signals:
        changed: Widths, order or hidden columns were changed by hand; told once a change has come to rest.
    """

    changed = Signal()

    def __init__(self, view: QTableView, model: RowModel) -> None:
        super().__init__(view)
        self._view = view
        self._model = model
        self._header = header = view.horizontalHeader()
        self._fitted = False
        self._placing = False
        self._guessed = False
        """Rows that are not there yet were fitted to."""
        self._kept: list[dict[str, Any]] = []
        self._fit_soon = once(self, 60, self.fit)
        self._told = once(self, 400, self.changed)
        header.setSectionsMovable(True)
        header.setMinimumSectionSize(_NARROWEST)
        header.setMaximumSectionSize(_WIDEST)
        header.sectionMoved.connect(self._touched)
        header.sectionResized.connect(self._touched)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_menu)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore_kept)
        model.columnsInserted.connect(self.refit)
        for come in (model.dataChanged, model.rowsInserted):
            come.connect(self._rows_came)

    # The user's own

    def note(self) -> list[dict[str, Any]]:
        """Widths, order and hidden columns, to be remembered with the job."""
        header = self._header
        return [
            {
                "key": column.key,
                "width": header.sectionSize(at) or header.defaultSectionSize(),
                "place": header.visualIndex(at),
                "hidden": header.isSectionHidden(at),
            }
            for at, column in enumerate(self._model.columns)
        ]

    def restore(self, note: Sequence[Any]) -> None:
        """Put the columns back as remembered; what is unknown stays where it is."""
        header = self._header
        known = {column.key: at for at, column in enumerate(self._model.columns)}
        items = [item for item in note if isinstance(item, dict) and item.get("key") in known]
        with self._by_us():
            for item in sorted(items, key=lambda item: int(item.get("place", 0))):
                at = known[item["key"]]
                header.resizeSection(at, max(_NARROWEST, min(_WIDEST, int(item.get("width", 120)))))
                header.moveSection(header.visualIndex(at), min(header.count() - 1, int(item.get("place", 0))))
                header.setSectionHidden(at, bool(item.get("hidden", False)))

    def _keep(self) -> None:
        self._kept = self.note() if len(self._model.columns) > 1 else []

    def _restore_kept(self) -> None:
        self.restore(self._kept)

    def _touched(self) -> None:
        if not self._placing:
            self._fitted = False
            self._told.start()

    @contextmanager
    def _by_us(self) -> Iterator[None]:
        """What is changed meanwhile was not changed by hand."""
        self._placing = True
        try:
            yield
        finally:
            self._placing = False

    # Fitted

    def fit(self) -> None:
        """Give the columns widths that suit what is seen, so that the answers are in sight if they can be."""
        view = self._view
        top = max(0, view.rowAt(0))
        seen = range(top, min(top + 40, self._model.rowCount()))
        widths = fitted_widths(self._model, seen, view.fontMetrics(), view.viewport().width())
        with self._by_us():
            for column, width in enumerate(widths):
                view.setColumnWidth(column, width)
        self._fitted = True
        self._guessed = not seen or any(self._model.row_at(at) is None for at in seen)

    def refit(self) -> None:
        """Fit them again, unless somebody has made them as they are."""
        if self._fitted:
            self._fit_soon.start()

    def _rows_came(self) -> None:
        if self._guessed:
            self.refit()

    # Shown and hidden

    def shown(self) -> list[int]:
        """The columns that are not hidden, as they stand."""
        order = (self._header.logicalIndex(at) for at in range(self._header.count()))
        return [column for column in order if not self._header.isSectionHidden(column)]

    def show(self, column: int, shown: bool) -> None:
        """Show or hide a column. The last one that is shown stays."""
        if shown or len(self.shown()) > 1:
            self._view.setColumnHidden(column, not shown)
            self._touched()

    def _show_all(self) -> None:
        for column in range(len(self._model.columns)):
            self._view.setColumnHidden(column, False)
        self._touched()

    def menu(self, parent: QWidget) -> QMenu:
        """Every column with a tick, and the way back to the first layout."""
        menu = QMenu(parent)
        for at in range(min(_MOST_IN_MENU, len(self._model.columns))):
            name = str(self._model.headerData(at, Qt.Orientation.Horizontal))[:60]
            action = menu.addAction(name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(not self._view.isColumnHidden(at))
            action.toggled.connect(lambda shown, column=at: self.show(column, shown))
        menu.addSeparator()
        menu.addAction(_("Fit column widths"), self.fit)
        menu.addAction(_("Show all columns"), self._show_all)
        return menu

    def _show_menu(self, at: QPoint) -> None:
        menu = self.menu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._header.mapToGlobal(at))
