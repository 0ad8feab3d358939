"""One row being asked: the row, who is asked and who pays, the question, the reply and what was read in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gui_app.jobs.recipe import OutputField
from gui_app.jobs.states import Cause, RowState


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
    """What a provider's headers said about its limits. None: not said.

    Attributes:
        tokens_limit, tokens_remaining, tokens_reset_s: Of all tokens, or of the input's where they are counted apart.
        output_tokens_limit, output_tokens_remaining, output_tokens_reset_s: Where they are counted apart (Anthropic).
    """

    requests_limit: int | None = None
    requests_remaining: int | None = None
    requests_reset_s: float | None = None
    tokens_limit: int | None = None
    tokens_remaining: int | None = None
    tokens_reset_s: float | None = None
    output_tokens_limit: int | None = None
    output_tokens_remaining: int | None = None
    output_tokens_reset_s: float | None = None


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
