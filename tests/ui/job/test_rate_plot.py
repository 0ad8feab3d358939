"""The chart of a run: what it keeps, what it draws, what it tells in words."""

from __future__ import annotations

import time

from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState
from gui_app.ui.job.rate_plot import FEWEST_POINTS, MOST_POINTS, RatePlot, RunHistory
from gui_app.ui.job.run_bar import RunBar
from gui_app.ui.look.palette import LIGHT


def test_a_run_of_a_night_is_kept_in_as_many_points_as_one_of_minutes() -> None:
    history = RunHistory()
    for second in range(12 * 3600):
        history.add(1000.0 + second, 60.0, 0.001 * second)
    assert MOST_POINTS // 2 <= len(history.points) <= MOST_POINTS
    assert history.points[0].at_s == 0
    assert history.points[-1].at_s > 0.95 * 12 * 3600
    apart = [after.at_s - before.at_s for before, after in zip(history.points, history.points[1:], strict=False)]
    assert max(apart) <= 2.1 * min(apart)


def test_the_chart_goes_up_where_the_rate_does(qtbot: QtBot) -> None:
    plot = RatePlot()
    qtbot.addWidget(plot)
    plot.resize(400, 60)
    plot.show()
    for second in range(100):
        plot.add(float(second), 10.0 if second < 50 else 100.0, 0.0)
    picture = plot.grab().toImage()
    soft = QColor(LIGHT.accent_soft)

    def filled(x: int) -> int:
        return sum(picture.pixelColor(x, y) == soft for y in range(picture.height()))

    assert filled(220) > 3 * filled(60) > 0


def test_the_chart_is_told_in_words(qtbot: QtBot) -> None:
    plot = RatePlot()
    qtbot.addWidget(plot)
    for second in range(0, 120, 2):
        plot.add(float(second), 90.0 if second == 60 else 30.0, 0.5)
    assert plot.accessibleDescription() == ("30 rows/min now, 90 at most; $0.50 so far; running for about 2 min.")


def running(finished: int, rate: float | None) -> JobProgress:
    counts = Counts(waiting=100 - finished, done=finished)
    return JobProgress(
        "job",
        JobState.RUNNING,
        counts,
        rows_per_minute=rate,
        cost_usd=0.01 * finished,
        run_rows=100,
        run_finished=finished,
    )


def test_it_appears_after_a_few_seconds_and_begins_anew_with_each_run(qtbot: QtBot) -> None:
    bar = RunBar()
    qtbot.addWidget(bar)
    bar.show()
    bar.set_progress(running(0, None))
    assert bar.plot.isHidden()
    for second in range(FEWEST_POINTS - 2):
        bar.plot.history.add(float(second), 5.0, 0.0)
    bar.set_progress(running(1, 60.0))
    assert bar.plot.isHidden()
    bar.plot.history.add(time.monotonic() + 60, 5.0, 0.0)
    bar.set_progress(running(2, 60.0))
    assert bar.plot.isVisible()
    bar.set_state(JobState.FINISHED, Counts(done=100))
    assert bar.plot.isVisible()
    bar.set_progress(running(2, 60.0))
    assert bar.plot.isVisible() and bar.plot.is_worth_showing()
    bar.set_state(JobState.FINISHED, Counts(done=100))
    bar.set_progress(running(0, None))
    assert bar.plot.history.points == []
