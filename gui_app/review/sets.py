"""Answers with any number of labels beside correct ones: exact share, micro-averaged figures."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gui_app.errors import N_
from gui_app.review.findings import Finding, LabelFigures, few_rows, figures, named
from gui_app.review.formulas import wilson_interval


@dataclass(slots=True)
class SetAgreement:
    """Answers with any number of labels beside correct ones.

    Precision, recall and F1 are micro-averaged: counted over all labels of all rows together
    (C. D. Manning, P. Raghavan, H. Schütze, Introduction to Information Retrieval, 2008, sec. 13.6).
    """

    labels: list[str] = field(default_factory=list)
    rows: int = 0
    exact: int = 0
    unanswered: int = 0
    both: dict[str, int] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)
    correct: dict[str, int] = field(default_factory=dict)
    different: array[int] = field(default_factory=lambda: array("q"))

    def add(self, row_id: int, given: Iterable[str] | None, correct: Iterable[str] | None) -> None:
        """Count one row. None: no answer, or no correct answer; an empty one means that no label applies."""
        if correct is None:
            return
        if given is None:
            self.unanswered += 1
            return
        have, want = set(given), set(correct)
        self.rows += 1
        if have == want:
            self.exact += 1
        else:
            self.different.append(row_id)
        for counts, found in ((self.both, have & want), (self.given, have), (self.correct, want)):
            for label in found:
                counts[label] = counts.get(label, 0) + 1

    @property
    def exact_share(self) -> float | None:
        """The share of rows whose labels are exactly the correct ones; None when nothing was compared."""
        return self.exact / self.rows if self.rows else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true exact share lies (Wilson)."""
        return wilson_interval(self.exact, self.rows)

    @property
    def overall(self) -> LabelFigures:
        """The micro-averaged figures, under the label ""."""
        return figures("", sum(self.correct.values()), sum(self.given.values()), sum(self.both.values()))

    def per_label(self) -> list[LabelFigures]:
        """One line a label: the field's own first, then others that came up."""
        order = dict.fromkeys([*self.labels, *sorted({*self.correct, *self.given})])
        return [figures(x, self.correct.get(x, 0), self.given.get(x, 0), self.both.get(x, 0)) for x in order]

    def warnings(self) -> list[Finding]:
        """What to bear in mind before the figures are believed."""
        found = few_rows(self.rows, self.interval)
        never = [label for label in self.labels if label not in self.correct]
        if self.rows and never:
            found.append(Finding(N_("Never a correct answer, so nothing is known about: {labels}."), named(never)))
        return found


def compare_sets(
    pairs: Iterable[tuple[int, Iterable[str] | None, Iterable[str] | None]], labels: Sequence[str] = ()
) -> SetAgreement:
    """Compare any-of-these-labels answers with correct ones. Streams; keeps the ids of rows that differ."""
    agreement = SetAgreement(labels=list(labels))
    for row_id, given, correct in pairs:
        agreement.add(row_id, given, correct)
    return agreement
