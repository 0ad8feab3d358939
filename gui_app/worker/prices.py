"""What the calls of a run cost, at the prices of this minute."""

from __future__ import annotations

import asyncio
import time

from gui_app import pricing
from gui_app.engine.judging import Pricing
from gui_app.errors import N_, RecipeError
from gui_app.jobs import Question, Recipe, RunOptions, Usage
from gui_app.pricing.prices import typed_table
from gui_app.worker.garbage import uncollected

PRICES_HOLD_S = 60.0


async def load_prices(recipe: Recipe) -> None:
    """Off the loop: the catalogue takes a second to read the first time. Not where it has no price to tell."""
    if pricing.is_told(recipe.provider, recipe.base_url):
        await asyncio.to_thread(_preload)


def _preload() -> None:
    with uncollected():
        pricing.preload()


def pricing_of(recipe: Recipe, options: RunOptions, question: Question) -> Pricing:
    """What calls cost, and what one can cost at the most.

    Raises:
        RecipeError: There is a spending limit and no price to keep it by.
    """
    worst = _Worst(recipe, options, question)
    if options.budget_usd is not None and worst("") is None:
        raise RecipeError(
            N_(
                "A spending limit is set, but the price of “{model}” is not known. "
                "Type its price beside the limit, or remove the limit."
            ),
            model=recipe.model,
        )
    return Pricing(_Cost(recipe, options), worst)


class _Cost:
    """What calls cost, by the prices of this minute: looking them up for each would take longer than reckoning."""

    def __init__(self, recipe: Recipe, options: RunOptions) -> None:
        self._recipe, self._options = recipe, options
        self._made_at = -PRICES_HOLD_S
        self._tables: dict[str, pricing.PriceTable | None] = {}

    def __call__(self, usage: Usage | None, model: str) -> float | None:
        if time.monotonic() - self._made_at > PRICES_HOLD_S or len(self._tables) > 100:
            self._tables, self._made_at = {}, time.monotonic()
        if model not in self._tables:
            recipe = self._recipe
            self._tables[model] = pricing.table_for(
                recipe.provider, recipe.model, self._options.price, base_url=recipe.base_url, returned=model
            )
        return pricing.charge(self._tables[model], usage, self._options.lane)


class _Worst:
    """The most a prompt's call can cost, by the prices of this minute: some have times of day."""

    def __init__(self, recipe: Recipe, options: RunOptions, question: Question) -> None:
        self._recipe, self._options, self._question = recipe, options, question
        self._made_at = -PRICES_HOLD_S
        self._bound: pricing.WorstCase | None = None

    def __call__(self, prompt: str) -> float | None:
        if self._bound is None or time.monotonic() - self._made_at > PRICES_HOLD_S:
            recipe, typed = self._recipe, self._options.price
            known = pricing.price_of(recipe.provider, recipe.model, base_url=recipe.base_url) if typed is None else None
            table = known if typed is None else typed_table(typed)
            self._bound = pricing.WorstCase(self._question, table, self._options.lane)
            self._made_at = time.monotonic()
        return self._bound.usd(prompt)
