"""The estimate for the rows to come, made from rows that were asked; and its words for each lane."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gui_app.i18n import _, money, ngettext, number, soon
from gui_app.jobs import Lane, Recipe, RunOptions
from gui_app.pricing import Estimate, LaneEstimate, is_free
from gui_app.store.reading.queries import JobReader
from gui_app.worker.estimating import estimate_from


@dataclass(frozen=True, slots=True)
class Estimated:
    """Attributes: free: nothing is paid for these calls."""

    figures: Estimate
    free: bool

    def of(self, lane: Lane) -> LaneEstimate:
        """One lane's figures."""
        return self.figures.overnight if lane is Lane.OVERNIGHT else self.figures.now


def estimate_rest(reader: JobReader, recipe: Recipe, options: RunOptions) -> Estimated | None:
    """The range for the rows that wait; None before any row was asked with this recipe. Reading thread."""
    figures = estimate_from(reader, recipe, options)
    return None if figures is None else Estimated(figures, is_free(recipe.provider))


def estimate_text(found: Estimated, lane: Lane = Lane.NOW) -> str:
    """One line: money and time of a lane."""
    figures = found.figures
    rows = ngettext("{count} row left", "{count} rows left", figures.rows).format(count=number(figures.rows))
    return _("{rows}: {parts}").format(rows=rows, parts=_lane(found, lane))


def estimate_tip(found: Estimated) -> str:
    """Both lanes, and what the range is made from."""
    figures = found.figures
    lines = [
        _("Now: {parts}").format(parts=_lane(found, Lane.NOW)),
        _("Overnight: {parts}").format(parts=_lane(found, Lane.OVERNIGHT)),
        ngettext(
            "Made from {count} row that was tried.", "Made from {count} rows that were tried.", figures.tried
        ).format(count=number(figures.tried)),
    ]
    return "\n".join(lines)


def lane_money(found: Estimated, lane: Lane) -> str:
    """What the rest costs in a lane: $1.20–$1.80."""
    figures = found.of(lane)
    if found.free:
        return _("Free")
    if figures.low_usd is None or figures.high_usd is None:
        return _("Price unknown")
    return _between([money(figures.low_usd), money(figures.high_usd)])


def lane_minutes(lane: LaneEstimate) -> str:
    """How long it takes: 3–5 min."""
    low, high = lane.low_minutes, lane.high_minutes
    if high < 1:
        return _("{range} s").format(range=_between([number(max(1, round(x * 60))) for x in (low, high)]))
    if high < 120:
        return _("{range} min").format(range=_between([number(max(1, round(x))) for x in (low, high)]))
    return _("{range} h").format(range=_between([number(round(x / 60, 1)) for x in (low, high)]))


def _lane(found: Estimated, which: Lane) -> str:
    lane = found.of(which)
    if which is Lane.OVERNIGHT:
        when = _("overnight, ready by {moment} at the latest").format(moment=soon(time.time() + 86_400))
    else:
        when = _("about {range}").format(range=lane_minutes(lane))
    if found.free:
        return _("free, {time}").format(time=when)
    if lane.low_usd is None or lane.high_usd is None:
        return _("price unknown, {time}").format(time=when)
    cost = lane_money(found, which)
    if which is Lane.OVERNIGHT and not lane.has_price:
        cost = _("{amount} (full price)").format(amount=cost)
    return _("about {cost}, {time}").format(cost=cost, time=when)


def _between(ends: Sequence[str]) -> str:
    low, high = ends
    return low if low == high else f"{low}–{high}"
