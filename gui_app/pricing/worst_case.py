"""The most a call can cost: what a spending limit holds back while the call is on its way."""

from __future__ import annotations

import json
from datetime import datetime

from gui_app.jobs import Lane, Price, Question
from gui_app.pricing.prices import PriceTable, price_of, typed_table

# What providers add to a request: marks around the messages, and the words by which a schema is asked for.
_AROUND_MESSAGES_TOKENS = 64
_AROUND_SCHEMA_TOKENS = 512
_MILLION = 1_000_000


class WorstCase:
    """The bound on the calls of one recipe version, in one lane. Built once, asked for every prompt.

    Input: a token stands for at least one byte of UTF-8 in every vocabulary built on bytes, so bytes bound
    tokens from above; the schema is counted twice, as providers may write it out in their own words too.
    All of it is priced at the dearest of the input prices. Output: the cap, at the dearest output price.

    Args:
        table: None when the price is unknown; then so is the bound.
    """

    __slots__ = ("_constant_tokens", "_output_tokens", "_prices")

    def __init__(self, question: Question, table: PriceTable | None, lane: Lane = Lane.NOW) -> None:
        self._prices = None if table is None else table.in_lane(lane)
        self._output_tokens = question.max_output_tokens
        self._constant_tokens = _AROUND_MESSAGES_TOKENS + _bytes(question.instructions)
        if question.schema is not None:
            schema = json.dumps(question.schema, ensure_ascii=False)
            self._constant_tokens += _AROUND_SCHEMA_TOKENS + 2 * _bytes(schema)

    def usd(self, prompt: str) -> float | None:
        """The most this prompt's call can cost; None when the price is unknown."""
        return self.usd_for_bytes(_bytes(prompt))

    def usd_for_bytes(self, prompt_bytes: int) -> float | None:
        """As `usd`, for a prompt of that many bytes of UTF-8."""
        prices = self._prices
        if prices is None:
            return None
        size = prompt_bytes + self._constant_tokens
        inputs = (prices.input, prices.cached_input, prices.cache_write)
        outputs = (prices.output, prices.reasoning)
        dearest_in = max(rate.highest(size) for rate in inputs if rate is not None)
        dearest_out = max(rate.highest(size) for rate in outputs if rate is not None)
        return (size * dearest_in + self._output_tokens * dearest_out) / _MILLION + prices.per_request_usd


def worst_case_usd(
    prompt: str,
    question: Question,
    provider: str,
    lane: Lane = Lane.NOW,
    typed: Price | None = None,
    *,
    at: datetime | None = None,
    base_url: str | None = None,
) -> float | None:
    """The most one call can cost; None when the price is unknown. For many calls, keep a `WorstCase`."""
    table = typed_table(typed) if typed is not None else price_of(provider, question.model, at, base_url=base_url)
    return WorstCase(question, table, lane).usd(prompt)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
