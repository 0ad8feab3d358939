"""The jobs: made, listed, renamed, copied, deleted and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from gui_app import paths
from gui_app.engine.events import JobProgress
from gui_app.errors import StorageError
from gui_app.jobs import Counts, JobState
from gui_app.settings import Settings
from gui_app.store import network_folder
from gui_app.store.copies import check_job, job_glance
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.queries import JobReader
from gui_app.ui.jobs_list.job_delegate import told
from gui_app.ui.jobs_list.job_list import ENTRY, JobList
from gui_app.ui.jobs_list.job_shelf import JobShelf
from gui_app.ui.jobs_list.library import Library
from gui_app.ui.pieces.status_message import StatusMessage
from tests.store.making import Run, done, each_alone


@pytest.fixture
def shelf(home: Path) -> JobShelf:
    return JobShelf(paths.jobs_dir())


def filled(path: Path, rows: int = 3) -> Path:
    writer = RowsWriter(path)
    writer.begin(("a",), source_name="t.csv", import_settings={})
    writer.add(((str(n),), "") for n in range(rows))
    writer.finish()
    return path


class Desk:
    """A jobs list with its library in a window."""

    def __init__(self) -> None:
        self.window = QWidget()
        self.window.resize(900, 500)
        self.jobs = JobList(self.window)
        self.jobs.furnish()
        self.jobs.resize(240, 500)
        self.status = StatusMessage(self.window)
        self.library = Library(Settings(), self.jobs, self.status, self.window)

    def names(self) -> list[str]:
        return [str(entry.name) for entry in self.jobs._entries.values()]


@pytest.fixture
def desk(home: Path, qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk()
    qtbot.addWidget(desk.window)
    desk.window.show()
    yield desk
    desk.status.dismiss()
    desk.library.shelf.close(finish=True)
    if desk.library.copies is not None:
        desk.library.copies.close()


@pytest.mark.parametrize("name", ["reviews", "a/b\\c:d*e?", "CON", "  ..  ", "很长" * 100, ""])
def test_any_name_gives_a_file_name_that_every_system_takes(shelf: JobShelf, name: str) -> None:
    first, second = shelf.create(name), shelf.create(name)
    assert first != second
    assert first.parent == second.parent == paths.jobs_dir()
    assert not set(first.name) & set('/\\:*?"<>|')
    assert len(first.name) < 90
    assert first.stem.upper() != "CON"


def test_a_file_that_is_no_job_is_listed_with_its_sentence(shelf: JobShelf) -> None:
    (paths.jobs_dir() / "broken.rowmill").write_bytes(b"not a job at all")
    shelf.create("fine")
    entries = {entry.name: entry for entry in shelf.entries([])}
    assert entries["broken"].error is not None
    assert entries["fine"].error is None
    assert told(entries["broken"]) == "cannot be opened"


def test_a_deleted_job_comes_back_whole(shelf: JobShelf) -> None:
    path = filled(shelf.create("mine"))
    aside = shelf.set_aside(path)
    assert shelf.entries([]) == []
    shelf.bring_back(aside, path)
    with closing(JobReader(path)) as reader:
        assert reader.counts().rows == 3


def test_a_folder_that_cannot_be_written_is_said(shelf: JobShelf, tmp_path: Path) -> None:
    path = shelf.create("mine")
    (paths.jobs_dir() / ".deleted").write_text("in the way")
    with pytest.raises(StorageError):
        shelf.set_aside(path)
    assert path.exists()


def test_delete_offers_undo_and_undo_lists_the_job_again(desk: Desk, qtbot: QtBot) -> None:
    desk.library.create("mine", lambda path: desk.library.refresh())
    qtbot.waitUntil(lambda: desk.names() == ["mine"])
    desk.jobs.list.setCurrentRow(0)
    qtbot.keyClick(desk.jobs.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: desk.status.button.isVisible() and desk.names() == [])
    qtbot.mouseClick(desk.status.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.names() == ["mine"])


def test_a_deleted_job_is_gone_for_good_when_the_message_goes(desk: Desk, qtbot: QtBot) -> None:
    desk.library.create("mine", lambda path: desk.library.refresh())
    qtbot.waitUntil(lambda: desk.names() == ["mine"])
    desk.jobs.list.setCurrentRow(0)
    qtbot.keyClick(desk.jobs.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: desk.status.button.isVisible())
    desk.status.dismiss()
    qtbot.waitUntil(lambda: not list((paths.jobs_dir() / ".deleted").glob("*")))


def test_a_copy_has_a_name_of_its_own(desk: Desk, qtbot: QtBot) -> None:

    def fill(path: Path) -> None:
        filled(path)
        desk.library.refresh()

    desk.library.create("mine", fill)
    qtbot.waitUntil(lambda: desk.names() == ["mine"])
    menu = desk.jobs.menu(next(iter(desk.jobs._entries)))
    next(action for action in menu.actions() if action.text() == "Duplicate").trigger()
    qtbot.waitUntil(lambda: sorted(desk.names()) == ["Copy of mine", "mine"])


@pytest.fixture
def running(desk: Desk, qtbot: QtBot) -> Iterator[Path]:
    """A job in the list that is being run, two of three rows done."""

    def fill(path: Path) -> None:
        filled(path)
        desk.library.refresh()

    desk.library.create("mine", fill)
    qtbot.waitUntil(lambda: desk.names() == ["mine"])
    path = next(iter(desk.jobs._entries))
    with Run(path, prepare=each_alone) as run:
        run.claim(2)
        run.keep(done(1, run.version), done(2, run.version))
        yield path


def save_copy_to(desk: Desk, job: Path, target: Path, qtbot: QtBot) -> None:
    """As by hand: the menu, a name, Save."""
    menu = desk.jobs.menu(job)
    next(action for action in menu.actions() if action.text() == "Save a copy…").trigger()
    dialog = desk.window.findChild(QFileDialog, "saveCopyDialog")
    assert dialog is not None
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    assert Path(dialog.selectedFiles()[0]).name == "mine.rowmill"
    dialog.setDirectory(str(target.parent))
    name = dialog.findChild(QLineEdit)
    assert name is not None
    name.setText(target.stem)
    dialog.accept()


def test_a_copy_of_a_running_job_lies_where_it_was_wanted(
    desk: Desk, running: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", shown.append)
    target = tmp_path / "for a friend.rowmill"
    save_copy_to(desk, running, target, qtbot)
    qtbot.waitUntil(lambda: desk.status.label.text().startswith("The copy lies in"))
    # A long path is cut at its end.
    assert str(tmp_path)[:50] in desk.status.label.text() and "“for a friend.rowmill”" in desk.status.label.text()
    assert job_glance(target).counts == Counts(waiting=1, done=2)
    assert job_glance(target).owner is None and job_glance(running).owner is not None
    check_job(target)
    assert [file.name for file in tmp_path.glob("for a friend*")] == ["for a friend.rowmill"]
    qtbot.mouseClick(desk.status.button, Qt.MouseButton.LeftButton)
    assert shown == [QUrl.fromLocalFile(str(tmp_path))]


def test_a_copy_replaces_no_job_that_is_open(desk: Desk, running: Path, qtbot: QtBot, tmp_path: Path) -> None:
    other = tmp_path / "other.rowmill"
    create_job(other, name="other")
    filled(other)
    with closing(JobReader(other)) as reader:
        save_copy_to(desk, running, other, qtbot)
        qtbot.waitUntil(lambda: "is a job that is open" in desk.status.label.text())
        assert reader.counts().rows == 3
    assert job_glance(other).name == "other"
    save_copy_to(desk, running, other, qtbot)
    qtbot.waitUntil(lambda: desk.status.label.text().startswith("The copy lies in"))
    assert job_glance(other).name == "mine"


def test_the_search_hides_other_jobs(desk: Desk, qtbot: QtBot) -> None:
    for name in ("apples", "pears"):
        desk.library.create(name, lambda path: desk.library.refresh())
    qtbot.waitUntil(lambda: len(desk.names()) == 2)
    qtbot.keyClicks(desk.jobs.search, "PEA")
    shown = [row for row in range(2) if not desk.jobs.list.item(row).isHidden()]
    assert len(shown) == 1


def test_a_job_that_is_opened_is_listed_also_when_the_archive_was_shown(desk: Desk, qtbot: QtBot) -> None:
    paths: list[Path] = []
    for name in ("old", "new"):
        desk.library.create(name, paths.append)
    qtbot.waitUntil(lambda: len(paths) == 2)
    desk.library.archive(paths[0], True)
    qtbot.waitUntil(lambda: len(desk.names()) == 2 and desk.jobs.archive_button.isVisible())
    desk.jobs.archive_button.click()
    for path, archive in ((paths[0], True), (paths[1], False), (paths[0].with_name("not listed yet.rowmill"), False)):
        desk.jobs.show_shelf_of(path)
        assert desk.jobs.archive_button.isChecked() == archive


def test_an_event_moves_the_entry_of_its_job(desk: Desk, qtbot: QtBot) -> None:
    desk.library.create("mine", lambda path: desk.library.refresh())
    qtbot.waitUntil(lambda: desk.names() == ["mine"])
    entry = next(iter(desk.jobs._entries.values()))
    desk.jobs.take(JobProgress(str(entry.path), JobState.RUNNING, Counts(done=1, waiting=3)))
    changed = desk.jobs.entry(entry.path)
    assert changed is not None
    assert told(changed) == "running, 25%"
    assert changed == replace(entry, state=JobState.RUNNING, counts=Counts(done=1, waiting=3))


def test_a_job_whose_share_is_away_is_listed_while_its_answers_lie_here(
    shelf: JobShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    monkeypatch.setattr(network_folder, "is_remote", lambda where: where == share and share.exists())
    create_job(share / "mine.rowmill", name="mine")
    filled(share / "mine.rowmill")
    run = Run(share / "mine.rowmill")
    run.claim(1)
    share.rename(tmp_path / "unplugged")
    (entry,) = shelf.entries([share / "mine.rowmill"])
    assert (entry.name, entry.counts) == ("mine", Counts(waiting=2, running=1))
    (tmp_path / "unplugged").rename(share)
    run.close()
    # Deleted, it comes back by Undo, with what was done.
    aside = shelf.set_aside(share / "mine.rowmill")
    assert shelf.entries([share / "mine.rowmill"]) == []
    shelf.bring_back(aside, share / "mine.rowmill")
    assert shelf.entries([share / "mine.rowmill"])[0].counts == Counts(waiting=2, running=1)


def test_the_queue_is_listed_in_its_order_and_changed_by_keys_and_menu(desk: Desk, qtbot: QtBot) -> None:
    jobs, shelf = desk.jobs, JobShelf(paths.jobs_dir())
    a, b, c, runs = (filled(shelf.create(name)) for name in "abcd")
    desk.library.refresh()
    qtbot.waitUntil(lambda: len(desk.names()) == 4)
    jobs.update_entry(replace(jobs._entries[runs], state=JobState.RUNNING))
    jobs.show_waits((c, a), {c: "number 1", a: "number 2"})
    assert [jobs.list.item(at).data(ENTRY).path for at in range(4)] == [runs, c, a, b]
    assert "number 2" in jobs.list.item(2).data(Qt.ItemDataRole.AccessibleTextRole)
    moved: list[tuple[Path, int]] = []
    jobs.moveRequested.connect(lambda path, by: moved.append((path, by)))
    jobs.mark(a)
    qtbot.keyClick(jobs.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    jobs.mark(b)
    qtbot.keyClick(jobs.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert moved == [(a, -1)]
    earlier, later, out = jobs.menu(c).actions()[:3]
    assert (earlier.isEnabled(), later.isEnabled()) == (False, True)
    later.trigger()
    assert moved[1:] == [(c, 1)]
    with qtbot.waitSignal(jobs.leaveQueueRequested) as left:
        out.trigger()
    assert left.args == [c]
    assert "queue" not in jobs.menu(b).actions()[0].text()


def test_the_strip_tells_how_many_wait_and_goes_on_or_holds(desk: Desk, qtbot: QtBot) -> None:
    strip = desk.jobs.strip
    assert strip.isHidden()
    strip.show_queue(2, held=False)
    assert strip.isVisible() and "2 jobs wait" in strip.label.text()
    with qtbot.waitSignal(strip.holdRequested):
        qtbot.mouseClick(strip.button, Qt.MouseButton.LeftButton)
    strip.show_queue(2, held=True)
    assert "held" in strip.label.text()
    with qtbot.waitSignal(strip.goOnRequested):
        qtbot.mouseClick(strip.button, Qt.MouseButton.LeftButton)
    strip.show_queue(0, held=False)
    assert strip.isHidden()
