"""OpenAI decisions: a label, a yes/no or a score with how sure the model is of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gui_app.jobs import Cause, FieldKind, Finish, OutputField, Question, RateLimits, Reply, Usage
from gui_app.providers.base import CallFailed
from gui_app.providers.usage import responses_usage

MAX_CHOICES = 255
MAX_QUESTIONS = 400
MAX_LEVELS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """One field as a decision question.

    Attributes:
        key: The field's key in the JSON object of a reply.
    """

    field: OutputField
    key: str
    question: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """What the decisions said.

    Attributes:
        values: By the fields' keys in a reply; a field the model refused to decide is missing.
        confidence: By field name.
        refused: How many fields it refused.
    """

    values: Mapping[str, Any]
    confidence: Mapping[str, float]
    refused: int = 0
    usage: Usage | None = None
    model: str = ""
    limits: RateLimits | None = field(default=None)


def asked_fields(question: Question) -> tuple[Asked, ...]:
    """The fields that decisions can answer, in field order: one label, yes/no, and whole numbers on a short scale."""
    properties = tuple(question.schema.get("properties", ())) if question.schema is not None else ()
    names = tuple(item.name for item in question.fields)
    # The schema's properties are the fields in their order, under keys that every provider takes.
    keys = properties if len(properties) == len(names) else names
    asked: list[Asked] = []
    for item, key in zip(question.fields, keys, strict=True):
        body = _question(item, key)
        if body is not None and len(asked) < MAX_QUESTIONS:
            asked.append(Asked(item, key, body))
    return tuple(asked)


def _question(item: OutputField, key: str) -> dict[str, Any] | None:
    words = f"{item.name}: {item.hint}" if item.hint else item.name
    if item.kind is FieldKind.YES_NO:
        return {"type": "predicate", "name": key, "instructions": f"The answer to this is yes: {words}"}
    if item.kind is FieldKind.LABEL and 2 <= len(item.labels) <= MAX_CHOICES:
        choices: list[dict[str, Any]] = []
        for position, label in enumerate(item.labels):
            description = item.descriptions[position] if position < len(item.descriptions) else ""
            choices.append({"value": label, **({"description": description} if description else {})})
        return {"type": "choice", "name": key, "instructions": f"Choose the {words}", "choices": choices}
    if item.kind is FieldKind.NUMBER and item.whole and item.minimum is not None and item.maximum is not None:
        lowest, highest = math.ceil(item.minimum), math.floor(item.maximum)
        if 2 <= highest - lowest + 1 <= MAX_LEVELS:
            levels = [{"label": str(number)} for number in range(lowest, highest + 1)]
            return {"type": "score", "name": key, "instructions": f"Rate the {words}", "levels": levels}
    return None


def request_body(question: Question, asked: tuple[Asked, ...], prompt: str) -> dict[str, Any]:
    """The body of `POST /decisions`."""
    return {"model": question.model, "input": prompt, "questions": [item.question for item in asked]}


def decided_of(data: Mapping[str, Any], asked: tuple[Asked, ...], limits: RateLimits | None) -> Decided:
    """Read a decision object: answers come in the order of the questions, and carry their names.

    Raises:
        CallFailed: UNREADABLE when the answers do not fit the questions.
    """
    answers, usage = data.get("answers"), _usage_of(data)
    if not isinstance(answers, list) or len(answers) != len(asked):
        raise CallFailed(Cause.UNREADABLE, "the decisions do not fit the questions", usage=usage, status=200)
    values: dict[str, Any] = {}
    confidence: dict[str, float] = {}
    refused = 0
    for item, answer in zip(asked, answers, strict=True):
        if not isinstance(answer, dict) or answer.get("name") not in (item.key, None):
            raise CallFailed(Cause.UNREADABLE, "the decisions do not fit the questions", usage=usage, status=200)
        if answer.get("type") == "refusal":
            refused += 1
            continue
        value, share = _value_of(item, answer)
        if share is None:
            raise CallFailed(Cause.UNREADABLE, f"no probability for {item.key}", usage=usage, status=200)
        values[item.key], confidence[item.field.name] = value, share
    model = data.get("model")
    return Decided(values, confidence, refused, usage, model if isinstance(model, str) else "", limits)


def _usage_of(data: Mapping[str, Any]) -> Usage | None:
    usage = responses_usage(data.get("usage"))
    # What decisions put out is free, and no price list for the model knows that.
    return None if usage is None else replace(usage, output_tokens=0, reasoning_tokens=0)


def _value_of(item: Asked, answer: Mapping[str, Any]) -> tuple[Any, float | None]:
    if item.field.kind is FieldKind.YES_NO:
        share = _share(answer.get("probability"))
        return (None, None) if share is None else (share >= 0.5, max(share, 1.0 - share))
    if item.field.kind is FieldKind.LABEL:
        return answer.get("choice"), _share(answer.get("confidence"))
    # A score is a mean over the levels; the value is the likeliest level, which the confidence speaks of.
    best: tuple[float, str] | None = None
    levels = answer.get("probabilities")
    for level in levels if isinstance(levels, list) else ():
        share = _share(level.get("probability")) if isinstance(level, dict) else None
        if share is not None and (best is None or share > best[0]):
            best = (share, str(level.get("label")))
    if best is None:
        return None, None
    try:
        value = int(best[1])
    except ValueError:
        return None, None
    told = _share(answer.get("confidence"))
    return value, best[0] if told is None else told


def _share(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(1.0, max(0.0, float(value)))


def as_reply(decided: Decided) -> Reply:
    """Decisions alone, as the JSON object a reply would have been."""
    return Reply(
        text=json.dumps(decided.values, ensure_ascii=False) if decided.values else "",
        finish=Finish.REFUSED if decided.refused and not decided.values else Finish.COMPLETE,
        usage=decided.usage,
        model=decided.model,
        limits=decided.limits,
        confidence=decided.confidence,
    )


def merged(reply: Reply, decided: Decided) -> Reply:
    """A written reply with the decided values put in, and the tokens of both calls.

    A reply that is no JSON object is left as it is, and nothing is said about its confidence.
    """
    usage = _sum(reply.usage, decided.usage)
    try:
        written = json.loads(reply.text)
    except (ValueError, RecursionError):
        written = None
    if not isinstance(written, dict):
        return replace(reply, usage=usage)
    text = json.dumps({**written, **decided.values}, ensure_ascii=False)
    return replace(reply, text=text, usage=usage, confidence=decided.confidence)


def _sum(one: Usage | None, other: Usage | None) -> Usage | None:
    if one is None or other is None:
        return one or other
    return Usage(*(getattr(one, name) + getattr(other, name) for name in Usage.__slots__))
