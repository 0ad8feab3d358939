"""What one request costs: prices from genai-prices, or typed by the user, or honestly unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gui_app.jobs import Lane, Price, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

# Servers on the user's own machine, and the practice provider: nobody is paid by the token.
_FREE = frozenset(("practice", "ollama", "lmstudio", "lm-studio", "llamacpp", "llamafile", "llama.cpp", "vllm"))
# Any address can stand behind these names, so only the address can tell the price.
_TOLD_BY_ADDRESS = frozenset(("compatible",))
_HERE = frozenset(("localhost", "127.0.0.1", "::1"))
_BATCH = {"processing": "batch"}
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """US dollars per million tokens; with more input tokens than a tier's `start`, all tokens cost that tier's price.

    Attributes:
        tiers: (start, price), by rising start. genai-prices calls this the cliff model: no part of the
            request keeps the lower price.
    """

    usd: float
    tiers: tuple[tuple[int, float], ...] = ()

    def at(self, input_tokens: int) -> float:
        """The price for a request with that much input."""
        price = self.usd
        for start, dearer in self.tiers:
            if input_tokens > start:
                price = dearer
        return price

    def highest(self, input_tokens: int) -> float:
        """The highest price a request with at most that much input can meet."""
        return max([self.usd, *(price for start, price in self.tiers if start < input_tokens)])


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of one model in one lane, at one time.

    Attributes:
        cached_input, cache_write, reasoning: None where they cost the same as other input or output.
        per_request_usd: What a request costs beside its tokens.
        batch: The prices overnight; None when the provider names none for this model.
        source: "catalogue", "typed" or "free".
        model: The catalogue's name of the model; "" when it was not looked up.
    """

    input: Rate
    output: Rate
    cached_input: Rate | None = None
    cache_write: Rate | None = None
    reasoning: Rate | None = None
    per_request_usd: float = 0.0
    batch: PriceTable | None = None
    source: str = "catalogue"
    model: str = ""

    @property
    def has_batch_price(self) -> bool:
        """Whether overnight has its own price. When not, the full price is reckoned there too, and that is said."""
        return self.batch is not None

    def in_lane(self, lane: Lane) -> PriceTable:
        """The prices of that lane; the full ones overnight when no other are known."""
        return self.batch if lane is Lane.OVERNIGHT and self.batch is not None else self

    def cost_usd(self, usage: Usage, lane: Lane = Lane.NOW) -> float:
        """What one request cost. Only for single requests: prices can rise with the length of each.

        Cached and newly cached tokens are parts of the input, reasoning tokens a part of the output, as
        `Usage` promises; counts that contradict this are cut to what is possible.
        """
        prices = self.in_lane(lane)
        size = max(0, usage.input_tokens)
        cached = min(max(0, usage.cached_input_tokens), size)
        written = min(max(0, usage.cache_write_tokens), size - cached)
        out = max(0, usage.output_tokens)
        thought = min(max(0, usage.reasoning_tokens), out)
        total = (
            (size - cached - written) * prices.input.at(size)
            + cached * (prices.cached_input or prices.input).at(size)
            + written * (prices.cache_write or prices.input).at(size)
            + (out - thought) * prices.output.at(size)
            + thought * (prices.reasoning or prices.output).at(size)
        )
        return total / _MILLION + prices.per_request_usd


FREE = PriceTable(Rate(0.0), Rate(0.0), batch=PriceTable(Rate(0.0), Rate(0.0), source="free"), source="free")


def is_free(provider: str) -> bool:
    """Whether calls to this provider cost nothing: the practice provider and servers on the user's machine."""
    return provider in _FREE


def is_told(provider: str, base_url: str | None) -> bool:
    """Whether the catalogue may know a price: it is not asked for servers on this machine, nor for free ones."""
    if provider in _TOLD_BY_ADDRESS:
        return base_url is not None and urlsplit(base_url).hostname not in _HERE
    return not is_free(provider)


def typed_table(price: Price) -> PriceTable:
    """The table of a price the user typed. It says nothing about overnight, so nothing is assumed there."""
    return PriceTable(Rate(price.input_usd), Rate(price.output_usd), source="typed")


def price_of(
    provider: str, model: str, at: datetime | None = None, *, base_url: str | None = None
) -> PriceTable | None:
    """The prices of a model, both lanes.

    Args:
        provider: A name of our provider catalogue, or one that genai-prices knows ("openai-decisions").
        at: When the request goes out; aware. None means now. Prices have dates and times of day.
        base_url: Looked at for "compatible" only: some addresses are those of a known provider.

    Returns:
        None when the price is unknown; then it is shown as unknown, never as zero.
    """
    if is_free(provider):
        return FREE
    if not model.strip():
        return None
    if not is_told(provider, base_url):
        return None
    if provider == "openrouter" and model.endswith(":free"):
        return FREE
    moment = datetime.now(UTC) if at is None else at.astimezone(UTC)
    return _looked_up(
        provider, model, base_url if provider in _TOLD_BY_ADDRESS else None, moment.replace(second=0, microsecond=0)
    )


def cost_usd(
    usage: Usage | None,
    provider: str,
    model: str,
    lane: Lane = Lane.NOW,
    typed: Price | None = None,
    *,
    at: datetime | None = None,
    base_url: str | None = None,
    returned: str = "",
) -> float | None:
    """What one request cost. Add up these, never the tokens.

    Args:
        usage: None when the server did not say.
        returned: The model as the reply names it. It comes before `model` where its price is known: gateways answer
            with other models, and with names of their own for the one that was asked.
        typed: A price the user typed; it comes before the catalogue's.

    Returns:
        None when the price or the usage is unknown; 0.0 for providers that cost nothing.
    """
    table = table_for(provider, model, typed, at=at, base_url=base_url, returned=returned)
    return charge(table, usage, lane)


def charge(table: PriceTable | None, usage: Usage | None, lane: Lane) -> float | None:
    """What one request cost by these prices; None when they, or the usage, are unknown."""
    if table is None:
        return None
    if usage is None:
        return 0.0 if table.source == "free" else None
    return table.cost_usd(usage, lane)


def table_for(
    provider: str,
    model: str,
    typed: Price | None = None,
    *,
    at: datetime | None = None,
    base_url: str | None = None,
    returned: str = "",
) -> PriceTable | None:
    """The prices that a request is charged by. See `cost_usd`; for many requests of one minute, keep it."""
    table = typed_table(typed) if typed is not None else None
    for name in dict.fromkeys((returned or model, model)):
        table = table or price_of(provider, name, at, base_url=base_url)
    return table


def preload() -> None:
    """Load the price catalogue (over half a second the first time). Safe to call on another thread."""
    _catalogue()


@lru_cache(maxsize=1)
def _catalogue() -> Any:
    # Loading it takes 0.6 to 0.9 s (pydantic, an HTTP client, 30,000 lines of prices): too long for a start-up.
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


@lru_cache(maxsize=256)
def _looked_up(provider: str, model: str, base_url: str | None, moment: datetime) -> PriceTable | None:
    try:
        found: ModelInfo = _catalogue().find_provider_model(
            model.strip(), None, None if base_url else provider, base_url
        )[1]
    except LookupError:
        return None
    table = _table(found.get_prices(moment), found.id)
    if table is None or not _has_batch_price(found, moment):
        return table
    return _with_batch(table, _table(found.get_prices(moment, _BATCH), found.id))


def _has_batch_price(found: ModelInfo, moment: datetime) -> bool:
    # The library gives the full price without a word where it knows no batch price.
    for variant in found.price_variants or ():
        active = variant.constraint is None or variant.constraint.active(moment)
        prices = variant.prices.__dict__
        if (
            active
            and variant.when == _BATCH
            and prices.get("input_mtok") is not None
            and prices.get("output_mtok") is not None
        ):
            return True
    return False


def _with_batch(table: PriceTable, batch: PriceTable | None) -> PriceTable:
    return PriceTable(
        table.input,
        table.output,
        table.cached_input,
        table.cache_write,
        table.reasoning,
        table.per_request_usd,
        batch,
        table.source,
        table.model,
    )


def _table(prices: Any, model: str) -> PriceTable | None:
    given = prices.__dict__
    input_rate, output_rate = _rate(given.get("input_mtok")), _rate(given.get("output_mtok"))
    if input_rate is None and output_rate is None:
        return None
    # A model may charge for one side only (decisions: the output is free).
    per_request = given.get("requests_kcount")
    return PriceTable(
        input_rate or Rate(0.0),
        output_rate or Rate(0.0),
        _rate(given.get("cache_read_mtok")),
        _rate(given.get("cache_write_mtok")),
        _rate(given.get("output_reasoning_mtok")),
        _base(per_request) / 1_000 if per_request is not None else 0.0,
        model=model,
    )


def _rate(price: Any) -> Rate | None:
    if price is None:
        return None
    tiers = getattr(price, "tiers", ())
    return Rate(_base(price), tuple((int(tier.start), float(tier.price)) for tier in tiers))


def _base(price: Any) -> float:
    return float(getattr(price, "base", price))
