"""Refusals of calls that were out together, and the rate they tell."""

from __future__ import annotations

from dataclasses import dataclass

FEWEST = 4
FEWEST_S = 0.1
"""So many answers and refusals, over so long, tell a rate."""

UNEVEN = 0.9
"""Of the rate they went out at, at most: more is not likely where some were refused."""


@dataclass(slots=True)
class Mark:
    """A moment when the provider had just run out: `number` calls had gone out by then."""

    number: int
    at: float


@dataclass(slots=True)
class Overrun:
    """Refusals of calls that had all gone out before the first of these refusals came.

    Attributes:
        until: The number of the last of these calls.
        rate: How many a second went out.
        out: How many have not come back.
        pace: What the rate was.
        over_at: What is not back by then counts as answered.
        back: How many that went out after the first refused one have come back, it included.
    """

    until: int
    first: Mark
    last: Mark
    rate: float
    out: int
    over_at: float
    pace: float | None
    refused: int = 1
    back: int = 1

    def add(self, number: int, at: float) -> None:
        """One more of these was refused."""
        self.refused += 1
        if number < self.first.number:
            self.first = Mark(number, at)
        if number > self.last.number:
            self.last = Mark(number, at)

    @property
    def accepted(self) -> int:
        """Calls answered between the first refused one and the last."""
        return self.last.number - self.first.number - self.refused + 1

    @property
    def span_s(self) -> float:
        """Seconds between the first refused one and the last."""
        return self.last.at - self.first.at

    @property
    def found(self) -> float | None:
        """The rate these refusals tell; None when they are too few or too close to each other."""
        if self.accepted < FEWEST or self.refused < FEWEST or self.span_s < FEWEST_S:
            return None
        # Where they did not go out evenly, its bucket was full at times: then what was answered is too little.
        evenly = self.rate * self.accepted / (self.accepted + self.refused)
        return max(self.accepted / self.span_s, min(evenly, UNEVEN * self.rate))
