"""One-label answers beside correct ones: accuracy, kappa, confusion, the rows to look at."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gui_app.errors import N_
from gui_app.i18n import one_or_many
from gui_app.review.findings import FEW_ROWS, Finding, LabelFigures, few_rows, figures, named
from gui_app.review.formulas import cohen_kappa, wilson_interval

_ONE_SIDED = 0.9


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row where the answer is not the correct one. `given` is None when the row has no answer."""

    row_id: int
    given: str | None
    correct: str


@dataclass(slots=True)
class Agreement:
    """One-label answers beside correct ones. Counts only; row ids take 8 bytes each.

    Attributes:
        labels: The order of the confusion table: the field's labels, then others as they came.
        cells: (given, correct) to the ids of its rows, in the order they came.
        unanswered: Ids of rows that have a correct answer and none of the model.
    """

    labels: list[str] = field(default_factory=list)
    cells: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    unanswered: dict[str, array[int]] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()

    def add(self, row_id: int, given: str | None, correct: str | None) -> None:
        """Count one row. None: no answer, or no correct answer; one without a correct answer counts for nothing."""
        if correct is None:
            return
        if given is None:
            self.unanswered.setdefault(correct, array("q")).append(row_id)
        else:
            self.cells.setdefault((given, correct), array("q")).append(row_id)

    @property
    def compared(self) -> int:
        """Rows with both an answer and a correct answer."""
        return sum(map(len, self.cells.values()))

    @property
    def agreed(self) -> int:
        """Rows where they are the same."""
        return sum(len(ids) for (given, correct), ids in self.cells.items() if given == correct)

    @property
    def not_answered(self) -> int:
        """Rows with a correct answer and no answer. They are told beside the accuracy, not counted in it."""
        return sum(map(len, self.unanswered.values()))

    @property
    def accuracy(self) -> float | None:
        """The share of the compared rows that agree; None when there are none."""
        return self.agreed / self.compared if self.compared else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true accuracy lies, 19 times in 20 (Wilson). None when nothing was compared."""
        return wilson_interval(self.agreed, self.compared)

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa; None when it has no meaning."""
        return cohen_kappa({pair: len(ids) for pair, ids in self.cells.items()})

    @property
    def always_commonest(self) -> float | None:
        """The accuracy of giving every row the commonest correct answer: what a model has to beat."""
        counts: dict[str, int] = {}
        for (_, correct), ids in self.cells.items():
            counts[correct] = counts.get(correct, 0) + len(ids)
        return max(counts.values()) / self.compared if counts else None

    def per_label(self) -> list[LabelFigures]:
        """One line a label, in the table's order."""
        given: dict[str, int] = {}
        correct: dict[str, int] = {}
        for (a, b), ids in self.cells.items():
            given[a] = given.get(a, 0) + len(ids)
            correct[b] = correct.get(b, 0) + len(ids)
        return [figures(x, correct.get(x, 0), given.get(x, 0), self.count(x, x)) for x in self.order()]

    def order(self) -> list[str]:
        """The labels of the table: the field's own, then every other one that came up."""
        seen = dict.fromkeys(self.labels)
        for given, correct in self.cells:
            seen.setdefault(correct)
            seen.setdefault(given)
        for correct in self.unanswered:
            seen.setdefault(correct)
        return list(seen)

    def count(self, given: str, correct: str) -> int:
        """How many rows stand in one cell of the confusion table."""
        return len(self.cells.get((given, correct), ()))

    def confusion(self) -> list[list[int]]:
        """The confusion table: a line a correct label, a column a given one, both as `order`."""
        order = self.order()
        return [[self.count(given, correct) for given in order] for correct in order]

    def rows_of(self, given: str | None, correct: str) -> array[int]:
        """The row ids behind one cell of the table; with None, the unanswered rows of that correct label."""
        found = self.unanswered.get(correct) if given is None else self.cells.get((given, correct))
        return array("q") if found is None else found

    def disagreements(self, most: int | None = None) -> list[Disagreement]:
        """The rows to look at, by row id: those answered differently, and those not answered."""
        found = [
            Disagreement(i, given, correct)
            for (given, correct), ids in self.cells.items()
            if given != correct
            for i in ids
        ]
        found += [Disagreement(i, None, correct) for correct, ids in self.unanswered.items() for i in ids]
        found.sort(key=lambda item: item.row_id)
        return found if most is None else found[:most]

    def warnings(self) -> list[Finding]:
        """What to bear in mind before the figures are believed."""
        found = few_rows(self.compared, self.interval)
        if self.compared:
            found += [*self._about_the_labels(), *self._no_better_than_one_label(), *self._about_what_is_missing()]
        return found

    def _about_the_labels(self) -> Iterator[Finding]:
        correct = {label for _, label in self.cells} | set(self.unanswered)
        never = [label for label in self.labels if label not in correct]
        if never:
            yield Finding(N_("Never a correct answer, so nothing is known about: {labels}."), named(never))
        foreign = sorted(correct - self.listed) if self.listed else []
        if foreign:
            sentence = N_("Correct answers that are not among the column's labels, so no answer can agree: {labels}.")
            yield Finding(sentence, named(foreign))

    def _no_better_than_one_label(self) -> Iterator[Finding]:
        commonest = self.always_commonest or 0.0
        if commonest >= _ONE_SIDED:
            sentence = N_("{share} of the correct answers are the same label; always giving it would agree as often.")
            yield Finding(sentence, {"share": commonest})
        elif self.accuracy is not None and self.accuracy <= commonest and self.compared >= FEW_ROWS:
            sentence = N_("The answers agree no more often than always giving the commonest label would ({share}).")
            yield Finding(sentence, {"share": commonest})

    def _about_what_is_missing(self) -> Iterator[Finding]:
        if self.not_answered:
            sentence = one_or_many(
                self.not_answered,
                N_("A row with a correct answer has no answer yet and is not in the figures."),
                N_("{count} rows with a correct answer have no answer yet and are not in the figures."),
            )
            yield Finding(sentence, {"count": self.not_answered})


def compare_labels(pairs: Iterable[tuple[int, str | None, str | None]], labels: Sequence[str] = ()) -> Agreement:
    """Compare one-label (or yes/no, or short text) answers with correct ones, or with another model's.

    Args:
        pairs: (row_id, given, correct), streamed; None where one is missing.
        labels: The field's labels, in the order of the table. Empty: as they come, and none is foreign.
    """
    agreement = Agreement(labels=list(labels), listed=frozenset(labels))
    for row_id, given, correct in pairs:
        agreement.add(row_id, given, correct)
    return agreement
