"""Recipes as JSON files: read and written in a thread, size-limited, never code."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from gui_app.errors import N_, RecipeError, StorageError
from gui_app.jobs import Recipe
from gui_app.recipes.checks import check_fields

MOST_BYTES = 4_000_000
"""`Recipe.from_json` takes a million characters, of at most four bytes each."""


async def read(path: Path) -> Recipe:
    """The recipe in a file.

    Raises:
        RecipeError: It holds none, or one whose fields cannot be asked for.
        StorageError: It cannot be read.
    """
    return await asyncio.to_thread(_read, path)


async def write(path: Path, recipe: Recipe) -> None:
    """Write beside the target and rename, so that a full disk never leaves half a recipe.

    Raises:
        StorageError: It cannot be written.
    """
    await asyncio.to_thread(_write, path, recipe)


def _read(path: Path) -> Recipe:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data[: MOST_BYTES + 1].decode("utf-8-sig")
    except OSError as error:
        raise StorageError(
            N_("{file} cannot be read ({reason})."), file=path.name, reason=error.strerror or type(error).__name__
        ) from None
    except UnicodeDecodeError:
        raise RecipeError(N_("{file} is not a recipe: it is not a text file."), file=path.name) from None
    recipe = Recipe.from_json(text)
    check_fields(recipe.fields)
    return recipe


def _write(path: Path, recipe: Recipe) -> None:
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".recipe-", suffix=".json", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(recipe.to_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, UnicodeEncodeError) as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StorageError(
            N_("The recipe cannot be saved as {file} ({reason}). Choose another folder."),
            file=path.name,
            reason=getattr(error, "strerror", None) or type(error).__name__,
        ) from None
