"""Cells and values as the text that lies in the job file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, cast

from gui_app.jobs import FieldValue

_BETWEEN = '","'
_ESCAPABLE = bytes(range(32)) + b'"\\'
# Made once: `json.dumps` makes one for every value.
_short = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def pack_cells(cells: Sequence[str]) -> str:
    """A row's cells as a JSON array. Many times faster than `json.dumps`, for imports of a million rows."""
    together = "".join(cells)
    # Nearly every row has nothing to escape. What is printable holds no control character and no lone surrogate.
    if together.isprintable() and '"' not in together and "\\" not in together and cells:
        return f'["{_BETWEEN.join(cells)}"]'
    packed = "[" + ",".join(map(encode_basestring, cells)) + "]"
    if not packed.isascii():
        try:
            packed.encode("utf-8")
        except UnicodeEncodeError:
            # A lone surrogate cannot be UTF-8, which is what SQLite stores; its escape can.
            return json.dumps(list(cells))
    return packed


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Rows on their way into a job.

    Attributes:
        count: How many.
        text: The cells of each as a JSON array, with commas between.
        width: How long the marks of a row are, at most; 0: no row has any.
        marks: Those of all rows one after the other, each filled up with spaces to that width.
    """

    count: int
    text: str
    width: int = 0
    marks: str = ""


def pack_rows(rows: Sequence[tuple[Sequence[str], str]]) -> PackedRows:
    """Pack (cells, marks) of several rows at once: where none has anything to escape, that is seen at one look."""
    lists = [cells for cells, _ in rows]
    text = '[["' + '"],["'.join(map(_BETWEEN.join, lists)) + '"]]'
    if not all(lists) or _count_of_escapable(text) != 2 * sum(map(len, lists)):
        text = f"[{','.join(map(pack_cells, lists))}]"
    marks = [marks for _, marks in rows]
    width = max(map(len, marks), default=0)
    return PackedRows(len(lists), text[1:-1], width, "".join([one.ljust(width) for one in marks]) if width else "")


def _count_of_escapable(text: str) -> int:
    """How many characters JSON has to escape, the quotes around the cells included; -1 when it is no UTF-8."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return -1
    return len(data) - len(data.translate(None, _ESCAPABLE))


def unpack_cells(packed: str) -> tuple[str, ...]:
    """The inverse of `pack_cells`.

    Raises:
        ValueError, TypeError: This is not a row that Rowmill has written.
    """
    cells = json.loads(packed)
    if type(cells) is not list or not set(map(type, cells)) <= {str}:
        raise TypeError("cells are a list of texts")
    return tuple(cells)


def pack_value(value: Any) -> str:
    """One field value as JSON. Equal values give equal text, which is what filters compare.

    Lone surrogates become U+FFFD and numbers that are none become null: SQLite's JSON functions know neither.
    """
    try:
        text = _short(value)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))
    return storable(text)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def pack_values(values: Mapping[str, Any]) -> str:
    """Field values, or confidences, as a JSON object."""
    return pack_value(dict(values))


def unpack_values(packed: str | None) -> dict[str, FieldValue]:
    """The inverse of `pack_values`; lists come back as tuples. None gives an empty mapping."""
    if not packed:
        return {}
    return {name: unpack_value(value) for name, value in json.loads(packed).items()}


def texts(packed: str | None) -> Iterator[str]:
    """Every text and number in packed cells or values, without the names of the fields."""
    waiting = [json.loads(packed)] if packed else []
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
        elif item is not None and not isinstance(item, bool):
            yield str(item)


def unpack_value(value: Any) -> FieldValue:
    """One value from JSON types."""
    return tuple(value) if isinstance(value, list) else cast(FieldValue, value)


def storable(text: str) -> str:
    """Text that SQLite can store: lone surrogates become U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
