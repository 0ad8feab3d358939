"""Above the table: which rows are listed, finding, and which columns are shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QToolButton, QWidget

from gui_app.i18n import _, ngettext, number
from gui_app.jobs import Counts, RowFilter, RowState
from gui_app.sentences import cause_title, plain, state_name
from gui_app.ui.look.icons import icon, set_icon
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.states import STATE_ICONS
from gui_app.ui.look.theme import GAP_L, GAP_S, set_role
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.once import once
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label
from gui_app.ui.pieces.search_edit import SearchEdit
from gui_app.ui.table.cell_text import value_text

_TYPING_MS = 250
# Together they leave the list of jobs its room in a window of 1280 pixels.
_NARROWEST_SEARCH, _NARROWEST_STATES, _LONGEST_CHIP = 110, 110, 16


class FilterBar(Panel):
    """One filter at a time comes out of it; what others ask for (a cause, a label) shows as a chip that can be closed.

    Signals:
        filterChanged: The whole `RowFilter`.
        columnsRequested: The list of columns is wanted; shown by whoever owns the table.
        leaveRequested: Down was pressed in the search: on to the table.
    """

    filterChanged = Signal(object)
    columnsRequested = Signal()
    leaveRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="page")
        self._extra = RowFilter()
        self._counts = Counts()
        self._listed = 0
        self.search = SearchEdit()
        self.search.setObjectName("searchEdit")
        self.search.setMinimumWidth(_NARROWEST_SEARCH)
        self.search.setMaximumWidth(320)
        self.states = named(QComboBox(), "stateFilter")
        self.states.view().setIconSize(self.states.iconSize())
        self.states.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.states.setMinimumWidth(_NARROWEST_STATES)
        self._chip = named(QToolButton(), "filterChip", "chip")
        self._chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        set_icon(self._chip, "x", "accent")
        self._chip.hide()
        self._told = text_label("hint")
        self._told.setObjectName("listedLabel")
        self.columns = named(QToolButton(), "columnsButton")
        self.columns.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_role(self.columns, "quiet")
        set_icon(self.columns, "columns-3")
        line = hbox(self, (GAP_L, GAP_S, GAP_L, GAP_S), GAP_S)
        line.addWidget(self.search, 2)
        line.addWidget(self.states)
        line.addWidget(self._chip)
        line.addStretch(1)
        line.addWidget(self._told)
        line.addWidget(self.columns)
        self._typed = once(self, _TYPING_MS, self._tell)
        self.search.textChanged.connect(lambda: self._typed.start())
        self.search.returnPressed.connect(self._search_now)
        self.search.downPressed.connect(self.leaveRequested)
        self.states.currentIndexChanged.connect(lambda _index: self._tell())
        self._chip.clicked.connect(self._clear_extra)
        self.columns.clicked.connect(self.columnsRequested)
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # Where what is typed could not be read, the number of all rows gives way, which stands above too.
        others = sum(part.sizeHint().width() + GAP_S for part in (self.states, self._told, self.columns))
        fits = self.width() >= others + scaled(_NARROWEST_SEARCH) + 2 * GAP_L
        self._told.setVisible(fits or not self.filter().is_empty())

    def refit(self) -> None:
        """No button cuts its own words; larger letters take the room from the search."""
        self.search.refit()
        self.search.setMinimumWidth(round(_NARROWEST_SEARCH / scaled(100) * 100))
        self.columns.setMinimumWidth(0)
        self.columns.setMinimumWidth(self.columns.sizeHint().width())

    def retranslate(self) -> None:
        """Set every visible text."""
        self.search.retranslate()
        self.search.setPlaceholderText(_("Find in all columns"))
        describe(self.search, _("Find"), _("Lists only the rows that have this text in a cell or an answer."))
        describe(self.states, _("Rows listed"), _("Lists only the rows in this state."))
        self.columns.setText(_("Columns"))
        describe(self.columns, _("Columns"), _("Choose which columns are shown."))
        self._fill_states()
        self._show_chip()
        self.set_listed(self._listed)
        self.refit()

    def set_counts(self, counts: Counts) -> None:
        """Show the number of rows beside each state."""
        if counts != self._counts:
            self._counts = counts
            self._fill_states()
            self.set_listed(self._listed)

    def set_listed(self, listed: int) -> None:
        """How many rows the table lists."""
        self._listed = listed
        total = self._counts.rows
        if self.filter().is_empty():
            text = ngettext("{count} row", "{count} rows", total).format(count=number(total))
        else:
            text = _("{listed} of {total} rows").format(listed=number(listed), total=number(total))
        self._told.setText(text)
        self._fit()

    def focus_search(self) -> None:
        """Lead the user to the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def filter(self) -> RowFilter:
        """The rows that are to be listed."""
        state = self.states.currentData()
        return RowFilter(
            states=frozenset([RowState(state)]) if state else self._extra.states,
            causes=self._extra.causes,
            field_value=self._extra.field_value,
            search=self.search.text().strip(),
            edited=self._extra.edited,
            approved=self._extra.approved,
            row_ids=self._extra.row_ids,
            cell=self._extra.cell,
        )

    def set_filter(self, rows: RowFilter) -> None:
        """Show a filter that was asked for elsewhere, and tell it."""
        state = next(iter(rows.states)) if len(rows.states) == 1 else None
        self._block(True)
        self.states.setCurrentIndex(max(0, self.states.findData(state.value if state else "")))
        self.search.setText(rows.search)
        self._extra = RowFilter(
            states=frozenset() if state else rows.states,
            causes=rows.causes,
            field_value=rows.field_value,
            edited=rows.edited,
            approved=rows.approved,
            row_ids=rows.row_ids,
            cell=rows.cell,
        )
        self._block(False)
        self._typed.stop()
        self._show_chip()
        self._tell()

    def _block(self, blocked: bool) -> None:
        self.states.blockSignals(blocked)
        self.search.blockSignals(blocked)

    def _fill_states(self) -> None:
        chosen = self.states.currentData() or ""
        self.states.blockSignals(True)
        if self.states.count() == 0:
            self.states.addItem("", "")
            for state in RowState:
                self.states.addItem("", state.value)
        for at in range(self.states.count()):
            value = self.states.itemData(at)
            if value:
                state = RowState(value)
                name, count = state_name(state), self._counts.of(state)
                text = _("{state} ({count})").format(state=name[:1].upper() + name[1:], count=number(count))
                self.states.setItemIcon(at, icon(STATE_ICONS[state]))
            else:
                text = _("All rows")
            self.states.setItemText(at, text)
        self.states.setCurrentIndex(max(0, self.states.findData(chosen)))
        self.states.blockSignals(False)

    def _extra_text(self) -> str:
        parts = [cause_title(cause) for cause in sorted(self._extra.causes)]
        parts += [state_name(state) for state in sorted(self._extra.states)]
        if self._extra.field_value is not None:
            name, value = self._extra.field_value
            parts.append(f"{plain(name, 30)}: {value_text(value) or _('no answer')}")
        if self._extra.cell is not None:
            parts.append(plain(self._extra.cell[1], 40) or _("empty cell"))
        if self._extra.edited is not None:
            parts.append(_("answered by hand") if self._extra.edited else _("not answered by hand"))
        if self._extra.approved is not None:
            parts.append(_("approved") if self._extra.approved else _("not approved"))
        if self._extra.row_ids is not None:
            count = len(self._extra.row_ids)
            parts.append(ngettext("{count} chosen row", "{count} chosen rows", count).format(count=number(count)))
        return ", ".join(parts)

    def _show_chip(self) -> None:
        text = self._extra_text()
        self._chip.setVisible(bool(text))
        self._chip.setText(plain(text, _LONGEST_CHIP).replace("&", "&&"))
        self._chip.setToolTip(plain_tip(text))
        describe(self._chip, _("Only: {filter}. Press to list all again.").format(filter=text))

    def _clear_extra(self) -> None:
        self._extra = RowFilter()
        self._show_chip()
        self._tell()

    def _search_now(self) -> None:
        self._typed.stop()
        self._tell()

    def _tell(self) -> None:
        self.filterChanged.emit(self.filter())
