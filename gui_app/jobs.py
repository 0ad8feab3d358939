"""The nouns every room shares: jobs, rows, recipes, output fields, replies, answers, causes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from gui_app.errors import N_, RecipeError


class RowState(StrEnum):
    """The state of a row. Nothing else."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    NEEDS_REVIEW = "needs review"
    FAILED = "failed"


class JobState(StrEnum):
    """The state of a job."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    OFFLINE = "offline"
    SUBMITTED = "submitted"
    STOPPED = "stopped"
    FINISHED = "finished"


class Lane(StrEnum):
    """How rows travel: live calls, or the provider's Batch API."""

    NOW = "now"
    OVERNIGHT = "overnight"


class Cause(StrEnum):
    """Why a row is not done, or a job stopped. Values are stored in job files and never renamed."""

    # The job cannot go on until the user acts.
    KEY_REFUSED = "key_refused"
    NO_PERMISSION = "no_permission"
    BALANCE_GONE = "balance_gone"
    MODEL_UNKNOWN = "model_unknown"
    SPENDING_LIMIT = "spending_limit"
    HOST_REFUSED = "host_refused"
    # Waiting helps.
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    NETWORK = "network"
    DNS = "dns"
    TLS = "tls"
    PROXY = "proxy"
    CAPTIVE_PORTAL = "captive_portal"
    DEADLINE = "deadline"
    # This row, this prompt.
    TOO_LONG = "too_long"
    REFUSED = "refused"
    CONTENT_FILTER = "content_filter"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    BAD_REQUEST = "bad_request"
    BLANK_PROMPT = "blank_prompt"
    # Usable text that failed a check: needs review.
    CUT_OFF = "cut_off"
    OFF_LIST = "off_list"
    TWO_LABELS = "two_labels"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_NUMBER = "not_a_number"
    NOT_YES_OR_NO = "not_yes_or_no"
    MISSING_FIELD = "missing_field"
    # Sent, reply never seen (the app ended in between).
    UNKNOWN = "unknown"


class FieldKind(StrEnum):
    """The kinds of output field."""

    LABEL = "label"
    LABELS = "labels"
    NUMBER = "number"
    YES_NO = "yesno"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class OutputField:
    """One result column.

    Attributes:
        name: The column's heading; unique within a recipe, not blank.
        labels: For `LABEL` and `LABELS`: the list, in the user's order. At least two.
        descriptions: What each label means, beside `labels`; shorter or empty means not said.
        minimum, maximum: For `NUMBER`: the inclusive range. None means open on that side.
        whole: For `NUMBER`: whole numbers only.
        max_characters: For `TEXT`: asked for, and checked. None means no limit.
        hint: One line for the model about this field; "" for none.
    """

    name: str
    kind: FieldKind
    labels: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = True
    max_characters: int | None = None
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The field as JSON types, with unset parts left out."""
        out: dict[str, Any] = {"name": self.name, "kind": self.kind.value}
        if self.labels:
            out["labels"] = list(self.labels)
        if any(self.descriptions):
            out["descriptions"] = list(self.descriptions)
        for key in ("minimum", "maximum", "max_characters"):
            if getattr(self, key) is not None:
                out[key] = getattr(self, key)
        if self.kind is FieldKind.NUMBER:
            out["whole"] = self.whole
        if self.hint:
            out["hint"] = self.hint
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OutputField:
        """Raises: KeyError, TypeError, ValueError: `Recipe.from_json` turns them into a sentence."""
        return cls(
            name=str(data["name"]),
            kind=FieldKind(data["kind"]),
            labels=tuple(str(label) for label in data.get("labels", ())),
            descriptions=tuple(str(text) for text in data.get("descriptions", ())),
            minimum=_number_or_none(data.get("minimum")),
            maximum=_number_or_none(data.get("maximum")),
            whole=bool(data.get("whole", True)),
            max_characters=None if data.get("max_characters") is None else int(data["max_characters"]),
            hint=str(data.get("hint", "")),
        )


def _number_or_none(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("a limit must be finite")
    return number


@dataclass(frozen=True, slots=True)
class Options:
    """What shapes the request beside the prompt. Part of the recipe's hash.

    Attributes:
        max_output_tokens: The cap on the reply, reasoning included. None: the recipe's own default.
        temperature: None means not sent, which is the default: many models refuse it.
        ask_identical_once: Rows with the very same prompt are asked once.
        confidence: Ask for a confidence where the model gives one (OpenAI decisions).
    """

    max_output_tokens: int | None = None
    temperature: float | None = None
    ask_identical_once: bool = True
    confidence: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """Prompt template + output fields + provider, model and options.

    Attributes:
        template: The prompt, with `{column}` places.
        provider: A name from `providers.catalog`, e.g. "practice", "openai", "compatible".
        base_url: None means the provider's own address.
        model: "" means not chosen yet.
        preset: The preset it came from, "" for none. Not part of the hash.
    """

    template: str
    fields: tuple[OutputField, ...]
    provider: str = "practice"
    model: str = ""
    base_url: str | None = None
    options: Options = field(default_factory=Options)
    preset: str = ""

    def to_json(self) -> str:
        """Stable text: equal recipes give equal text."""
        return json.dumps(self._as_dict(), ensure_ascii=False, sort_keys=True)

    def _as_dict(self) -> dict[str, Any]:
        return {
            "format": 1,
            "template": self.template,
            "fields": [f.to_dict() for f in self.fields],
            "provider": self.provider,
            "model": self.model,
            "base_url": self.base_url,
            "options": {
                "max_output_tokens": self.options.max_output_tokens,
                "temperature": self.options.temperature,
                "ask_identical_once": self.options.ask_identical_once,
                "confidence": self.options.confidence,
            },
            "preset": self.preset,
        }

    @property
    def hash(self) -> str:
        """Names a recipe version: 32 hexadecimal digits over everything that shapes an answer."""
        shaping = self._as_dict()
        del shaping["preset"], shaping["options"]["ask_identical_once"]
        text = json.dumps(shaping, ensure_ascii=False, sort_keys=True)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read a recipe that may come from a stranger.

        Raises:
            RecipeError: Not JSON, not a recipe, or too large (1 MB).
        """
        if len(text) > 1_000_000:
            raise RecipeError(N_("This recipe is too large to be one. A recipe file has at most 1 MB."))
        try:
            data = json.loads(text)
            if data.get("format") != 1:
                raise ValueError("unknown format")
            options = data.get("options") or {}
            return cls(
                template=_text(data["template"]),
                fields=tuple(OutputField.from_dict(item) for item in data["fields"]),
                provider=_text(data.get("provider", "practice")),
                model=_text(data.get("model", "")),
                base_url=None if data.get("base_url") is None else _text(data["base_url"]),
                options=Options(
                    max_output_tokens=None
                    if options.get("max_output_tokens") is None
                    else int(options["max_output_tokens"]),
                    temperature=_number_or_none(options.get("temperature")),
                    ask_identical_once=bool(options.get("ask_identical_once", True)),
                    confidence=bool(options.get("confidence", False)),
                ),
                preset=_text(data.get("preset", "")),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RecipeError(
                N_("This is not a recipe that Rowmill can read ({reason}). Save the recipe again from its job."),
                reason=str(error)[:80],
            ) from None

    def with_model(self, provider: str, model: str, base_url: str | None = None) -> Recipe:
        """The same task, asked of another model."""
        return replace(self, provider=provider, model=model, base_url=base_url)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return value


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the input: its identity and its cells, in column order."""

    row_id: int
    cells: tuple[str, ...]


class Secret:
    """A provider key. It shows itself nowhere: not in repr, str, logs, pickles or tracebacks with locals."""

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        # A closure, so that a debugger or crash reporter that prints slots finds a function.
        def reveal() -> str:
            return value

        self._reveal = reveal

    def reveal(self) -> str:
        """The key itself. Call it only where it is handed to an SDK or the keychain."""
        return self._reveal()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key is never pickled")


@dataclass(frozen=True, slots=True)
class Account:
    """Where calls go and who pays.

    Attributes:
        base_url: None means the provider's own address.
        key: None for servers that need none.
    """

    provider: str
    base_url: str | None = None
    key: Secret | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `input_tokens` includes the cached ones, `output_tokens` the reasoning ones."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What all requests of one recipe version share; the constant part, so providers can cache it.

    Attributes:
        instructions: The system text: what to answer and in which form.
        schema: JSON schema of the reply, for providers that take one. None: plain text is asked for.
        max_output_tokens: Always set: it bounds what a reply can cost.
        temperature: None means not sent.
        fields: The output fields, for adapters that ask about each by itself (decisions).
        confidence: A confidence is wanted where the model gives one (`Options.confidence`).
    """

    model: str
    instructions: str
    schema: Mapping[str, Any] | None
    max_output_tokens: int
    temperature: float | None = None
    fields: tuple[OutputField, ...] = ()
    confidence: bool = False


class Finish(StrEnum):
    """How a reply ended."""

    COMPLETE = "complete"
    CUT_OFF = "cut_off"
    REFUSED = "refused"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What a provider's headers said about its limits. None: not said."""

    requests_limit: int | None = None
    requests_remaining: int | None = None
    requests_reset_s: float | None = None
    tokens_limit: int | None = None
    tokens_remaining: int | None = None
    tokens_reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request.

    Attributes:
        text: The model's text as it came; "" when there was none.
        usage: None when the server did not say.
        model: The model id the server returned; "" when it did not say.
        confidence: By field name, 0 to 1, where the model gives one; else empty.
    """

    text: str
    finish: Finish = Finish.COMPLETE
    usage: Usage | None = None
    model: str = ""
    limits: RateLimits | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)


FieldValue = str | float | int | bool | tuple[str, ...] | None
"""One parsed value: label or text, number, yes/no, labels. None: nothing usable for this field."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply, read against the output fields. The worst field decides the state.

    Attributes:
        values: One entry a field, in field order.
        cause: None when the state is `DONE`.
        detail: What was wrong, in a few words of data (the off-list label, the number); plain, cut.
    """

    state: RowState
    values: Mapping[str, FieldValue]
    cause: Cause | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows are meant. All given conditions must hold; the empty filter means all rows.

    Attributes:
        causes: Only rows with one of these causes.
        field_value: Only rows whose shown value (hand-made first) of this field is that; None = no value.
        search: Rows with this text in a cell or an answer, upper and lower case alike.
        edited, approved: Only rows that were (True) or were not (False).
        row_ids: Only these.
    """

    states: frozenset[RowState] = frozenset()
    causes: frozenset[Cause] = frozenset()
    field_value: tuple[str, FieldValue] | None = None
    search: str = ""
    edited: bool | None = None
    approved: bool | None = None
    row_ids: tuple[int, ...] | None = None

    def is_empty(self) -> bool:
        """True when it lets every row through."""
        return self == RowFilter()

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, for the pipe to the worker and the job file."""
        value = self.field_value
        return {
            "states": sorted(self.states),
            "causes": sorted(self.causes),
            "field_value": None
            if value is None
            else [value[0], list(value[1]) if isinstance(value[1], tuple) else value[1]],
            "search": self.search,
            "edited": self.edited,
            "approved": self.approved,
            "row_ids": None if self.row_ids is None else list(self.row_ids),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RowFilter:
        """The inverse of `to_dict`."""
        pair = data.get("field_value")
        ids = data.get("row_ids")
        return cls(
            states=frozenset(RowState(item) for item in data.get("states", ())),
            causes=frozenset(Cause(item) for item in data.get("causes", ())),
            field_value=None
            if pair is None
            else (str(pair[0]), tuple(pair[1]) if isinstance(pair[1], list) else pair[1]),
            search=str(data.get("search", "")),
            edited=data.get("edited"),
            approved=data.get("approved"),
            row_ids=None if ids is None else tuple(int(item) for item in ids),
        )


class ScopeKind(StrEnum):
    """What a run is to do with the rows it is given."""

    REMAINING = "remaining"
    """Ask the waiting ones."""
    RETRY = "retry"
    """Ask the failed ones (and those that need review, where the filter names them) again."""
    AGAIN = "again"
    """Ask all of them again, the done ones too."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows a run asks, and whether finished ones are asked again.

    Attributes:
        first: Only the first so many rows of the file. None means no such limit.
    """

    kind: ScopeKind = ScopeKind.REMAINING
    rows: RowFilter = field(default_factory=RowFilter)
    first: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {"kind": self.kind.value, "rows": self.rows.to_dict(), "first": self.first}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scope:
        """The inverse of `to_dict`."""
        first = data.get("first")
        return cls(ScopeKind(data["kind"]), RowFilter.from_dict(data["rows"]), None if first is None else int(first))


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes. Not part of the recipe: changing it makes no new version.

    Attributes:
        concurrency: None means "Automatic"; a number is a ceiling the pace never exceeds.
        budget_usd: The job's spending limit over all its runs. None: no limit.
        price: A price the user typed, when the catalogue knows none.
    """

    lane: Lane = Lane.NOW
    concurrency: int | None = None
    budget_usd: float | None = None
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input_usd: float
    output_usd: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows are in each state."""

    waiting: int = 0
    running: int = 0
    done: int = 0
    needs_review: int = 0
    failed: int = 0

    @property
    def rows(self) -> int:
        """All rows."""
        return self.waiting + self.running + self.done + self.needs_review + self.failed

    @property
    def finished(self) -> int:
        """Rows that will not change by themselves."""
        return self.done + self.needs_review + self.failed

    def of(self, state: RowState) -> int:
        """The count of one state."""
        return int(getattr(self, state.value.replace(" ", "_")))


EXPORT_KINDS = ("xlsx", "csv", "json")
EXPORT_EXTRAS = ("state", "cause", "error", "tokens", "cost", "model")
"""The columns an export can have beside the original ones and the answers, in the order they are written."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What an export holds, and how it is written.

    Attributes:
        kind: One of `EXPORT_KINDS`.
        rows: Which rows. The empty filter means all.
        states: Only rows in one of these states, beside `rows`. Empty means any.
        extra: Members of `EXPORT_EXTRAS`.
        separator: Between the cells of a CSV.
        bom: A CSV starts with the mark that tells Excel it is UTF-8.
        protect: Cells of a CSV that a spreadsheet would take for a formula get a `'` in front.
    """

    kind: str = "xlsx"
    rows: RowFilter = field(default_factory=RowFilter)
    states: frozenset[RowState] = frozenset()
    extra: frozenset[str] = frozenset()
    separator: str = ","
    bom: bool = True
    protect: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, for the pipe to the worker."""
        return {
            "kind": self.kind,
            "rows": self.rows.to_dict(),
            "states": sorted(self.states),
            "extra": sorted(self.extra),
            "separator": self.separator,
            "bom": self.bom,
            "protect": self.protect,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExportOptions:
        """The inverse of `to_dict`. Raises ValueError for a kind or extra column there is not."""
        kind, extra = str(data["kind"]), frozenset(str(item) for item in data.get("extra", ()))
        if kind not in EXPORT_KINDS or not extra <= set(EXPORT_EXTRAS):
            raise ValueError(f"no such export: {kind}, {sorted(extra)}")
        return cls(
            kind=kind,
            rows=RowFilter.from_dict(data.get("rows", {})),
            states=frozenset(RowState(item) for item in data.get("states", ())),
            extra=extra,
            separator=str(data.get("separator", ",")),
            bom=bool(data.get("bom", True)),
            protect=bool(data.get("protect", True)),
        )
