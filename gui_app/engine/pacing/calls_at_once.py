"""How many calls may be out at the same time: a window that grows while that helps, and shrinks when it must."""

from __future__ import annotations

import math

OPENING_RATE = 150.0
"""Calls a second at first, when nothing is known of the provider: one that refuses at once has then refused a few."""

UNHEARD_AFTER_S = 0.15
UNHEARD_RATE = 100.0
"""So long after the first call, a provider that refuses at once would have said so. Until an answer comes, more go out,
so many a second: where an answer takes seconds, what is allowed would otherwise be found out over minutes."""

FEW = 10
"""A provider that starts with fewer has little room, as somebody's own computer: its first answers are waited for."""

OPENING_AHEAD = 2.0
"""Later on a round of calls goes out in this part of the time that an answer takes, not all at the same moment."""

FIRM = 3
"""So many calls answered at a level of concurrency prove that it is allowed."""

HELPS = 1.3
"""More at once is of use as long as a call takes no longer than so many times what it took with fewer."""

UNPROVEN = 100.0
PROVEN_TIMES = 2.0
"""So many calls may be out beyond so many times what the provider has shown to answer. Where refusals come as late as
answers, up to about half as many again are refused once, when a limit is met for the first time."""

QUICKLY = 0.25
"""More for each answer: such a share of the calls that it starts with. Where these are few, as on somebody's own
computer, it is known what more of them take before there are many."""

MANY = 32
MANY_QUICKLY = 5.0
"""Where so many at once take no longer, it is no such computer: so many more for each answer."""

BURST_S = 0.1
"""What was answered in the first moment may have come from a bucket that was full."""

EVEN = 0.7
"""After a cut a round of calls goes out in this part of the time that an answer takes."""

AFTER_ALL = 1.2
"""So many times more than were refused at once were answered: then it was not their number."""

LATELY = 0.2
"""Weight of an answer in how long they take lately."""

ENOUGH = 10
MOST = 0.95
"""So many answers, and such a share of a round, tell how long they take at a level of concurrency. The first ones of a
round are the quickest of it: compared with those, all others would seem slow."""

HOLD_CAP_S = 8.0


class CallsAtOnce:
    """The window.

    Args:
        ceiling: Never more calls at once than this.
        start: Where it begins, for a provider nothing is known of. None: at the ceiling, as a number set by the user
            asks for.
    """

    def __init__(self, ceiling: int, start: int | None) -> None:
        self.ceiling = max(1, ceiling)
        self.window = float(min(self.ceiling, start or self.ceiling))
        self.grows = start is not None
        self.opening = start is not None
        """Nothing was ever refused, and the first calls are spread out."""
        self.latency_s = 0.0
        self.quickest_s = math.inf
        self.unheard = True
        """Nothing has come back yet, whatever it was."""
        self._began_at = -math.inf
        self._answers = 0
        self._start = self.window
        self._answered_at: list[int] = []
        self._full = False
        # While it helps.
        self._quickest_log = math.inf
        self._lately_log = 0.0
        self._round_sum = 0.0
        self._round_count = 0
        self._round_begins = 0
        self._round_ends = max(ENOUGH, int(self.window))
        # After a cut.
        self._first_refused = 0
        self._cut_number = 0
        self._cut_at = 0
        self._times = 0
        self._first_cut_at = 0
        self._before = 0.0
        self._doubts = 0
        self._refused: list[int] = []
        self._hold_s = 0.0
        self._step_s = 0.1
        self._stride = 1.0
        self._grow_at = math.inf

    @property
    def allowed(self) -> int:
        """Calls allowed at once."""
        return max(1, min(int(self.window), self.ceiling))

    @property
    def spacing_s(self) -> float:
        """Seconds between two calls that go out."""
        if self._cut_at:
            # So that a few calls too many in a moment are not taken for too many at once.
            return EVEN * self.latency_s / self.window
        if not self.opening:
            return 0.0
        if self.unheard and self.window > self._start:
            return 1.0 / UNHEARD_RATE
        return min(1.0 / OPENING_RATE, self.latency_s / (OPENING_AHEAD * self.window) or 1.0)

    def begin(self, now: float) -> None:
        """The first call goes out, or the first one after a pause."""
        self._began_at = now
        self._answers = 0

    def widen(self, calls: int) -> None:
        """So many at once from now on."""
        self.window = max(self.window, float(calls))
        self.opening = False

    def told(self, calls: float) -> None:
        """The provider says that so many at once are within its limits: no need to find out step by step."""
        if self.grows and self._grow_at == math.inf:
            self.window = max(self.window, min(calls, float(self.ceiling)))

    def wait_s(self, in_flight: int, now: float) -> float:
        """Seconds until one more may go out; 0 when it may now. inf: not before another one comes back."""
        if now >= self._grow_at:
            self._grow(now)
        if in_flight < self.allowed:
            return 0.0
        if self.unheard and self.opening and self._start >= FEW and self.window < min(self.ceiling, UNPROVEN):
            if now < self._began_at + UNHEARD_AFTER_S:
                return self._began_at + UNHEARD_AFTER_S - now
            self.window += 1.0
            return 0.0
        self._full = True
        return math.inf

    # -- answers ---------------------------------------------------------------------------------

    def answered(self, at_once: int, number: int, took: float, *, sent: int, sent_at: float, wanted: bool) -> None:
        """A call was answered.

        Args:
            at_once: Calls that were out when it went out, itself included.
            number: How many had gone out with it.
            sent: How many have gone out by now.
            sent_at: When it went out.
            wanted: More would go out if they might.
        """
        self._answers += 1
        self.quickest_s = min(self.quickest_s, took)
        # Over a few rounds of answers: single ones scatter widely.
        self.latency_s += (took - self.latency_s) * (min(0.1, 2.0 / self.window) if self.latency_s else 1.0)
        if self._first_refused < number <= self._cut_number:
            # Calls that were about to be refused were counted among those that were out.
            at_once -= sum(1 for refused in self._refused if refused < number)
            if self._before and at_once > AFTER_ALL * self._cut_at:
                self._doubt()
        at = self._answered_at
        if at_once >= len(at):
            at.extend([0] * (at_once + 1 - len(at)))
        at[max(0, at_once)] += 1
        if not self.grows:
            return
        self._measure(number, took, sent)
        if wanted and self._grow_at == math.inf and self.window < self.ceiling and self.more_helps:
            proven = self.latency_s * self._answers / (sent_at - self._began_at + BURST_S)
            more = max(QUICKLY * self._start, MANY_QUICKLY if self.window >= MANY else 0.0)
            self.window = max(self.window, min(self.window + more, UNPROVEN + PROVEN_TIMES * proven))

    def _measure(self, number: int, took: float, sent: int) -> None:
        """Calls that only wait longer for their answers, as at a model on one graphics card, are too many."""
        # Logarithms: a few answers that take ten times as long as the others say nothing about these.
        log_s = math.log(max(took, 1e-4))
        if self._round_begins < number <= self._round_ends:
            self._round_sum += log_s
            self._round_count += 1
        size = self._round_ends - self._round_begins
        if self._round_count >= MOST * size or number > self._round_ends + size:
            if self._round_count >= ENOUGH / 2:
                self._quickest_log = min(self._quickest_log, self._round_sum / self._round_count)
            self._round_begins, self._round_ends = sent, sent + max(ENOUGH, int(self.window))
            self._round_sum, self._round_count = 0.0, 0
        self._lately_log += (log_s - self._lately_log) * (LATELY if self._lately_log else 1.0)

    @property
    def more_helps(self) -> bool:
        """Calls take no longer than with fewer at once."""
        return self._lately_log <= self._quickest_log + math.log(HELPS)

    def _grow(self, now: float) -> None:
        """By the clock, after a cut."""
        if self.window >= self.ceiling:
            self._grow_at, self._cut_at = math.inf, 0
            return
        if self._full and (self.more_helps or self.window < self._start):
            # Only when it is used up does the window hold anything back.
            # By one at first, and then faster and faster.
            self.window = min(float(self.ceiling), self.window + self._stride)
            self._stride *= 2.0
            self._full = False
        self._grow_at = now + self._step_s

    # -- refusals --------------------------------------------------------------------------------

    def unproven(self, at_once: int) -> bool:
        """So many at once were hardly ever answered: they may be too many."""
        return at_once > 1 and sum(self._answered_at[at_once:]) < FIRM

    def cut(self, at_once: int, number: int, *, sent: int, took: float, now: float) -> int:
        """More at once than were ever answered were refused. Returns how many times at this level.

        Args:
            took: How long the refusal took: in so long it will be known whether more are allowed.
        """
        again = abs(at_once - self._cut_at) <= 1
        if number > self._cut_number:
            self._times = self._times + 1 if abs(at_once - self._first_cut_at) <= 1 else 1
            if self._times == 1:
                self._first_cut_at = at_once
            self._step_s = max(0.1, min(1.5 * took, 2.0))
            self._hold_s = min(HOLD_CAP_S, 2.0 * self._hold_s) if again else self._step_s
            self._cut_at, self._first_refused, self._cut_number = at_once, number, sent
            self._before, self._doubts, self._refused = self.window, 0, []
        elif number < self._first_refused:
            self._first_refused, self._cut_at = number, at_once
        self._refused.append(number)
        self.window = min(self.window, max(1.0, at_once - 1.0))
        del self._answered_at[at_once:]
        self._grow_at, self._stride = now + self._hold_s, 1.0
        return self._times

    def _doubt(self) -> None:
        """More at once than the window now allows were answered after all: it was not that."""
        self._doubts += 1
        if self._doubts >= FIRM:
            self.window, self._before, self._cut_at = self._before, 0.0, 0
            self._grow_at = math.inf if self.window >= self.ceiling else self._grow_at

    def overloaded(self, sent: int, now: float, pause_s: float) -> None:
        """The provider has too much to do."""
        self._first_refused, self._cut_number, self._before = sent + 1, sent, 0.0
        self.window = max(1.0, min(self.window, float(self.ceiling)) * 0.7)
        self._step_s = max(0.1, min(self.latency_s, 2.0))
        self._hold_s = max(1.0, self.latency_s)
        self._grow_at, self._stride = now + pause_s + self._hold_s, 1.0
