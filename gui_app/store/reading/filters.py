"""A row filter and an order as SQL. Every value is bound, never pasted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from gui_app.jobs import FieldValue, RowFilter
from gui_app.store.packing import pack_value, storable, unpack_cells
from gui_app.store.reading import searching
from gui_app.store.schema import STATE_CODES

JOINS = """
    FROM status s
    JOIN cells c ON c.row_id = s.row_id
    LEFT JOIN attempts a ON a.attempt_id = s.attempt_id
"""


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are sorted. Equal ones stay in file order.

    Attributes:
        by: "row", "state", "cause", "cost", "column" (of the input), "field" or "confidence" (of the answers).
        key: The column's position, or the field's name.
    """

    by: Literal["row", "state", "cause", "cost", "column", "field", "confidence"] = "row"
    key: int | str = 0
    descending: bool = False


def shown(name: str) -> tuple[str, list[Any]]:
    """The shown value of a field as JSON text: the one made by hand where there is one, else the model's.

    Returns:
        An expression on `JOINS`, and what it binds. NULL: there is no value.
    """
    name = storable(name)
    model, values = _part("a.field_values", name)
    by_hand = "(SELECT h.value FROM hand_values h WHERE h.row_id = s.row_id AND h.field = ?)"
    return f"ifnull({by_hand}, {model})", [name, *values]


def _part(column: str, name: str) -> tuple[str, list[Any]]:
    """A named part of a JSON object, as JSON text."""
    if not any(character in '"\\' or character < " " for character in name):
        return f"{column} -> ?", [f'$."{name}"']
    # SQLite's paths have no way, or different ways from version to version, to write such a name.
    return f"part({column}, ?)", [name]


def prepare(db: sqlite3.Connection) -> None:
    """Give a connection the functions that conditions call."""
    searching.prepare(db)
    db.create_function("part", 2, _part_of, deterministic=True)
    db.create_function("cell_is", 3, _cell_is, deterministic=True)


def _cell_is(packed: str | None, position: int, text: str) -> bool:
    # Not SQLite's own functions, which end a text at a NUL.
    if not packed or (f'"{searching.as_packed(text)}"' not in packed and "\\u" not in packed):
        return False
    try:
        cells = unpack_cells(packed)
    except (ValueError, TypeError, RecursionError):
        return False
    return position < len(cells) and storable(cells[position]) == text


def _part_of(packed: str | None, name: str) -> str | None:
    try:
        values = json.loads(packed or "{}")
        return pack_value(values[name]) if name in values else None
    except (ValueError, TypeError, RecursionError):
        return None


def where(rows: RowFilter, *, most: bool = False) -> tuple[str, list[Any]]:
    """The condition on `JOINS` for a filter, "1" for none, and its values in order.

    Args:
        most: Many rows have these states: going through all in file order beats the index and a sort.
    """
    parts: list[str] = []
    values: list[Any] = []

    def both(condition: str, bound: Iterable[Any] = ()) -> None:
        parts.append(condition)
        values.extend(bound)

    if rows.states:
        both(*_in_states(sorted(STATE_CODES[state] for state in rows.states), most=most))
    if rows.causes:
        both(f"s.cause IN ({', '.join('?' * len(rows.causes))})", sorted(rows.causes))
    if rows.field_value is not None:
        both(*_with_value(*rows.field_value))
    if rows.cell is not None:
        both("cell_is(c.cells, ?, ?)", [int(rows.cell[0]), storable(rows.cell[1])])
    if rows.search:
        both(*searching.condition(rows.search))
    for wanted, table in ((rows.edited, "hand_values"), (rows.approved, "approvals")):
        if wanted is not None:
            both(f"{'' if wanted else 'NOT '}EXISTS (SELECT 1 FROM {table} t WHERE t.row_id = s.row_id)")
    if rows.row_ids is not None:
        # One bound JSON array: a list of placeholders would end at SQLite's limit of 32,766.
        both("s.row_id IN (SELECT value FROM json_each(?))", [json.dumps(rows.row_ids)])
    return " AND ".join(parts) or "1", values


def _in_states(codes: list[int], *, most: bool) -> tuple[str, Iterable[Any]]:
    if most and len(codes) == len(STATE_CODES) - 1:
        # For each of a million rows a list takes twice as long as one comparison.
        return "+s.state <> ?", set(STATE_CODES.values()).difference(codes)
    return f"{'+' if most else ''}s.state IN ({', '.join('?' * len(codes))})", codes


def _with_value(name: str, value: FieldValue) -> tuple[str, list[Any]]:
    expression, bound = shown(name)
    if value is None:
        return f"ifnull({expression}, 'null') = 'null'", [*bound]
    if isinstance(value, int | float) and not isinstance(value, bool):
        # As numbers: 4 and 4.0 are one.
        return f"json_extract({expression}, '$') = ?", [*bound, float(value)]
    return f"{expression} = ?", [*bound, pack_value(value)]


def needs_joins(rows: RowFilter) -> bool:
    """False when the condition speaks of `status` alone, and its indexes can answer."""
    return bool(rows.search) or rows.field_value is not None or rows.cell is not None


def order_by(order: Order) -> tuple[str, list[Any], str]:
    """How to sort.

    Returns:
        An expression on `JOINS` to be selected as `v`, what it binds, and the ORDER BY terms on `v` and `row_id`.
        Rows without a value come last either way.
    """
    direction = "DESC" if order.descending else "ASC"
    if order.by == "row":
        return "NULL", [], f"row_id {direction}"
    # One key of mixed types, which SQLite sorts numbers first, then texts, then bytes; NULL is least of all.
    # Not COLLATE NOCASE, which sorts a million texts a third slower.
    last = "NULL" if order.descending else "x''"
    terms = f"CASE WHEN typeof(v) = 'text' THEN lower(v) ELSE ifnull(v, {last}) END {direction}, row_id"
    if order.by == "column":
        # Numbers among the texts sort as numbers. Few texts get as far as being tried.
        terms = (
            f"CASE WHEN ifnull(v, '') = '' THEN {last} WHEN v < ':' AND (v GLOB '[0-9]*' OR v GLOB '[-+.][0-9]*' "
            f"OR v GLOB '[-+].[0-9]*') THEN CAST(v AS REAL) ELSE lower(v) END {direction}, row_id"
        )
        return "json_extract(c.cells, ?)", [f"$[{int(order.key)}]"], terms
    if order.by == "field":
        expression, values = shown(str(order.key))
        return f"json_extract({expression}, '$')", values, terms
    if order.by == "confidence":
        expression, values = _part("a.confidence", storable(str(order.key)))
        return f"json_extract({expression}, '$')", values, terms
    return {"state": "s.state", "cause": "s.cause", "cost": "a.cost_usd"}[order.by], [], terms
