"""From what is asked to an answer, by honest simple rules: no model, no network, the same answer every time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gui_app.practice.rules import words as lists
from gui_app.practice.rules.freetext import Guess, TextSlot
from gui_app.practice.rules.reader import Reader
from gui_app.practice.rules.slots import (
    FixedSlot,
    Label,
    LabelSlot,
    LabelsSlot,
    ListSlot,
    NumberSlot,
    ObjectSlot,
    Slot,
    YesNoSlot,
)
from gui_app.practice.rules.text import stems, words_of

_RANGE = re.compile(
    r"(?:from|between|range|scale|从)?\s*(-?\d{1,9}(?:\.\d+)?)\s*(?:\.\.|-|–|—|~|to|and|through|到|至)\s*(-?\d{1,9}(?:\.\d+)?)"
)
_LIST_IN_TEXT = re.compile(
    r"(?:one of|any of|choose from|labels?|categor(?:y|ies)|options|classes|标签|类别|选项|之一)"
    r"[^:：\n]{0,60}[:：]\s*([^\n]{3,2000})",
    re.IGNORECASE,
)
_ASKS_FOR_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_KEPT_PLANS = 64


@dataclass(frozen=True)
class Plan:
    """A question prepared once and asked of many prompts.

    Attributes:
        as_json: The reply is JSON; else the bare value as text.
    """

    slot: Slot
    as_json: bool

    def answer(self, prompt: str, seed: int = 0, off_list: bool = False) -> str:
        """The reply's text.

        Args:
            off_list: One value is to come out wrong, where the question has one that can.
        """
        value = self.slot.fill(Reader(prompt, seed, off_list)).value
        if self.as_json:
            return json.dumps(value, ensure_ascii=False)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return str(value)


class Plans:
    """Prepares questions and keeps the last few: all rows of a job ask the same one."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Plan] = {}

    def of(self, instructions: str, schema: Mapping[str, Any] | None, json_wanted: bool = False) -> Plan:
        """The plan for a question.

        Args:
            instructions: The system text.
            schema: The JSON schema of the reply; None when there is none.
            json_wanted: The request asked for JSON without saying which.
        """
        key = (instructions, repr(schema) if schema is not None else f"json: {json_wanted}")
        plan = self._kept.get(key)
        if plan is None:
            plan = prepare(instructions, schema, json_wanted)
            while len(self._kept) >= _KEPT_PLANS:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = plan
        return plan


def prepare(instructions: str, schema: Mapping[str, Any] | None, json_wanted: bool = False) -> Plan:
    """Read a question: by its schema, else by a schema written in its instructions, else by its words."""
    schema = schema or _schema_in_text(instructions)
    if schema is not None:
        return Plan(_Builder(instructions, schema).slot(schema, ""), as_json=True)
    as_json = json_wanted or bool(_ASKS_FOR_JSON.search(instructions))
    slot: Slot = _LooseSlot(instructions)
    return Plan(ObjectSlot({"answer": slot}) if as_json else slot, as_json)


class _Builder:
    """Turns a JSON schema into rules, with the instructions as the place to look for what it does not say."""

    def __init__(self, instructions: str, root: Mapping[str, Any]) -> None:
        self._instructions = instructions
        self._root = root
        self._names = list(root.get("properties", {}))
        self._depth = 0

    def slot(self, schema: Mapping[str, Any], name: str) -> Slot:
        self._depth += 1
        try:
            return self._slot(self._resolved(schema), name) if self._depth < 20 else FixedSlot(None)
        finally:
            self._depth -= 1

    def _slot(self, schema: Mapping[str, Any], name: str) -> Slot:
        if "const" in schema:
            return FixedSlot(schema["const"])
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self._labels(schema, name)
        for variants in ("anyOf", "oneOf", "allOf"):
            if schema.get(variants):
                return self.slot(next(_without_null(schema[variants])), name)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((item for item in kind if item != "null"), "null")
        if kind == "object" or "properties" in schema:
            return ObjectSlot({key: self.slot(value, key) for key, value in schema.get("properties", {}).items()})
        if kind == "array":
            return self._array(schema, name)
        if kind == "boolean":
            return YesNoSlot(self._question(schema, name))
        if kind in ("integer", "number"):
            return self._number(schema, name, kind == "integer")
        if kind == "null":
            return FixedSlot(None)
        return TextSlot(name, self._said(schema, name), _limit(schema))

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(20):
            ref = schema.get("$ref")
            if not isinstance(ref, str) or not ref.startswith("#/"):
                break
            found: Any = self._root
            for step in ref[2:].split("/"):
                found = found.get(step, {}) if isinstance(found, Mapping) else {}
            schema = found
        return schema

    def _said(self, schema: Mapping[str, Any], name: str) -> str:
        """What the question says about one field: its description, and the lines of the instructions about it."""
        lines = [str(schema.get("description", ""))]
        following = False
        for line in self._instructions.splitlines():
            named = [key for key in self._names if f'"{key}"' in line] or [k for k in self._names if k in line.split()]
            if named == [name]:
                lines.append(line)
                following = True
            # A hint stands indented below its field; a line such as `  - "label": meaning` is no hint.
            elif following and line.startswith("  ") and not line.lstrip().startswith("-"):
                lines.append(line.strip())
            else:
                following = False
        if len(self._names) <= 1 and len(lines) == 1:
            lines.append(self._instructions)
        return "\n".join(lines)[:4000]

    def _question(self, schema: Mapping[str, Any], name: str) -> frozenset[str]:
        return frozenset(stems(words_of(f"{name.replace('_', ' ')} {self._said(schema, name)}"))) - _FORM_WORDS

    def _labels(self, schema: Mapping[str, Any], name: str) -> Slot:
        values = [value for value in schema["enum"] if value is not None] or [None]
        texts = {str(value).strip().lower() for value in values}
        if len(texts) == 2 and texts & lists.YES_WORDS and texts & lists.NO_WORDS:
            yes = next(value for value in values if str(value).strip().lower() in lists.YES_WORDS)
            no = next(value for value in values if value != yes)
            return YesNoSlot(self._question(schema, name), yes, no)
        if len(values) > 1 and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            whole = all(isinstance(value, int) for value in values)
            return NumberSlot(min(values), max(values), whole, rating=True)
        said = f"{schema.get('description', '')}\n{self._instructions}"
        return LabelSlot(tuple(Label.of(value, _described(str(value), said)) for value in values))

    def _array(self, schema: Mapping[str, Any], name: str) -> Slot:
        items = self._resolved(schema.get("items") or {})
        at_least, at_most = int(schema.get("minItems", 0)), schema.get("maxItems")
        if isinstance(items.get("enum"), list) and items["enum"]:
            said = f"{schema.get('description', '')}\n{self._instructions}"
            labels = tuple(Label.of(value, _described(str(value), said)) for value in items["enum"])
            return LabelsSlot(LabelSlot(labels), at_least, at_most)
        return ListSlot(self.slot(items, name), max(1, at_least))

    def _number(self, schema: Mapping[str, Any], name: str, whole: bool) -> Slot:
        said = self._said(schema, name)
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        if low is None and high is None:
            low, high = _range_in(said)
        if schema.get("multipleOf") == 1:
            whole = True
        asked = set(words_of(f"{name.replace('_', ' ')} {schema.get('description', '')}"))
        narrow = low is not None and high is not None and high - low <= 10
        return NumberSlot(low, high, whole, rating=bool(asked & lists.RATING_WORDS) or narrow)


class _LooseSlot:
    """A question without a schema: a list of labels in its words, a yes/no, a range, or free text."""

    def __init__(self, instructions: str) -> None:
        self._instructions = instructions
        self._slot = _slot_in_text(instructions)

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        slot = self._slot or _slot_in_text(reader.task or reader.shown[:2000]) or TextSlot("", self._instructions)
        return slot.fill(reader)


def _slot_in_text(text: str) -> Slot | None:
    labels = _labels_in_text(text)
    if labels:
        return LabelSlot(tuple(Label.of(label, _described(label, text)) for label in labels))
    low = text.lower()
    if re.search(r"\byes\b\W+(?:or|/)\W+\bno\b|\byes/no\b", low):
        return YesNoSlot(frozenset(stems(words_of(text))) - _FORM_WORDS, "yes", "no")
    if "是或否" in text or "是/否" in text:
        return YesNoSlot(frozenset(stems(words_of(text))) - _FORM_WORDS, "是", "否")
    if (match := _RANGE.search(text)) and any(word in low for word in lists.RATING_WORDS):
        bounds = sorted((float(match.group(1)), float(match.group(2))))
        return NumberSlot(bounds[0], bounds[1], whole=True, rating=True)
    return None


def _labels_in_text(text: str) -> list[str]:
    match = _LIST_IN_TEXT.search(text)
    if match is None:
        return []
    found = re.split(r"\s*[,，、;；|/]\s*|\s+(?:or|and)\s+|\s*或\s*", match.group(1).strip().rstrip(".。"))
    labels = [label.strip(" \"'`“”「」.。[]") for label in found]
    labels = [label for label in dict.fromkeys(labels) if label and len(label) <= 60]
    return labels if len(labels) >= 2 else []


def _schema_in_text(text: str) -> Mapping[str, Any] | None:
    """A JSON schema written out in the instructions, for servers that take none."""
    at = text.find("{")
    while at != -1:
        try:
            found, _ = json.JSONDecoder().raw_decode(text, at)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and isinstance(found.get("properties"), dict):
            return found
        at = text.find("{", at + 1)
    return None


def _described(label: str, text: str) -> str:
    """What the question says a label means: the rest of a line such as `- billing: invoices and refunds`."""
    match = re.search(
        rf"^[\s\-*•\d.)\"'“`]*{re.escape(label)}[\"'”`*]*\s*(?:[:：=—–]|-\s|\()\s*(.+)$",
        text,
        re.MULTILINE | re.IGNORECASE,
    )
    return match.group(1)[:300] if match else ""


def _range_in(said: str) -> tuple[float | None, float | None]:
    """A range told in words: "from 1 to 5", "3 or more", "10 or less"."""
    if match := _RANGE.search(said):
        low, high = sorted((float(match.group(1)), float(match.group(2))))
        return low, high
    least = re.search(r"(-?\d{1,9}(?:\.\d+)?) or more|at least (-?\d{1,9})", said)
    most = re.search(r"(-?\d{1,9}(?:\.\d+)?) or less|at most (-?\d{1,9})", said)
    return (
        float(least.group(1) or least.group(2)) if least else None,
        float(most.group(1) or most.group(2)) if most else None,
    )


def _limit(schema: Mapping[str, Any]) -> int | None:
    if isinstance(schema.get("maxLength"), int):
        return int(schema["maxLength"])
    match = re.search(
        r"(?:at most|up to|maximum of|max\.?|不超过|最多)\s*(\d{1,6})\s*(?:characters|chars|个?字)",
        str(schema.get("description", "")),
        re.IGNORECASE,
    )
    return int(match.group(1)) if match else None


def _without_null(variants: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    yield from (variant for variant in variants if variant.get("type") != "null")
    yield {"type": "null"}


_FORM_WORDS = frozenset(
    stems(words_of("yes no true false answer whether field json reply say question row text which what"))
)
