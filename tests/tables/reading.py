"""Short ways to write a file and to read it through the whole room."""

from __future__ import annotations

from pathlib import Path

import pytest

from gui_app.errors import InputError
from gui_app.tables import ImportSettings, open_table


def write(path: Path, contents: str | bytes, encoding: str = "utf-8") -> Path:
    """Write exactly this: no line end is translated."""
    path.write_bytes(contents if isinstance(contents, bytes) else contents.encode(encoding))
    return path


def cells_of(path: Path, settings: ImportSettings | None = None) -> list[tuple[str, ...]]:
    """All rows of a file, without their marks."""
    with open_table(path, settings) as table:
        return [cells for cells, _ in table.rows()]


def told_by(path: Path, settings: ImportSettings | None = None) -> list[str]:
    """The warnings after a whole reading, as sentences."""
    with open_table(path, settings) as table:
        for _ in table.rows():
            pass
        return [sentence.format(**details) for sentence, details in table.warnings]


def refusal_of(path: Path, settings: ImportSettings | None = None) -> str:
    """The sentence with which a file is refused, on opening or while it is read."""
    with pytest.raises(InputError) as caught:
        cells_of(path, settings)
    sentence = str(caught.value)
    assert str(path.parent) not in sentence, "only the file's own name is shown"
    return sentence
