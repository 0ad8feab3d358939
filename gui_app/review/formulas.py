"""The formulas of agreement, each with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gui_app.errors import N_

_Z_95 = 1.959963984540054


def wilson_interval(right: int, of: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """The interval of a share: where the true share lies, given that many right ones.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22 (1927), 209-212; without continuity correction, as method 3 of
    R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872. It stays within 0 and 1 and is sound for few rows.

    Returns:
        None when there is nothing to take a share of.
    """
    if of <= 0:
        return None
    z = _Z_95 if confidence == 0.95 else _normal_quantile((1 + confidence) / 2)
    share = right / of
    middle = share + z * z / (2 * of)
    reach = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    below = 1 + z * z / of
    # Rounding must not push the ends of "none" and "all" off 0 and 1.
    low = 0.0 if right == 0 else (middle - reach) / below
    high = 1.0 if right == of else (middle + reach) / below
    return low, high


def cohen_kappa(cells: Mapping[tuple[str, str], int]) -> float | None:
    """Agreement beyond chance of two raters: (p_o - p_e) / (1 - p_e).

    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
    (1960), 37-46. 1 is full agreement, 0 what chance alone would give; below 0 is worse than chance.

    Args:
        cells: How often (first rater's label, second rater's label) came up.

    Returns:
        None when it has no meaning: no rows, or both raters always gave the same one label.
    """
    total = sum(cells.values())
    if not total:
        return None
    first: dict[str, int] = {}
    second: dict[str, int] = {}
    for (a, b), count in cells.items():
        first[a] = first.get(a, 0) + count
        second[b] = second.get(b, 0) + count
    # In whole numbers as long as possible, so that perfect chance agreement is seen exactly.
    by_chance = sum(count * second.get(label, 0) for label, count in first.items())
    if by_chance == total * total:
        return None
    alike = sum(count for (a, b), count in cells.items() if a == b)
    return (alike * total - by_chance) / (total * total - by_chance)


def f1_score(precision: float | None, recall: float | None) -> float | None:
    """The harmonic mean of precision and recall (C. J. van Rijsbergen, Information Retrieval, 2nd ed. 1979, ch. 7).

    Returns:
        None when both are unknown; 0 when one is 0 or unknown.
    """
    if precision is None and recall is None:
        return None
    if not precision or not recall:
        return 0.0
    return 2 * precision * recall / (precision + recall)


def agreement_in_words(kappa: float) -> str:
    """A word for a kappa, as a catalogue entry.

    The bands of J. R. Landis and G. G. Koch, "The measurement of observer agreement for categorical data",
    Biometrics 33 (1977), 159-174, who call them arbitrary but useful.
    """
    bands = (
        (0.0, N_("poor agreement")),
        (0.2, N_("slight agreement")),
        (0.4, N_("fair agreement")),
        (0.6, N_("moderate agreement")),
        (0.8, N_("substantial agreement")),
    )
    if kappa < 0:
        return bands[0][1]
    return next((word for top, word in bands[1:] if kappa <= top), N_("almost perfect agreement"))


def _normal_quantile(share: float) -> float:
    # Imported here: `statistics` takes 20 ms to load and the usual 95% does not need it.
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)
