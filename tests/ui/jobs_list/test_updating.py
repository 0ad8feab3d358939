"""A newer version of a job's file: dropped or chosen, with the answers of the rows that are as they were."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.errors import JobFileError
from gui_app.jobs import JobState, RowState
from gui_app.settings import Settings
from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import JobReader
from gui_app.ui.job.job_notices import notices
from gui_app.ui.jobs_list.importing import Importing
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.jobs_list.library import Library
from gui_app.ui.jobs_list.updating import Updating
from gui_app.ui.pieces.question import Question
from gui_app.ui.pieces.status_message import StatusMessage
from gui_app.ui.window.opening import Opening
from gui_app.worker.client import WorkerClient
from tests.helpers.finding import part
from tests.helpers.waiting import until
from tests.store.making import RECIPE, Run, done


class Desk:
    """The jobs, and whatever opens files; no job page."""

    def __init__(self) -> None:
        self.window = QWidget()
        self.window.resize(900, 500)
        self.jobs = JobList(self.window)
        self.status = StatusMessage(self.window)
        self.settings, self.worker = Settings(), WorkerClient()
        self.library = Library(self.settings, self.jobs, self.status, self.window)
        self.importing = Importing(self.worker, self.window)
        self.updating = Updating(self.settings, self.library, self.jobs, self.importing, self.window)
        self.opening = Opening(self.settings, self.library, self.importing, self.updating, self.window)
        self.ready: list[Path] = []
        self.failed: list[tuple[Path, BaseException]] = []
        self.read: list[Path] = []
        for source in (self.opening, self.updating):
            source.jobReady.connect(lambda job, _table: self.ready.append(job))
        self.importing.finished.connect(self.read.append)
        self.importing.failed.connect(lambda job, error: self.failed.append((job, error)))
        self.window.show()

    def listed(self, *, archived: bool = False) -> list[Path]:
        return [entry.path for entry in self.jobs._entries.values() if entry.archived == archived]

    def press(self, name: str) -> None:
        question = part(self.window, Question, "question")
        QTest.mouseClick(part(question, QPushButton, name), Qt.MouseButton.LeftButton)


@asynccontextmanager
async def desk(qtbot: QtBot) -> AsyncIterator[Desk]:
    out = Desk()
    qtbot.addWidget(out.window)
    try:
        yield out
    finally:
        out.status.dismiss()
        await out.updating.aclose()
        await out.importing.aclose()
        await out.worker.close()
        await out.library.aclose()


def table(path: Path, *texts: str) -> Path:
    path.write_text("\n".join(["text", *texts]) + "\n", "utf-8")
    return path


async def answered_job(at: Desk, source: Path) -> Path:
    at.opening.open(source)
    await until(lambda: len(at.read) == 1)
    job = at.ready[0]
    with closing(JobEditor(job)) as editor:
        editor.save_draft(RECIPE)
    with Run(job) as run:
        run.answer_all(lambda row_id, version: done(row_id, version, f"answer {row_id}"))
        run.writer.set_state(JobState.FINISHED)
    at.library.refresh()
    await until(lambda: (entry := at.jobs.entry(job)) is not None and entry.counts.done > 0)
    return job


def shown(job: Path) -> list[tuple[str, RowState, object]]:
    with closing(JobReader(job)) as reader:
        return [(row.cells[0], row.state, row.shown("label")) for row in reader.stream()]


async def test_the_same_file_dropped_again_keeps_the_answers_if_wanted(
    qloop: object, qtbot: QtBot, tmp_path: Path
) -> None:
    async with desk(qtbot) as at:
        source = table(tmp_path / "reviews.csv", "a", "b", "c")
        former = await answered_job(at, source)
        table(source, "new", "c", "a")
        at.opening.open(source)
        await until(lambda: at.window.findChild(Question) is not None)
        at.press("answer_keep")
        await until(lambda: len(at.read) == 2)
        job = at.ready[1]
        assert shown(job) == [
            ("new", RowState.WAITING, None),
            ("c", RowState.DONE, "answer 3"),
            ("a", RowState.DONE, "answer 1"),
        ]
        await until(lambda: at.listed(archived=True) == [former])
        assert at.listed() == [job]
        with closing(JobReader(job)) as reader:
            summary = reader.summary()
        nothing: Callable[[], None] = lambda: None  # noqa: E731
        said = [notice.text for notice in notices(summary, None, None, show_model=nothing, go_on=nothing)]
        assert said[0].startswith("2 of 3 rows are unchanged; 2 of them keep their answers.")
        # The message that tells where the former one went also brings it back.
        assert at.status.button.isVisible()
        QTest.mouseClick(at.status.button, Qt.MouseButton.LeftButton)
        await until(lambda: at.listed(archived=True) == [])


async def test_answers_are_kept_whatever_language_the_window_had_when_columns_were_named(
    qloop: object, qtbot: QtBot, tmp_path: Path
) -> None:
    i18n.set_language("zh_CN")
    async with desk(qtbot) as at:
        source = tmp_path / "reviews.csv"
        source.write_text("1,good\n2,bad\n3,fine\n", "utf-8")
        at.opening.open(source)
        await until(lambda: len(at.read) == 1)
        former = at.ready[0]
        asks = replace(RECIPE, template="{第 2 列}")
        with closing(JobEditor(former)) as editor:
            editor.save_draft(asks)
        with Run(former, recipe=asks) as run:
            run.answer_all(lambda row_id, version: done(row_id, version, f"answer {row_id}"))
            run.writer.set_state(JobState.FINISHED)
        i18n.set_language("en")
        at.updating.update_job(former, source)
        await until(lambda: len(at.read) == 2)
        with closing(JobReader(at.ready[1])) as reader:
            assert reader.columns() == ("第 1 列", "第 2 列")
            assert reader.counts().done == 3


async def test_the_same_file_can_also_begin_a_job_of_its_own(qloop: object, qtbot: QtBot, tmp_path: Path) -> None:
    async with desk(qtbot) as at:
        source = table(tmp_path / "reviews.csv", "a")
        await answered_job(at, source)
        at.opening.open(source)
        await until(lambda: at.window.findChild(Question) is not None)
        at.press("answer_new")
        await until(lambda: len(at.read) == 2)
        assert shown(at.ready[1]) == [("a", RowState.WAITING, None)]
        assert at.listed(archived=True) == []


async def test_a_file_of_another_name_is_chosen_from_the_menu(qloop: object, qtbot: QtBot, tmp_path: Path) -> None:
    async with desk(qtbot) as at:
        former = await answered_job(at, table(tmp_path / "monday.csv", "a", "b"))
        action = next(a for a in at.jobs.menu(former).actions() if a.text().startswith("Update from a newer"))
        action.trigger()
        dialog = part(at.window, QFileDialog, "newerDialog")
        dialog.fileSelected.emit(str(table(tmp_path / "friday.csv", "b", "z")))
        dialog.close()
        await until(lambda: len(at.read) == 2)
        assert [value for _text, _state, value in shown(at.ready[1])] == ["answer 2", None]


async def test_a_file_that_lacks_the_asked_column_leaves_the_job_as_it_was(
    qloop: object, qtbot: QtBot, tmp_path: Path
) -> None:
    async with desk(qtbot) as at:
        former = await answered_job(at, table(tmp_path / "reviews.csv", "a"))
        other = tmp_path / "other.csv"
        other.write_text("text2,text3\nx,y\n", "utf-8")
        at.updating.update_job(former, other)
        await until(lambda: at.failed)
        job, error = at.failed[0]
        assert isinstance(error, JobFileError)
        assert at.updating.give_up(job) == former
        await until(lambda: not job.exists())
        await until(lambda: at.listed() == [former])
        assert shown(former)[0][2] == "answer 1"


@pytest.mark.parametrize("archived", [True, False])
async def test_the_archive_is_a_list_of_its_own(qloop: object, qtbot: QtBot, tmp_path: Path, archived: bool) -> None:
    async with desk(qtbot) as at:
        job = await answered_job(at, table(tmp_path / "reviews.csv", "a"))
        assert not at.jobs.archive_button.isVisible()
        at.library.archive(job, True)
        await until(lambda: at.jobs.archive_button.isVisible())
        assert at.jobs.archive_button.text() == "Archive (1)"
        assert at.jobs.list.count() == 0
        QTest.mouseClick(at.jobs.archive_button, Qt.MouseButton.LeftButton)
        assert at.jobs.list.count() == 1
        if not archived:
            out = next(a for a in at.jobs.menu(job).actions() if a.text() == "Take out of the archive")
            out.trigger()
            await until(lambda: at.jobs.list.count() == 0)
            QTest.mouseClick(at.jobs.archive_button, Qt.MouseButton.LeftButton)
            assert at.jobs.list.count() == 1
