"""How each model wants to be asked: found out from its refusals, and remembered."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from gui_app.jobs import Cause, Question, Reply
from gui_app.providers.base import CallFailed


class Form(StrEnum):
    """In which form a reply is asked for, the strictest first."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Manner:
    """What one model takes.

    Attributes:
        temperature: Takes a temperature, should the user ask for one.
        long_cap: Wants `max_completion_tokens` instead of `max_tokens` (chat.completions only).
        system: Takes a system message.
        decisions: Answers `decisions` with probabilities (OpenAI only).
    """

    form: Form = Form.SCHEMA
    temperature: bool = True
    long_cap: bool = False
    system: bool = True
    decisions: bool = True

    def to_text(self) -> str:
        """One line, for the memory."""
        words = [self.form.value]
        words += ["no_temperature"] * (not self.temperature) + ["long_cap"] * self.long_cap
        words += ["no_system"] * (not self.system) + ["no_decisions"] * (not self.decisions)
        return " ".join(words)

    @classmethod
    def from_text(cls, text: str) -> Manner | None:
        """The inverse of `to_text`; None for anything else."""
        words = text.split()
        if not words or words[0] not in set(Form):
            return None
        return cls(
            Form(words[0]),
            "no_temperature" not in words,
            "long_cap" in words,
            "no_system" not in words,
            "no_decisions" not in words,
        )


_ABOUT_TEMPERATURE = re.compile(r"temperature")
_ABOUT_CAP = re.compile(r"max_(?:completion_)?tokens")
_ABOUT_SYSTEM = re.compile(
    r"system (?:role|message)s?[^.]{0,40}(?:not supported|unsupported)|only user and assistant roles"
)
_ABOUT_FORM = re.compile(
    r"response[_ ]?format|text\.format|output_config|json[_ ]?schema|json[_ ]?object|structured[_ ]?output|json mode"
    r"|grammar|guided"
)


class Manners:
    """Asks in the best manner a model takes, stepping down when it refuses.

    Args:
        memory: Kept between sessions by whoever made it; entries are plain text. Read and written on the loop's thread.
        place: What the entries are about beside the model: the server's origin and the API's name.
        first: The manner to begin with.
        forms: The forms the API knows, the strictest first.
        guess: Step down at a refusal that does not say what it is about, as long as nothing has succeeded yet.
    """

    def __init__(
        self, memory: MutableMapping[str, str], place: str, first: Manner, forms: tuple[Form, ...], *, guess: bool
    ) -> None:
        self._memory = memory
        self._place = place
        self._first = first
        self._forms = forms
        self._guess = guess
        self._proven: set[tuple[str, Manner]] = set()

    def of(self, model: str) -> Manner:
        """The manner this model is asked in now."""
        text = self._memory.get(f"{self._place} {model}")
        return (Manner.from_text(text) if text else None) or self._first

    def learn(self, model: str, manner: Manner) -> None:
        """Remember that this model takes this manner."""
        self._proven.add((model, manner))
        if manner != self.of(model):
            self._memory[f"{self._place} {model}"] = manner.to_text()

    async def ask(self, question: Question, send: Callable[[Manner], Awaitable[Reply]]) -> Reply:
        """Send in this model's manner; refused for its manner, send again in the next one.

        A lower manner is remembered only once it has worked, so that a row that is refused for itself changes nothing.

        Raises:
            CallFailed: The first refusal when no manner is taken; any other failure as it comes.
        """
        model = question.model
        manner = self.of(model)
        first_failure: CallFailed | None = None
        tried = {manner}
        while True:
            try:
                reply = await send(manner)
            except CallFailed as failure:
                refused = failure
            else:
                if first_failure is not None or (model, manner) not in self._proven:
                    self.learn(model, manner)
                return reply
            if first_failure is not None and not _may_be_manner(refused):
                raise refused
            first_failure = first_failure or refused
            lower = self._next(question, manner, refused)
            if lower is None or lower in tried:
                raise first_failure
            manner = lower
            tried.add(manner)

    def _next(self, question: Question, manner: Manner, failure: CallFailed) -> Manner | None:
        if not _may_be_manner(failure):
            return None
        known = self.of(question.model)
        if known != manner and (question.model, known) in self._proven:
            return known  # Another call has found it out in the meantime.
        text = failure.detail.lower()
        if question.temperature is not None and manner.temperature and _ABOUT_TEMPERATURE.search(text):
            return replace(manner, temperature=False)
        if _ABOUT_CAP.search(text) and not manner.long_cap and "max_completion_tokens" in text:
            return replace(manner, long_cap=True)
        if manner.system and _ABOUT_SYSTEM.search(text):
            return replace(manner, system=False)
        if question.schema is None:
            return None
        unproven = self._guess and failure.cause is Cause.BAD_REQUEST and (question.model, manner) not in self._proven
        position = self._forms.index(manner.form) + 1 if manner.form in self._forms else 0
        if (unproven or _ABOUT_FORM.search(text)) and position < len(self._forms):
            return replace(manner, form=self._forms[position])
        return None


def _may_be_manner(failure: CallFailed) -> bool:
    if failure.cause is Cause.BAD_REQUEST:
        return True
    # Local servers answer 500 to a grammar they cannot build, OpenRouter 404 to a form that no endpoint takes; and
    # "model x: json_schema not available" is easily taken for an unknown model.
    return failure.status in (400, 404, 422, 500, 501) and bool(
        _ABOUT_FORM.search(failure.detail.lower()) or _ABOUT_SYSTEM.search(failure.detail.lower())
    )


def instructions_in(question: Question, form: Form) -> str:
    """The system text; where the server does not hold the model to the schema, the schema is part of the words."""
    if question.schema is None or form is Form.SCHEMA:
        return question.instructions
    return (
        f"{question.instructions}\n\nAnswer with one JSON object and nothing else. It must follow this JSON schema:\n"
        + json.dumps(question.schema, ensure_ascii=False)
    ).strip()


class CommonBody:
    """The part of a request's body that is the same for all rows of a question, made once.

    Args:
        make: From a question and the manner in which it is asked.
    """

    def __init__(self, make: Callable[[Question, Manner], dict[str, Any]]) -> None:
        self._make = make
        self._made: tuple[Question, Manner, dict[str, Any]] | None = None

    def of(self, question: Question, manner: Manner) -> dict[str, Any]:
        """The very same object for as long as both stay the same. Not to be changed."""
        made = self._made
        if made is None or made[0] is not question or made[1] != manner:
            self._made = made = (question, manner, self._make(question, manner))
        return made[2]
