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
    recipe = Recipe.from_json(read_text(path, MOST_BYTES))
    check_fields(recipe.fields)
    return recipe


def _write(path: Path, recipe: Recipe) -> None:
    write_text(path, recipe.to_json() + "\n")


def read_text(path: Path, most_bytes: int) -> str:
    """The text of a small file that may come from a stranger.

    Raises:
        RecipeError: It is no text.
        StorageError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
        return data.decode("utf-8-sig")
    except OSError as error:
        raise StorageError(
            N_("{file} cannot be read ({reason})."), file=path.name, reason=error.strerror or type(error).__name__
        ) from None
    except UnicodeDecodeError:
        raise RecipeError(N_("{file} is not a recipe: it is not a text file."), file=path.name) from None


def write_text(path: Path, text: str) -> None:
    """Write beside the target and rename, so that a full disk never leaves half a file.

    Raises:
        StorageError: It cannot be written.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".recipe-", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
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
