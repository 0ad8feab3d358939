"""The menu of a job in the list: what can be done with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from gui_app.i18n import _
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.look.icons import set_icon

EARLIER, LATER = QKeySequence("Alt+Up"), QKeySequence("Alt+Down")


def job_menu(jobs: JobList, path: Path) -> QMenu:
    """Emits the list's signals. The caller shows it."""
    entry = jobs.entry(path)
    archived = entry is not None and entry.archived
    menu = QMenu(jobs)
    if path in jobs.queue():
        _add_queue_actions(menu, jobs, path)
    for drawing, text, signal in (
        ("folder-open", _("Open"), jobs.opened),
        ("pencil", _("Rename"), jobs.renameRequested),
        ("copy", _("Duplicate"), jobs.duplicateRequested),
        ("copy", _("Duplicate without answers"), jobs.duplicateEmptyRequested),
        ("download", _("Save a copy…"), jobs.copyRequested),
        ("refresh-cw", _("Update from a newer file…"), jobs.newerRequested),
        ("external-link", _("Show in its folder"), jobs.folderRequested),
        ("inbox", _("Take out of the archive") if archived else _("Put into the archive"), None),
        ("trash-2", _("Delete"), jobs.deleteRequested),
    ):
        action = menu.addAction(text)
        set_icon(action, drawing)
        if signal is None:
            action.triggered.connect(lambda: jobs.archiveRequested.emit(path, not archived))
        else:
            action.triggered.connect(lambda _checked=False, which=signal: which.emit(path))
    return menu


def _add_queue_actions(menu: QMenu, jobs: JobList, path: Path) -> None:
    queue = jobs.queue()
    at, last = queue.index(path), len(queue) - 1
    for drawing, text, keys, by, possible in (
        ("arrow-up", _("Earlier in the queue"), EARLIER, -1, at > 0),
        ("arrow-down", _("Later in the queue"), LATER, 1, at < last),
    ):
        action = menu.addAction(text)
        set_icon(action, drawing)
        # Only told here: the list itself knows the keys.
        action.setShortcut(keys)
        action.setShortcutVisibleInContextMenu(True)
        action.setEnabled(possible)
        action.triggered.connect(lambda _checked=False, by=by: jobs.moveRequested.emit(path, by))
    action = menu.addAction(_("Take out of the queue"))
    set_icon(action, "x")
    action.triggered.connect(lambda: jobs.leaveQueueRequested.emit(path))
    menu.addSeparator()
