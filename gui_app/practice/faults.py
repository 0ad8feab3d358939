"""Everything that can go wrong with a provider, on request; which rows meet which fault is told by their prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum


class Fate(StrEnum):
    """What happens to one prompt. The values are the names of the shares in `Faults`."""

    NONE = "none"
    # First this, `times` times over, then the answer.
    RATE_LIMITED = "rate_limited"
    FAILING = "failing"
    OVERLOADED = "overloaded"
    DROPPED = "dropped"
    HTML = "html"
    HANGING = "hanging"
    # As FAILING, but `stubborn_times` times over.
    STUBBORN = "stubborn"
    # Every time the prompt is asked.
    SLOW = "slow"
    OFF_LIST = "off_list"
    REFUSED = "refused"
    FILTERED = "filtered"
    CUT_OFF = "cut_off"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    MALFORMED = "malformed"
    NO_USAGE = "no_usage"


PASSING = frozenset(
    {
        Fate.RATE_LIMITED,
        Fate.FAILING,
        Fate.OVERLOADED,
        Fate.DROPPED,
        Fate.HTML,
        Fate.HANGING,
        Fate.STUBBORN,
    }
)
"""Fates that end: after so many failures the prompt is answered, and the count starts anew."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How a model behaves. Every share is between 0 and 1 and says which part of the prompts meets that fault.

    A prompt meets at most one fault, chosen by a hash of it, so the shares may add up to 1 at most. Nothing is
    random: the same seed, model and prompt always meet the same.

    Attributes:
        rate_limited: 429 with Retry-After.
        failing: 500.
        overloaded: 503 in OpenAI's wire, 529 in Anthropic's.
        dropped: The connection ends without a reply.
        html: 502 with a page instead of JSON.
        hanging: No reply until the client gives up.
        stubborn: 500, more often than a job tries by itself.
        slow: The answer takes `slow_ms`.
        off_list: A label that is on no list, a number out of range.
        refused: The model declines.
        filtered: The provider's content filter ends the answer (Anthropic: a refusal).
        cut_off: The answer ends in the middle, as at the token limit.
        too_long: 400, the prompt does not fit the model.
        empty: An answer without text.
        malformed: Status 200 and broken JSON.
        no_usage: An answer that does not say its tokens.
        by_word: A prompt that holds this word has this fate, whatever the shares say.
        times: How often a passing fault strikes before the answer; counted by prompt until it is answered.
        latency_ms, slow_ms: From and to; where in between is told by the prompt.
        retry_after_s: What a 429 asks for; None sends no such header.
        requests_per_second: More than that are refused with 429. None: no limit.
        burst: How many requests may come at once under that limit; None: one second's worth.
        refusals_count: Refused requests count against the limit too.
        concurrency: More at the same time are refused with 429. None: no limit.
        limit_headers: The answers carry the provider's rate-limit headers.
        context_tokens: Longer prompts get the 400 of `too_long`.
        balance_gone_after: After so many answers every call says that the balance is gone. None: never.
        key_refused_after: After so many answers the key is refused. None: never.
    """

    rate_limited: float = 0.0
    failing: float = 0.0
    overloaded: float = 0.0
    dropped: float = 0.0
    html: float = 0.0
    hanging: float = 0.0
    stubborn: float = 0.0
    slow: float = 0.0
    off_list: float = 0.0
    refused: float = 0.0
    filtered: float = 0.0
    cut_off: float = 0.0
    too_long: float = 0.0
    empty: float = 0.0
    malformed: float = 0.0
    no_usage: float = 0.0
    by_word: Mapping[str, Fate] = field(default_factory=dict)
    times: int = 1
    stubborn_times: int = 6
    latency_ms: tuple[float, float] = (0.0, 0.0)
    slow_ms: tuple[float, float] = (2000.0, 4000.0)
    retry_after_s: float | None = 1.0
    requests_per_second: float | None = None
    burst: float | None = None
    refusals_count: bool = False
    concurrency: int | None = None
    limit_headers: bool = False
    context_tokens: int = 200_000
    balance_gone_after: int | None = None
    key_refused_after: int | None = None

    def __post_init__(self) -> None:
        shares = self.shares()
        if any(not 0.0 <= share <= 1.0 for share in shares.values()) or sum(shares.values()) > 1.000001:
            raise ValueError("the shares of faults must lie between 0 and 1 and add up to 1 at most")

    def shares(self) -> dict[Fate, float]:
        """The shares that are not 0, in the order they are declared."""
        names = {field.name for field in fields(self)}
        every = {fate: float(getattr(self, fate.value)) for fate in Fate if fate.value in names}
        return {fate: share for fate, share in every.items() if share}


@dataclass(frozen=True, slots=True)
class Lot:
    """What a prompt has drawn: its fate, and how long its answer takes."""

    fate: Fate
    latency_s: float

    @property
    def passing(self) -> bool:
        """True when the fault ends after some failures."""
        return self.fate in PASSING


class Draw:
    """Draws the lot of each prompt for one model. Pure: the same arguments always give the same lot."""

    def __init__(self, faults: Faults, model: str, seed: int = 0) -> None:
        self.faults = faults
        self._prefix = f"{seed}\n{model}\n".encode()
        self._shares = list(faults.shares().items())
        self._words = list(faults.by_word.items())
        self._still = not self._shares and not self._words and not any(faults.latency_ms)

    def lot(self, prompt: str) -> Lot:
        """The lot of a prompt."""
        if self._still:
            return _NOTHING
        dice = hashlib.blake2b(self._prefix + prompt.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        fate = self._fate(prompt, int.from_bytes(dice[:6], "big") / 2**48)
        low, high = self.faults.slow_ms if fate is Fate.SLOW else self.faults.latency_ms
        # Squared: most answers come near the low end, a few take long, as with real models.
        share = (int.from_bytes(dice[6:], "big") / 2**48) ** 2
        return Lot(fate, (low + (high - low) * share) / 1000)

    def _fate(self, prompt: str, point: float) -> Fate:
        for word, fate in self._words:
            if word in prompt:
                return fate
        for fate, share in self._shares:
            if point < share:
                return fate
            point -= share
        return Fate.NONE

    def strikes(self, fate: Fate, failures: int) -> bool:
        """Whether a passing fault strikes again after so many failures since the last answer."""
        return failures < (self.faults.stubborn_times if fate is Fate.STUBBORN else self.faults.times)


_NOTHING = Lot(Fate.NONE, 0.0)


@dataclass(frozen=True, slots=True)
class Batching:
    """How a model's batches go. Shares are between 0 and 1 and are told by the prompt, as in `Faults`.

    The faults of `Faults` that shape an answer hold in batches too; FAILING, STUBBORN and OVERLOADED make an errored
    row, and the others of the passing ones have no meaning there.

    Attributes:
        seconds, per_thousand_s: How long a batch takes: so long, and so much more for each thousand requests.
        window_s: After so long what is not done expires.
        cancelling_s: How long "cancelling" lasts.
        results_kept_s: After so long the results are gone.
        errored: Rows that come back as an error. In OpenAI's form they have a response with a status.
        null_response: Rows that come back as an error with `"response": null` (OpenAI only; Anthropic: errored).
        expired: Rows that are not reached in time: the batch ends as expired with the others finished.
        missing: Rows that come back in no file at all.
        duplicated: Rows that come back twice.
        string_body: Rows whose body is JSON inside a string (OpenAI only).
        times: In how many batches the first four of these shares strike a row before it is answered.
        unknown_ids: So many extra lines with ids nobody sent.
        silent_cancel: What a cancelled batch did not reach comes back in no file (OpenAI only).
        enqueued_tokens: A batch beyond so many tokens in all unfinished ones fails after it was created.
        hidden_gets: So many first looks at a new batch say 404.
        lost_uploads, lost_creates: So many first uploads or creates are done, but the connection ends before the reply.
        cut_downloads: So many first downloads of results end half-way.
    """

    seconds: float = 0.0
    per_thousand_s: float = 0.0
    window_s: float = 86_400.0
    cancelling_s: float = 0.0
    results_kept_s: float = 29 * 86_400.0
    errored: float = 0.0
    null_response: float = 0.0
    expired: float = 0.0
    missing: float = 0.0
    duplicated: float = 0.0
    string_body: float = 0.0
    times: int = 1
    unknown_ids: int = 0
    silent_cancel: bool = False
    enqueued_tokens: int | None = None
    hidden_gets: int = 0
    lost_uploads: int = 0
    lost_creates: int = 0
    cut_downloads: int = 0
