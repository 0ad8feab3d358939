"""The export: asks what to write, shows how far it is, and says what came of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QDialog, QProgressBar, QPushButton, QStackedWidget, QWidget

from gui_app.errors import ExportError
from gui_app.i18n import _, ngettext, number
from gui_app.jobs import RowFilter
from gui_app.paths import check_not_source, name_for_export
from gui_app.sentences import explain, filled, plain
from gui_app.settings import EXPORT_FOLDER, EXPORT_KIND, Settings
from gui_app.ui.exporting.export_form import ExportForm
from gui_app.ui.look.icons import IconLabel, set_icon
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, GAP_XL, set_role
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import tell
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox
from gui_app.ui.pieces.screen_room import resize_within
from gui_app.ui.pieces.scroll_column import ScrollColumn
from gui_app.ui.pieces.tasks import Tasks

if TYPE_CHECKING:
    from gui_app.worker.protocol import TaskResult


class ExportDialog(QDialog):
    """Opened with `open()`. It writes nothing itself.

    After `exportRequested` the owner runs the export and calls `show_progress`, then one of `show_result` and
    `show_problem`; a `cancelRequested` in between asks it to stop.

    Args:
        source_name: The name of the table that the job was made from; the export's first name comes from it.
        folder: Where the export goes at first, when the user has not exported before. None: the home folder.
        rows: How many rows the job has.
        shown: The filter in use and how many rows it lets through; None when all rows are shown.
        practice: The answers are made up by the practice model, which is said.
        open_url: Opens a file or folder with the system's program.

    Signals:
        exportRequested: The target, a `Path`, and the `ExportOptions`.
        cancelRequested: Stop the export that runs.
    """

    exportRequested = Signal(object, object)
    cancelRequested = Signal()

    def __init__(
        self,
        settings: Settings,
        source_name: str,
        *,
        rows: int,
        folder: Path | None = None,
        source: Path | None = None,
        shown: tuple[RowFilter, int] | None = None,
        practice: bool = False,
        open_url: Callable[[QUrl], object] = QDesktopServices.openUrl,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self._settings, self._open_url, self._practice = settings, open_url, practice
        self._tasks = Tasks()
        self._target: Path | None = None
        self._replace: Path | None = None
        self._source = source
        self._done, self._total = 0, 0
        last = settings.get(EXPORT_FOLDER)
        place = Path(last) if last else (folder or Path.home())
        # Not the name of the table itself: the input file is never changed.
        target = place / _("{name} with answers").format(name=name_for_export(source_name)).replace("/", "-")
        self.form = ExportForm(_with_any_suffix(target), settings.get(EXPORT_KIND), rows=rows, shown=shown)
        self._title = text_label("subtitle")
        self._practice_note = text_label("warning", wrap=True)
        self._practice_note.setVisible(practice)
        self._stack = QStackedWidget()
        self._bar = named(QProgressBar(), "exportProgressBar")
        self._bar.setTextVisible(False)
        self._progress = text_label()
        self._icon = IconLabel("circle-check", "success", 32)
        self._result, self._notes = text_label(wrap=True), text_label("hint", wrap=True)
        self._result.setObjectName("exportResult")
        self._open_file, self._open_folder = QPushButton(), QPushButton()
        self._open_file.setObjectName("openExportedFileButton")
        self._open_folder.setObjectName("openExportedFolderButton")
        self._cancel, self._start = QPushButton(), QPushButton()
        self._cancel.setObjectName("cancelExportButton")
        self._start.setObjectName("startExportButton")
        set_role(self._start, "primary")
        self._build()
        self.retranslate()

    # What the owner tells

    def show_progress(self, done: int, total: int | None) -> None:
        """So many rows are written; None: nobody knows how many there will be."""
        self._done, self._total = done, total or 0
        self._bar.setRange(0, 1000 if total else 0)
        if total:
            self._bar.setValue(round(1000 * done / total))
        self._show_page(1)

    def show_result(self, result: TaskResult) -> None:
        """The file is there."""
        name = plain(self._target.name, 120) if self._target else ""
        self._result.setText(
            ngettext("{n} row was written to {file}.", "{n} rows were written to {file}.", result.rows).format(
                n=number(result.rows), file=name
            )
        )
        tell(self._notes, "\n".join(filled(sentence, dict(details)) for sentence, details in result.notes))
        self._show_page(2)
        self._open_file.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_problem(self, sentence: str) -> None:
        """It could not be written, or was cancelled ("" for no sentence): back to the questions."""
        tell(self.form.message, sentence, "error")
        self._show_page(0)

    def is_running(self) -> bool:
        """Whether an export goes on."""
        return self._stack.currentIndex() == 1

    async def aclose(self) -> None:
        """Stop what is being looked up. An export that runs is its owner's to stop; afterwards the dialog closes."""
        await self._tasks.aclose()
        self._show_page(0)

    # Inside

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def reject(self) -> None:
        """Qt's hook: Esc, Cancel and the window's cross. While an export runs they stop it, and the dialog stays."""
        if self.is_running():
            self._cancel.setEnabled(False)
            self.cancelRequested.emit()
        else:
            super().reject()

    def retranslate(self) -> None:
        """Set every text. The form does it by itself."""
        self.setWindowTitle(_("Export"))
        self._title.setText(_("Export"))
        self._practice_note.setText(_("These answers were made up by the practice model. They mean nothing."))
        self._open_file.setText(_("Open the file"))
        self._open_folder.setText(_("Open the folder"))
        describe(self._open_file, _("Open the file"))
        describe(self._open_folder, _("Open the folder"))
        describe(self._bar, _("Progress of the export"))
        self._say()

    def _build(self) -> None:
        progress, result = Panel(), Panel()
        column = vbox(progress, gap=GAP_M)
        column.addSpacing(GAP_S)
        column.addWidget(self._progress)
        column.addWidget(self._bar)
        column.addStretch(1)
        buttons = QWidget()
        flow = FlowLayout(buttons, GAP_S)
        flow.addWidget(self._open_file)
        flow.addWidget(self._open_folder)
        set_icon(self._open_file, "external-link", "on_accent")
        set_role(self._open_file, "primary")
        set_icon(self._open_folder, "folder-open")
        line = hbox(None, gap=GAP_M)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._result, 1)
        column = vbox(result, gap=GAP_M)
        column.addSpacing(GAP_S)
        column.addLayout(line)
        column.addWidget(self._notes)
        column.addWidget(buttons)
        column.addStretch(1)
        self._questions = ScrollColumn()
        self._questions.column.setContentsMargins(0, 0, 0, 0)
        self._questions.add(self.form)
        self._questions.column.addStretch(1)
        for page in (self._questions, progress, result):
            self._stack.addWidget(page)
        last = hbox(None, gap=GAP_S)
        last.addStretch(1)
        last.addWidget(self._cancel)
        last.addWidget(self._start)
        whole = vbox(self, (GAP_XL, GAP_L, GAP_XL, GAP_L), GAP_M)
        whole.addWidget(self._title)
        whole.addWidget(self._practice_note)
        whole.addWidget(self._stack, 1)
        whole.addLayout(last)
        self.setMinimumWidth(480)
        self._start.setDefault(True)
        self._cancel.setAutoDefault(False)
        self._start.clicked.connect(self._start_clicked)
        self._cancel.clicked.connect(self.reject)
        self._open_file.clicked.connect(lambda: self._open(self._target))
        self._open_folder.clicked.connect(lambda: self._open(self._target.parent if self._target else None))
        self.form.changed.connect(self._form_changed)
        self.form.resized.connect(self._fit)
        self.finished.connect(lambda: self._tasks.cancel_all())
        resize_within(self, 580, self.sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        """Qt's hook."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as the questions, as far as the screen allows; beyond that they scroll."""
        missing = self._questions.body.sizeHint().height() - self._questions.viewport().height()
        if self._questions.body.hasHeightForWidth():
            wanted = self._questions.body.heightForWidth(self._questions.viewport().width())
            missing = wanted - self._questions.viewport().height()
        most = self.screen().availableGeometry().height() - 80
        if missing > 0 and not self.is_running():
            self.resize(self.width(), min(self.height() + missing, most))

    def _form_changed(self) -> None:
        self._replace = None
        tell(self.form.message, "")
        self._say()

    def _start_clicked(self) -> None:
        target, wrong = self.form.target(), self.form.problem()
        if target is None or wrong:
            tell(self.form.message, wrong, "error")
            return
        if self._replace == target or not self._tasks.start("look at the target", self._look(target)):
            self._go(target)

    async def _look(self, target: Path) -> None:
        """A name that was typed may be that of another file; a network drive may take its time to say so."""
        try:
            exists = await asyncio.to_thread(_is_there, target, self._source)
        except ExportError as error:
            tell(self.form.message, explain(error), "error")
            return
        if target != self.form.target():
            return
        if exists:
            self._replace = target
            tell(
                self.form.message,
                _("{file} is there already. It will be replaced.").format(file=plain(target.name, 80)),
                "warning",
            )
            self._say()
        else:
            self._go(target)

    def _go(self, target: Path) -> None:
        self._target, self._replace = target, None
        options = self.form.options()
        self._settings.set(EXPORT_FOLDER, str(target.parent))
        self._settings.set(EXPORT_KIND, options.kind)
        tell(self.form.message, "")
        self.show_progress(0, None)
        self._cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        self.exportRequested.emit(target, options)

    def _show_page(self, page: int) -> None:
        if self._stack.currentIndex() != page:
            self._stack.setCurrentIndex(page)
            self._cancel.setEnabled(True)
        self._say()

    def _say(self) -> None:
        page = self._stack.currentIndex()
        self._start.setVisible(page == 0)
        self._start.setText(_("Replace and export") if self._replace else _("Export"))
        describe(self._start, self._start.text())
        self._cancel.setText(_("Close") if page == 2 else _("Cancel"))
        describe(self._cancel, self._cancel.text())
        if self._total:
            self._progress.setText(
                _("{done} of {total} rows").format(done=number(self._done), total=number(self._total))
            )
        else:
            self._progress.setText(
                ngettext("{n} row", "{n} rows", self._done).format(n=number(self._done))
                if self._done
                else _("Starting…")
            )

    def _open(self, path: Path | None) -> None:
        if path is not None:
            self._open_url(QUrl.fromLocalFile(str(path)))


def _is_there(target: Path, source: Path | None) -> bool:
    if source is not None:
        check_not_source(target, source)
    return os.path.lexists(target)


def _with_any_suffix(path: Path) -> Path:
    # So that `with_suffix` replaces this one, and no part of a name with dots in it.
    return path.with_name(path.name + ".xlsx")
