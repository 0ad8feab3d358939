"""What to do after a failed attempt: again, give the row up, stop the job, or wait for the network."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from gui_app.jobs import Cause

MAX_TRIES = 5
"""Attempts of a row that may fail by themselves."""

TOTAL_S = 6 * 3600.0
"""How long a row is tried in all, waits asked by the provider included."""

BACKOFF_START_S = 1.0
BACKOFF_CAP_S = 60.0
REFUSED_START_S = 0.1
RETRY_AFTER_CAP_S = 300.0

STOPS_THE_JOB = frozenset(
    {
        Cause.KEY_REFUSED,
        Cause.NO_PERMISSION,
        Cause.BALANCE_GONE,
        Cause.MODEL_UNKNOWN,
        Cause.SPENDING_LIMIT,
        Cause.HOST_REFUSED,
    }
)
ASKED_TO_WAIT = frozenset({Cause.RATE_LIMIT, Cause.OVERLOADED})
OF_THE_NETWORK = frozenset({Cause.NETWORK, Cause.DNS, Cause.TLS, Cause.PROXY, Cause.CAPTIVE_PORTAL})
WORTH_AGAIN = frozenset({Cause.SERVER_ERROR, Cause.DEADLINE, Cause.UNREADABLE}) | ASKED_TO_WAIT | OF_THE_NETWORK


class Action(Enum):
    """What becomes of a row after a failed attempt."""

    AGAIN = "again"
    FAIL = "fail"
    STOP_JOB = "stop"


@dataclass(frozen=True, slots=True)
class Decision:
    """`delay_s`: how long the row waits before its next attempt. `tries`: those that count by now."""

    action: Action
    tries: int
    delay_s: float = 0.0


def decide(
    cause: Cause,
    tries: int,
    *,
    attempts: int = 1,
    refusals: int = 0,
    retry_after_s: float | None = None,
    age_s: float = 0.0,
    rng: random.Random | None = None,
    max_tries: int = MAX_TRIES,
) -> Decision:
    """Decide from the mapped cause alone.

    Args:
        tries: Attempts of this row that already failed by themselves.
        attempts: How many more have done so by now; 0 when this one did not (asked to wait, offline, suspended).
        refusals: How often in a row the provider refused the row for its limits.
        retry_after_s: What the server asked for; capped here.
        age_s: Time since the row's first attempt.
    """
    if cause in STOPS_THE_JOB:
        return Decision(Action.STOP_JOB, tries)
    if cause not in WORTH_AGAIN:
        return Decision(Action.FAIL, tries + 1)
    if cause not in ASKED_TO_WAIT:
        tries += attempts
    if tries >= max_tries or age_s > TOTAL_S:
        return Decision(Action.FAIL, tries)
    wait = refused_delay(refusals, retry_after_s, rng) if refusals else delay(tries, retry_after_s, rng)
    return Decision(Action.AGAIN, tries, wait)


def delay(
    tries: int,
    retry_after_s: float | None = None,
    rng: random.Random | None = None,
    *,
    start_s: float = BACKOFF_START_S,
    cap_s: float = BACKOFF_CAP_S,
) -> float:
    """Exponential backoff with full jitter, and never before the server's wish.

    Source: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015 ("full jitter").
    """
    ceiling = min(cap_s, start_s * 2.0 ** max(0, tries - 1))
    jittered = (rng or random).uniform(0.0, ceiling)
    if retry_after_s is None or retry_after_s <= 0:
        return jittered
    # A little apart, so that a hundred rows told the same second do not all come back in it.
    return min(retry_after_s, RETRY_AFTER_CAP_S) + jittered / 4


def refused_delay(refusals: int, retry_after_s: float | None, rng: random.Random | None = None) -> float:
    """How long a row waits that was refused so many times in a row for the provider's limits.

    Short at first: the pace holds all rows back together, and a row alone should not be late. A row that is
    refused again and again waits longer and longer.
    """
    return delay(refusals, retry_after_s, rng, start_s=REFUSED_START_S)
