"""While you were away: told once, on the first page, of jobs that nobody watched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from gui_app.jobs import Counts, JobState
from gui_app.settings import SEEN, Settings
from gui_app.store.copies import JobGlance, job_glance
from gui_app.ui.window.away import MOST_LINES, AwayCard, news
from gui_app.ui.window.seen import Seen, states_seen
from tests.helpers.finding import part
from tests.store.making import Run, done, forget_owner, make_job, one_column

FINISHED = JobGlance(Path("a.rowmill"), "reviews", JobState.FINISHED, Counts(done=90, failed=10), import_done=True)


def test_a_job_whose_owner_died_is_told_of(tmp_path: Path) -> None:
    path = make_job(tmp_path / "job.rowmill", one_column("a", "b", "c"), name="reviews")
    with Run(path) as run:
        run.claim(2)
        run.keep(done(1))
    forget_owner(path)
    glance = job_glance(path)
    assert glance.interrupted
    assert [item.text() for item in news([glance], {})] == [
        "“reviews” was interrupted: 1 of 3 rows are finished. It can go on."
    ]


def test_a_job_whose_owner_died_after_the_last_row_has_ended(tmp_path: Path) -> None:
    path = make_job(tmp_path / "job.rowmill", one_column("a", "b"), name="reviews")
    with Run(path) as run:
        run.claim(2)
        run.keep(done(1), done(2))
    forget_owner(path)
    told = news([job_glance(path)], {})
    assert [item.text() for item in told] == ["“reviews” has ended: 2 of 2 rows are finished."]
    assert told[0].state is JobState.FINISHED


def test_a_job_that_runs_elsewhere_or_was_paused_is_no_news(tmp_path: Path) -> None:
    path = make_job(tmp_path / "job.rowmill", one_column("a", "b"))
    with Run(path) as run:
        run.claim(1)
        assert news([job_glance(path)], {}) == []
        run.keep(done(1))
        run.writer.set_state(JobState.PAUSED)
    assert news([job_glance(path)], {str(path): "paused"}) == []
    assert news([job_glance(path)], states_seen([job_glance(path)], closing=True)) == []


def test_a_job_that_was_paused_when_the_window_ended_without_a_word_is_told_of() -> None:
    running = replace(FINISHED, state=JobState.RUNNING, counts=Counts(done=40, waiting=60))
    paused = replace(running, state=JobState.PAUSED)
    told = news([paused], states_seen([running], closing=False))
    assert [item.text() for item in told] == ["“reviews” is paused: 40 of 100 rows are finished. It can go on."]
    assert told[0].state is JobState.PAUSED
    # Whoever closes the window and has the job paused knows it.
    assert news([paused], states_seen([running], closing=True)) == []


def test_a_state_is_kept_as_soon_as_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    settings = Settings(file)
    seen = Seen(settings)
    seen.note(Path("a.rowmill"), JobState.RUNNING)
    seen.note(Path("b.rowmill"), JobState.FINISHED)
    assert settings.wait_saved(30)
    assert Settings.load(file).get(SEEN) == {"a.rowmill": "running", "b.rowmill": "finished"}


def test_what_ended_since_it_was_last_seen_is_told_and_only_then() -> None:
    assert [item.text() for item in news([FINISHED], {"a.rowmill": "running"})] == [
        "“reviews” has ended: 100 of 100 rows are finished, 10 of them failed."
    ]
    assert news([FINISHED], states_seen([FINISHED], closing=True)) == []
    # A job that came from elsewhere was never seen: whoever brought it knows.
    assert news([FINISHED], {}) == []
    assert news([replace(FINISHED, archived=True)], {"a.rowmill": "running"}) == []


def test_what_is_out_overnight_is_told_at_every_start() -> None:
    out = replace(FINISHED, state=JobState.SUBMITTED)
    assert "overnight" in news([out], states_seen([out], closing=True))[0].text()


def test_the_card_opens_the_job_and_then_tells_no_more_of_it(qtbot: QtBot) -> None:
    card = AwayCard()
    qtbot.addWidget(card)
    card.show_news([])
    assert card.isHidden()
    card.show_news(news([FINISHED], {"a.rowmill": "running"}))
    assert card.isVisible()
    opened: list[Path] = []
    card.opened.connect(opened.append)
    qtbot.mouseClick(part(card, QPushButton, "openAwayButton"), Qt.MouseButton.LeftButton)
    assert opened == [Path("a.rowmill")]
    assert card.isHidden()


def test_many_are_told_as_a_few_and_a_number(qtbot: QtBot) -> None:
    card = AwayCard()
    qtbot.addWidget(card)
    many = [replace(FINISHED, path=Path(f"{n}.rowmill"), state=JobState.STOPPED) for n in range(MOST_LINES + 3)]
    card.show_news(news(many, {str(entry.path): "running" for entry in many}))
    assert len(card.texts()) == MOST_LINES
    assert card._more.text() == "And 3 more, in the list of jobs."
    qtbot.mouseClick(part(card, QToolButton, "closeAwayButton"), Qt.MouseButton.LeftButton)
    assert card.isHidden()
