"""The user's own templates in the Task tab: kept, renamed, deleted, handed on and taken in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gui_app.errors import RowmillError
from gui_app.i18n import _
from gui_app.jobs import Recipe
from gui_app.paths import data_dir
from gui_app.recipes.own import LONGEST_NAME, OwnTemplate, checked_name, template_of
from gui_app.sentences import explain, plain
from gui_app.ui.pieces.file_dialog import file_dialog, open_dialog
from gui_app.ui.pieces.input_dialog import input_dialog, open_input_dialog
from gui_app.ui.pieces.question import Choice, Question, ask
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.recipe import recipe_files
from gui_app.ui.recipe.template_shelf import TemplateShelf

OWN = "own:"
"""How a recipe's `preset` begins when it came from a template of the user's own; the name follows."""


class OwnTemplates(QObject):
    """Signals: changed: other templates are there, or the chosen one has another name (`chosen`).

    said: A function that makes the sentence, and the role it is shown in.
    """

    changed = Signal()
    renamed = Signal(str)
    said = Signal(object, str)

    def __init__(self, window: QWidget, tasks: Tasks) -> None:
        super().__init__(window)
        self._window, self._tasks = window, tasks
        self.items: tuple[OwnTemplate, ...] = ()

    def load(self) -> None:
        """Read the folder. Without a loop nothing happens: there is nobody to choose one either."""
        self._start("read the templates", self._load)

    def of(self, preset: str) -> OwnTemplate | None:
        """The template that a recipe's `preset` names; None when it is none of them."""
        name = preset.removeprefix(OWN) if preset.startswith(OWN) else None
        return next((item for item in self.items if item.name == name), None)

    # With dialogs

    def ask_to_keep(self, recipe: Recipe, name: str) -> None:
        """Ask for a name, then keep the task under it."""
        self._ask_name(_("Save as a template"), name, lambda typed: self.keep(typed, recipe))

    def ask_to_rename(self, item: OwnTemplate) -> None:
        """Ask for another name."""
        self._ask_name(_("Rename the template"), item.name, lambda typed: self.rename(item, typed))

    def ask_to_delete(self, item: OwnTemplate) -> None:
        """Delete a template, after a question."""
        self._start("delete a template", lambda: self._delete_asked(item))

    def ask_where_to(self, item: OwnTemplate) -> None:
        """Ask for a file, then write the template there."""
        dialog = self._file_dialog(_("Export the template"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        safe = "".join(c if c.isalnum() or c in " -_" else "-" for c in item.name)
        dialog.selectFile(f"{safe}.json")
        dialog.fileSelected.connect(lambda name: self.hand_on(item, Path(name)))
        open_dialog(dialog)

    def ask_where_from(self) -> None:
        """Ask for a file, then add the template in it."""
        dialog = self._file_dialog(_("Import a template"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.take_in(Path(name)))
        open_dialog(dialog)

    # Without

    def keep(self, name: str, recipe: Recipe) -> None:
        """Keep the task of a recipe under a name."""
        self._start("keep a template", lambda: self._keep(name, recipe))

    def rename(self, item: OwnTemplate, name: str) -> None:
        """Give a template another name."""
        self._start("rename a template", lambda: self._rename(item, name))

    def hand_on(self, item: OwnTemplate, path: Path) -> None:
        """Write a template to a file."""
        self._start("export a template", lambda: self._hand_on(item, path))

    def take_in(self, path: Path) -> None:
        """Add the template in a file."""
        self._start("import a template", lambda: self._take_in(path))

    async def _load(self) -> None:
        found = await asyncio.to_thread(lambda: _shelf().templates())
        if tuple(found) != self.items:
            self.items = tuple(found)
            self.changed.emit()

    async def _keep(self, name: str, recipe: Recipe) -> None:
        item = template_of(name, recipe)
        if self.of(OWN + item.name) is not None and not await self._may_replace(item.name):
            return
        await asyncio.to_thread(lambda: _shelf().save(item))
        await self._load()
        self.renamed.emit(item.name)
        self._say(lambda: _("Saved. “{name}” is in the list of tasks now.").format(name=plain(item.name, 60)))

    async def _rename(self, item: OwnTemplate, name: str) -> None:
        name = checked_name(name)
        if name == item.name or (self.of(OWN + name) is not None and not await self._may_replace(name)):
            return
        await asyncio.to_thread(lambda: _shelf().rename(item, name))
        await self._load()
        self.renamed.emit(name)

    async def _delete_asked(self, item: OwnTemplate) -> None:
        title = _("Delete the template “{name}”?").format(name=plain(item.name, 60))
        text = _("Jobs that were made with it keep their task.")
        choices = [Choice("delete", _("Delete"), "danger"), Choice("", _("Cancel"))]
        if await ask(Question(self._window.window(), title, text, choices)) == "delete":
            await asyncio.to_thread(lambda: _shelf().delete(item.name))
            await self._load()
            self._say(lambda: _("“{name}” was deleted.").format(name=plain(item.name, 60)))

    async def _hand_on(self, item: OwnTemplate, path: Path) -> None:
        await asyncio.to_thread(recipe_files.write_text, path, item.to_json() + "\n")
        self._say(lambda: _("Saved as {file}.").format(file=plain(path.name, 80)))

    async def _take_in(self, path: Path) -> None:
        item = await asyncio.to_thread(lambda: _shelf().take_in(path))
        await self._load()
        self._say(lambda: _("“{name}” is in the list of tasks now.").format(name=plain(item.name, 60)))

    async def _may_replace(self, name: str) -> bool:
        title = _("Replace the template “{name}”?").format(name=plain(name, 60))
        text = _("There is one of this name already.")
        choices = [Choice("replace", _("Replace"), "primary"), Choice("", _("Cancel"))]
        return await ask(Question(self._window.window(), title, text, choices)) == "replace"

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._tasks.start(name, self._guarded(work))

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except RowmillError as error:
            refusal = error
            self.said.emit(lambda: explain(refusal), "error")

    def _say(self, make: Callable[[], str]) -> None:
        self.said.emit(make, "hint")

    def _ask_name(self, title: str, name: str, then: Callable[[str], None]) -> None:
        dialog = input_dialog(self._window.window(), "templateNameDialog", title, _("Name of the template"))
        dialog.setTextValue(name[:LONGEST_NAME])
        dialog.textValueSelected.connect(then)
        open_input_dialog(dialog)

    def _file_dialog(self, title: str) -> QFileDialog:
        dialog = file_dialog(self._window.window(), title)
        dialog.setObjectName("templateFileDialog")
        dialog.setNameFilters([_("Templates (*.json)"), _("All files (*)")])
        return dialog


def _shelf() -> TemplateShelf:
    return TemplateShelf(data_dir() / "templates")
