"""Refusals that may mean nothing: how a trial without a limit goes."""

from __future__ import annotations

import pytest

from gui_app.engine.pacing.meaningless import TRIED, Meaningless


def in_trial(*, refused: int = 3, answered: int = 7) -> Meaningless:
    """The calls up to number 10 gave reason to doubt; a trial begins."""
    out = Meaningless()
    for number in range(1, refused + answered + 1):
        out.take(number)
        if number <= refused:
            out.refused(number)
        else:
            out.answered(number)
        out.back(number)
    assert out.begin_trial(10, 5.0, now=0.0)
    for number in range(11, 11 + TRIED):
        assert out.wait_s(0.0) == 0.0
        out.take(number)
    return out


def come_back(trial: Meaningless, *, refused: int, lost: int = 0) -> bool:
    """All calls of the trial come back. Returns whether it is a limit."""
    found = False
    for at, number in enumerate(range(11, 11 + TRIED)):
        if at < refused:
            trial.refused(number)
        elif at < TRIED - lost:
            trial.answered(number)
        trial.back(number)
        found = found or trial.is_a_limit(10 + TRIED, now=1.0)
    return found


def test_what_becomes_of_the_calls_of_a_trial_is_waited_for() -> None:
    trial = in_trial()
    assert trial.wait_s(0.5) > 0.0
    assert not come_back(trial, refused=9)
    assert trial.wait_s(1.0) == 0.0 and trial.lasts(1.0)


def test_a_trial_in_which_nearly_all_are_refused_has_found_a_limit() -> None:
    trial = in_trial()
    assert come_back(trial, refused=TRIED - 4)
    assert not trial.lasts(1.0) and trial.wait_s(1.0) == 0.0


def test_refusals_that_come_before_any_answer_are_a_share_of_all_that_went_out() -> None:
    trial = in_trial()
    for number in range(11, 20):
        trial.refused(number)
        trial.back(number)
        assert not trial.is_a_limit(10 + TRIED, now=0.01)


@pytest.mark.parametrize("lost", [TRIED, TRIED // 2])
def test_calls_that_come_back_with_neither_an_answer_nor_a_refusal_hold_nothing_back(lost: int) -> None:
    trial = in_trial()
    assert not come_back(trial, refused=3, lost=lost)
    assert trial.wait_s(1.0) == 0.0


def test_a_trial_whose_calls_never_come_back_ends_by_itself() -> None:
    trial = in_trial()
    assert trial.wait_s(59.0) > 0.0
    assert trial.wait_s(61.0) == 0.0
