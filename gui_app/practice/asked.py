"""What a request asks and what comes of it, whichever provider's wire it travelled on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from gui_app.practice.rules.text import tokens_of


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read.

    Attributes:
        instructions: The system text, "" for none.
        prompt: The user's messages, which is where a row's text is.
        schema: The JSON schema of the reply; None for none.
        json_wanted: JSON was asked for without a schema.
        max_output_tokens: None when the request sets no cap.
    """

    model: str
    instructions: str
    prompt: str
    schema: Mapping[str, Any] | None = None
    json_wanted: bool = False
    max_output_tokens: int | None = None

    @property
    def input_tokens(self) -> int:
        """About what a provider would count: the texts, and a few tokens for the frame around them."""
        return tokens_of(self.instructions) + tokens_of(self.prompt) + 8


class Ending(StrEnum):
    """How an answer ended."""

    COMPLETE = "complete"
    CUT_OFF = "cut off"
    REFUSED = "refused"
    FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply with its size. `text` is the refusal's own text when it was refused."""

    text: str
    input_tokens: int
    output_tokens: int
    ending: Ending = Ending.COMPLETE
    count_tokens: bool = True


class Trouble(StrEnum):
    """What a provider says instead of an answer."""

    KEY = "key"
    BALANCE = "balance"
    RATE = "rate"
    SERVER = "server"
    OVERLOADED = "overloaded"
    MODEL = "model"
    TOO_LONG = "too long"
    TOO_LARGE = "too large"
    BAD = "bad"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"


class Refused(Exception):
    """A request that gets an error instead of an answer; each wire says it in its provider's form.

    Attributes:
        param: The part of the request that is to blame, where one is.
        retry_after_s: How long to wait; None when not said.
    """

    def __init__(
        self, trouble: Trouble, message: str, *, param: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s


P = ParamSpec("P")
R = TypeVar("R")


def understood(read: Callable[P, R]) -> Callable[P, R]:
    """Make a reader of requests say 400 to a part of the wrong type, instead of failing."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(*args, **kwargs)
        except (AttributeError, TypeError, KeyError, IndexError, ValueError, RecursionError) as error:
            raise Refused(Trouble.BAD, f"A part of the request has the wrong type ({error}).") from None

    return reading


def prompt_hash(prompt: str) -> str:
    """Names a prompt in the journal: 16 hexadecimal digits over the user's text."""
    return hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
