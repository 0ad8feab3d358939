"""The menu of the Task tab: templates of one's own, recipe files, earlier versions of the recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from gui_app.errors import UserError
from gui_app.i18n import _, moment
from gui_app.jobs import Recipe
from gui_app.sentences import explain, plain
from gui_app.store.reading.queries import RecipeVersion
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import set_role
from gui_app.ui.pieces.file_dialog import file_dialog, open_dialog
from gui_app.ui.pieces.forms import button_text
from gui_app.ui.pieces.panel import describe, plain_tip
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.recipe import recipe_files
from gui_app.ui.recipe.own_templates import OwnTemplates

_MOST_VERSIONS = 30


class Task(Protocol):
    """What the menu is about; `RecipePanel` is one."""

    own: OwnTemplates

    def recipe(self) -> Recipe:
        """The task as it stands."""
        ...


class RecipeMenu(QToolButton):
    """The button, and what its menu does.

    Args:
        tasks: Where files are read and written; their owner ends it.

    Signals:
        opened: A `Recipe` from a file, and the sentence that says so.
        chosen: The `Recipe` of an earlier version.
        said: What makes a sentence, and its role.
    """

    opened = Signal(object, object)
    chosen = Signal(object)
    said = Signal(object, str)

    def __init__(self, task: Task, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recipeMenuButton")
        set_role(self, "icon")
        set_icon(self, "ellipsis")
        self._task, self._tasks = task, tasks
        self._versions: tuple[RecipeVersion, ...] = ()
        self.whole: Callable[[], Recipe] = task.recipe
        """Where a recipe to be saved comes from when the model belongs in it (`current_recipe`)."""
        self.entries = QMenu(self)
        self.clicked.connect(self.open_menu)

    def retranslate(self) -> None:
        """Set every text."""
        describe(self, _("Open, save or go back"), _("Recipe files, and earlier versions of this recipe."))
        self.setToolTip(plain_tip(_("Open, save or go back")))

    def set_versions(self, versions: Sequence[RecipeVersion]) -> None:
        """The job's earlier recipes, for the way back."""
        self._versions = tuple(versions)

    def open_menu(self) -> None:
        """Show what there is to do now."""
        menu = self.entries
        menu.clear()
        templates = self._task.own
        menu.addAction(_("Save as a template…"), self._keep_as_template)
        own = templates.of(self._task.recipe().preset)
        if own is not None:
            menu.addAction(_("Rename the template…"), lambda: templates.ask_to_rename(own))
            menu.addAction(_("Delete the template…"), lambda: templates.ask_to_delete(own))
            menu.addAction(_("Export the template…"), lambda: templates.ask_where_to(own))
        menu.addAction(_("Import a template…"), templates.ask_where_from)
        menu.addSeparator()
        menu.addAction(_("Open a recipe…"), lambda: self._ask_file(save=False))
        menu.addAction(_("Save the recipe…"), lambda: self._ask_file(save=True))
        if self._versions:
            earlier = menu.addMenu(_("Earlier versions"))
            for version in reversed(self._versions[-_MOST_VERSIONS:]):
                text = _("Version {number}, {when}: {words}").format(
                    number=version.version, when=moment(version.created_at), words=plain(version.recipe.template, 40)
                )
                earlier.addAction(button_text(text), partial(self.chosen.emit, version.recipe))
        menu.popup(self.mapToGlobal(self.rect().bottomRight()) - QPoint(menu.sizeHint().width(), 0))

    def open_file(self, path: Path) -> None:
        """Read a recipe file and show it; a sentence says when that cannot be done."""
        self._tasks.start("open a recipe", self._open(path))

    def save_file(self, path: Path) -> None:
        """Write the recipe, with its model, to a file."""
        self._tasks.start("save the recipe", self._save(path))

    async def _open(self, path: Path) -> None:
        try:
            recipe = await recipe_files.read(path)
        except UserError as error:
            self._refuse(error)
            return
        self.opened.emit(recipe, lambda: _("{file} was opened.").format(file=plain(path.name, 80)))

    async def _save(self, path: Path) -> None:
        try:
            await recipe_files.write(path, self.whole())
        except UserError as error:
            self._refuse(error)
            return
        self.said.emit(lambda: _("Saved as {file}.").format(file=plain(path.name, 80)), "hint")

    def _refuse(self, error: UserError) -> None:
        self.said.emit(lambda: explain(error), "error")

    def _ask_file(self, *, save: bool) -> None:
        title = _("Save the recipe") if save else _("Open a recipe")
        dialog = file_dialog(self.window(), title)
        dialog.setObjectName("recipeFileDialog")
        dialog.setNameFilters([_("Recipes (*.json)"), _("All files (*)")])
        if save:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix("json")
            dialog.selectFile("recipe.json")
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        done = self.save_file if save else self.open_file
        dialog.fileSelected.connect(lambda name: done(Path(name)))
        open_dialog(dialog)

    def _keep_as_template(self) -> None:
        own = self._task.own.of(self._task.recipe().preset)
        self._task.own.ask_to_keep(self._task.recipe(), own.name if own is not None else "")
