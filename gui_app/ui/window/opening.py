"""Opening things: a table becomes a new job, a job file is opened, a sample comes with its task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gui_app.i18n import _
from gui_app.paths import JOB_SUFFIX, name_for_job
from gui_app.settings import FIRST_ROW_HEADER, OPEN_FOLDER, Settings
from gui_app.ui.jobs_list.importing import Importing
from gui_app.ui.jobs_list.library import Library
from gui_app.ui.jobs_list.updating import Updating
from gui_app.ui.pieces.file_dialog import file_dialog, open_dialog
from gui_app.ui.samples import Sample, sample_of

TABLES = ("*.csv", "*.tsv", "*.txt", "*.xlsx", "*.xlsm", "*.xls", "*.xlsb", "*.ods")


class Opening(QObject):
    """Signals: jobReady: a job's path, and its table's path where it is known, else None."""

    jobReady = Signal(object, object)

    def __init__(
        self,
        settings: Settings,
        library: Library,
        importing: Importing,
        updating: Updating,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._settings, self._library, self._importing = settings, library, importing
        self._updating, self._window = updating, window

    def ask(self) -> None:
        """Show the file dialog."""
        tables = " ".join(TABLES)
        dialog = file_dialog(self._window, _("Open a table or a job"), self._settings.get(OPEN_FOLDER))
        dialog.setObjectName("openDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [
                _("Tables and jobs ({patterns})").format(patterns=f"{tables} *{JOB_SUFFIX}"),
                _("Tables ({patterns})").format(patterns=tables),
                _("Rowmill jobs ({patterns})").format(patterns=f"*{JOB_SUFFIX}"),
                _("All files ({patterns})").format(patterns="*"),
            ]
        )
        dialog.fileSelected.connect(lambda name: self.open(Path(name)))
        open_dialog(dialog)

    def open(self, path: Path) -> None:
        """Open whatever it is."""
        path = path.absolute()
        self._settings.set(OPEN_FOLDER, str(path.parent))
        if path.suffix.lower() == JOB_SUFFIX:
            self._settings.remember_job(path, self._library.source_of(path) or "")
            self._settings.save_soon()
            self.jobReady.emit(path, self._library.source_of(path))
            self._library.refresh()
            return
        sample = sample_of(path)
        former = self._updating.job_of(path) if sample is None else None
        if former is None:
            self.start_job(path, sample)
        else:
            self._updating.offer(former, path, lambda: self.start_job(path))

    def open_sample(self, sample: Sample) -> None:
        """Start a job from a sample."""
        self.start_job(sample.path, sample)

    def start_job(self, source: Path, sample: Sample | None = None) -> None:
        """A new job from a table."""
        name = _(sample.title) if sample is not None else name_for_job(source)

        def created(job: Path) -> None:
            self._settings.remember_job(job, source)
            self._settings.save_soon()
            self._importing.start(source, job, self._first_settings())
            self.jobReady.emit(job, source)
            self._library.refresh()

        self._library.create(name, created)

    def read_again(self, job: Path, source: Path, settings: Mapping[str, Any]) -> None:
        """Read a job's table otherwise."""
        self._importing.start(source, job, settings, self._updating.former_of(job))

    def _first_settings(self) -> dict[str, Any]:
        out: dict[str, Any] = {"unnamed": _("Column {n}")}
        chosen = self._settings.get(FIRST_ROW_HEADER)
        if chosen != "detect":
            out["header"] = chosen == "header"
        return out
