"""The request rate a provider allows, learned from its refusals alone."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from gui_app.engine.pacing.meaningless import Meaningless
from gui_app.engine.pacing.overrun import Mark, Overrun
from gui_app.engine.pacing.probing import SEARCH_UP_TO, ProbedRate

MARGIN = 0.985
AGREE = 0.08
MIN_SPAN_S = 0.35
MIN_ACCEPTED = 6
SURE = 20
"""So many answers among the refusals of one overrun tell the rate well."""

REMEMBER_S = 12.0

CUT = 0.8
LEAST_CUT = 0.5
DEEP = 0.25
"""After the first refusal nothing is known but that the rate was too high, perhaps many times."""

DOUBT = 8.0
DOUBT_SHARE = 0.2
"""What becomes of the calls that are out is guessed as if so many were known already, and such a share of them refused;
when no limit is known, nearly all."""

SETTLED = 0.1
"""When fewer than so many of them are still out, it is known."""

RISEN_CALLS = 4.0
RISEN_SHARE = 0.04
"""A limit has risen when more was accepted than the known rate explains; a rate that climbed for a moment on what lay
in the bucket is none."""

RATE_OVER_S = 0.5


class LearnedRate:
    """A token bucket whose rate follows the provider's.

    A provider that refuses has, at that moment, nothing left to give. So what it accepted between two such moments,
    over the time between them, is its rate, whatever its bursts. Calls are paced at that rate, and when it stays
    quiet the rate is probed upwards, slowly at first and then faster; the better the estimates agree, the longer
    it stays.

    Where refusals come as late as answers, dozens of calls are out before the first one is known. What becomes of
    those tells the rate, so it is waited for.

    Args:
        now: A monotonic clock, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._probe = ProbedRate(now())
        self._meaningless = Meaningless()
        self._began_at = now()
        self._sent = self._answers = 0
        self._sends: deque[tuple[float, int]] = deque(maxlen=128)
        """When calls went out lately, and how many had by then."""
        self._mark: Mark | None = None
        self._refused = 0
        """Since the mark."""
        self._held_s = 0.0
        self._cut_number = -1
        self._overrun: Overrun | None = None
        self._accepted_sum = 0.0
        self._span_sum = 0.0

    @property
    def rate(self) -> float | None:
        """Calls a second at present; None while no limit is known."""
        return self._probe.rate

    @property
    def sure(self) -> bool:
        """The present rate was found good: a refusal has another reason."""
        probe = self._probe
        return probe.rate is not None and probe.confidence > 0 and probe.rate <= probe.base

    def eager(self, told: bool) -> None:
        """Probe faster: another source says beforehand when there is nothing left."""
        self._probe.eager = told

    def is_noise(self, now: float) -> bool:
        """Refusals lately had nothing to do with how many calls went out."""
        return self._meaningless.lasts(now)

    # -- sending ---------------------------------------------------------------------------------

    def wait_s(self, now: float) -> float:
        """Seconds until the next call may go out; 0 when it may now."""
        if self._overrun is not None and now >= self._overrun.over_at:
            self._settle(self._overrun, now)
        return max(self._probe.wait_s(now), self._meaningless.wait_s(now))

    def take(self, now: float) -> None:
        """A call goes out."""
        self._sent += 1
        if not self._sends or now - self._sends[-1][0] >= 0.02:
            self._sends.append((now, self._sent))
        self._meaningless.take(self._sent)
        self._probe.take()

    # -- learning --------------------------------------------------------------------------------

    def refused(self, number: int, sent_at: float, out: int, *, late_for_s: float) -> None:
        """A call was refused for its rate.

        Args:
            number: How many calls had gone out with it.
            out: Calls that are still out.
            late_for_s: How long it takes until the calls that are out have come back, where their refusals come as
                late as answers. 0: they come at once.
        """
        now = self._now()
        if self._mark is not None and number > self._mark.number:
            self._refused += 1
        self._meaningless.refused(number)
        if self._meaningless.lasts(now):
            return
        overrun = self._overrun
        if overrun is not None and number <= overrun.until:
            overrun.add(number, sent_at)
            self._brake(overrun)
            return
        if number <= self._cut_number:
            return  # It went out before the last cut, and tells of the same moment.
        if overrun is not None:
            self._settle(overrun, now)
        self._cut_number = self._sent
        mark = Mark(number, sent_at)
        rate = self._send_rate(number, sent_at)
        overrun = Overrun(self._sent, mark, mark, rate, out, now + late_for_s, self.rate)
        self._probe.strike(now - sent_at)
        if late_for_s and out:
            self._overrun, self._probe.still = overrun, True
            self._brake(overrun)
        else:
            self._meaningless.begin(number, sent_at, self._sent)
            if self.rate is not None and self._meaningless.far_below(self.rate, now) and self._try_without(now):
                return
            self._judge(overrun, now)

    def back(self, number: int) -> None:
        """A call has come back, whatever it brought; after `refused` or `accepted`, where it was one of these."""
        now = self._now()
        self._meaningless.back(number)
        if self._meaningless.lasts(now) and self._meaningless.is_a_limit(self._sent, now):
            self._fell(now)
        overrun = self._overrun
        if overrun is None or number > overrun.until:
            return
        overrun.out -= 1
        if number > overrun.first.number:
            overrun.back += 1
        if overrun.out <= SETTLED * (overrun.until - overrun.first.number):
            self._settle(overrun, now)
        else:
            self._brake(overrun)

    def accepted(self, number: int, sent_at: float) -> None:
        """A call was answered."""
        if number > self._cut_number:
            self._probe.strikes = 0
        now = self._now()
        self._answers += 1
        self._meaningless.answered(number)
        if self.rate is not None and self._overrun is None and not self._meaningless.lasts(now):
            rate = max(self.rate, self._answers / max(now - self._began_at, 0.5))
            if self._meaningless.too_many_among(sent_at, rate, now):
                self._try_without(now)

    def held(self, seconds: float) -> None:
        """The provider asked for a wait: all sending stops for so long."""
        self._held_s += seconds
        # Where a refusal costs a second of standing still, the next one is worth avoiding for longer.
        self._probe.dear = max(0.9 * self._probe.dear, 1.0 + 4.0 * min(2.0, seconds))

    def forget(self) -> None:
        """The refusals had another reason."""
        self._probe.rate = self._overrun = self._mark = None
        self._probe.still = False

    def _send_rate(self, number: int, at: float) -> float:
        """Calls a second that went out before that call."""
        begin, first = next(((when, sent) for when, sent in self._sends if at - when <= RATE_OVER_S), (at, number))
        return (number - first + 1) / max(at - begin, 0.05)

    # -- while it is not known what becomes of the calls that are out ----------------------------

    def _brake(self, overrun: Overrun) -> None:
        """Go as slowly as what is known so far demands."""
        probe = self._probe
        known = self._mark is not None and probe.rate is not None
        guess = DOUBT_SHARE if known else 1.0 - 0.5 * DEEP
        share = min(0.98, (overrun.refused + guess * DOUBT) / (overrun.back + DOUBT))
        rate = max(0.5, overrun.rate * (1.0 - share))
        if known:
            probe.rate = min(rate, probe.base)
        else:
            probe.rate = probe.base = rate
            probe.empty(self._now())

    def _settle(self, overrun: Overrun, now: float) -> None:
        self._overrun, self._probe.still = None, False
        self._probe.rate = overrun.pace
        self._judge(overrun, now)

    # -- what the rate is ------------------------------------------------------------------------

    def _judge(self, overrun: Overrun, now: float) -> None:
        found = overrun.found
        if self._mark is None or self._probe.rate is None:
            self._probe.empty(now)
            self._meaningless.peak = max(self._meaningless.peak, overrun.rate)
            if found is None:
                self._remember(overrun, 0.0, 0.0)
                self._probe.search_from(DEEP * overrun.rate, SEARCH_UP_TO * overrun.rate, now)
            else:
                self._restart(overrun, found)
        elif found is not None and found < CUT * self._probe.base:
            # It has fallen: the time before tells nothing of it.
            self._restart(overrun, found)
        else:
            self._estimate(overrun, self._mark, self._probe.rate, now)

    def _restart(self, overrun: Overrun, found: float) -> None:
        self._remember(overrun, found * overrun.span_s, overrun.span_s)
        self._probe.set(MARGIN * found, int(overrun.accepted >= SURE), refused=overrun.refused)

    def _remember(self, overrun: Overrun, accepted: float, span_s: float) -> None:
        """Nothing is left at the end of this one; so much was answered in so long before."""
        self._mark, self._refused, self._held_s = overrun.last, 1, 0.0
        self._accepted_sum, self._span_sum = accepted, span_s

    def _estimate(self, overrun: Overrun, mark: Mark, rate: float, now: float) -> None:
        """What was answered between two moments when the provider had just run out."""
        number, span = overrun.last.number, overrun.last.at - mark.at
        accepted = number - mark.number - self._refused + 1
        held_s = min(self._held_s, 0.98 * span)
        sending_s = span - held_s
        if sending_s < MIN_SPAN_S or (accepted < MIN_ACCEPTED and sending_s < 10 * MIN_SPAN_S):
            self._probe.search_lower(now)
            return
        searching = self._probe.searching
        found = max(accepted, 0.5) / span
        many = self._refused > 0.1 * (number - mark.number)
        known = self._accepted_sum / self._span_sum if self._span_sum else None
        self._remember(overrun, self._accepted_sum, self._span_sum)
        below = rate <= self._probe.base and not searching
        if held_s > 0.2 * span and found < self._probe.base:
            # What it would have given in a long wait may not have fitted into its bucket.
            self._after_wait(accepted / sending_s, rate, many, now)
        elif self._falls_again(below=below, falls=known is not None and found < 0.9 * known and many, now=now):
            return
        elif known is not None and abs(found - known) <= known * (AGREE + 1.5 / max(accepted, 1)):
            self._agree(known, found, accepted, span, overrun.refused)
        else:
            self._differ(known, found, accepted, span, overrun.refused)

    def _agree(self, known: float, found: float, accepted: int, span: float, refused: int) -> None:
        probe = self._probe
        assert probe.rate is not None
        if found > known and probe.rate > probe.base:
            # What is found is never too much: its bucket may have run over meanwhile, but never held less than nothing.
            self._accepted_sum = self._span_sum = 0.0
        self._merge(accepted, span)
        if probe.rate > known * 1.25 and accepted - known * span > max(RISEN_CALLS, RISEN_SHARE * accepted):
            # So far above without a word: the limit has risen, and the time before hides it.
            probe.set(max(found, 0.85 * probe.rate), 0, refused=refused)
            return
        mean = self._accepted_sum / self._span_sum
        mean = min(mean, found) if probe.rate <= probe.base else mean
        probe.set(MARGIN * mean, probe.confidence + 1, refused=refused)

    def _differ(self, known: float | None, found: float, accepted: int, span: float, refused: int) -> None:
        probe = self._probe
        assert probe.rate is not None
        if found < CUT * probe.rate:
            # Either it fell, or something else held the calls back for a while: then its bucket ran over.
            self._accepted_sum, self._span_sum = float(accepted), span
            probe.set(max(math.sqrt(found * probe.rate), LEAST_CUT * probe.rate), 0, refused=refused)
            return
        if known is not None and found > known and probe.rate > known * 1.25:
            found = max(found, 0.85 * probe.rate)
        self._accepted_sum, self._span_sum = found * span, span
        probe.set(MARGIN * found, 0, refused=refused)

    def _after_wait(self, most: float, rate: float, many: bool, now: float) -> None:
        probe = self._probe
        if self._falls_again(below=rate <= probe.base, falls=most < 0.9 * rate and many, now=now):
            return
        if most < probe.base or rate <= probe.base:
            self._accepted_sum = self._span_sum = 0.0
            probe.set(min(most * MARGIN, 0.93 * probe.base), probe.confidence)
        else:
            probe.set(probe.base + 0.25 * (min(rate, most) - probe.base), probe.confidence + 1)

    def _merge(self, accepted: int, span: float) -> None:
        self._accepted_sum += accepted
        self._span_sum += span
        if self._span_sum > REMEMBER_S:
            keep = REMEMBER_S / self._span_sum
            self._accepted_sum *= keep
            self._span_sum *= keep

    # -- refusals that may mean nothing ----------------------------------------------------------

    def _falls_again(self, *, below: bool, falls: bool, now: float) -> bool:
        return self._meaningless.falls_again(below=below, falls=falls, now=now) and self._try_without(now)

    def _try_without(self, now: float) -> bool:
        if not self._meaningless.begin_trial(self._sent, self._probe.base, now):
            return False
        self._probe.rate = None
        return True

    def _fell(self, now: float) -> None:
        """It was a limit after all."""
        self._mark, self._cut_number = Mark(self._sent, now), self._sent
        self._refused, self._held_s = 0, 0.0
        self._probe.empty(now)
        self._probe.set(self._meaningless.before, 0)
