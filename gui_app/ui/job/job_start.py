"""What a job page reads once, before anything can be changed in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gui_app.i18n import _
from gui_app.jobs import Recipe
from gui_app.recipes.presets import preset
from gui_app.store.reading.queries import JobReader
from gui_app.ui.review.second_opinion import NOTE
from gui_app.ui.samples import Sample

_SAMPLE_ROWS = 20


@dataclass(frozen=True)
class Start:
    """The recipe as last typed, some rows for the presets to look at, and what the window keeps with a job.

    Attributes:
        column_layout: The remembered columns of the table.
        gold: The column of correct answers, where one was chosen.
        second: What is remembered of a second opinion.
    """

    recipe: Recipe | None
    sample_rows: Sequence[Sequence[str]]
    column_layout: Sequence[Any]
    gold: str | None
    second: object = None


def read_start(reader: JobReader) -> Start:
    """On a reading thread."""
    layout, gold = reader.note("columns", []), reader.note("gold")
    rows = reader.rows(range(1, _SAMPLE_ROWS + 1))
    return Start(
        recipe=reader.draft(),
        sample_rows=[row.cells for row in rows],
        column_layout=layout if isinstance(layout, list) else [],
        gold=gold if isinstance(gold, str) else None,
        second=reader.note(NOTE),
    )


def sample_recipe(sample: Sample, columns: Sequence[str], sample_rows: Sequence[Sequence[str]]) -> Recipe:
    """The task of a sample, ready to be run on the practice model."""
    task = preset(sample.preset).build(columns, sample_rows, _)
    return Recipe(task.template, task.fields, provider="practice", model="practice", preset=sample.preset)
