"""The three samples: a table and the task that goes with it, both in the user's language."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gui_app import i18n
from gui_app.errors import N_
from gui_app.paths import resource

_OWN_TABLES = ("zh_CN",)
"""Languages that have the samples in a folder of their own."""


class Sample(NamedTuple):
    """A sample job.

    Attributes:
        title, text: Catalogue entries.
        preset: The task, by its id in `recipes.presets`.
        gold: What the column of correct answers is called, in one language or the other.
    """

    id: str
    title: str
    text: str
    drawing: str
    file: str
    preset: str
    gold: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The table. Its labels are of the language in use, as the task's are: they could not agree otherwise."""
        own = (i18n.language(),) if i18n.language() in _OWN_TABLES else ()
        return resource("samples", *own, self.file)


SAMPLES = (
    Sample(
        "reviews",
        N_("Label customer reviews"),
        N_("Positive, negative or neutral, in English and Chinese"),
        "tag",
        "reviews.csv",
        "label",
        ("label", "标签"),
    ),
    Sample(
        "answers",
        N_("Rate answers from 1 to 5"),
        N_("Each answer is compared with a reference"),
        "star",
        "answers.csv",
        "rate",
        ("points", "得分"),
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
        if path.name == sample.file and "samples" in (path.parent.name, path.parent.parent.name):
            return sample
    return None
