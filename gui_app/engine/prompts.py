"""From rows to prompts, for either lane: rendered, told apart from identical ones, and priced at their worst."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from gui_app.jobs import Recipe, Row
from gui_app.recipes.template import Template
from gui_app.store.claims import Prepared


class Prompts:
    """Prepares the rows that a claim takes. Called on the writer's thread.

    Args:
        worst: The most a prompt's call can cost; None when no price is known.
    """

    def __init__(self, recipe: Recipe, columns: Sequence[str], worst: Callable[[str], float | None]) -> None:
        self._template = Template(recipe.template, columns)
        self._once = recipe.options.ask_identical_once
        self._worst = worst

    def __call__(self, rows: Sequence[Row]) -> list[Prepared]:
        """One for each row, in their order."""
        return [self._prepared(row) for row in rows]

    def _prepared(self, row: Row) -> Prepared:
        prompt = self._template.render(row.cells)
        if Template.is_blank(prompt) or self._template.cells_are_blank(row.cells):
            return Prepared(row.row_id, None, None, None)
        digest = None
        if self._once:
            digest = hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        return Prepared(row.row_id, prompt, digest, self._worst(prompt))


def no_rows(rows: Sequence[Row]) -> list[Prepared]:
    """For whoever claims none."""
    return []
