"""Per-label figures and warnings, shared by the three kinds of agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gui_app.errors import N_
from gui_app.i18n import one_or_many
from gui_app.review.formulas import f1_score

FEW_ROWS = 30
"""Below this an agreement says little; the usual rule of thumb for a share."""
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning about the figures. `sentence` is a catalogue entry with `{named}` places, as in `UserError`.

    Shares in the details ("low", "high", "share") are numbers from 0 to 1, to be shown as percentages.
    """

    sentence: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label's figures, as of a search for it.

    Attributes:
        correct: Rows where it is the correct answer.
        given: Rows where it was answered.
        both: Rows where both are so.
        precision: Of the rows that were given it, the share where it is correct. None when none was.
        recall: Of the rows where it is correct, the share that were given it. None when there is none.
        f1: Their harmonic mean.
    """

    label: str
    correct: int
    given: int
    both: int
    precision: float | None
    recall: float | None
    f1: float | None


def figures(label: str, correct: int, given: int, both: int) -> LabelFigures:
    """The figures of those counts."""
    precision = both / given if given else None
    recall = both / correct if correct else None
    return LabelFigures(label, correct, given, both, precision, recall, f1_score(precision, recall))


def few_rows(rows: int, interval: tuple[float, float] | None) -> list[Finding]:
    """The warning of a comparison over few rows, or none at all."""
    if interval is None:
        return [Finding(N_("No row has both an answer and a correct answer, so there is nothing to compare."), {})]
    if rows >= FEW_ROWS:
        return []
    details = {"count": rows, "low": interval[0], "high": interval[1]}
    return [
        Finding(
            one_or_many(
                rows,
                N_("Only one row could be compared: the true agreement may be anywhere from {low} to {high}."),
                N_("Only {count} rows could be compared: the true agreement may be anywhere from {low} to {high}."),
            ),
            details,
        )
    ]


def named(labels: Sequence[str]) -> dict[str, object]:
    """The details of a warning about labels: the first few of them."""
    shown = ", ".join(labels[:_MOST_NAMED])
    return {"labels": shown if len(labels) <= _MOST_NAMED else shown + ", …"}
