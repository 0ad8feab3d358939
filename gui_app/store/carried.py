"""What is told of a newer version of a job's table: how many of its rows were found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gui_app.i18n import ngettext, number, one_after_another


@dataclass(frozen=True, slots=True)
class Carried:
    """What was found again in a newer version of a table.

    Attributes:
        rows: Of the newer version.
        found: Of these, the ones that the former version has too.
        kept: Of these, the ones whose answer was kept; the others had none.
        gone: Rows of the former version that are not found in the newer one.
        hand_left: Answers made by hand that were left behind, because rows that look the same have different ones.
        former: The name of the former version's job.
    """

    rows: int = 0
    found: int = 0
    kept: int = 0
    gone: int = 0
    hand_left: int = 0
    former: str = ""

    @property
    def new(self) -> int:
        """Rows that are new, or were changed."""
        return self.rows - self.found

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Carried:
        """The inverse of `to_dict`."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})


def carried_text(told: Carried) -> str:
    """In sentences: what was found again, what is new, what is gone, and where the former version is."""
    parts = [
        ngettext(
            "{found} of {count} row is unchanged; {kept} of them keep their answers.",
            "{found} of {count} rows are unchanged; {kept} of them keep their answers.",
            told.rows,
        ).format(found=number(told.found), count=number(told.rows), kept=number(told.kept))
    ]
    if told.new:
        parts.append(
            ngettext("{count} row is new or changed.", "{count} rows are new or changed.", told.new).format(
                count=number(told.new)
            )
        )
    if told.gone:
        parts.append(
            ngettext(
                "{count} row of the former version is gone.",
                "{count} rows of the former version are gone.",
                told.gone,
            ).format(count=number(told.gone))
        )
    if told.hand_left:
        parts.append(
            ngettext(
                "The answers made by hand for {count} row were left behind: rows that look the same have other ones.",
                "The answers made by hand for {count} rows were left behind: rows that look the same have other ones.",
                told.hand_left,
            ).format(count=number(told.hand_left))
        )
    return one_after_another(*parts)
