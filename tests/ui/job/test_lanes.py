"""Both lanes side by side before running, and what is said of rows that are out for a night."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState, Lane, Price, Recipe
from gui_app.pricing import Estimate, LaneEstimate
from gui_app.store.parts import PartState, PartView
from gui_app.ui.job.overnight_notices import Fetching, OvernightActions, overnight_notices, place_of
from gui_app.ui.job.run_bar import RunBar
from gui_app.ui.model.estimating import Estimated, estimate_text
from gui_app.ui.model.lane_choice import LaneCard
from gui_app.ui.model.run_part import RunPart
from gui_app.ui.pieces.banner import Notice

NINE_FORTY = time.mktime((2026, 11, 27, 9, 40, 0, 0, 0, -1))
PAID = Estimated(
    Estimate(100, 100, 5, LaneEstimate(1.2, 1.8, 2.0, 3.0), LaneEstimate(0.6, 0.9, 0.0, 1440.0)), free=False
)


@pytest.fixture
def part(qtbot: QtBot) -> RunPart:
    part = RunPart()
    qtbot.addWidget(part)
    part.lanes._now = lambda: NINE_FORTY
    part.set_provider("OpenAI", 10, batch=True, free=False, confidence=True)
    part.resize(340, 700)
    part.show()
    return part


def card(part: RunPart, lane: Lane) -> LaneCard:
    return part.lanes.cards[lane]


def words(shown: LaneCard) -> list[str]:
    labels = (shown.title, shown.money, shown.time, shown.note)
    return [label.text() for label in labels if label.isVisibleTo(shown)]


def test_rows_are_asked_for_only_as_long_as_there_are_any(part: RunPart) -> None:
    assert part.lanes._hint.isVisible()
    part.lanes.set_left(False)
    assert not part.lanes._hint.isVisible()
    part.lanes.set_left(True)
    assert part.lanes._hint.isVisible()


def test_money_and_time_of_both_lanes_stand_side_by_side(part: RunPart, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not card(part, Lane.NOW).isVisible(), "there is nothing to compare before a row was tried"
    part.show_estimate(PAID)
    assert words(card(part, Lane.NOW)) == ["Now", "$1.20–$1.80", "about 2–3 min"]
    title, money, when = words(card(part, Lane.OVERNIGHT))
    assert (title, money) == ("Overnight", "$0.60–$0.90")
    assert "9:40 AM" in when and when.endswith("at the latest.")
    assert card(part, Lane.NOW).geometry().right() < card(part, Lane.OVERNIGHT).geometry().left()
    assert "$0.60–$0.90" in card(part, Lane.OVERNIGHT).accessibleDescription()
    i18n.set_language("zh_CN")
    part.lanes.retranslate()
    assert words(card(part, Lane.OVERNIGHT))[0] == "过夜"


def test_a_press_on_a_card_chooses_the_lane_and_the_box_follows_and_leads(part: RunPart) -> None:
    part.show_estimate(PAID)
    QTest.mouseClick(card(part, Lane.OVERNIGHT), Qt.MouseButton.LeftButton)
    assert part.run_options().lane is Lane.OVERNIGHT
    assert (card(part, Lane.OVERNIGHT).isChecked(), card(part, Lane.NOW).isChecked()) == (True, False)
    QTest.mouseClick(card(part, Lane.OVERNIGHT), Qt.MouseButton.LeftButton)
    assert card(part, Lane.OVERNIGHT).isChecked(), "a second press must not leave none chosen"
    part.lane_box.setCurrentIndex(0)
    assert card(part, Lane.NOW).isChecked()
    card(part, Lane.NOW).setFocus()
    QTest.keyClick(card(part, Lane.NOW), Qt.Key.Key_Right)
    QTest.keyClick(card(part, Lane.OVERNIGHT), Qt.Key.Key_Space)
    assert part.run_options().lane is Lane.OVERNIGHT


def test_a_model_without_a_batch_price_says_so(part: RunPart) -> None:
    full = replace(PAID.figures, overnight=replace(PAID.figures.overnight, has_price=False))
    part.show_estimate(replace(PAID, figures=full))
    assert "Full price" in words(card(part, Lane.OVERNIGHT))[-1]
    assert "full price" in estimate_text(replace(PAID, figures=full), Lane.OVERNIGHT)


def test_an_unknown_price_is_no_figure(part: RunPart) -> None:
    lanes = {name: replace(getattr(PAID.figures, name), low_usd=None, high_usd=None) for name in ("now", "overnight")}
    part.show_estimate(replace(PAID, figures=replace(PAID.figures, **lanes)))
    assert [words(shown)[1] for shown in part.lanes.cards.values()] == ["Price unknown"] * 2


def test_a_provider_without_an_overnight_lane_has_nothing_to_compare(part: RunPart) -> None:
    part.show_estimate(PAID)
    assert card(part, Lane.OVERNIGHT).isVisible()
    part.choose_lane(Lane.OVERNIGHT)
    part.set_provider("DeepSeek", 10, batch=False, free=False, confidence=False)
    assert part.run_options().lane is Lane.NOW
    part.show_estimate(PAID)
    assert not card(part, Lane.OVERNIGHT).isVisible() and not part.lanes._hint.isVisible()
    part.choose_lane(Lane.OVERNIGHT)
    assert part.run_options().lane is Lane.NOW


def test_overnight_there_is_no_figure_for_how_sure_the_model_is_and_that_is_said(part: RunPart) -> None:
    part.confidence_box.setChecked(True)
    assert "how sure" not in part._lane.note.text()
    part.choose_lane(Lane.OVERNIGHT)
    assert "how sure" in part._lane.note.text()
    part.confidence_box.setChecked(False)
    assert "how sure" not in part._lane.note.text()


def test_the_line_in_the_run_bar_is_of_the_lane_that_is_chosen() -> None:
    assert estimate_text(PAID, Lane.NOW) == "100 rows left: about $1.20–$1.80, about 2–3 min"
    overnight = estimate_text(PAID, Lane.OVERNIGHT)
    assert overnight.startswith("100 rows left: about $0.60–$0.90, overnight, ready by ")
    assert "tomorrow" in overnight


def test_typed_prices_are_no_reason_to_invent_a_lower_one() -> None:
    from gui_app.pricing.prices import typed_table

    assert not typed_table(Price(1.0, 2.0)).has_batch_price


# -- what is out -------------------------------------------------------------------------------------


class Done:
    """The buttons of the notices, noted when they are pressed."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def actions(self) -> OvernightActions:
        def note(name: str) -> Callable[[], None]:
            return lambda: self.calls.append(name)

        return OvernightActions(
            note("collect"),
            note("cancel"),
            lambda parts: self.calls.append([part.part_id for part in parts]),
            self.calls.append,
            note("model"),
        )


def out(part_id: int = 1, **changed: Any) -> PartView:
    values: dict[str, Any] = dict.fromkeys(PartView.__dataclass_fields__)
    values |= {
        "part_id": part_id, "state": PartState.SENT, "provider": "openai", "host": "https://api.openai.com/v1",
        "batch_id": f"b{part_id}", "rows": 100, "waiting": 100, "done": 12, "failed": 3, "status": "in_progress",
        "expires_at": NINE_FORTY + 86_400,
    }  # fmt: skip
    return PartView(**(values | changed))


def shown(
    parts: Sequence[PartView], waiting: int = 0, state: JobState = JobState.SUBMITTED, **fetching: Any
) -> tuple[list[Notice], Done]:
    done = Done()
    fetching = {"place": ("openai", "https://api.openai.com/v1"), **fetching}
    return overnight_notices(parts, waiting, state, Fetching(**fetching), done.actions()), done


def press(notice: Notice, text: str) -> None:
    dict(notice.actions)[text]()


def test_what_is_out_is_counted_with_its_deadlines_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    (notice,), done = shown([out(), out(2, rows=50, results_until=NINE_FORTY + 24 * 86_400)])
    assert notice.text.startswith("150 rows are with OpenAI overnight, 30 finished. Ready by 9:40 AM ")
    assert "at the latest. The results are kept until " in notice.text
    press(notice, "Look now")
    press(notice, "Cancel…")
    assert done.calls == ["collect", "cancel"]


def test_cancelling_is_told_and_needs_no_second_press() -> None:
    (notice,), _done = shown([out(state=PartState.CANCELLING)])
    assert "what is finished by then is paid" in notice.text
    assert "Cancel…" not in dict(notice.actions)


def test_a_part_at_another_place_is_named_and_can_be_given_up() -> None:
    notices, done = shown([out(), out(2, provider="anthropic", host="https://api.anthropic.com", waiting=40)])
    stuck, fine = notices
    assert stuck.tone == "warning"
    assert stuck.text.startswith("40 rows were sent overnight to Anthropic. Choose that provider")
    assert fine.text.startswith("100 rows are with OpenAI")
    press(stuck, "Give up…")
    press(stuck, "Show the model settings")
    assert done.calls == [[2], "model"]


def test_a_host_of_its_own_is_named_beside_its_provider() -> None:
    (stuck,), _done = shown([out(host="https://gateway.example/v1")])
    assert "OpenAI (https://gateway.example/v1)" in stuck.text


def test_what_the_engine_says_of_a_part_is_shown_with_a_way_out() -> None:
    (stuck,), done = shown([out()], stuck=(1,), why="A part was sent with another key.")
    assert stuck.text == "A part was sent with another key."
    press(stuck, "Give up…")
    assert done.calls == [[1]]


def test_without_a_key_it_is_said_what_is_missing() -> None:
    (notice,), _done = shown([out()], problem="OpenAI needs a key.")
    assert notice.tone == "warning"
    assert notice.text.endswith("OpenAI needs a key.")
    assert set(dict(notice.actions)) == {"Show the model settings", "Give up…"}


def test_what_is_just_being_sent_is_not_doubted() -> None:
    assert shown([out(batch_id=None)], state=JobState.RUNNING)[0] == []


def test_a_batch_that_may_not_have_arrived_is_told() -> None:
    (notice,), _done = shown([out(batch_id=None, rows=7, expires_at=None)])
    assert "Whether 7 of them have arrived there is not known yet" in notice.text


@pytest.mark.parametrize(
    ("word", "says"), [("expired", "did not get to all of them"), ("cancelled", "was not paid"), ("completed", "")]
)
def test_what_did_not_come_back_is_one_press_from_now_or_another_night(word: str, says: str) -> None:
    (rest,), done = shown([out(state=PartState.COLLECTED, status=word)], 30, JobState.DRAFT)
    assert rest.text.startswith("30 rows still wait here.")
    assert says in rest.text
    press(rest, "Run the rest now")
    press(rest, "Overnight again")
    assert done.calls == [Lane.NOW, Lane.OVERNIGHT]


def test_rows_beside_a_part_that_is_out_can_be_run_now_or_follow_it() -> None:
    notices, _done = shown([out()], 5)
    assert [notice.key for notice in notices] == ["overnight", "overnight-rest"]
    assert set(dict(notices[1].actions)) == {"Run the rest now", "Overnight, too"}
    assert [notice.key for notice in shown([out()], 5, JobState.RUNNING)[0]] == ["overnight"], "they are being sent"


def test_a_job_that_never_went_out_for_a_night_hears_nothing_of_it() -> None:
    assert shown([], 30, JobState.DRAFT)[0] == []


def test_the_place_of_a_recipe_is_that_of_its_parts() -> None:
    assert place_of(Recipe("{a}", (), "openai", "m")) == ("openai", "https://api.openai.com/v1")
    assert place_of(Recipe("{a}", (), "practice", "m")) == ("practice", "")
    assert place_of(Recipe("{a}", (), "compatible", "m")) is None


# -- in the run bar ----------------------------------------------------------------------------------


def test_while_a_part_is_sent_the_bar_shows_how_far_and_stop_is_there(bar: RunBar) -> None:
    sending = JobProgress(
        "j", JobState.RUNNING, Counts(running=100), upload_bytes=48_000_000, uploaded_bytes=12_000_000
    )
    bar.set_progress(sending)
    assert bar.eta.text() == "Sending for the night: 12 of 48 MB"
    assert bar.progress.value() == 250
    assert bar.stop_button.isVisible()


def test_submitted_it_says_until_when_and_offers_only_what_is_left(bar: RunBar) -> None:
    bar.set_state(JobState.SUBMITTED, Counts(running=95, done=5))
    bar.set_night(NINE_FORTY + 86_400, 0)
    assert bar.eta.text().startswith("Ready by 9:40 AM")
    assert not bar.stop_button.isVisible() and not bar.run_button.isVisible()
    bar.set_state(JobState.SUBMITTED, Counts(running=90, waiting=5, done=5))
    assert bar.run_button.isVisible() and bar.run_button.text() == "&Run the rest"
    # Those that wait for an identical row need nobody to send them.
    bar.set_night(NINE_FORTY + 86_400, 5)
    assert not bar.run_button.isVisible()
