"""What a row says, short enough to be read beside its answer."""

from __future__ import annotations

from collections.abc import Sequence

from gui_app.i18n import _
from gui_app.sentences import plain

_ALONE, _AMONG_OTHERS, _MOST_COLUMNS = 300, 120, 4


def asked_text(cells: Sequence[str], columns: Sequence[str], asked: Sequence[str]) -> str:
    """The cells that the model is shown.

    Args:
        asked: The names of the columns that the prompt puts in. None of them: "".
    """
    places = {name: at for at, name in enumerate(columns)}
    shown = [name for name in dict.fromkeys(asked) if places.get(name, len(cells)) < len(cells)][:_MOST_COLUMNS]
    if len(shown) == 1:
        return plain(cells[places[shown[0]]].strip(), _ALONE)
    return "\n".join(
        _("{column}: {text}").format(
            column=plain(name, 40), text=plain(cells[places[name]].strip(), _AMONG_OTHERS)
        )
        for name in shown
    )  # fmt: skip
