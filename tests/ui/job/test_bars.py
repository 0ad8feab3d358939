"""The filter bar, the counts, the run bar, the import line, the banner, the status message: what they show and ask."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QBoxLayout, QComboBox, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.engine.events import JobProgress
from gui_app.jobs import Cause, Counts, JobState, Recipe, RowFilter, RowState
from gui_app.store.reading.queries import JobSummary
from gui_app.ui.job.import_page import ImportLine
from gui_app.ui.job.job_notices import notices
from gui_app.ui.job.job_title import JobTitle
from gui_app.ui.job.run_bar import RunBar
from gui_app.ui.look.theme import apply_text_size
from gui_app.ui.pieces.banner import BannerArea, Notice
from gui_app.ui.pieces.status_message import StatusMessage
from gui_app.ui.table.filter_bar import FilterBar
from gui_app.ui.window.window_dialogs import speak_another_language


def summary(**changed: object) -> JobSummary:
    known: dict[str, object] = {
        "name": "a job",
        "state": JobState.DRAFT,
        "stopped_cause": None,
        "stopped_detail": "",
        "counts": Counts(waiting=12),
        "columns": ("a", "b"),
        "source_name": "table.csv",
        "import_settings": {"encoding": "gb18030", "separator": ";", "header": True},
        "sheets": (),
        "renamed": (),
        "import_done": True,
        "sent": False,
        "lane": None,
        "created_at": 1.0,
        "updated_at": 1.0,
        "unknown_sent": 0,
        "owner": None,
    }
    return JobSummary(**{**known, **changed})  # type: ignore[arg-type]


@pytest.fixture
def filters(qtbot: QtBot) -> FilterBar:
    bar = FilterBar()
    qtbot.addWidget(bar)
    bar.resize(900, 50)
    bar.show()
    bar.set_counts(Counts(waiting=5, done=7, failed=1))
    return bar


def test_a_job_that_waits_offers_to_try_and_to_run(bar: RunBar) -> None:
    bar.set_state(JobState.DRAFT, Counts(waiting=100))
    assert bar.try_button.isVisible() and bar.run_button.isVisible()
    assert not bar.pause_button.isVisible() and not bar.stop_button.isVisible()
    assert not bar.progress.isVisible()


def test_why_nothing_can_run_is_said_on_the_button_and_beside_it(bar: RunBar) -> None:
    bar.set_state(JobState.DRAFT, Counts(waiting=100))
    bar.set_estimate("About $1 for the rest.")
    bar.set_problem("The prompt names no column.")
    assert not bar.run_button.isEnabled() and not bar.try_button.isEnabled()
    assert bar.run_button.accessibleDescription() == "The prompt names no column."
    assert bar.lacking.isVisible() and bar.lacking.text() == "The prompt names no column."
    assert not bar.estimate.isVisible(), "what it would cost is of no use before"
    bar.set_problem("")
    assert bar.run_button.isEnabled()
    assert not bar.lacking.isVisible() and bar.estimate.isVisible()


def test_a_long_sentence_stands_over_the_buttons_and_not_in_a_narrow_column(bar: RunBar) -> None:
    bar.resize(640, 120)
    bar.set_state(JobState.DRAFT, Counts(waiting=5))
    for words, direction in ((3, QBoxLayout.Direction.LeftToRight), (60, QBoxLayout.Direction.TopToBottom)):
        bar.set_problem("word " * words)
        assert bar._line.direction() == direction


def test_a_running_job_shows_counts_money_and_time_and_can_be_paused_and_stopped(bar: RunBar, qtbot: QtBot) -> None:
    event = JobProgress(
        "j", JobState.RUNNING, Counts(waiting=50, running=10, done=35, failed=5), run_rows=100, run_finished=40,
        rows_per_minute=120.4, eta_s=300, cost_usd=0.5, projected_usd=1.25, concurrency=12, slowed=True,
    )  # fmt: skip
    bar.set_progress(event)
    assert not bar.run_button.isVisible()
    assert bar.progress.value() == 400
    assert bar.eta.text() == "120 rows/min · about 5 min left · 12 at a time · slowed down by the provider"
    assert bar.cost.text() == "$0.50 so far · about $1.25 in all"
    bar.set_progress(replace(event, waiting_s=12.0))
    assert bar.eta.text() == "Waiting 12 s, as the provider asked"
    i18n.set_language("zh_CN")
    bar.retranslate()
    assert bar.eta.text() == "按服务商的要求等待 12 秒"
    i18n.set_language("en")
    bar.retranslate()
    assert bar.counts.text() == "35 done, 5 failed, 10 running, 50 waiting"
    with qtbot.waitSignal(bar.pauseRequested):
        qtbot.mouseClick(bar.pause_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(bar.stopRequested):
        qtbot.mouseClick(bar.stop_button, Qt.MouseButton.LeftButton)


def test_a_pausing_job_says_how_many_rows_are_on_their_way(bar: RunBar) -> None:
    bar.set_progress(JobProgress("j", JobState.PAUSING, Counts(running=12, waiting=3), in_flight=12))
    assert bar.eta.text() == "12 rows on their way"
    assert not bar.pause_button.isEnabled()


def test_a_paused_job_is_continued_and_a_finished_one_run_again(bar: RunBar) -> None:
    bar.set_state(JobState.PAUSED, Counts(waiting=3, done=2))
    assert bar.run_button.text() == "&Continue"
    bar.set_state(JobState.FINISHED, Counts(done=5))
    assert bar.run_button.text() == "&Run again…"


def test_what_comes_next_stands_out_and_no_button_moves_when_another_changes_its_words(bar: RunBar) -> None:
    def prominent() -> list[str]:
        return [button.objectName() for button in (bar.run_button, bar.export_button) if _is_primary(button)]

    bar.set_state(JobState.DRAFT, Counts(waiting=12))
    assert prominent() == ["runButton"]
    bar.resize(600, 120)
    QApplication.processEvents()
    before = _right_end(bar.export_button, bar)
    bar.set_state(JobState.FINISHED, Counts(done=12))
    QApplication.processEvents()
    assert prominent() == ["exportButton"]
    assert _right_end(bar.export_button, bar) == before
    # Rows that are asked about again come before an export.
    bar.set_state(JobState.PAUSED, Counts(done=10, waiting=2))
    assert prominent() == ["runButton"]


def test_buttons_in_a_line_are_as_high_as_each_other(bar: RunBar) -> None:
    bar.set_state(JobState.FINISHED, Counts(done=12))
    QApplication.processEvents()
    parts = (bar.try_button, bar.run_button, bar.export_button)
    assert len({part.height() for part in parts}) == 1
    assert len({part.mapTo(bar, QPoint()).y() for part in parts}) == 1


def test_with_nothing_to_say_the_buttons_need_no_line_of_their_own(bar: RunBar) -> None:
    bar.set_state(JobState.FINISHED, Counts(done=12))
    bar.resize(bar._buttons.sizeHint().width() + 60, 120)
    QApplication.processEvents()
    bare = bar.sizeHint().height()
    bar.set_estimate("free, about 3 s")
    QApplication.processEvents()
    assert bar.sizeHint().height() > bare
    bar.set_estimate("")
    QApplication.processEvents()
    assert bar.sizeHint().height() == bare


def _is_primary(button: QWidget) -> bool:
    return bool(button.property("role") == "primary")


def _right_end(widget: QWidget, within: QWidget) -> int:
    return widget.mapTo(within, QPoint(widget.width(), 0)).x()


def test_rows_about_to_be_sent_are_announced_and_cannot_be_asked_for_twice(bar: RunBar) -> None:
    bar.set_state(JobState.DRAFT, Counts(waiting=95, done=5))
    bar.set_estimate("95 rows left: about $1")
    bar.set_starting(True)
    assert bar.eta.text() == "Starting…" and bar.eta.isVisible()
    assert not bar.estimate.isVisible()
    assert not bar.run_button.isEnabled() and not bar.try_button.isEnabled()
    bar.set_starting(False)
    assert bar.run_button.isEnabled() and bar.estimate.isVisible() and not bar.eta.isVisible()


def test_a_count_lists_its_rows_and_all_again_at_the_second_press(bar: RunBar, qtbot: QtBot) -> None:
    bar.set_state(JobState.PAUSED, Counts(waiting=3, failed=2))
    asked: list[RowFilter] = []
    bar.filterRequested.connect(asked.append)
    failed = bar.counts.buttons[RowState.FAILED]
    qtbot.mouseClick(failed, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(failed, Qt.MouseButton.LeftButton)
    assert asked == [RowFilter(states=frozenset([RowState.FAILED])), RowFilter()]


def test_a_filter_of_others_shows_as_a_chip_that_can_be_closed(filters: FilterBar, qtbot: QtBot) -> None:
    told: list[RowFilter] = []
    filters.filterChanged.connect(told.append)
    wanted = RowFilter(causes=frozenset([Cause.REFUSED]), states=frozenset([RowState.FAILED]))
    filters.set_filter(wanted)
    assert told == [wanted]
    chip = filters.findChild(QToolButton, "filterChip")
    assert chip is not None and chip.isVisible()
    assert filters.states.currentData() == "failed"
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert told[-1] == RowFilter(states=frozenset([RowState.FAILED]))
    assert not chip.isVisible()


def test_what_is_typed_is_looked_for_and_escape_takes_it_back(filters: FilterBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(filters.filterChanged) as told:
        qtbot.keyClicks(filters.search, "Kessel")
        qtbot.keyClick(filters.search, Qt.Key.Key_Return)
    assert told.args == [RowFilter(search="Kessel")]
    with qtbot.waitSignal(filters.filterChanged) as told:
        qtbot.keyClick(filters.search, Qt.Key.Key_Escape)
    assert told.args == [RowFilter()]


def test_the_number_of_all_rows_gives_way_to_what_is_typed(filters: FilterBar) -> None:
    filters.set_counts(Counts(done=120))
    filters.set_listed(120)
    filters.resize(900, 44)
    QApplication.processEvents()
    assert filters._told.isVisible()
    filters.resize(filters.minimumSizeHint().width(), 44)
    QApplication.processEvents()
    assert not filters._told.isVisible()
    # Of the rows that a filter lets through it is told nowhere else.
    filters.set_filter(RowFilter(states=frozenset({RowState.DONE})))
    filters.set_listed(12)
    QApplication.processEvents()
    assert filters._told.isVisible()


def test_the_states_show_their_counts(filters: FilterBar) -> None:
    texts = [filters.states.itemText(at) for at in range(filters.states.count())]
    assert texts == ["All rows", "Waiting (5)", "Running (0)", "Done (7)", "Needs review (0)", "Failed (1)"]


def test_the_import_line_shows_what_was_found_and_a_change_asks_to_read_again(qtbot: QtBot) -> None:
    line = ImportLine()
    qtbot.addWidget(line)
    line.show()
    line.show_summary(summary(), can_read_again=True)
    assert line.dimensions.text() == "12 rows × 2 columns"
    assert line.encoding.currentText() == "GB18030"
    assert not line.sheet.isVisible()
    chosen: list[dict[str, object]] = []
    line.settingsChosen.connect(chosen.append)
    line.separator.setCurrentIndex(line.separator.findData(","))
    line.separator.activated.emit(line.separator.currentIndex())
    line.header.activated.emit(line.header.currentIndex())
    assert chosen == [{"separator": ","}]


def test_whatever_is_filtered_for_the_bar_takes_no_room_from_the_list_of_jobs(filters: FilterBar) -> None:
    # What a page of 1280 pixels leaves it beside the jobs and the task.
    room = 1280 - 240 - 380 - 2
    filters.set_counts(Counts(waiting=500, done=480, failed=19))
    for wanted in (
        RowFilter(),
        RowFilter(row_ids=tuple(range(123))),
        RowFilter(states=frozenset({RowState.NEEDS_REVIEW}), field_value=("a long name of a column", "a long label")),
    ):
        filters.set_filter(wanted)
        filters.set_listed(123)
        assert filters.minimumSizeHint().width() <= room
    assert filters._chip.toolTip() != "" and "a long label" in filters._chip.accessibleName()


def test_while_the_file_is_read_the_import_line_shows_words_and_progress(qtbot: QtBot) -> None:
    line = ImportLine()
    qtbot.addWidget(line)
    line.resize(560, 40)
    line.show()
    line.show_summary(summary(source_name="a table with a rather long name.csv"), can_read_again=True)
    line.show_progress(0.5)
    assert line.progress.isVisible() and line.cancel.isVisible()
    assert not line.separator.isVisible()
    assert line.read_as.accessibleName() == "GB18030 · semicolon (;) · first row: names"
    reading = line.minimumSizeHint().width()
    line.show_progress(None)
    # Or the list of jobs beside it would be squeezed, and move back afterwards.
    assert reading <= line.minimumSizeHint().width()
    assert line.separator.isVisible() and not line.read_as.isVisible()


def test_a_long_file_name_gives_way_to_what_was_found(qtbot: QtBot) -> None:
    line = ImportLine()
    qtbot.addWidget(line)
    line.show()
    line.show_summary(summary(source_name="what our customers wrote in the autumn of 2026.csv"), can_read_again=True)
    line.resize(1600, 40)
    assert line.source.text() == "what our customers wrote in the autumn of 2026.csv"
    line.resize(line.minimumSizeHint().width(), 40)
    assert line.source.text().endswith("…")
    shown = [line.source, line.dimensions, line.encoding, line.separator, line.header]
    left_edges = [part.mapTo(line, QPoint()).x() for part in shown]
    right_edges = [edge + part.width() for edge, part in zip(left_edges, shown, strict=True)]
    assert all(right <= left for right, left in zip(right_edges, left_edges[1:], strict=False))


def test_the_import_line_stays_one_line_as_long_as_what_is_chosen_fits(qtbot: QtBot) -> None:
    line = ImportLine()
    qtbot.addWidget(line)
    line.show()
    line.show_summary(summary(), can_read_again=True)
    boxes = (line.encoding, line.separator, line.header)
    # Their longest items, which are not chosen, would need a good deal more.
    needed = line._first.minimumSizeHint().width() + sum(box.minimumWidth() + 8 for box in boxes) + 16
    assert needed + 20 < line._first.minimumSizeHint().width() + sum(box.sizeHint().width() + 8 for box in boxes)
    for width, lines in ((needed, 1), (needed - 1, 2)):
        line.resize(width, 60)
        QApplication.processEvents()
        levels = {part.mapTo(line, part.rect().center()).y() // 12 for part in (line.dimensions, *boxes)}
        assert len(levels) == lines


def test_the_import_line_is_words_only_once_rows_were_sent(qtbot: QtBot) -> None:
    line = ImportLine()
    qtbot.addWidget(line)
    line.show()
    line.show_summary(summary(sent=True), can_read_again=True)
    assert not any(box.isVisible() for box in line.findChildren(QComboBox))
    assert line.read_as.accessibleName() == "GB18030 · semicolon (;) · first row: names"
    assert "new job" in line.read_as.toolTip()


def test_a_stopped_job_says_why_and_what_to_do() -> None:
    done: list[str] = []
    shown = notices(
        summary(state=JobState.STOPPED, stopped_cause=Cause.KEY_REFUSED, unknown_sent=3),
        None,
        Recipe("x", (), provider="openai"),
        show_model=lambda: done.append("model"),
        go_on=lambda: done.append("run"),
    )
    assert [notice.key for notice in shown] == ["stopped", "unknown"]
    assert shown[0].tone == "error" and "key" in shown[0].text
    assert "3 rows" in shown[1].text and "paid for twice" in shown[1].text
    for _text, act in shown[0].actions:
        act()
    assert done == ["model", "run"]


def test_the_practice_model_is_called_that_wherever_its_answers_are_shown() -> None:
    shown = notices(summary(counts=Counts(done=1)), None, Recipe("x", ()), show_model=lambda: None, go_on=lambda: None)
    assert [notice.key for notice in shown] == ["practice"]


def test_answers_of_the_practice_model_stay_so_when_another_model_is_chosen() -> None:
    made, chosen = Recipe("x", ()), Recipe("x", (), provider="openai")
    for asked, recipe, keys in ((made, chosen, ["practice"]), (chosen, made, [])):
        shown = notices(
            summary(counts=Counts(done=1)), None, recipe, show_model=lambda: None, go_on=lambda: None, asked=asked
        )
        assert [notice.key for notice in shown] == keys


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (Recipe("x", (), "ollama", "m"), "The server on this computer (http://localhost:11434/v1) does not answer"),
        (Recipe("x", (), "compatible", "m", "http://127.0.0.1:9/v1"), "(http://127.0.0.1:9/v1) does not answer"),
        (Recipe("x", (), "openai", "m"), "There is no network, or the provider cannot be reached."),
        (Recipe("x", (), "of-a-later-version", "m"), "There is no network"),
        (None, "There is no network"),
    ],
)
def test_what_cannot_be_reached_is_said_as_it_is(recipe: Recipe | None, says: str) -> None:
    shown = notices(summary(state=JobState.OFFLINE), None, recipe, show_model=lambda: None, go_on=lambda: None)
    assert says in shown[0].text


def test_a_notice_with_several_buttons_leaves_its_sentence_the_width(qtbot: QtBot) -> None:
    area = BannerArea()
    qtbot.addWidget(area)
    area.resize(640, 300)
    done: list[str] = []
    actions = (
        ("Show the model settings", lambda: done.append("model")),
        ("Continue", lambda: done.append("continue")),
    )
    area.show_notices([Notice("stopped", "The provider did not accept the key. " * 4, "error", actions, topic="keys")])
    area.show()
    label = next(label for label in area.findChildren(QLabel) if label.text().startswith("The provider"))
    assert label.width() > 500
    for button in filter(QPushButton.isVisible, area.findChildren(QPushButton)):
        assert button.y() >= label.geometry().bottom()
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == ["model", "continue"]


def test_a_closed_notice_stays_closed_until_its_matter_is_gone(qtbot: QtBot) -> None:
    area = BannerArea()
    qtbot.addWidget(area)
    matter = Notice("offline", "<b>No</b> network", "warning")
    area.show_notices([matter])
    assert area.texts() == ["<b>No</b> network"]
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in area.findChildren(QLabel) if label.text())
    close = next(button for button in area.findChildren(QToolButton) if "Close" in button.accessibleName())
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    area.show_notices([matter])
    assert area.texts() == []
    area.show_notices([])
    area.show_notices([matter])
    assert area.texts() == ["<b>No</b> network"]


def test_several_closed_notices_stay_closed(qtbot: QtBot) -> None:
    area = BannerArea()
    qtbot.addWidget(area)
    matters = [Notice(key, f"Matter {key}") for key in "abc"]
    area.show_notices(matters)
    area.show()
    for left in (["Matter b", "Matter c"], ["Matter c"]):
        qtbot.waitUntil(lambda: any(map(QToolButton.isVisible, area.findChildren(QToolButton))))
        close = next(filter(QToolButton.isVisible, area.findChildren(QToolButton)))
        qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
        area.show_notices(matters)
        assert area.texts() == left


def test_with_little_height_the_first_notice_stands_for_all_until_more_are_wanted(qtbot: QtBot) -> None:
    area = BannerArea()
    qtbot.addWidget(area)
    area.show_notices([Notice(key, f"Matter {key}") for key in "abc"])
    area.show()
    more = area.findChild(QPushButton, "moreNoticesButton")
    assert more is not None and not more.isVisible() and len(area.texts()) == 3
    area.set_low(True)
    assert area.texts() == ["Matter a"] and more.text() == "Show 2 more messages"
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert area.texts() == ["Matter a", "Matter b", "Matter c"] and not more.isVisible()
    area.show_notices([Notice("a", "Matter a")])
    area.show_notices([Notice(key, f"Matter {key}") for key in "ab"])
    assert area.texts() == ["Matter a"]
    area.set_low(False)
    assert area.texts() == ["Matter a", "Matter b"] and not more.isVisible()


def test_a_message_is_not_cut_when_the_letters_grow_while_it_stands_there(qtbot: QtBot, qapp: QApplication) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 400)
    window.show()
    status = StatusMessage(window)
    status.say("“second” was deleted.", action="Undo", act=lambda: None)
    try:
        apply_text_size(qapp, 200)
        qtbot.waitUntil(lambda: status.width() >= status.sizeHint().width())
        assert status.label.width() >= status.label.fontMetrics().horizontalAdvance(status.label.text())
    finally:
        apply_text_size(qapp, 100)
    status.dismiss()


def test_a_message_offers_undo_and_what_it_undoes_is_final_when_it_goes(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(800, 400)
    window.show()
    status = StatusMessage(window)
    done: list[str] = []
    status.say("Deleted.", action="Undo", act=lambda: done.append("undo"), gone=lambda: done.append("gone"))
    assert status.isVisible() and status.geometry().bottom() < 400
    qtbot.mouseClick(status.button, Qt.MouseButton.LeftButton)
    assert done == ["undo"] and not status.isVisible()
    status.say("Deleted.", action="Undo", act=lambda: done.append("undo"), gone=lambda: done.append("gone"))
    status.say("Something else.")
    assert done == ["undo", "gone"]
    status.dismiss()


def test_a_job_is_renamed_where_its_name_stands(qtbot: QtBot) -> None:
    title = JobTitle()
    qtbot.addWidget(title)
    title.resize(800, 40)
    title.show()
    title.show_name("before")
    named: list[str] = []
    title.renamed.connect(named.append)
    title.edit()
    title.line.setText("  after   all ")
    qtbot.keyClick(title.line, Qt.Key.Key_Return)
    title.edit()
    title.line.setText("nonsense")
    qtbot.keyClick(title.line, Qt.Key.Key_Escape)
    assert named == ["after all"]
    assert title.label.accessibleName() == "after all"


def test_every_text_changes_with_the_language(bar: RunBar, filters: FilterBar, qapp: QApplication) -> None:
    bar.set_state(JobState.FINISHED, Counts(done=3))
    i18n.set_language("zh_CN")
    try:
        speak_another_language(qapp)
        assert bar.counts.text().isascii() is False
        assert filters.states.itemText(3).isascii() is False
    finally:
        i18n.set_language("en")
        speak_another_language(qapp)
    assert bar.counts.text() == "3 done"


def test_every_control_has_a_name_for_a_screen_reader(bar: RunBar, filters: FilterBar) -> None:
    for widget in (bar, filters):
        for button in [*widget.findChildren(QPushButton), *widget.findChildren(QToolButton)]:
            assert button.accessibleName() or button.text(), button.objectName()
