"""However many events come, a view is told at most ten times a second, and of every changed row."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState
from gui_app.ui.feed.pacing import EventPacer
from gui_app.ui.feed.spans import merge, of_numbers, touches


def event(first: int, last: int, *, many: bool = False) -> JobProgress:
    return JobProgress("a job", JobState.RUNNING, Counts(done=last), ((first, last),), many=many)


def test_the_first_event_is_told_at_once_and_the_rest_together(qtbot: QtBot) -> None:
    pacer = EventPacer()
    told: list[tuple[int, object]] = []
    pacer.told.connect(lambda newest, spans: told.append((newest.counts.done, spans)))
    for n in range(1, 1_001):
        pacer.add(event(n, n))
    assert told == [(1, [(1, 1)])]
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[1] == (1_000, [(2, 1_000)])


def test_many_changes_mean_that_any_row_may_have_changed(qtbot: QtBot) -> None:
    pacer = EventPacer()
    told: list[object] = []
    pacer.told.connect(lambda _newest, spans: told.append(spans))
    pacer.add(event(1, 1))
    pacer.add(event(2, 2, many=True))
    pacer.add(event(3, 3))
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == [[(1, 1)], None]


def test_a_stopped_pacer_is_silent(qtbot: QtBot) -> None:
    pacer = EventPacer()
    told: list[object] = []
    pacer.told.connect(lambda _newest, spans: told.append(spans))
    pacer.add(event(1, 1))
    pacer.add(event(2, 2))
    pacer.stop()
    qtbot.wait(150)
    assert len(told) == 1


def test_touching_spans_become_one() -> None:
    assert merge([(5, 7), (1, 2), (3, 3), (6, 9), (20, 20)]) == [(1, 3), (5, 9), (20, 20)]
    assert of_numbers([3, 1, 2, 9]) == [(1, 3), (9, 9)]
    assert [n for n in range(12) if touches([(1, 3), (9, 9)], n)] == [1, 2, 3, 9]
    assert not touches([], 1)
