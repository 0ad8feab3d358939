"""Output fields as one line of text, for the command line: "sentiment=label:positive|negative"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from gui_app.errors import N_, UsageError
from gui_app.jobs import FieldKind, OutputField
from gui_app.recipes.checks import check_fields
from gui_app.recipes.wording import short

_KINDS = {
    "label": FieldKind.LABEL,
    "labels": FieldKind.LABELS,
    "number": FieldKind.NUMBER,
    "decimal": FieldKind.NUMBER,
    "yesno": FieldKind.YES_NO,
    "yes/no": FieldKind.YES_NO,
    "text": FieldKind.TEXT,
}
_NAME = re.compile(r"((?:[^\\=]|\\.)*)=(.*)", re.DOTALL)
_LABEL = re.compile(r"((?:[^\\|]|\\.)*)(?:\||\Z)", re.DOTALL)


def parse_fields(specs: Iterable[str]) -> tuple[OutputField, ...]:
    """The fields of several SPECs, checked together.

    Raises:
        UsageError: A SPEC cannot be read.
        RecipeError: A field cannot be asked for (one label only, range upside down, a name given twice).
    """
    fields = tuple(parse_field(spec) for spec in specs)
    check_fields(fields)
    return fields


def parse_field(spec: str) -> OutputField:
    r"""One output field.

    NAME=label:A|B|C, NAME=labels:A|B|C, NAME=number:1..5 (whole numbers; either limit may be left out),
    NAME=decimal:0..1, NAME=yesno, NAME=text, NAME=text:200 (longest length). A number with a decimal point
    in its range is a decimal. In names and labels, \ makes the next character (= | \) an ordinary one.

    Raises:
        UsageError: With what is wrong in which SPEC. The field itself is checked by `check_fields`.
    """
    match = _NAME.fullmatch(spec)
    if match is None:
        raise UsageError(
            N_("The field {spec} has no “=”. Write a name, “=” and a kind, like {example}."),
            spec=short(spec),
            example="sentiment=label:positive|negative",
        )
    name, rest = _plain(match[1]).strip(), match[2]
    word, _, after = rest.partition(":")
    kind = _KINDS.get(word.strip().lower())
    if kind is None:
        raise UsageError(
            N_("The field {spec} has the kind “{kind}”. Known kinds: {kinds}."),
            spec=short(spec),
            kind=short(word, 30),
            kinds="label, labels, number, decimal, yesno, text",
        )
    match kind:
        case FieldKind.LABEL | FieldKind.LABELS:
            return OutputField(name, kind, labels=_labels(after))
        case FieldKind.NUMBER:
            return _number(name, after, spec, decimal=word.strip().lower() == "decimal")
        case FieldKind.TEXT:
            return OutputField(name, kind, max_characters=_length(after, spec))
        case FieldKind.YES_NO:
            if after.strip():
                raise UsageError(N_("The field {spec} is yes or no; nothing can follow it."), spec=short(spec))
            return OutputField(name, kind)


def format_field(field: OutputField) -> str:
    """The SPEC of a field. Descriptions and hints have no place in one and are left out."""
    name = _escaped(field.name, "=")
    match field.kind:
        case FieldKind.LABEL | FieldKind.LABELS:
            return f"{name}={field.kind.value}:" + "|".join(_escaped(label, "|") for label in field.labels)
        case FieldKind.NUMBER:
            word, low, high = "decimal", field.minimum, field.maximum
            if field.whole:
                word = "number"
                low, high = low and math.ceil(low), high and math.floor(high)
            return f"{name}={word}" + ("" if low is high is None else f":{_limit(low)}..{_limit(high)}")
        case FieldKind.TEXT:
            return f"{name}=text" + ("" if field.max_characters is None else f":{field.max_characters}")
        case FieldKind.YES_NO:
            return f"{name}=yesno"


def _labels(text: str) -> tuple[str, ...]:
    if not text.strip():
        return ()
    labels: list[str] = []
    at = 0
    while True:
        match = _LABEL.match(text, at)
        if match is None:  # A lone backslash at the end.
            labels.append(_plain(text[at:]).strip())
            break
        labels.append(_plain(match[1]).strip())
        at = match.end()
        if not match[0].endswith("|") or match.end(1) == match.end():
            break
    return tuple(labels)


def _number(name: str, text: str, spec: str, *, decimal: bool) -> OutputField:
    if not text.strip():
        return OutputField(name, FieldKind.NUMBER, whole=not decimal)
    first, dots, last = (part.strip() for part in text.partition(".."))
    try:
        if not dots:
            raise ValueError(text)
        low, high = (float(limit) if limit else None for limit in (first, last))
        if not all(limit is None or math.isfinite(limit) for limit in (low, high)):
            raise ValueError(text)
    except ValueError:
        raise UsageError(
            N_(
                "The range in the field {spec} cannot be read. Write two numbers with two dots between, like {example}."
            ),
            spec=short(spec),
            example="score=number:1..5",
        ) from None
    pointed = "." in first or "." in last
    return OutputField(name, FieldKind.NUMBER, minimum=low, maximum=high, whole=not (decimal or pointed))


def _length(text: str, spec: str) -> int | None:
    if not text.strip():
        return None
    if not re.fullmatch(r"\d{1,7}", text.strip()):
        raise UsageError(
            N_("The length in the field {spec} cannot be read. Write the most characters as a number, like {example}."),
            spec=short(spec),
            example="summary=text:200",
        )
    return int(text)


def _limit(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)


def _escaped(text: str, special: str) -> str:
    return text.replace("\\", "\\\\").replace(special, "\\" + special)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
