"""A token bucket whose rate is tried upwards, as long as nothing is refused."""

from __future__ import annotations

import math

BURST_S = 0.06
"""So many seconds' worth of calls may be made up for at once, when a timer or a commit came late."""

HOLD_S = (0.4, 0.8, 1.6, 2.4, 3.0)
STEEP = (0.20, 0.12, 0.08, 0.06, 0.05)
"""How long a rate is held, and how steeply it is tried upwards then: the more often it was found the same, the longer
and the less."""

STEEPER_AFTER_S = 1.0
EAGER = 3.0

PAID_BY = 0.012
PAID_CAP_S = 8.0
"""The refusals that a look upwards has cost are made up for before the next one, as such a share of the calls; but for
no longer than this."""

STRETCH = 3.0
STRETCH_CAP = 3.0
"""Where refusals come late, by so many times their lateness more slowly: what goes out before the first one is known
goes out in vain."""

SEARCH = 2.0
SEARCH_CALLS = 5
SEARCH_STEP_S = 0.05
SEARCH_UP_TO = 0.9
"""From far below the rate doubles, with every few calls that are not refused, up to just below what was too much."""

FIRST_STRIKE = 3.0
STRIKE = 2.0
STRIKE_CAP_S = 0.5
"""So many calls' worth of time passes after a refusal, and so many times more after each further one in a row. Little
is lost: what the provider's bucket takes in meanwhile is there for the next calls."""

LATE_WEIGHT = 0.3


class ProbedRate:
    """The rate that calls go out at, and how it rises by itself."""

    def __init__(self, now: float) -> None:
        self.rate: float | None = None
        """Calls a second at present; None while no limit is known."""
        self.base = 0.0
        """The rate that was found good, or is taken for it."""
        self.confidence = 0
        """How often it was found the same."""
        self.eager = False
        """Probe faster: another source says beforehand when there is nothing left."""
        self.dear = 1.0
        """Hold the rate so many times longer: a refusal costs more than itself."""
        self.still = False
        """Do not probe: it is not known what becomes of the calls that are out."""
        self.strikes = 0
        self._hold_s = 0.0
        self._quiet_s = 0.0
        self._credit = 1.0
        self._filled_at = now
        self._binding = False
        self._late_s = 0.0
        self._factor = 1.0
        self._top = 0.0
        self._step_at = 0.0
        self._calls = 0

    @property
    def searching(self) -> bool:
        """It is far from what was refused, and rises in great steps."""
        return self._factor > 1.0

    # -- sending ---------------------------------------------------------------------------------

    def wait_s(self, now: float) -> float:
        """Seconds until the next call may go out; 0 when it may now."""
        if self.rate is None:
            return 0.0
        self._refill(self.rate, now)
        if self._credit >= 1.0:
            return 0.0
        self._binding = True
        return (1.0 - self._credit) / self.rate

    def take(self) -> None:
        """A call goes out."""
        self._calls += 1
        if self.rate is not None:
            self._credit -= 1.0

    def _refill(self, rate: float, now: float) -> None:
        passed = now - self._filled_at
        if passed <= 0:
            return
        self._filled_at = now
        self._credit = min(max(2.0, rate * BURST_S), self._credit + passed * rate)
        if self._binding:
            # Only time in which the rate held calls back says anything about it.
            # A slow rate is looked at seldom: once a call.
            self._quiet_s += min(passed, max(0.5, 1.5 / rate))
            self._binding = False
            if self.searching:
                self._search(rate, now)
            elif not self.still:
                self._look_up()

    def _look_up(self) -> None:
        paid_s = self._hold_s if self.confidence else 0.0
        over = self._quiet_s - max(paid_s, HOLD_S[self.confidence] * self.dear)
        if over > 0:
            over /= 1.0 + min(STRETCH * self._late_s, STRETCH_CAP)
            steep = STEEP[self.confidence] * (EAGER if self.eager else 1.0)
            self.rate = self.base * (1.0 + steep * over * over * max(1.0, over / STEEPER_AFTER_S))

    def _search(self, rate: float, now: float) -> None:
        if now < self._step_at or self._calls < SEARCH_CALLS:
            return
        if rate * self._factor >= self._top:
            self.set(self._top, 0)
        else:
            self.search_from(rate * self._factor, self._top, now, factor=self._factor)

    # -- learning --------------------------------------------------------------------------------

    def set(self, rate: float, confidence: int, *, refused: int | None = None) -> None:
        """Go at this rate.

        Args:
            refused: How many refusals it has cost to find it. None: as many as last time.
        """
        self.rate = self.base = max(0.05, rate)
        self.confidence = min(confidence, len(HOLD_S) - 1)
        self._quiet_s, self._factor = 0.0, 1.0
        if refused is not None:
            self._hold_s = min(PAID_CAP_S, refused / PAID_BY / max(1.0, rate))

    def search_from(self, rate: float, top: float, now: float, *, factor: float = SEARCH) -> None:
        """Begin at a low rate, and rise in great steps."""
        self.set(max(0.5, rate), 0)
        self._factor, self._top = factor, max(1.0, top)
        self._step_at, self._calls = now + max(SEARCH_STEP_S, 2.0 * self._late_s), 0

    def search_lower(self, now: float) -> None:
        """Refused again, too soon after the last time to tell how high the limit is."""
        assert self.rate is not None
        if self.searching:
            top, factor = SEARCH_UP_TO * self._top, math.sqrt(self._factor)
            self.search_from(self.rate / self._factor, top, now, factor=factor)
        elif self.strikes >= 3:
            self.search_from(self.rate / SEARCH, SEARCH_UP_TO * self.rate, now, factor=math.sqrt(SEARCH))

    def strike(self, took_s: float) -> None:
        """A call was refused, so long after it went out: hold back for a moment."""
        self._late_s += (took_s - self._late_s) * (LATE_WEIGHT if self._late_s else 1.0)
        self.strikes = min(6, self.strikes + 1)
        if self.rate is not None:
            taken = min(FIRST_STRIKE * STRIKE ** (self.strikes - 1), max(2.0, STRIKE_CAP_S * self.rate))
            self._credit = min(self._credit, 1.0 - taken)

    def empty(self, now: float) -> None:
        """Nothing is left of what may go out at once."""
        self._filled_at, self._credit = now, 0.0
