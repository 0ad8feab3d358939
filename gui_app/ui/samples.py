"""The three samples: a table and the task that goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gui_app.errors import N_
from gui_app.paths import resource


class Sample(NamedTuple):
    """A sample job.

    Attributes:
        title, text: Catalogue entries.
        preset: The task, by its id in `recipes.presets`.
        gold: The column of correct answers; "" where there is none.
    """

    id: str
    title: str
    text: str
    drawing: str
    file: str
    preset: str
    gold: str = ""

    @property
    def path(self) -> Path:
        """The table."""
        return resource("samples", self.file)


SAMPLES = (
    Sample(
        "reviews",
        N_("Label customer reviews"),
        N_("Positive, negative or neutral, in English and Chinese"),
        "tag",
        "reviews.csv",
        "label",
        "label",
    ),
    Sample(
        "answers",
        N_("Rate answers from 1 to 5"),
        N_("Each answer is compared with a reference"),
        "star",
        "answers.csv",
        "rate",
        "points",
    ),
    Sample(
        "sentences",
        N_("Translate sentences"),
        N_("Each into the language named in its row"),
        "languages",
        "sentences.xlsx",
        "translate",
    ),
)


def sample_of(path: Path) -> Sample | None:
    """The sample a file is, if it is one."""
    for sample in SAMPLES:
        if path == sample.path or (path.name == sample.file and path.parent.name == "samples"):
            return sample
    return None
