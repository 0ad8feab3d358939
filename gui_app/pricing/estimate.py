"""What a whole file will cost and how long it will take, as a range made from a few tried rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gui_app.jobs import Lane, Usage
from gui_app.pricing.prices import PriceTable

# Five rows say little about their own spread. A spread of 30% of the mean is assumed as if it had been seen in
# two more rows, so that one row, or five alike, do not give a range of no width.
_PRIOR_ROWS = 2
_PRIOR_SPREAD = 0.3
# One-sided 95% points of Student's t (W. S. Gosset, "The probable error of a mean", Biometrika 6, 1908; any table).
_T_95 = (
    *(6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812),
    *(1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725),
    *(1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697),
)
_Z_95 = 1.644854
# Batch APIs promise their answers within a day and nothing sooner.
OVERNIGHT_MINUTES = 24 * 60.0
GROWTH = 1.5
"""Of the calls at once in a round of answers, while nothing holds them back."""


@dataclass(frozen=True, slots=True)
class TriedRow:
    """A row that was asked.

    Attributes:
        prompt_tokens: `estimate_tokens` of the instructions and the prompt, the same measure as
            `mean_prompt_tokens` of the rows to come.
        usages: One for each of its calls that were counted, repeated ones included; empty when not said.
        seconds: From sending to the answer, without waits.
    """

    prompt_tokens: int
    usages: tuple[Usage, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class LaneEstimate:
    """One lane's range. About nine times in ten the truth should lie inside, if the tried rows are like the others.

    Attributes:
        low_usd, high_usd: None when the price or the usage is unknown.
        low_minutes: 0 overnight, where nothing is promised but the end.
        has_price: Overnight: whether the provider has a price of its own there; when False, the figures
            are those of the full price, and the window says so.
    """

    low_usd: float | None
    high_usd: float | None
    low_minutes: float
    high_minutes: float
    has_price: bool = True


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the rows to come will cost and take.

    Attributes:
        rows: Rows to come.
        requests: Requests they need: fewer than rows when identical prompts are asked once.
        tried: How many rows it is made from.
    """

    rows: int
    requests: int
    tried: int
    now: LaneEstimate
    overnight: LaneEstimate


def estimate(
    tried: Sequence[TriedRow],
    *,
    rows: int,
    prices: PriceTable | None,
    requests: int | None = None,
    mean_prompt_tokens: float | None = None,
    concurrency: tuple[int, int] = (1, 1),
    requests_per_minute: float | None = None,
) -> Estimate | None:
    """The range for the rows to come.

    Money. The input of a row grows with its prompt, so the tried rows give a cost per estimated token (the
    ratio estimator of W. G. Cochran, Sampling Techniques, 3rd ed. 1977, ch. 6), applied to the mean length of
    the rows to come: that corrects for first rows that are shorter or longer than the rest. Whether the output
    grows too (a translation) or does not (a label) cannot be told from a few rows, so both are reckoned and
    the range covers both. Its width is that of Student's t for the mean of the rows to come, with a spread
    assumed beforehand for very few rows (conjugate normal model: A. Gelman et al., Bayesian Data Analysis,
    3rd ed. 2013, ch. 3). The low end stays near the cheapest tried row or above it.

    Time. Mean seconds a call over the calls at once; their mean has the same kind of range. "Automatic" starts at the
    fewest and grows towards the most, half as many again with each round of answers: the fast end counts these
    rounds, the slow end is a provider that lets it grow no further. Where the provider told a limit of requests a
    minute, it cannot go faster than that.

    Args:
        rows: Rows to come, the tried ones not among them.
        prices: None when unknown: money is None, time is not.
        requests: Distinct prompts among those rows, when identical ones are asked once. None: all differ.
        mean_prompt_tokens: Mean of the estimated tokens of their prompts, instructions included. None: as the
            tried rows.
        concurrency: Fewest and most calls at once: where "Automatic" starts and how far it goes; equal for a fixed
            number.

    Returns:
        None when no row was tried.
    """
    if not tried:
        return None
    count = rows if requests is None else min(requests, rows)
    sizes = [max(1, row.prompt_tokens) for row in tried]
    to_come = _mean(sizes) if mean_prompt_tokens is None else max(1.0, mean_prompt_tokens)
    return Estimate(
        rows=rows,
        requests=count,
        tried=len(tried),
        now=LaneEstimate(
            *_money(tried, sizes, to_come, count, prices, Lane.NOW),
            *_minutes(tried, count, concurrency, requests_per_minute),
        ),
        overnight=LaneEstimate(
            *_money(tried, sizes, to_come, count, prices, Lane.OVERNIGHT),
            0.0,
            OVERNIGHT_MINUTES if count else 0.0,
            has_price=prices is not None and prices.has_batch_price,
        ),
    )


def _money(
    tried: Sequence[TriedRow], sizes: Sequence[int], to_come: float, count: int, prices: PriceTable | None, lane: Lane
) -> tuple[float | None, float | None]:
    if prices is None:
        return None, None
    if prices.source == "free" or not count:
        return 0.0, 0.0
    counted = [(row, size) for row, size in zip(tried, sizes, strict=True) if row.usages]
    if not counted:
        return None, None
    inputs = [sum(prices.cost_usd(_input_only(usage), lane) for usage in row.usages) for row, _ in counted]
    totals = [sum(prices.cost_usd(usage, lane) for usage in row.usages) for row, _ in counted]
    outputs = [total - part for total, part in zip(totals, inputs, strict=True)]
    ratios = [to_come / size for _, size in counted]
    # What each tried row would have cost at the length of the rows to come, if its output grew, and if it did not.
    fixed = [part * ratio + out for part, out, ratio in zip(inputs, outputs, ratios, strict=True)]
    grown = [(part + out) * ratio for part, out, ratio in zip(inputs, outputs, ratios, strict=True)]
    ends = [_range_of_mean(fixed, count), _range_of_mean(grown, count)]
    return min(low for low, _ in ends) * count, max(high for _, high in ends) * count


def _minutes(
    tried: Sequence[TriedRow], count: int, concurrency: tuple[int, int], requests_per_minute: float | None
) -> tuple[float, float]:
    if not count:
        return 0.0, 0.0
    low, high = _range_of_mean([max(0.0, row.seconds) for row in tried], count)
    fewest, most = (max(1, min(calls, count)) for calls in (min(concurrency), max(concurrency)))
    fastest, slowest = low * _rounds(count, fewest, most) / 60, high * math.ceil(count / fewest) / 60
    if requests_per_minute is not None and requests_per_minute > 0:
        fastest, slowest = (max(minutes, count / requests_per_minute) for minutes in (fastest, slowest))
    return fastest, slowest


def _rounds(count: int, fewest: int, most: int) -> float:
    """How many calls one after the other: `fewest` at once in the first round, then more up to `most`."""
    rounds, left, at_once = 0.0, float(count), float(fewest)
    while at_once < most and left > at_once:
        rounds, left, at_once = rounds + 1.0, left - at_once, at_once * GROWTH
    return rounds + left / min(at_once, most)


def _range_of_mean(values: Sequence[float], count: int) -> tuple[float, float]:
    """Where the mean of `count` more values lies, nine times in ten."""
    n, mean = len(values), _mean(values)
    squares = sum((value - mean) ** 2 for value in values) + _PRIOR_ROWS * (_PRIOR_SPREAD * mean) ** 2
    freedom = n - 1 + _PRIOR_ROWS
    error = math.sqrt(squares / freedom * (1 / n + 1 / count))
    reach = _t_quantile(freedom) * error
    return max(mean - reach, (1 - _PRIOR_SPREAD) * min(values)), mean + reach


def _t_quantile(freedom: int) -> float:
    if freedom <= len(_T_95):
        return _T_95[freedom - 1]
    # First term of the Cornish-Fisher expansion (Abramowitz & Stegun 26.7.5); exact to three digits from here on.
    return _Z_95 + (_Z_95**3 + _Z_95) / (4 * freedom)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _input_only(usage: Usage) -> Usage:
    return Usage(usage.input_tokens, 0, usage.cached_input_tokens, usage.cache_write_tokens, 0)
