"""A recipe: what is asked of every row, and what its answer must look like."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from gui_app.errors import N_, RecipeError


class FieldKind(StrEnum):
    """The kinds of output field."""

    LABEL = "label"
    LABELS = "labels"
    NUMBER = "number"
    YES_NO = "yesno"
    TEXT = "text"


CAN_BE_SURE = frozenset({FieldKind.LABEL, FieldKind.NUMBER, FieldKind.YES_NO})
"""Kinds of field that a model can say of how sure it is."""


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
        if isinstance(text, str) and len(text) > 1_000_000:
            raise RecipeError(N_("This recipe is too large to be one. A recipe file has at most 1 MB."))
        try:
            data = json.loads(_text(text))
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
