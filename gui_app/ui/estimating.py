"""The estimate for the rows to come, made from rows that were asked; and its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gui_app.i18n import _, money, ngettext, number
from gui_app.jobs import Lane, Recipe, RowFilter, RowState, RunOptions, Usage
from gui_app.pricing import Estimate, LaneEstimate, PriceTable, TriedRow, estimate, estimate_tokens, price_of
from gui_app.pricing.prices import typed_table
from gui_app.providers import catalog
from gui_app.recipes.question import build_question
from gui_app.recipes.template import Template
from gui_app.store.queries import JobReader

MOST_TRIED, SAMPLED = 60, 200


@dataclass(frozen=True, slots=True)
class Estimated:
    """Attributes: free: nothing is paid for these calls. priced: the price is known."""

    figures: Estimate
    free: bool
    priced: bool


def estimate_rest(reader: JobReader, recipe: Recipe, options: RunOptions) -> Estimated | None:
    """The range for the rows that wait; None before any row was asked with this recipe's model. Reading thread."""
    columns = reader.columns()
    template = Template(recipe.template, columns)
    fixed = estimate_tokens(build_question(recipe, columns).instructions)
    tried = _tried(reader, template, fixed, recipe)
    waiting = reader.row_ids(RowFilter(states=frozenset([RowState.WAITING])))
    if not tried or not waiting:
        return None
    step = max(1, len(waiting) // SAMPLED)
    sample = [fixed + estimate_tokens(template.render(row.cells)) for row in reader.rows(waiting[::step], full=True)]
    prices = _prices(recipe, options)
    figures = estimate(
        tried,
        rows=len(waiting),
        prices=prices,
        mean_prompt_tokens=sum(sample) / len(sample),
        concurrency=_concurrency(recipe, options),
    )
    if figures is None:
        return None
    return Estimated(figures, free=prices is not None and prices.source == "free", priced=prices is not None)


def _tried(reader: JobReader, template: Template, fixed: int, recipe: Recipe) -> list[TriedRow]:
    answered = frozenset([RowState.DONE, RowState.NEEDS_REVIEW, RowState.FAILED])
    versions = {version.version for version in reader.recipe_versions() if version.recipe.model == recipe.model}
    out = []
    for row in reader.rows(reader.row_ids(RowFilter(states=answered))[:MOST_TRIED], full=True):
        attempts = [item for item in reader.attempts(row.row_id) if item.version in versions and item.ended_at]
        usages: list[Usage] = [item.usage for item in attempts if item.usage is not None]
        times = [item.ended_at - item.sent_at for item in attempts if item.ended_at and item.sent_at]
        if times and row.source_row_id is None:
            size = fixed + estimate_tokens(template.render(row.cells))
            out.append(TriedRow(size, tuple(usages), max(0.01, times[-1])))
    return out


def _prices(recipe: Recipe, options: RunOptions) -> PriceTable | None:
    if options.price is not None:
        return typed_table(options.price)
    return price_of(recipe.provider, recipe.model, base_url=recipe.base_url)


def _concurrency(recipe: Recipe, options: RunOptions) -> tuple[int, int]:
    if options.concurrency is not None:
        return options.concurrency, options.concurrency
    most = catalog.entry(recipe.provider).suggested_concurrency
    return max(1, most // 2), most


def estimate_text(found: Estimated) -> str:
    """One line: money and minutes of the live lane."""
    figures = found.figures
    rows = ngettext("{count} row left", "{count} rows left", figures.rows).format(count=number(figures.rows))
    return _("{rows}: {parts}").format(rows=rows, parts=_lane(found, figures.now, Lane.NOW))


def estimate_tip(found: Estimated) -> str:
    """Both lanes, and what the range is made from."""
    figures = found.figures
    lines = [
        _("Now: {parts}").format(parts=_lane(found, figures.now, Lane.NOW)),
        _("Overnight: {parts}").format(parts=_lane(found, figures.overnight, Lane.OVERNIGHT)),
        ngettext(
            "Made from {count} row that was tried.", "Made from {count} rows that were tried.", figures.tried
        ).format(count=number(figures.tried)),
    ]
    return "\n".join(lines)


def _lane(found: Estimated, lane: LaneEstimate, which: Lane) -> str:
    if which is Lane.OVERNIGHT:
        time = _("within 24 hours")
    else:
        time = _("about {range}").format(range=_minutes(lane.low_minutes, lane.high_minutes))
    if found.free:
        return _("free, {time}").format(time=time)
    if lane.low_usd is None or lane.high_usd is None:
        return _("price unknown, {time}").format(time=time)
    cost = _between([money(lane.low_usd), money(lane.high_usd)])
    if which is Lane.OVERNIGHT and not lane.has_price:
        cost = _("{amount} (full price)").format(amount=cost)
    return _("about {cost}, {time}").format(cost=cost, time=time)


def _minutes(low: float, high: float) -> str:
    if high < 1:
        return _("{range} s").format(range=_between([number(max(1, round(x * 60))) for x in (low, high)]))
    if high < 120:
        return _("{range} min").format(range=_between([number(max(1, round(x))) for x in (low, high)]))
    return _("{range} h").format(range=_between([number(round(x / 60, 1)) for x in (low, high)]))


def _between(ends: Sequence[str]) -> str:
    low, high = ends
    return low if low == high else f"{low}–{high}"
