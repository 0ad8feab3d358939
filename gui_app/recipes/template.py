"""The prompt template: `{column}` places over known columns only; everything else is literal.

`{column|500}` puts in no more than the first 500 characters of the cell.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gui_app.errors import N_, RecipeError
from gui_app.recipes.columns import ColumnGuess

# What a person may have meant as a column: short, on one line, without the marks of JSON or code.
_LOOKS_LIKE_A_NAME = re.compile(r"""\{[ ]*[^\s{}"':,;=\[\]<>|\\$0-9][^\n{}"':,;=\[\]<>|\\$]{0,79}\}""")
_CUT = re.compile(r"(.+)\|([1-9][0-9]{0,6})", re.DOTALL)
# Blank to a reader though `str.strip` keeps them: zero-width characters, the byte order mark, NUL.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\x00"))


@dataclass(frozen=True, slots=True)
class Place:
    """One `{name}` in the template's text.

    Attributes:
        start, end: Span in characters, braces included.
        name: What stands between the braces.
        column: Position of the column; None when no column has that name (the text stays literal).
        most: How many characters of the cell are put in at most; None for all.
    """

    start: int
    end: int
    name: str
    column: int | None
    most: int | None = None

    @property
    def known(self) -> bool:
        """True when a row's cell is put there."""
        return self.column is not None


class Template:
    """A prompt with places for cells, read once.

    The text is read a single time, from left to right, against the names of the columns; a cell's content is
    put in afterwards and never read again, whatever braces it holds. Names may hold spaces, braces and any
    script; where two names fit at the same brace, the longer one wins.

    Args:
        text: The template as the user wrote it.
        columns: The table's columns in order. Their positions are those of the cells given to `render`.
    """

    __slots__ = ("_parts", "_places", "_slots", "columns", "text")

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self.text = text
        self.columns = tuple(columns)
        self._places = tuple(_known_places(text, self.columns))
        self._parts: list[str] = []
        self._slots: tuple[tuple[int, int, int | None], ...] = ()
        slots: list[tuple[int, int, int | None]] = []
        at = 0
        for place in self._places:
            if place.start > at:
                self._parts.append(text[at : place.start])
            assert place.column is not None
            slots.append((len(self._parts), place.column, place.most))
            self._parts.append("")
            at = place.end
        if at < len(text):
            self._parts.append(text[at:])
        self._slots = tuple(slots)

    def render(self, cells: Sequence[str]) -> str:
        """The finished prompt of one row.

        Args:
            cells: One text a column, in column order; "" for an empty cell, never None.
        """
        parts = self._parts.copy()
        for slot, column, most in self._slots:
            cell = cells[column]
            parts[slot] = cell if most is None or len(cell) <= most else f"{cell[:most]}…"
        return "".join(parts)

    @staticmethod
    def is_blank(prompt: str) -> bool:
        """Whether a finished prompt holds nothing a model could read. Such a row is not sent."""
        # Nearly every text begins with a letter or a digit; looking through a long one to its end takes its time.
        return not prompt[:1].isalnum() and not prompt.translate(_INVISIBLE).strip()

    def cells_are_blank(self, cells: Sequence[str]) -> bool:
        """Whether every cell this template asks for is blank in this row: a prompt without any data."""
        return bool(self._slots) and all(self.is_blank(cells[column]) for _, column, _most in self._slots)

    def places(self) -> tuple[Place, ...]:
        """Known places, and `{name}`s that look like a column but are none, in text order (for the editor)."""
        found = list(self._places)
        at = 0
        for place in (*self._places, None):
            stop = len(self.text) if place is None else place.start
            for match in _LOOKS_LIKE_A_NAME.finditer(self.text, at, stop):
                found.append(Place(match.start(), match.end(), match[0][1:-1], None))
            at = stop if place is None else place.end
        return tuple(sorted(found, key=lambda item: item.start))

    @property
    def columns_used(self) -> tuple[str, ...]:
        """Names of the columns that are put in, each once, in the order of the text."""
        return tuple(dict.fromkeys(place.name for place in self._places))

    @property
    def unknown_names(self) -> tuple[str, ...]:
        """The `{name}`s that stay literal, each once, in the order of the text."""
        return tuple(dict.fromkeys(place.name for place in self.places() if not place.known))

    def shortened(self, column: str, most: int) -> str:
        """The template's text with no more than so many characters of a column put in at each of its places."""
        text = self.text
        for place in reversed(self._places):
            if place.name == column and (place.most is None or place.most > most):
                text = f"{text[: place.start]}{{{column}|{most}}}{text[place.end :]}"
        return text

    @property
    def constant_prefix(self) -> str:
        """The text before the first place: the same for all rows, so providers can cache it."""
        return self.text[: self._places[0].start] if self._places else self.text

    def nearest_column(self, name: str) -> str | None:
        """The column an unknown name may have been meant for; None when none is near."""
        by_fold = {column.strip().casefold(): column for column in self.columns}
        near = difflib.get_close_matches(name.strip().casefold(), by_fold, n=1, cutoff=0.75)
        return by_fold[near[0]] if near else None

    def check(self) -> None:
        """Say before anything runs what would make the run pointless.

        Raises:
            RecipeError: The template is empty, or names no column of the table, so that every row would
                get the same prompt.
        """
        if self.is_blank(self.text):
            raise RecipeError(
                N_(
                    "The prompt is empty. Write what should be done with each row, and put a column in, like {example}."
                ),
                example=self._example(),
            )
        if self._places:
            return
        for name in self.unknown_names:
            nearest = self.nearest_column(name)
            if nearest is not None:
                raise RecipeError(
                    N_("The prompt names no column of this table: {wrong} is none. Did you mean {right}?"),
                    wrong="{" + name + "}",
                    right="{" + nearest + "}",
                )
        raise RecipeError(
            N_(
                "The prompt names no column, so every row would get the same question. Put a column in, like {example}."
            ),
            example=self._example(),
        )

    def _example(self) -> str:
        # By its heading the one with the text: the first is a number more often than not.
        return "{" + (ColumnGuess(self.columns).text() or "column") + "}"


def _known_places(text: str, columns: tuple[str, ...]) -> list[Place]:
    positions: dict[str, int] = {}
    for index, name in enumerate(columns):
        if name:
            positions.setdefault(name, index)
    # Only names that themselves hold a closing brace can end elsewhere than at the next one.
    with_brace = sorted((name for name in positions if "}" in name), key=len, reverse=True)
    places: list[Place] = []
    at = text.find("{")
    while at != -1:
        name = next((n for n in with_brace if text.startswith(n + "}", at + 1)), "")
        if not name:
            close = text.find("}", at + 1)
            if close == -1:
                break
            name = text[at + 1 : close]
        end = at + len(name) + 2
        cut = None if name in positions else _CUT.fullmatch(name)
        if name in positions:
            places.append(Place(at, end, name, positions[name]))
            at = text.find("{", end)
        elif cut is not None and cut[1] in positions:
            places.append(Place(at, end, cut[1], positions[cut[1]], int(cut[2])))
            at = text.find("{", end)
        else:
            at = text.find("{", at + 1)
    return places
