"""Refusals that have nothing to do with how many calls go out: suspected, and then tried out."""

from __future__ import annotations

FALLS = 3
ODD = 4
"""So many estimates in a row, each far below the last one, or refusals below the rate that was found good."""

AMONG = 8
"""So many answers among the refusals of one burst are more than a limit would let through."""

FAR_BELOW = 0.15
FEW = 0.12
"""A rate so far below what once went well, with more than a few refusals among the calls lately, is either a limit that
fell, or refusals that mean nothing."""

LATELY = 0.05
"""Weight of a call among those lately."""

TRIED = 30
"""So many calls go out without a limit; what becomes of them is waited for."""

LATER = 60
"""So many at a time are looked at afterwards, while others go out."""

FEWEST = 14
"""Judged as if at least so many calls had gone out."""

MORE = 1.1
MORE_BY = 0.03
CHANCE = (2.0, 2.5)
"""So much more may be refused than is expected, and so many standard deviations, before it is a limit: in the trial,
and afterwards, when many are looked at."""

LEAST_SHARE = 0.05
MOST_SHARE = 0.5
"""Fewer refusals are not worth a trial; more of them are a limit, whatever else speaks against it."""

MOST_EVER = 0.7
"""More refusals than this are a limit, whatever was expected."""

NOISE_FOR_S = 60.0
NO_NOISE_FOR_S = (15.0, 60.0)
"""How long a limit that a trial has found is believed: at first, and at most, twice as long each time."""

KNOWN_SHARE = 0.8
TRIAL_POLL_S = 0.05
NEVER = -1e9


class Meaningless:
    """The only way to know is to try: if refusals are as rare without a limit, there is none."""

    def __init__(self) -> None:
        self.before = 0.0
        """The rate that a trial suspended."""
        self.peak = 0.0
        """Calls a second that once went out before any was refused."""
        self._lately = self._weight = 0.0
        """The share of refusals among the calls lately, and what of it calls tell, and not the 0 at the beginning."""
        self._until = NEVER
        self._not_until = NEVER
        self._believed_s = NO_NOISE_FOR_S[0]
        self._calls = 0
        self._refusals = 0
        """Since the doubts began."""
        self._share = 0.0
        """Of the calls, what is expected to be refused without a limit."""
        self._trying = False
        self._looked_at = (-1, -1)
        self._sent = 0
        self._known = 0
        self._refused = 0
        """The numbers, from and to, of the calls that are looked at; how many of these went out, came back, and were
        refused. Refusals may be known long before answers: the share is that of all that went out together."""
        self._falls = 0
        self._odd = 0
        self._first: tuple[int, float] | None = None
        self._until_number = 0
        self._burst = [0, 0]
        """Answers and refusals of calls that went out together with the first refused one."""
        self._answers = 0

    def wait_s(self, now: float) -> float:
        """Seconds until the next call may go out; 0 when it may now."""
        return TRIAL_POLL_S if self._trying and self._sent >= TRIED and self.lasts(now) else 0.0

    def lasts(self, now: float) -> bool:
        """There is no limit, as far as is known."""
        return now < self._until

    def take(self, number: int) -> None:
        """A call goes out."""
        self._calls += 1
        if self._is_looked_at(number):
            self._sent += 1

    def begin(self, number: int, sent_at: float, until: int) -> None:
        """The first refused one of a burst; calls up to `until` went out before that was known."""
        self._first, self._until_number, self._burst = (number, sent_at), until, [0, 1]

    def refused(self, number: int) -> None:
        """A call was refused."""
        self._refusals += 1
        self._weigh(1.0)
        if self._is_looked_at(number):
            self._refused += 1
        if number <= self._until_number:
            self._burst[1] += 1

    def answered(self, number: int) -> None:
        """A call was answered."""
        self._weigh(0.0)
        self._answers += 1
        if self._first is not None and self._first[0] < number <= self._until_number:
            self._burst[0] += 1

    def back(self, number: int) -> None:
        """A call has come back, whatever it brought."""
        if self._is_looked_at(number):
            self._known += 1

    def _weigh(self, refused: float) -> None:
        self._lately += (refused - self._lately) * LATELY
        self._weight += (1.0 - self._weight) * LATELY

    def _is_looked_at(self, number: int) -> bool:
        return self._looked_at[0] < number <= self._looked_at[1]

    def _look_at(self, sent: int, calls: int) -> None:
        self._looked_at = (sent, sent + calls)
        self._sent = self._known = self._refused = 0

    def too_many_among(self, sent_at: float, rate: float, now: float) -> bool:
        """Too many were answered that went out after a refused one, before that was known."""
        answers, refusals = self._burst
        if self._first is None or answers < AMONG or now < self._not_until or self.lasts(now):
            return False
        if answers <= 3.0 * (1.0 + rate * max(0.0, sent_at - self._first[1])):
            return False
        # A few tell the share only roughly.
        self._calls, self._refusals = answers + refusals + 2, refusals + 1
        return True

    def far_below(self, rate: float, now: float) -> bool:
        """So slow by now that a trial costs less than to go on like this."""
        if rate >= FAR_BELOW * self.peak or self._lately < FEW or now < self._not_until:
            return False
        self._calls, self._refusals = 100, round(100 * self._lately / self._weight)
        return True

    def falls_again(self, *, below: bool, falls: bool, now: float) -> bool:
        """Refused below the rate that was found good, or found to be far lower, again and again."""
        if not self._odd and not self._falls:
            self._calls = self._refusals = 0
        self._odd = self._odd + 1 if below else 0
        self._falls = self._falls + 1 if falls else 0
        return (self._falls >= FALLS or self._odd >= ODD) and now >= self._not_until

    def begin_trial(self, sent: int, rate: float, now: float) -> bool:
        """Let calls go out as if there were no limit. False: it must be one."""
        self._share = self._refusals / max(1, self._calls)
        self._falls = self._odd = 0
        self._first = None
        if not LEAST_SHARE <= self._share <= MOST_SHARE:
            return False
        self.before, self._trying = rate, True
        self._look_at(sent, TRIED)
        self._until = now + NOISE_FOR_S
        return True

    def is_a_limit(self, sent: int, now: float) -> bool:
        """Judge the trial, or what came after it.

        Args:
            sent: How many calls have gone out by now.
        """
        size = self._looked_at[1] - self._looked_at[0]
        calls = min(size, max(self._sent, FEWEST))
        chance = CHANCE[not self._trying] * (self._share * (1.0 - self._share) / calls) ** 0.5
        most = MORE * self._share + MORE_BY + chance
        if self._refused / calls > min(most, MOST_EVER):
            self._trying = False
            self._until = NEVER
            self._not_until = now + self._believed_s
            self._believed_s = min(NO_NOISE_FOR_S[1], 2.0 * self._believed_s)
            return True
        if self._known >= KNOWN_SHARE * size:
            if self._trying:
                # Only once: what rises with every look is a limit.
                self._share, self._trying = (self._share + self._refused / size) / 2.0, False
            self._look_at(sent, LATER)
        return False
