"""How far answers agree with correct ones, or with another model's: figures, confusion, warnings. Pure."""

from __future__ import annotations

from gui_app.review.correct import CorrectAnswers, as_label, label_order
from gui_app.review.findings import Finding, LabelFigures
from gui_app.review.formulas import agreement_in_words, cohen_kappa, wilson_interval
from gui_app.review.labels import Agreement, Disagreement, compare_labels
from gui_app.review.numbers import NumberAgreement, compare_numbers
from gui_app.review.sets import SetAgreement, compare_sets

__all__ = [
    "Agreement",
    "CorrectAnswers",
    "Disagreement",
    "Finding",
    "LabelFigures",
    "NumberAgreement",
    "SetAgreement",
    "agreement_in_words",
    "as_label",
    "cohen_kappa",
    "compare_labels",
    "compare_numbers",
    "compare_sets",
    "label_order",
    "wilson_interval",
]
