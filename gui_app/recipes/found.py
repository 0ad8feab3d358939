"""Finding the JSON in a reply: fenced, in prose, wrapped, repeated, or cut off in the middle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_FENCE = re.compile(r"```[\w+-]*[ \t]*\n?(.*?)```", re.DOTALL)
_THINKING = re.compile(r"^\s*<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_OBJECT_STARTS = re.compile(r"^\s*(?:```[\w+-]*\s*)?\[?\s*\{\s*(?:[\"'}]|$)")
# Replies are short; a reply with thousands of braces is no reason to read it thousands of times.
_MOST_TRIES = 40
_DEEPEST_WRAPPER = 3


class Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a key given twice is seen."""


_DECODER = json.JSONDecoder(object_pairs_hook=Pairs, strict=False)
FieldIndex = Callable[[str], "int | None"]


def visible_text(text: str) -> str:
    """A reply without the thinking that local models write before their answer, and without outer blanks."""
    text = text.lstrip("\ufeff")
    if "<" in text[:40]:
        text = _THINKING.sub("", text, count=1)
    return text.strip()


def parse_all(text: str) -> Any:
    """The text as one JSON value; `ValueError` when it is none (broken, too deep, or more than one)."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def unfenced(text: str) -> str:
    """The inside of a reply that is one code fence and nothing else; any other text unchanged."""
    match = _FENCE.fullmatch(text)
    return match[1].strip() if match else text


def looks_like_an_object(text: str) -> bool:
    """Whether a text starts as a JSON object does, so that failing to read it means it is broken."""
    return _OBJECT_STARTS.match(text) is not None


def gather(node: Any, index_of: FieldIndex, depth: int = 0) -> list[tuple[int, Any]]:
    """(field, value) for each key of a JSON value that names a field, in order, repeats included.

    Objects in a list count together, and a wrapper around the answer is opened, so that two different
    answers in one reply show up as two values of a field.
    """
    if isinstance(node, Pairs):
        if len(node) == 1 and depth < _DEEPEST_WRAPPER:
            inside = gather(node[0][1], index_of, depth + 1)
            if inside:
                return inside
        return [(index, value) for key, value in node if (index := index_of(key)) is not None]
    if isinstance(node, list) and node and all(isinstance(item, Pairs) for item in node):
        return [pair for item in node for pair in gather(item, index_of, depth + 1)]
    return []


def objects_in(text: str, index_of: FieldIndex) -> list[tuple[int, Any]]:
    """(field, value) pairs of every JSON object in a reply with other text around it; [] when there is none."""
    for match in _FENCE.finditer(text):
        try:
            found = gather(parse_all(match[1].strip()), index_of)
        except ValueError:
            continue
        if found:
            return found
    collected: list[tuple[int, Any]] = []
    at = text.find("{")
    for _ in range(_MOST_TRIES):
        if at == -1:
            break
        try:
            node, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        collected += gather(node, index_of)
        at = text.find("{", end)
    return collected


def cut_object(text: str, index_of: FieldIndex) -> list[tuple[int, Any]]:
    """What is whole in a JSON object that was cut off: complete values, and the beginning of a last text."""
    at = text.find("{")
    found: list[tuple[int, Any]] = []
    while at != -1:
        start = _skip(text, at + 1)
        try:
            key, start = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        start = _skip(text, start)
        if not isinstance(key, str) or text[start : start + 1] != ":":
            break
        start = _skip(text, start + 1)
        index = index_of(key)
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            beginning = _beginning_of_text(text[start:])
            if beginning is not None and index is not None:
                found.append((index, Cut(beginning)))
            break
        end = _skip(text, end)
        # A number, word or list at the very end may have had more to come: "1" of "10".
        if end >= len(text) and not isinstance(value, str):
            break
        if index is not None:
            found.append((index, value))
        elif isinstance(value, Pairs):
            found += gather(value, index_of)
        at = end if text[end : end + 1] == "," else -1
    return found


class Cut(str):
    """The beginning of a text whose end is missing."""

    __slots__ = ()


def _beginning_of_text(text: str) -> str | None:
    if not text.startswith('"'):
        return None
    # The cut may lie inside an escape such as \u00e9.
    for shorter in range(min(7, len(text))):
        try:
            value = _DECODER.decode(text[: len(text) - shorter] + '"')
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, str) and value.strip() else None
    return None


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
