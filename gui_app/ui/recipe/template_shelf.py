"""The folder of the user's own templates: one JSON file each. Called in a thread, never on the window's own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gui_app.errors import N_, RecipeError, RowmillError, StorageError
from gui_app.recipes.own import OwnTemplate
from gui_app.ui.recipe.recipe_files import MOST_BYTES, read_text, write_text

MOST = 500


class TemplateShelf:
    """Raises StorageError where the folder cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def templates(self) -> list[OwnTemplate]:
        """All that can be read, by name. A file that is none is passed over."""
        found = []
        for path in sorted(self._folder.glob("*.json"))[:MOST]:
            try:
                found.append(OwnTemplate.from_json(read_text(path, MOST_BYTES)))
            except RowmillError:
                continue
        return sorted(found, key=lambda item: item.name.casefold())

    def save(self, item: OwnTemplate) -> None:
        """Keep a template, in the place of one of the same name."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageError(
                N_("{file} cannot be read ({reason})."),
                file=str(self._folder),
                reason=error.strerror or type(error).__name__,
            ) from None
        path = self._path(item.name)
        if not path.exists() and len(list(self._folder.glob("*.json"))) >= MOST:
            raise RecipeError(N_("There are {most} templates already. Delete one that is not needed."), most=MOST)
        write_text(path, item.to_json() + "\n")

    def delete(self, name: str) -> None:
        """Take a template away. One that is not there is gone already."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                N_("The template cannot be deleted ({reason})."), reason=error.strerror or type(error).__name__
            ) from None

    def rename(self, item: OwnTemplate, name: str) -> None:
        """The new one is there before the old one goes."""
        self.save(OwnTemplate(name, item.text, item.fields))
        if self._path(name) != self._path(item.name):
            self.delete(item.name)

    def take_in(self, path: Path) -> OwnTemplate:
        """Add a template from a file; one of the same name that is there keeps its name."""
        item = OwnTemplate.from_json(read_text(path, MOST_BYTES), name=path.stem)
        name, at = item.name, 2
        while self._path(name).exists():
            name, at = f"{item.name} ({at})", at + 1
        out = OwnTemplate(name, item.text, item.fields)
        self.save(out)
        return out

    def _path(self, name: str) -> Path:
        # Names may hold what no file name may; the file is only found by its name's digest.
        digest = hashlib.blake2b(name.casefold().encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        return self._folder / f"{digest}.json"
