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

TRIED = 20
"""So many calls go out without a limit; what becomes of them is waited for."""

FEWEST_TRIED = 14
"""A trial is judged as if at least so many calls had gone out."""

LEAST_SHARE = 0.05
MOST_SHARE = 0.6
"""Fewer refusals are not worth a trial; more of them are a limit, whatever else speaks against it."""

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
        self._lately = 0.0
        """The share of refusals among the calls lately."""
        self._until = NEVER
        self._not_until = NEVER
        self._believed_s = NO_NOISE_FOR_S[0]
        self._trial_from = -1
        self._trying = False
        self._calls = 0
        self._refusals = 0
        self._known = 0
        """Since the doubts began, or since the trial began; `_known`: calls that have come back."""
        self._share = 0.0
        self._falls = 0
        self._odd = 0
        self._first: tuple[int, float] | None = None
        self._until_number = 0
        self._burst = [0, 0]
        """Answers and refusals of calls that went out together with the first refused one."""
        self._answers = 0

    @property
    def wait_s(self) -> float:
        """Seconds until the next call may go out; 0 when it may now."""
        return TRIAL_POLL_S if self._trying and self._calls >= TRIED else 0.0

    def lasts(self, now: float) -> bool:
        """There is no limit, as far as is known."""
        return now < self._until

    def take(self) -> None:
        """A call goes out."""
        self._calls += 1

    def begin(self, number: int, sent_at: float, until: int) -> None:
        """The first refused one of a burst; calls up to `until` went out before that was known."""
        self._first, self._until_number, self._burst = (number, sent_at), until, [0, 1]

    def refused(self, number: int) -> None:
        """A call was refused."""
        self._lately += (1.0 - self._lately) * LATELY
        if number > self._trial_from:
            self._refusals += 1
            self._known += 1
        if number <= self._until_number:
            self._burst[1] += 1

    def answered(self, number: int) -> None:
        """A call was answered."""
        self._lately *= 1.0 - LATELY
        self._answers += 1
        if number > self._trial_from:
            self._known += 1
        if self._first is not None and self._first[0] < number <= self._until_number:
            self._burst[0] += 1

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
        self._calls, self._refusals = 100, round(100 * self._lately)
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
        self.before = rate
        self._calls = self._refusals = self._known = 0
        self._trial_from, self._trying = sent, True
        self._until = now + NOISE_FOR_S
        return True

    def is_a_limit(self, now: float) -> bool:
        """Judge the trial, or what came after it."""
        if self._trying and self._known < KNOWN_SHARE * TRIED:
            return False
        self._trying = False
        # Refusals are known sooner than answers.
        calls = max(self._known, min(self._calls, TRIED), FEWEST_TRIED)
        if self._refusals / calls <= 1.3 * self._share + 0.06 + 0.3 * calls**-0.5:
            return False
        self._until = NEVER
        self._not_until = now + self._believed_s
        self._believed_s = min(NO_NOISE_FOR_S[1], 2.0 * self._believed_s)
        return True
