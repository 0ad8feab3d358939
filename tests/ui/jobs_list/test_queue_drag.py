"""A waiting job is dragged to another place in the queue, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState
from gui_app.store.copies import JobGlance
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.jobs_list.queue_drag import places_of

A, B, C, RUNNING, OLD = (Path(f"{name}.rowmill") for name in ("a", "b", "c", "running", "old"))
LEFT = Qt.MouseButton.LeftButton


class Hand:
    """A list with three waiting jobs, and a mouse on it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.jobs = JobList()
        qtbot.addWidget(self.jobs)
        self.jobs.furnish()
        self.jobs.resize(240, 600)
        self.jobs.show()
        states = {RUNNING: JobState.RUNNING, OLD: JobState.FINISHED}
        self.jobs.show_entries([
            JobGlance(path, path.stem, states.get(path, JobState.DRAFT), Counts(waiting=9))
            for path in (OLD, RUNNING, A, B, C)
        ])  # fmt: skip
        self.jobs.show_waits((A, B, C), {A: "1", B: "2", C: "3"})
        self.moved: list[tuple[Path, int]] = []
        self.opened: list[Path] = []
        self.jobs.moveRequested.connect(lambda path, by: self.moved.append((path, by)))
        self.jobs.opened.connect(self.opened.append)

    def at(self, job: Path, *, lower: bool = False) -> QPoint:
        rect = places_of(self.jobs.list)[job]
        return QPoint(rect.center().x(), rect.bottom() - 4 if lower else rect.top() + 4)

    def drag(self, job: Path, to: QPoint, *, release: bool = True) -> None:
        view = self.jobs.list.viewport()
        QTest.mousePress(view, LEFT, Qt.KeyboardModifier.NoModifier, self.at(job))
        for share in (3, 2, 1):
            QTest.mouseMove(view, to + (self.at(job) - to) * (share - 1) / 3)
        if release:
            self.drop(to)

    def drop(self, at: QPoint) -> None:
        QTest.mouseRelease(self.jobs.list.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)


@pytest.fixture
def hand(qtbot: QtBot) -> Hand:
    return Hand(qtbot)


def test_it_goes_where_it_is_let_go_and_the_mark_shows_where_that_is(hand: Hand) -> None:
    hand.drag(A, hand.at(C, lower=True), release=False)
    mark = hand.jobs.drag.mark
    assert mark.isVisible() and abs(mark.geometry().center().y() - places_of(hand.jobs.list)[C].bottom()) <= 2
    hand.drop(hand.at(C, lower=True))
    assert hand.moved == [(A, 2)] and not mark.isVisible()
    hand.drag(C, hand.at(B))
    assert hand.moved[-1] == (C, -1)
    # Far below the queue is its end, far above its beginning.
    hand.drag(A, hand.at(OLD, lower=True))
    hand.drag(C, hand.at(RUNNING))
    assert hand.moved[-2:] == [(A, 2), (C, -2)]
    assert hand.opened == []


def test_a_click_still_opens_a_waiting_job_and_a_drag_back_to_its_place_moves_nothing(hand: Hand) -> None:
    QTest.mouseClick(hand.jobs.list.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, hand.at(B))
    assert hand.opened == [B]
    hand.drag(B, hand.at(A, lower=True))
    hand.drag(A, hand.at(B))
    assert hand.moved == []


def test_what_does_not_wait_cannot_be_dragged(hand: Hand) -> None:
    hand.drag(OLD, hand.at(A))
    hand.drag(RUNNING, hand.at(C, lower=True))
    assert hand.moved == [] and not hand.jobs.drag.mark.isVisible()


def test_escape_leaves_it_where_it_was_and_so_does_its_turn(hand: Hand) -> None:
    hand.drag(A, hand.at(C, lower=True), release=False)
    QTest.keyClick(hand.jobs.list, Qt.Key.Key_Escape)
    assert not hand.jobs.drag.mark.isVisible()
    hand.drop(hand.at(C, lower=True))
    hand.drag(A, hand.at(C, lower=True), release=False)
    hand.jobs.show_waits((B, C), {B: "1", C: "2"})
    hand.drop(hand.at(C, lower=True))
    assert hand.moved == []


def test_jobs_that_the_search_hides_keep_their_places(hand: Hand) -> None:
    hand.jobs.search.setText("a")
    assert set(places_of(hand.jobs.list)) == {A}
    hand.jobs.search.setText("")
    hand.jobs.list.item(2).setHidden(True)
    hand.drag(A, hand.at(C, lower=True))
    assert hand.moved == [(A, 2)]


def test_a_job_that_starts_to_run_stands_before_those_that_wait(hand: Hand) -> None:
    listed = [path for path, _rect in sorted(places_of(hand.jobs.list).items(), key=lambda item: item[1].top())]
    assert listed == [RUNNING, A, B, C, OLD]
    hand.jobs.take(JobProgress(str(RUNNING), JobState.FINISHED, Counts(done=9)))
    hand.jobs.take(JobProgress(str(OLD), JobState.RUNNING, Counts(waiting=9)))
    listed = [path for path, _rect in sorted(places_of(hand.jobs.list).items(), key=lambda item: item[1].top())]
    assert listed == [OLD, A, B, C, RUNNING]
