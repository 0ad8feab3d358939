"""Refusals that come as late as answers: dozens of calls are out before the first one is known. In virtual time."""

from __future__ import annotations

import pytest

from gui_app.engine.pacing.calls_at_once import UNPROVEN
from gui_app.engine.pacing.overrun import Mark, Overrun
from tests.engine.limited_servers import AtOnce, Bucket, Run, Way, run_rows

ONCE = 1.5 * UNPROVEN
"""Refused when a limit is met for the first time, at most."""


def _late(latency_s: float, spread: float) -> Way:
    return Way(latency_s, spread, refusal_s=None)


def _refused_after(run: Run, seconds: float) -> float:
    """The share refused of the calls of the later time."""
    late = sum(1 for at in run.refused_at if at > seconds)
    return late / (run.sent * (1.0 - seconds / run.seconds))


@pytest.mark.parametrize("burst_s", [0.1, 1.0])
@pytest.mark.parametrize(("rate", "latency_s"), [(50.0, 0.3), (50.0, 1.0), (200.0, 0.1), (200.0, 0.3)])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_a_limit_that_refuses_late_is_overrun_once_and_then_kept(
    rate: float, latency_s: float, burst_s: float, spread: float
) -> None:
    rows = int(40 * rate)
    run = run_rows(Bucket((0.0, rate), cap=rate * burst_s), rows=rows, way=_late(latency_s, spread), ceiling=200)
    assert run.refused <= ONCE + 0.03 * rows
    assert _refused_after(run, 10.0) < 0.03
    assert run.seconds <= 1.3 * 40.0


@pytest.mark.parametrize("burst_s", [1.0, 10.0])
def test_an_account_that_ran_full_for_long_is_not_taken_for_one_without_a_limit(burst_s: float) -> None:
    """The rate that was once answered is ten times what the limit gives for long."""
    run = run_rows(Bucket((0.0, 10.0), cap=10.0 * burst_s), rows=600, way=_late(0.3, 0.5), ceiling=200)
    assert run.refused <= 2.0 * UNPROVEN
    assert run.seconds <= 61.0


def test_a_limit_that_halves_and_refuses_late_is_found_again() -> None:
    run = run_rows(Bucket((0.0, 50.0), (7.0, 25.0)), way=_late(1.0, 0.5), ceiling=200)
    assert run.seconds <= 1.2 * (7.0 + (1000 - 50 - 7 * 50) / 25.0 + 1.0)
    assert _refused_after(run, 12.0) < 0.02


@pytest.mark.parametrize("calls", [20, 60])
def test_so_many_calls_at_once_that_refuse_late(calls: int) -> None:
    run = run_rows(AtOnce(calls), rows=2000, way=_late(0.3, 0.0), ceiling=200)
    assert run.refused <= ONCE
    assert run.seconds <= 1.35 * 2000 * 0.3 / calls


def test_a_refusal_after_ones_that_came_at_once_is_still_known_as_late() -> None:
    """One quick answer among slow ones does not make the refusals quick."""
    run = run_rows(Bucket((0.0, 50.0), cap=5.0), rows=2000, way=_late(1.0, 0.8), ceiling=200, seed=3)
    assert _refused_after(run, 10.0) < 0.025


def _overrun(first: tuple[int, float], last: tuple[int, float], refused: int, rate: float) -> Overrun:
    return Overrun(last[0] + 5, Mark(*first), Mark(*last), rate, 0, 9.0, None, refused)


def test_what_was_answered_between_refusals_tells_the_rate() -> None:
    found = _overrun((100, 2.0), (199, 3.0), 50, 100.0).found
    assert found == pytest.approx(50.0)


def test_refusals_of_calls_that_went_out_unevenly_tell_it_by_their_share() -> None:
    """Thirty in four bunches: in between the provider's bucket was full."""
    found = _overrun((100, 2.0), (135, 4.0), 7, 60.0).found
    assert found == pytest.approx(60.0 * 29 / 36)


@pytest.mark.parametrize(
    ("last", "refused"),
    [((110, 2.05), 5), ((103, 2.4), 3), ((109, 2.4), 9)],
    ids=["too close", "too few", "no answers"],
)
def test_too_few_refusals_tell_nothing(last: tuple[int, float], refused: int) -> None:
    assert _overrun((100, 2.0), last, refused, 100.0).found is None
