"""Numbers beside correct ones: how far off, which way, how often exact."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from gui_app.review.findings import Finding, few_rows
from gui_app.review.formulas import wilson_interval


@dataclass(slots=True)
class NumberAgreement:
    """Numbers beside correct ones.

    Attributes:
        error_sum: Sum of given - correct; over the rows, the mean error: above 0, the answers are too high.
    """

    rows: int = 0
    exact: int = 0
    within_one: int = 0
    unanswered: int = 0
    absolute_sum: float = 0.0
    error_sum: float = 0.0
    different: list[tuple[float, int]] = field(default_factory=list)

    def add(self, row_id: int, given: float | None, correct: float | None) -> None:
        """Count one row. None: no answer, or no correct answer."""
        if correct is None:
            return
        if given is None:
            self.unanswered += 1
            return
        error = given - correct
        self.rows += 1
        # Decimals that read the same count as the same, whatever their last binary digit.
        if math.isclose(given, correct, rel_tol=1e-9, abs_tol=1e-12):
            self.exact += 1
        else:
            self.different.append((abs(error), row_id))
        self.within_one += abs(error) <= 1 + 1e-9
        self.absolute_sum += abs(error)
        self.error_sum += error

    @property
    def mean_absolute_error(self) -> float | None:
        """How far off an answer is on average; None when nothing was compared."""
        return self.absolute_sum / self.rows if self.rows else None

    @property
    def mean_error(self) -> float | None:
        """How much too high (above 0) or too low the answers are on average."""
        return self.error_sum / self.rows if self.rows else None

    @property
    def exact_share(self) -> float | None:
        """The share of answers that are the correct number."""
        return self.exact / self.rows if self.rows else None

    @property
    def within_one_share(self) -> float | None:
        """The share of answers that are off by at most 1."""
        return self.within_one / self.rows if self.rows else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true exact share lies (Wilson)."""
        return wilson_interval(self.exact, self.rows)

    def furthest_off(self, most: int | None = None) -> list[int]:
        """Ids of the rows that differ, the largest difference first."""
        ordered = sorted(self.different, key=lambda item: (-item[0], item[1]))
        return [row_id for _, row_id in (ordered if most is None else ordered[:most])]

    def warnings(self) -> list[Finding]:
        """What to bear in mind before the figures are believed."""
        return few_rows(self.rows, self.interval)


def compare_numbers(pairs: Iterable[tuple[int, float | None, float | None]]) -> NumberAgreement:
    """Compare number answers with correct ones. Streams; keeps the ids of rows that differ."""
    agreement = NumberAgreement()
    for row_id, given, correct in pairs:
        agreement.add(row_id, given, correct)
    return agreement
