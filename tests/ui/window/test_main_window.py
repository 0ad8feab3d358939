"""The way through the window, with real clicks, real worker processes and real job files."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTableView, QWidget

from gui_app import i18n
from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState, RowFilter, RowState
from gui_app.settings import LANGUAGE, THEME
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.look.palette import DARK, colours
from gui_app.ui.pieces.question import Question
from gui_app.ui.samples import SAMPLES
from gui_app.ui.window.main_window import MainWindow
from gui_app.worker.protocol import WorkerLost
from tests.helpers.practice import Practice
from tests.helpers.waiting import until

# Worker processes are started; on a machine that is busy with something else that takes its time.
pytestmark = pytest.mark.timeout(200)

PARTS = """
    dropArea openFileButton sampleList jobList newJobButton importLine rowTable stateFilter searchEdit presetBox
    promptEdit columnChips promptPreview fieldList addFieldButton labelsEdit providerBox modelBox keyEdit testKeyButton
    speedBox laneBox budgetEdit tryButton runButton pauseButton stopButton progressBar countsLabel costLabel etaLabel
    failureList retryButton labelBars goldColumnBox exportButton settingsButton
"""


PARTS_OF_A_JOB = [
    "importLine",
    "rowTable",
    "searchEdit",
    "promptEdit",
    "providerBox",
    "keyEdit",
    "runButton",
    "exportButton",
    "failureList",
]


def click(window: QWidget, name: str) -> None:
    found = next((child for child in window.findChildren(QWidget, name) if child.isVisible()), None)
    assert found is not None, f"{name} is not to be seen"
    assert found.isEnabled(), f"{name} is grey"
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(400, 300), copy, data, left, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(400, 300), copy, data, left, none))


async def opened(window: MainWindow, rows: int) -> JobPage:
    await until(lambda: window.page is not None and window.page._started and window.page.model.rowCount() == rows)
    assert window.page is not None
    page = window.page
    await until(lambda: not window.importing.is_reading(page.path))
    return page


def table(tmp_path: Path, rows: int = 12) -> Path:
    path = tmp_path / "comments.csv"
    lines = ["id,comment"] + [f"{n:04},this is {'good' if n % 2 else 'bad'} number {n}" for n in range(1, rows + 1)]
    path.write_text("\n".join(lines), "utf-8")
    return path


async def sample(window: MainWindow, practice: Practice) -> JobPage:
    click(window, "sample_reviews")
    page = await opened(window, 120)
    await until(lambda: not page.side.problem())
    return page


async def test_a_sample_is_tried_run_and_filtered_by_clicks_alone(window: MainWindow, practice: Practice) -> None:
    page = await sample(window, practice)
    click(window, "tryButton")
    await until(lambda: page.run_bar.counts.text().startswith("5 done"))
    await until(lambda: page.run_bar.estimate.text() != "")
    assert "115 rows left" in page.run_bar.estimate.text()
    await until(lambda: page.run_bar.run_button.isVisible())
    click(window, "runButton")
    await until(lambda: page.overview is not None and page.overview.summary.state is JobState.FINISHED)
    await until(lambda: page.model.index(0, 5).data() in ("positive", "negative", "neutral"))
    assert any("practice model made these answers up" in text for text in page.banners.texts())
    click(window, "count_done")
    await until(lambda: not page.model.list.is_plain and page.model.rowCount() > 0)
    assert page.filter_bar.states.currentData() == "done"
    await window.aclose()


async def test_a_dropped_table_becomes_a_job_with_its_first_rows_at_once(
    window: MainWindow, practice: Practice, tmp_path: Path
) -> None:
    drop(window, table(tmp_path))
    page = await opened(window, 12)
    assert page.import_line.dimensions.text() == "12 rows × 2 columns"
    await until(lambda: page.model.index(6, 0).data() == "0007")
    assert page.title.label.accessibleName() == "comments"
    await until(lambda: [entry.name for entry in window.jobs._entries.values()] == ["comments"])
    assert window.jobs.current() == page.path
    await until(lambda: window.windowTitle() == "comments - Rowmill")
    await window.aclose()


async def test_another_separator_reads_the_table_again(window: MainWindow, practice: Practice, tmp_path: Path) -> None:
    drop(window, table(tmp_path))
    page = await opened(window, 12)
    box = page.import_line.separator
    await until(box.isVisible)
    box.setCurrentIndex(box.findData(";"))
    box.activated.emit(box.currentIndex())
    await until(lambda: page.import_line.dimensions.text() == "12 rows × 1 column")
    await until(lambda: page.model.index(0, 0).data() == "0001,this is good number 1")
    await window.aclose()


async def test_columns_without_a_heading_are_named_in_the_language_of_the_window_and_keep_that_name(
    window: MainWindow, practice: Practice, tmp_path: Path
) -> None:
    i18n.set_language("zh_CN")
    path = tmp_path / "no heading.csv"
    path.write_text("\n".join(f"{n},{n * 7}" for n in range(1, 13)), "utf-8")
    drop(window, path)
    page = await opened(window, 12)
    assert page.columns == ("第 1 列", "第 2 列")
    # Read again in another language: the prompt may name it by now.
    i18n.set_language("en")
    page.importSettingsChosen.emit({"separator": ";"})
    await until(lambda: page.columns == ("第 1 列",))
    await window.aclose()


async def test_a_file_that_is_no_table_gets_a_sentence_and_the_window_goes_on(
    window: MainWindow, practice: Practice, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    drop(window, empty)
    await until(lambda: "empty" in window.empty.problem())
    assert window.page is None
    await until(lambda: window.jobs._entries == {})
    drop(window, table(tmp_path))
    await opened(window, 12)
    await window.aclose()


async def test_a_job_is_left_and_opened_again_with_its_task(window: MainWindow, practice: Practice) -> None:
    page = await sample(window, practice)
    path, task = page.path, page.side.recipe()
    click(window, "newJobButton")
    await until(lambda: window.page is None)
    window.show_job(path, window.library.source_of(path))
    again = await opened(window, 120)
    assert again.side.recipe().hash == task.hash
    await window.aclose()


async def test_the_prompt_typed_last_is_kept_when_the_window_closes_at_once(
    window: MainWindow, practice: Practice
) -> None:
    page = await sample(window, practice)
    page.side.task.prompt_edit.insertPlainText("typed last ")
    await window.aclose()
    from contextlib import closing

    from gui_app.store.reading.queries import JobReader

    with closing(JobReader(page.path)) as reader:
        kept = reader.draft()
    assert kept is not None and "typed last" in kept.template


async def test_rows_are_corrected_by_hand_and_the_step_is_undone(window: MainWindow, practice: Practice) -> None:
    page = await sample(window, practice)
    page.edits.set_value(3, "sentiment", "neutral")
    await until(lambda: page.model.index(2, 5).data() == "neutral")
    page.edits.undo()
    await until(lambda: page.model.index(2, 5).data() == "")
    await window.aclose()


async def test_selected_cells_are_copied_for_a_spreadsheet(window: MainWindow, practice: Practice) -> None:
    page = await sample(window, practice)
    page.table.select_rows(0, 1)
    QApplication.clipboard().clear()
    QTest.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: QApplication.clipboard().text() != "")
    lines = QApplication.clipboard().text().split("\n")
    assert len(lines) == 2
    assert lines[0].split("\t")[:2] == ["0001", "Kettle"]
    await window.aclose()


async def test_a_cell_is_read_in_full_under_the_table(window: MainWindow, practice: Practice) -> None:
    page = await sample(window, practice)
    page.table.setCurrentIndex(page.model.index(0, 2))
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    await until(lambda: page.pane.isVisible() and "Boils fast" in page.pane.text.toPlainText())
    QTest.keyClick(page.pane.text, Qt.Key.Key_Escape)
    await until(lambda: not page.pane.isVisible())
    await window.aclose()


async def test_failures_are_listed_and_shown_in_the_table(window: MainWindow, practice: Practice) -> None:
    from gui_app.practice.faults import Faults

    page = await sample(window, practice)
    practice.set_faults(Faults(refused=0.2))
    click(window, "runButton")
    await until(lambda: page.overview is not None and page.overview.summary.state is JobState.FINISHED)
    await until(lambda: page.side.failures.count() > 0)
    page.show_page("failures")
    page.side.failures.showRequested.emit(RowFilter(states=frozenset([RowState.FAILED])))
    await until(lambda: page.model.rowCount() == page.side.failures.count())
    practice.set_faults(Faults())
    click(window, "retryButton")
    await until(lambda: page.overview is not None and page.overview.summary.counts.failed == 0)
    await window.aclose()


async def test_closing_while_a_job_runs_asks_and_can_be_taken_back(window: MainWindow, practice: Practice) -> None:
    from gui_app.practice.faults import Faults

    practice.set_faults(Faults(latency_ms=(2_000, 2_500)))
    page = await sample(window, practice)
    click(window, "runButton")
    await until(lambda: page.is_moving())
    window.close()
    await until(lambda: window.findChild(Question) is not None)
    click(window, "answer_")
    await until(lambda: window.findChild(Question) is None)
    assert window.isVisible()
    window.close()
    await until(lambda: window.findChild(Question) is not None)
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    click(window, "answer_quit")
    await asyncio.wait_for(closed.wait(), 30)
    assert not window.isVisible()


async def test_in_the_background_the_last_job_to_end_closes_the_program(window: MainWindow, practice: Practice) -> None:
    from gui_app.practice.faults import Faults

    practice.set_faults(Faults(latency_ms=(50, 80)))
    page = await sample(window, practice)
    click(window, "runButton")
    await until(lambda: page.is_moving())
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    window.go_to_background()
    assert not window.isVisible()
    await asyncio.wait_for(closed.wait(), 30)


async def test_a_worker_that_died_is_said_and_one_press_continues(window: MainWindow, practice: Practice) -> None:
    page = await sample(window, practice)
    running = JobProgress(str(page.path), JobState.RUNNING, Counts(waiting=120))
    window.events.take(running)
    await until(lambda: page.is_moving())
    window.events.take(WorkerLost())
    await until(lambda: any("Nothing that was finished is lost" in text for text in page.banners.texts()))
    notice = page.banners.findChild(QWidget, "notice_lost")
    assert notice is not None
    again = next(button for button in notice.findChildren(QPushButton) if button.text() == "Continue")
    await until(lambda: page.run_bar.run_button.isVisible())
    QTest.mouseClick(again, Qt.MouseButton.LeftButton)
    await until(lambda: page.overview is not None and page.overview.summary.state is JobState.FINISHED)
    await window.aclose()


async def test_a_job_waits_for_its_turn_and_starts_by_itself_when_the_other_is_done(
    window: MainWindow, practice: Practice, tmp_path: Path
) -> None:
    states: list[tuple[str, JobState]] = []
    window._services.worker.subscribe(
        lambda event: states.append((Path(event.job).stem, event.state)) if isinstance(event, JobProgress) else None
    )
    first = await sample(window, practice)
    first_path = first.path
    click(window, "runButton")
    await until(lambda: states)
    click(window, "newJobButton")
    await until(lambda: window.page is None)
    second = await sample(window, practice)
    assert second.path != first_path
    second.run_bar.runRequested.emit("queued")
    await until(lambda: second.overview is not None and second.overview.summary.state is JobState.FINISHED)
    began = states.index((second.path.stem, JobState.RUNNING))
    assert all(name == second.path.stem for name, _state in states[began:])
    assert states[began - 1] == (first_path.stem, JobState.FINISHED)
    await until(lambda: not window.later.queue._running)
    assert not window.later.queue.order and window.jobs.strip.isHidden()
    await window.aclose()


async def test_language_and_theme_change_without_a_restart(window: MainWindow, practice: Practice) -> None:
    page = await sample(window, practice)
    settings = window._services.settings
    settings.set(LANGUAGE, "zh_CN")
    settings.set(THEME, "dark")
    try:
        window.dialogs._setting_changed(LANGUAGE.key)
        window.dialogs._setting_changed(THEME.key)
        assert colours() is DARK
        assert not page.filter_bar.states.itemText(3).isascii()
    finally:
        settings.set(LANGUAGE, "en")
        settings.set(THEME, "light")
        window.dialogs._setting_changed(LANGUAGE.key)
        window.dialogs._setting_changed(THEME.key)
    assert page.filter_bar.states.itemText(3).isascii()
    await window.aclose()


async def test_the_keys_work(window: MainWindow, practice: Practice) -> None:
    page = await sample(window, practice)
    window.activateWindow()
    QTest.keyClick(page.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    await until(page.filter_bar.search.hasFocus)
    QTest.keyClick(page.filter_bar.search, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: page.side.current() == "model")
    QTest.keyClick(page.table, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: page.side.isHidden())
    await window.aclose()


async def test_enter_presses_what_has_the_focus_and_keys_lead_into_the_panel(
    window: MainWindow, practice: Practice
) -> None:
    card = next(child for child in window.findChildren(QWidget, "sample_reviews") if child.isVisible())
    card.setFocus()
    QTest.keyClick(card, Qt.Key.Key_Return)
    page = await opened(window, 120)
    QTest.keyClick(page.table, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert page.side.current() == "model"
    await until(lambda: window.focusWidget() is not None and window.focusWidget().objectName() == "modelSegment")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Right)
    assert page.side.current() == "failures"
    await window.aclose()


async def test_a_window_that_closes_leaves_nothing_behind(window: MainWindow, practice: Practice) -> None:
    # The fixtures look for threads, tasks, timers and processes.
    await sample(window, practice)
    window.quit()
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    await asyncio.wait_for(closed.wait(), 30)


async def test_every_agreed_part_has_a_name_for_a_screen_reader(window: MainWindow, practice: Practice) -> None:
    await until(window._ahead.is_done)
    # The page that waits for a job has parts, too, but they are found by nobody.
    assert not [name for name in PARTS_OF_A_JOB if window.findChildren(QWidget, name)]
    page = await sample(window, practice)
    await until(window._spare.is_ready)
    assert isinstance(page.findChild(QTableView, "rowTable"), QTableView)
    missing = {}
    for name in PARTS.split():
        found = window.findChildren(QWidget, name)
        if len(found) != 1 or not found[0].accessibleName():
            missing[name] = [type(widget).__name__ for widget in found]
    assert not missing
    assert len(SAMPLES) == 3
    await window.aclose()


async def test_tables_with_odd_names_become_jobs_that_can_be_told_apart(window: MainWindow, tmp_path: Path) -> None:
    odd = ("..csv", "...csv", "a" * 251 + ".csv", "line\nbreak.csv")
    for name in odd:
        (tmp_path / name).write_text("id,text\n1,hello\n", "utf-8")
        window.open_file(tmp_path / name)
        await opened(window, 1)
    await until(lambda: len(window.jobs.entries()) == len(odd))
    assert {entry.name for entry in window.jobs.entries()} == {"..csv", "...csv", "a" * 251, "line\nbreak"}
    said = [window.jobs.list.item(at).data(Qt.ItemDataRole.AccessibleTextRole) for at in range(len(odd))]
    assert all("\n" not in text and text[0] not in " ," for text in said)
    await window.aclose()
