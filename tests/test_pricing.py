"""Prices, bounds and estimates, against the installed price catalogue."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_app.jobs import FieldKind, Lane, OutputField, Price, Question, Usage
from gui_app.pricing import (
    PriceTable,
    Rate,
    TriedRow,
    WorstCase,
    cost_usd,
    estimate,
    estimate_tokens,
    is_free,
    price_of,
    worst_case_usd,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINI = ("openai", "gpt-5-mini")  # $0.25 in, $0.025 cached, $2 out; half of each overnight.
QUESTION = Question("gpt-5-mini", "Label it.", {"type": "object"}, 1_000)


def catalogue() -> Any:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


def test_a_request_costs_its_input_and_output() -> None:
    assert cost_usd(Usage(1_000_000, 0), *MINI, at=NOON) == pytest.approx(0.25)
    assert cost_usd(Usage(0, 1_000_000), *MINI, at=NOON) == pytest.approx(2.0)


def test_cached_tokens_are_part_of_the_input_and_cheaper() -> None:
    usage = Usage(input_tokens=1_000_000, cached_input_tokens=400_000)
    assert cost_usd(usage, *MINI, at=NOON) == pytest.approx(0.6 * 0.25 + 0.4 * 0.025)


def test_reasoning_tokens_are_part_of_the_output_and_not_paid_twice() -> None:
    usage = Usage(output_tokens=1_000_000, reasoning_tokens=900_000)
    assert cost_usd(usage, *MINI, at=NOON) == pytest.approx(2.0)


def test_anthropic_cache_reads_and_writes_have_their_own_prices() -> None:
    usage = Usage(input_tokens=100_000, cached_input_tokens=20_000, cache_write_tokens=30_000, output_tokens=5_000)
    expected = (50_000 * 3 + 20_000 * 0.3 + 30_000 * 3.75 + 5_000 * 15) / 1e6
    assert cost_usd(usage, "anthropic", "claude-sonnet-4-5-20250929", at=NOON) == pytest.approx(expected)


def test_a_long_request_costs_the_higher_tier_on_all_its_tokens() -> None:
    short = cost_usd(Usage(200_000, 0), "anthropic", "claude-sonnet-4-5", at=NOON)
    long = cost_usd(Usage(200_001, 0), "anthropic", "claude-sonnet-4-5", at=NOON)
    assert short == pytest.approx(0.6) and long == pytest.approx(1.2, rel=1e-4)


def test_overnight_costs_half_to_the_cent() -> None:
    usage = Usage(input_tokens=123_457, cached_input_tokens=23_000, output_tokens=7_891)
    for provider, model in (MINI, ("anthropic", "claude-haiku-4-5")):
        now = cost_usd(usage, provider, model, at=NOON)
        overnight = cost_usd(usage, provider, model, Lane.OVERNIGHT, at=NOON)
        assert now is not None and overnight == pytest.approx(now / 2, abs=1e-12)


def test_a_model_without_a_batch_price_says_so_and_costs_the_full_price() -> None:
    table = price_of("openai", "gpt-4o-search-preview", NOON)
    assert table is not None and not table.has_batch_price
    usage = Usage(1_000, 100)
    assert table.cost_usd(usage, Lane.OVERNIGHT) == table.cost_usd(usage, Lane.NOW) > 0
    known = price_of(*MINI, NOON)
    assert known is not None and known.has_batch_price


def test_a_batch_price_counts_from_the_day_it_begins() -> None:
    table = price_of(*MINI, datetime(2026, 10, 13, tzinfo=UTC))
    assert table is not None and not table.has_batch_price


def test_prices_follow_the_time_of_day_where_the_provider_says_so() -> None:
    day = price_of("deepseek", "deepseek-chat", datetime(2026, 11, 22, 12, tzinfo=UTC))
    night = price_of("deepseek", "deepseek-chat", datetime(2026, 11, 22, 20, tzinfo=UTC))
    assert day is not None and night is not None and night.input.usd < day.input.usd


@pytest.mark.parametrize("provider", ["practice", "ollama", "lmstudio", "llamacpp", "vllm"])
def test_local_and_practice_models_cost_nothing(provider: str) -> None:
    assert is_free(provider)
    assert cost_usd(Usage(10**6, 10**6), provider, "any") == 0.0
    assert cost_usd(None, provider, "any", Lane.OVERNIGHT) == 0.0


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "my-own-model"), ("openai", ""), ("qwen", "qwen-plus"), ("compatible", "gpt-5-mini"), ("nobody", "x")],
)
def test_an_unknown_price_is_unknown_and_not_zero(provider: str, model: str) -> None:
    assert price_of(provider, model, NOON) is None
    assert cost_usd(Usage(1, 1), provider, model, at=NOON) is None
    assert worst_case_usd("x", question_of(model), provider, at=NOON) is None


def question_of(model: str) -> Question:
    return Question(model, "", None, 100)


def test_a_reply_in_a_name_that_nobody_knows_costs_what_the_model_asked_costs() -> None:
    usage, asked = Usage(1_000_000, 1_000_000), cost_usd(Usage(1_000_000, 1_000_000), "openai", "gpt-4o")
    assert cost_usd(usage, "openai", "gpt-4o", returned="the-house-model") == asked
    # A gateway that answered with another model is paid for that one.
    assert (
        cost_usd(usage, "openai", "gpt-4o", returned="gpt-4o-mini") == cost_usd(usage, "openai", "gpt-4o-mini") != asked
    )
    assert cost_usd(usage, "openai", "nobodys", returned="the-house-model") is None


def test_an_unknown_usage_has_an_unknown_cost() -> None:
    assert cost_usd(None, *MINI, at=NOON) is None


def test_a_compatible_address_that_is_known_has_its_prices() -> None:
    known = price_of("compatible", "deepseek-chat", NOON, base_url="https://api.deepseek.com/v1")
    assert known is not None and known.input.usd > 0
    assert price_of("compatible", "gpt-5-mini", NOON, base_url="http://127.0.0.1:9/v1") is None


def test_another_address_for_a_named_provider_keeps_its_prices() -> None:
    assert price_of(*MINI, NOON, base_url="http://127.0.0.1:9/v1") == price_of(*MINI, NOON)


def test_free_models_of_openrouter_cost_nothing() -> None:
    assert cost_usd(Usage(1_000, 1_000), "openrouter", "some/new-model:free", at=NOON) == 0.0


def test_decisions_charge_for_the_input_only() -> None:
    table = price_of("openai-decisions", "gpt-6-luna", NOON)
    assert table is not None
    assert table.cost_usd(Usage(1_000, 50)) == pytest.approx(1_000 * 0.1 / 1e6)


def test_a_typed_price_comes_first_and_promises_nothing_overnight() -> None:
    price = Price(input_usd=1.0, output_usd=10.0)
    usage = Usage(1_000_000, 100_000, cached_input_tokens=500_000)
    for lane in Lane:
        assert cost_usd(usage, "compatible", "x", lane, price) == pytest.approx(2.0)
    assert cost_usd(usage, *MINI, Lane.NOW, price, at=NOON) == pytest.approx(2.0)


@given(
    st.integers(0, 400_000),
    st.integers(0, 400_000),
    st.integers(0, 400_000),
    st.integers(0, 50_000),
    st.integers(0, 50_000),
    st.sampled_from(["gpt-5-mini", "gpt-6-luna", "claude-sonnet-4-5", "claude-haiku-4-5"]),
    st.sampled_from(list(Lane)),
)
def test_our_sums_are_those_of_the_price_library(
    plain: int, cached: int, written: int, out: int, thought: int, model: str, lane: Lane
) -> None:
    import genai_prices

    provider = "anthropic" if model.startswith("claude") else "openai"
    size = plain + cached + written
    theirs = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=size, cache_read_tokens=cached, cache_write_tokens=written, output_tokens=out + thought
        ),
        model,
        provider_id=provider,
        genai_request_timestamp=NOON,
        price_context={"processing": "batch"} if lane is Lane.OVERNIGHT else None,
    )
    ours = cost_usd(Usage(size, out + thought, cached, written, thought), provider, model, lane, at=NOON)
    assert ours == pytest.approx(float(theirs.total_price), rel=1e-12)


def test_every_model_of_the_catalogue_with_token_prices_agrees_with_the_library() -> None:
    import genai_prices

    usage = genai_prices.Usage(input_tokens=1_000, output_tokens=100)
    compared = 0
    for provider in catalogue().providers:
        if provider.id in ("practice", "ollama", "openrouter"):
            continue
        for model in provider.models:
            table = price_of(provider.id, model.id, NOON)
            if table is None or table.model != model.id:
                continue
            theirs = genai_prices.calc_price(usage, model.id, provider_id=provider.id, genai_request_timestamp=NOON)
            assert table.cost_usd(Usage(1_000, 100)) == pytest.approx(float(theirs.total_price), rel=1e-9), model.id
            compared += 1
    assert compared > 300


def test_impossible_counts_are_cut_to_what_is_possible() -> None:
    usage = Usage(input_tokens=10, cached_input_tokens=99, cache_write_tokens=9, output_tokens=5, reasoning_tokens=50)
    assert cost_usd(usage, *MINI, at=NOON) == pytest.approx((10 * 0.025 + 5 * 2) / 1e6)
    assert cost_usd(Usage(-5, -5), *MINI, at=NOON) == 0.0


@given(st.text(max_size=300), st.integers(0, 5_000), st.floats(0, 1), st.floats(0, 1), st.sampled_from(list(Lane)))
def test_no_call_within_its_tokens_costs_more_than_its_bound(
    prompt: str, out: int, cached: float, written: float, lane: Lane
) -> None:
    question = Question(
        "gpt-6-luna", "Label it.", {"type": "object"}, 5_000, fields=(OutputField("a", FieldKind.TEXT),)
    )
    bound = worst_case_usd(prompt, question, "openai", lane, at=NOON)
    size = len((question.instructions + prompt).encode("utf-8", "surrogatepass"))
    usage = Usage(size, out, int(size * cached), int(size * written), out)
    actual = cost_usd(usage, "openai", "gpt-6-luna", lane, at=NOON)
    assert bound is not None and actual is not None and actual <= bound


def test_the_bound_reckons_with_the_dearest_tier_the_prompt_can_reach() -> None:
    tiers = Rate(1.0, ((1_000, 5.0), (10_000, 50.0)))
    bound = WorstCase(Question("m", "", None, 0), PriceTable(tiers, Rate(0.0)))
    assert bound.usd_for_bytes(500) == pytest.approx((500 + 64) * 1 / 1e6)
    assert bound.usd_for_bytes(2_000) == pytest.approx((2_000 + 64) * 5 / 1e6)


def test_importing_pricing_loads_no_catalogue() -> None:
    code = "import sys, gui_app.pricing as p; p.cost_usd(None, 'practice', 'x'); print('genai_prices' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The quick brown fox jumps over the lazy dog near the river bank.", 11, 18),
        ("这家餐厅的服务非常好，菜也很好吃，下次还会再来。", 13, 26),
        ('{"id": 12345, "price": 19.99, "tags": ["a", "b"]}', 18, 30),
        ("Привет, как дела? Сегодня хорошая погода.", 8, 22),
        ("😀" * 10, 10, 30),
        ("x", 1, 1),
        ("", 0, 0),
        ("\ud800", 1, 3),
    ],
)
def test_tokens_are_guessed_by_script(text: str, low: int, high: int) -> None:
    assert low <= estimate_tokens(text) <= high


PRICES = price_of(*MINI, NOON)


def tried(sizes: list[int], outputs: list[int], seconds: float = 2.0) -> list[TriedRow]:
    return [TriedRow(s, (Usage(s * 2, o),), seconds) for s, o in zip(sizes, outputs, strict=True)]


def test_no_tried_row_gives_no_estimate() -> None:
    assert estimate([], rows=10, prices=PRICES) is None


def test_the_estimate_is_a_range_around_what_like_rows_cost() -> None:
    rows = tried([100, 110, 90, 105, 95], [20, 22, 19, 20, 21])
    found = estimate(rows, rows=1_000, prices=PRICES, concurrency=(10, 20))
    assert found is not None and (found.rows, found.requests, found.tried) == (1_000, 1_000, 5)
    cost = 1_000 * (200 * 0.25 + 20.4 * 2) / 1e6
    assert found.now.low_usd is not None and found.now.high_usd is not None
    assert found.now.low_usd < cost < found.now.high_usd < 1.4 * cost
    assert found.now.low_minutes < 1_000 * 2 / 20 / 60 < 1_000 * 2 / 10 / 60 < found.now.high_minutes


def test_the_fast_end_grows_from_the_fewest_calls_at_once_to_the_most() -> None:
    rows = tried([100] * 5, [20] * 5)
    start, held, grown = (
        estimate(rows, rows=1_000, prices=PRICES, concurrency=both) for both in ((10, 10), (100, 100), (10, 100))
    )
    assert start is not None and held is not None and grown is not None
    assert grown.now.high_minutes == start.now.high_minutes
    # 10, 15, 22.5, 33.75, 50.6 and 75.9 at once, then 100: 13.9 calls one after the other and not 10.
    assert grown.now.low_minutes == pytest.approx(held.now.low_minutes * 1.392, rel=0.01)
    few = estimate(rows, rows=8, prices=PRICES, concurrency=(10, 100))
    assert few is not None and few.now.low_minutes == pytest.approx(held.now.low_minutes / 10, rel=0.2)


def test_both_lanes_come_from_the_same_rows() -> None:
    found = estimate(tried([100] * 5, [20] * 5), rows=1_000, prices=PRICES)
    assert found is not None and found.overnight.has_price
    assert found.overnight.low_usd == pytest.approx((found.now.low_usd or 0) / 2)
    assert found.overnight.high_usd == pytest.approx((found.now.high_usd or 0) / 2)
    assert (found.overnight.low_minutes, found.overnight.high_minutes) == (0, 24 * 60)
    without = estimate(tried([100] * 5, [20] * 5), rows=10, prices=price_of("openai", "gpt-4o-search-preview", NOON))
    assert without is not None and not without.overnight.has_price
    assert without.overnight.high_usd == without.now.high_usd


def test_longer_rows_to_come_cost_more_whether_or_not_the_answers_grow() -> None:
    rows = tried([100] * 5, [50] * 5)
    found = estimate(rows, rows=1_000, prices=PRICES, mean_prompt_tokens=1_000)
    assert found is not None and found.now.low_usd is not None and found.now.high_usd is not None
    labels_only = 1_000 * (2_000 * 0.25 + 50 * 2) / 1e6
    as_translation = 1_000 * (2_000 * 0.25 + 500 * 2) / 1e6
    assert found.now.low_usd <= labels_only and found.now.high_usd >= as_translation


def test_one_tried_row_gives_a_wider_range_than_ten() -> None:
    def width(count: int) -> float:
        found = estimate(tried([100] * count, [20] * count), rows=1_000, prices=PRICES)
        assert found is not None and found.now.low_usd is not None and found.now.high_usd is not None
        return found.now.high_usd - found.now.low_usd

    assert width(1) > width(5) > width(10) > 0


def test_identical_rows_are_not_paid_for() -> None:
    full = estimate(tried([100] * 5, [20] * 5), rows=900, prices=PRICES)
    saved = estimate(tried([100] * 5, [20] * 5), rows=900, requests=600, prices=PRICES)
    assert full is not None and saved is not None and saved.requests == 600
    assert saved.now.high_usd == pytest.approx((full.now.high_usd or 0) * 2 / 3, rel=0.01)


def test_repeated_calls_of_a_row_count() -> None:
    once = [TriedRow(100, (Usage(100, 10),), 1.0)] * 4
    twice = [TriedRow(100, (Usage(100, 10), Usage(100, 10)), 1.0)] * 4
    a, b = (estimate(rows, rows=100, prices=PRICES) for rows in (once, twice))
    assert a is not None and b is not None and b.now.high_usd == pytest.approx(2 * (a.now.high_usd or 0))


def test_an_unknown_price_leaves_the_time_and_no_money() -> None:
    found = estimate(tried([100] * 3, [20] * 3), rows=100, prices=None)
    assert found is not None and found.now.low_usd is found.now.high_usd is found.overnight.low_usd is None
    assert found.now.high_minutes > 0
    unsaid = estimate([TriedRow(100, (), 1.0)], rows=100, prices=PRICES)
    assert unsaid is not None and unsaid.now.high_usd is None


def test_free_rows_cost_nothing_and_no_rows_take_nothing() -> None:
    free = estimate([TriedRow(100, (), 1.0)], rows=100, prices=price_of("ollama", "x"))
    assert free is not None and (free.now.low_usd, free.now.high_usd) == (0.0, 0.0)
    none = estimate(tried([100], [10]), rows=0, prices=PRICES)
    assert none is not None and (none.now.high_usd, none.now.high_minutes, none.overnight.high_minutes) == (0, 0, 0)


def test_a_known_rate_limit_bounds_the_time() -> None:
    found = estimate(
        tried([100] * 5, [20] * 5, 0.1), rows=6_000, prices=PRICES, concurrency=(50, 50), requests_per_minute=60
    )
    assert found is not None and found.now.low_minutes == pytest.approx(100)


def test_the_range_holds_the_truth_nine_times_in_ten() -> None:
    # A seeded population with a long tail, five rows drawn at random, as people will try them.
    import random

    chance = random.Random(7)
    inside = 0
    for _ in range(400):
        population = [(chance.lognormvariate(5, 0.5), chance.lognormvariate(3, 0.5)) for _ in range(300)]
        truth = sum(2 * size * 0.25 + out * 2 for size, out in population) / 1e6
        sample = chance.sample(population, 5)
        mean = sum(size for size, _ in population) / len(population)
        rows = tried([round(size) for size, _ in sample], [round(out) for _, out in sample])
        found = estimate(rows, rows=300, prices=PRICES, mean_prompt_tokens=mean)
        assert found is not None and found.now.low_usd is not None and found.now.high_usd is not None
        inside += found.now.low_usd <= truth <= found.now.high_usd
    assert inside >= 0.85 * 400
