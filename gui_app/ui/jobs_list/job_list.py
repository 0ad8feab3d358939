"""The jobs at the left: search, state and progress of each, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QListWidget, QPushButton, QWidget

from gui_app.i18n import _, number
from gui_app.ui.look.before_paint import ask_for_own_menu, never_scroll_sideways
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_M, GAP_S, GAP_XS, give_role
from gui_app.ui.pieces.panel import FirstPanel, describe, hbox, text_label, vbox
from gui_app.ui.pieces.search_edit import SearchEdit

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QListWidgetItem, QMenu

    from gui_app.engine.events import JobProgress
    from gui_app.store.copies import JobGlance
    from gui_app.ui.jobs_list.queue_drag import QueueDrag
    from gui_app.ui.jobs_list.queue_strip import QueueStrip

ENTRY = 0x0101
"""Where an item keeps its `JobGlance`: the first number after Qt.ItemDataRole.UserRole."""
WAITS = ENTRY + 1
"""Where an item keeps what is said in place of its state: that it waits for its turn, or for a retry. "": neither."""


class JobList(FirstPanel):
    """Signals: opened: the `Path` of the job that was chosen. newRequested, settingsRequested, helpRequested: buttons.
    renameRequested, duplicateRequested, duplicateEmptyRequested, copyRequested, deleteRequested, folderRequested,
    newerRequested: a `Path`, from the menu. archiveRequested: a `Path`, and whether it goes in. moveRequested: a `Path`
    in the queue, and -1 or +1. leaveQueueRequested: a `Path`.
    """

    opened = Signal(object)
    newRequested = Signal()
    settingsRequested = Signal()
    helpRequested = Signal()
    renameRequested = Signal(object)
    duplicateRequested = Signal(object)
    duplicateEmptyRequested = Signal(object)
    copyRequested = Signal(object)
    deleteRequested = Signal(object)
    folderRequested = Signal(object)
    newerRequested = Signal(object)
    archiveRequested = Signal(object, bool)
    moveRequested = Signal(object, int)
    leaveQueueRequested = Signal(object)

    strip: QueueStrip
    drag: QueueDrag

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="sidebar")
        self._marked: Path | None = None
        self._entries: dict[Path, JobGlance] = {}
        self._queue: tuple[Path, ...] = ()
        self._waits: dict[Path, str] = {}
        self._heading = text_label("subtitle")
        self.new_button = QPushButton()
        self.new_button.setObjectName("newJobButton")
        set_icon(self.new_button, "plus")
        # The archive has none: what is under it stays in its place.
        keeps = self.new_button.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        self.new_button.setSizePolicy(keeps)
        self.search = SearchEdit()
        self.search.setObjectName("jobSearchEdit")
        self.list = _List()
        self.list.setObjectName("jobList")
        self.list.setUniformItemSizes(True)
        ask_for_own_menu(self.list)
        never_scroll_sideways(self.list)
        self.list.setMouseTracking(True)
        self._none = text_label("hint", wrap=True)
        self.settings_button = QPushButton()
        self.settings_button.setObjectName("settingsButton")
        give_role(self.settings_button, "quiet")
        set_icon(self.settings_button, "settings")
        self.archive_button = QPushButton()
        self.archive_button.setObjectName("archiveButton")
        self.archive_button.setCheckable(True)
        give_role(self.archive_button, "quiet")
        set_icon(self.archive_button, "inbox")
        self.archive_button.hide()
        self.help_button = QPushButton()
        self.help_button.setObjectName("helpButton")
        give_role(self.help_button, "quiet")
        set_icon(self.help_button, "circle-question-mark")
        self._lay_out()
        self._connect()
        self.retranslate()
        self.refit()

    def _lay_out(self) -> None:
        head = hbox(None, gap=GAP_S)
        head.addWidget(self._heading, 1)
        head.addWidget(self.new_button)
        self._foot: QBoxLayout = hbox(None, gap=GAP_XS)
        self._foot.addWidget(self.settings_button)
        self._foot.addWidget(self.help_button)
        self._foot.addStretch(1)
        top = vbox(None, (GAP_M, GAP_M, GAP_M, GAP_S), GAP_S)
        top.addLayout(head)
        top.addWidget(self.search)
        column = self._column = vbox(self)
        column.addLayout(top)
        hint = vbox(None, (GAP_M, GAP_XS, GAP_M, 0))
        hint.addWidget(self._none)
        column.addLayout(hint)
        column.addWidget(self.list, 1)
        bottom = vbox(None, (GAP_S, GAP_S, GAP_S, GAP_S))
        archive = hbox(None)
        archive.addWidget(self.archive_button)
        archive.addStretch(1)
        bottom.addLayout(archive)
        bottom.addLayout(self._foot)
        column.addLayout(bottom)

    def _connect(self) -> None:
        self.new_button.clicked.connect(self.newRequested)
        self.settings_button.clicked.connect(self.settingsRequested)
        self.help_button.clicked.connect(self.helpRequested)
        self.search.textChanged.connect(self._filter)
        self.archive_button.toggled.connect(lambda _on: self._show_shelf())
        self.search.downPressed.connect(self.list.setFocus)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.deletePressed.connect(lambda: self._emit_current(self.deleteRequested))
        self.list.renamePressed.connect(lambda: self._emit_current(self.renameRequested))
        self.list.movePressed.connect(self._move_current)

    def furnish(self) -> None:
        """Add what is not seen at first. Once, after the list is on the screen."""
        from gui_app.ui.jobs_list.queue_drag import QueueDrag
        from gui_app.ui.jobs_list.queue_strip import QueueStrip

        self.search.retranslate()
        self.drag = QueueDrag(self)
        self.strip = QueueStrip()
        self._column.insertWidget(self._column.indexOf(self.list) + 1, self.strip)

    def retranslate(self) -> None:
        """Set every visible text."""
        self._show_shelf()
        self.new_button.setText(_("&New"))
        describe(self.new_button, _("New job"), _("Start a job from a table."))
        self.search.setPlaceholderText(_("Find a job"))
        describe(self.search, _("Find a job"))
        describe(self.list, _("Jobs"), _("Press Enter to open a job."))
        self.settings_button.setText(_("Settings"))
        describe(self.settings_button, _("Settings"))
        self.help_button.setText(_("Help"))
        describe(self.help_button, _("Help"), _("Opens the help page."))
        for at in range(self.list.count()):
            self._say(self.list.item(at))

    def refit(self) -> None:
        """Somewhat wider with larger letters."""
        self.search.refit()
        self.setMinimumWidth(scaled(220, 1.3))
        self.setMaximumWidth(scaled(300, 1.3))
        wide = self.settings_button.sizeHint().width() + self.help_button.sizeHint().width() + GAP_XS + 2 * GAP_S
        fits = wide <= self.minimumWidth()
        self._foot.setDirection(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom)
        self.list.doItemsLayout()

    # What is listed

    def show_entries(self, entries: Sequence[JobGlance]) -> None:
        """List these jobs. The one that is marked stays marked."""
        from gui_app.ui.jobs_list.job_delegate import JobDelegate

        if not isinstance(self.list.itemDelegate(), JobDelegate):
            self.list.setItemDelegate(JobDelegate(self.list))
        self._entries = {entry.path: entry for entry in entries}
        self._fill()

    def _fill(self) -> None:
        archive = self.archive_button.isChecked()
        entries = [entry for entry in self._entries.values() if entry.archived == archive]
        entries.sort(key=self._rank)
        self.list.clear()
        for entry in entries:
            self._add(entry)
        self._none.setVisible(not entries)
        self.mark(self._marked)
        self._filter()
        self._say_archive()

    def _add(self, entry: JobGlance) -> None:
        from PySide6.QtWidgets import QListWidgetItem

        item = QListWidgetItem()
        item.setData(ENTRY, entry)
        item.setData(WAITS, self._waits.get(entry.path, ""))
        self._say(item)
        self.list.addItem(item)

    def _rank(self, entry: JobGlance) -> int:
        """Where something waits: what runs, what comes next in its order, the others as they were changed."""
        if not self._queue:
            return 0
        if entry.path in self._queue:
            return 1 + self._queue.index(entry.path)
        from gui_app.ui.jobs_list.job_delegate import MOVING

        return 0 if entry.state in MOVING else 1 + len(self._queue)

    def show_waits(self, queue: Sequence[Path], waits: Mapping[Path, str]) -> None:
        """Say of these jobs that they wait, and list those of the queue in its order.

        Args:
            waits: What is said in place of a job's state.
        """
        marked = self.current()
        self._queue, self._waits = tuple(queue), dict(waits)
        self._fill()
        if marked is not None and (item := self._item(marked)) is not None:
            self.list.setCurrentItem(item)

    def _show_shelf(self) -> None:
        archive = self.archive_button.isChecked()
        self._heading.setText(_("Archive") if archive else _("Jobs"))
        self.new_button.setHidden(archive)
        self._none.setText(_("The archive is empty.") if archive else _("Your jobs will be listed here."))
        self._fill()

    def _say_archive(self) -> None:
        count = sum(entry.archived for entry in self._entries.values())
        archive = self.archive_button.isChecked()
        self.archive_button.setVisible(archive or count > 0)
        text = _("Back to the jobs") if archive else _("Archive ({count})").format(count=number(count))
        self.archive_button.setText(text)
        set_icon(self.archive_button, "chevron-left" if archive else "inbox")
        describe(self.archive_button, text, _("Jobs that were put away. Their files stay where they are."))

    def mark(self, path: Path | None) -> None:
        """Show which job is open, also once it is listed."""
        self._marked = path
        item = self._item(path)
        if item is None:
            self.list.setCurrentRow(-1)
        else:
            self.list.setCurrentItem(item)

    def show_shelf_of(self, path: Path) -> None:
        """List what a job is among: the archive, or the jobs, where a new one is."""
        entry = self._entries.get(path)
        self.archive_button.setChecked(entry is not None and entry.archived)

    def current(self) -> Path | None:
        """The marked job."""
        item = self.list.currentItem()
        return None if item is None else _path_of(item)

    def entries(self) -> list[JobGlance]:
        """All that is known, the archive too."""
        return list(self._entries.values())

    def entry(self, path: Path) -> JobGlance | None:
        """What is known of a job."""
        return self._entries.get(path)

    def update_entry(self, entry: JobGlance) -> None:
        """Show what changed about a job that is listed."""
        item = self._item(entry.path)
        if item is not None and item.data(ENTRY) != entry:
            self._entries[entry.path] = entry
            item.setData(ENTRY, entry)
            self._say(item)

    def take(self, event: JobProgress) -> None:
        """An event of any job."""
        from dataclasses import replace

        known = self._entries.get(Path(event.job))
        if known is not None:
            now = replace(known, state=event.state, counts=event.counts)
            self.update_entry(now)
            if self._queue and self._rank(now) != self._rank(known):
                # What runs stands before what waits.
                self.show_waits(self._queue, self._waits)

    def _item(self, path: Path | None) -> QListWidgetItem | None:
        for at in range(self.list.count()):
            if _path_of(self.list.item(at)) == path:
                return self.list.item(at)
        return None

    @staticmethod
    def _say(item: QListWidgetItem) -> None:
        from PySide6.QtCore import Qt

        from gui_app.sentences import explain, plain
        from gui_app.ui.jobs_list.job_delegate import told
        from gui_app.ui.pieces.panel import plain_tip

        entry: JobGlance = item.data(ENTRY)
        text = told(entry, item.data(WAITS) or "")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{plain(entry.name, 80)}, {text}")
        problem = "" if entry.error is None else explain(entry.error)
        item.setToolTip(plain_tip(f"{entry.name}\n{problem or text}"))

    def _filter(self) -> None:
        wanted = self.search.text().casefold().strip()
        for at in range(self.list.count()):
            item = self.list.item(at)
            item.setHidden(wanted not in item.data(ENTRY).name.casefold())

    # What is asked

    def _open(self, item: QListWidgetItem) -> None:
        self.opened.emit(_path_of(item))

    def _emit_current(self, signal: object) -> None:
        path = self.current()
        if path is not None:
            signal.emit(path)  # type: ignore[attr-defined]

    def _move_current(self, by: int) -> None:
        path = self.current()
        if path in self._queue:
            self.moveRequested.emit(path, by)

    def _show_menu(self, at: QPoint) -> None:
        from PySide6.QtCore import Qt

        item = self.list.itemAt(at)
        if item is not None:
            menu = self.menu(_path_of(item))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.list.viewport().mapToGlobal(at))

    def menu(self, path: Path) -> QMenu:
        """What can be done with a job."""
        from gui_app.ui.jobs_list.job_menu import job_menu

        return job_menu(self, path)

    def queue(self) -> tuple[Path, ...]:
        """The jobs that wait for their turn, in their order."""
        return self._queue


class _List(QListWidget):
    """Delete, F2 and Alt with the arrows work on the marked job."""

    deletePressed = Signal()
    renamePressed = Signal()
    movePressed = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        from PySide6.QtCore import Qt
        from PySide6.QtGui import QKeySequence

        from gui_app.ui.jobs_list.job_menu import EARLIER, LATER

        if event.matches(QKeySequence.StandardKey.Delete):
            self.deletePressed.emit()
        elif event.key() == Qt.Key.Key_F2:
            self.renamePressed.emit()
        elif (by := {EARLIER: -1, LATER: 1}.get(QKeySequence(event.keyCombination()))) is not None:
            self.movePressed.emit(by)
        else:
            super().keyPressEvent(event)


def _path_of(item: QListWidgetItem) -> Path:
    entry: JobGlance = item.data(ENTRY)
    return entry.path
