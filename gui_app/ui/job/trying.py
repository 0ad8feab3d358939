"""Which few rows are tried, and which are asked a second time. Reading thread."""

from __future__ import annotations

import random
from collections.abc import Sequence

from gui_app.jobs import Recipe, RowFilter, RowState, Scope, ScopeKind
from gui_app.store.reading.queries import JobReader
from gui_app.store.reading.versions import untouched_answers, with_text

FEW, RANDOM_ROWS, KNOWN_ROWS, SEED = 5, 20, 50, 20
"""The seed is fixed: "20 random rows" are the same rows each time, so that versions can be compared on them."""

_WAITING = frozenset([RowState.WAITING])


def rows_to_try(reader: JobReader, how: str, recipe: Recipe, gold: int | None = None) -> Scope:
    """The few rows to try.

    The same rows as before are asked again when the task has changed, so that the answers can be compared; when all
    of them have an answer from this very task, the next ones that have none.

    Args:
        how: "first", "random", or "gold": rows with a known correct answer.
        gold: The position of the column of correct answers.
    """
    candidates = _candidates(reader, how, gold)
    version = next((item.version for item in reader.recipe_versions() if item.recipe.hash == recipe.hash), None)
    rows = [row for row in reader.rows(candidates) if not row.hand]
    open_ones = [row.row_id for row in rows if row.state is RowState.WAITING or row.version != version]
    if open_ones:
        return Scope(ScopeKind.AGAIN, RowFilter(row_ids=tuple(open_ones)))
    return Scope(ScopeKind.REMAINING, RowFilter(row_ids=tuple(_next(reader, how, gold))))


def rows_to_ask_twice(reader: JobReader, count: int) -> list[int]:
    """A random sample of the answered rows that nobody has edited or approved, in file order."""
    return _sample(untouched_answers(reader), count)


def _candidates(reader: JobReader, how: str, gold: int | None) -> list[int]:
    if how == "gold":
        return [] if gold is None else _sample(with_text(reader, gold), KNOWN_ROWS)
    if how == "random":
        return _sample(range(1, reader.counts().rows + 1), RANDOM_ROWS)
    return list(range(1, FEW + 1))


def _next(reader: JobReader, how: str, gold: int | None) -> list[int]:
    if how == "gold":
        left = [] if gold is None else with_text(reader, gold, RowFilter(states=_WAITING))
        return _sample(left, KNOWN_ROWS)
    waiting = reader.row_ids(RowFilter(states=_WAITING))
    return _sample(waiting, RANDOM_ROWS) if how == "random" else list(waiting[:FEW])


def _sample(row_ids: Sequence[int], count: int) -> list[int]:
    return sorted(random.Random(SEED).sample(row_ids, min(count, len(row_ids))))
