"""The Task tab: what should be done with each row, and which result columns come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSplitter, QWidget

from gui_app.errors import UserError
from gui_app.i18n import _
from gui_app.jobs import FieldKind, OutputField, Recipe
from gui_app.recipes.examples import Example, add_examples
from gui_app.recipes.presets import PRESETS, preset
from gui_app.recipes.question import notes
from gui_app.recipes.template import Template
from gui_app.sentences import explain, filled, plain
from gui_app.store.reading.queries import RecipeVersion
from gui_app.ui.look.theme import GAP_M, GAP_S
from gui_app.ui.pieces.forms import tell
from gui_app.ui.pieces.in_steps import MadeInSteps
from gui_app.ui.pieces.named import named, named_button
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox
from gui_app.ui.pieces.scroll_column import ScrollColumn
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.recipe.column_chips import ColumnChips
from gui_app.ui.recipe.field_list import FieldList
from gui_app.ui.recipe.own_templates import OWN, OwnTemplates
from gui_app.ui.recipe.preset_box import PresetBox
from gui_app.ui.recipe.prompt_editor import PromptEdit
from gui_app.ui.recipe.prompt_preview import PromptPreview
from gui_app.ui.recipe.recipe_menu import RecipeMenu

MOST_NOTES = 3


class RecipePanel(MadeInSteps):
    """The prompt and the output fields of one job.

    Args:
        ahead: It is made before there is a job, by `make_more`; `begin` follows.

    Signals:
        recipeChanged: The prompt or the fields, by the user.
        recipeOpened: A `Recipe` read from a file or taken from the history, already shown here: its model is for
            the Model tab.
        previewStep: -1 or +1: the preview should show the row above or below.
        historyRequested: The versions with their answers are to be shown.
    """

    recipeChanged = Signal()
    recipeOpened = Signal(object)
    previewStep = Signal(int)
    historyRequested = Signal()

    def __init__(self, parent: QWidget | None = None, *, ahead: bool = False) -> None:
        super().__init__(parent, role="page")
        self._tasks = Tasks()
        self._columns: tuple[str, ...] = ()
        self._sample_rows: tuple[Sequence[str], ...] = ()
        self._row_id: int | None = None
        self._cells: tuple[str, ...] = ()
        self._preset = self._wanted = ""
        self._before: Recipe | None = None
        self._filling = True
        self._said_last: tuple[Callable[[], str] | None, str] = (None, "hint")
        if not ahead:
            self.make_at_once()
            self.begin()

    def _make(self) -> Iterator[None]:
        # From the outside in: a widget that gets its parent later has all its children dressed once more.
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self._scroll = ScrollColumn(self.splitter)
        self._top, self._said, self._prompt, self._results, self._below = (
            *(QWidget(self._scroll.body) for _part in range(4)),
            Panel(self.splitter),
        )
        self._preset_part = PresetBox(self._top)
        self.preset_box = self._preset_part.box
        self.own = OwnTemplates(self, self._tasks)
        self.menu = RecipeMenu(self, self._tasks, self._top)
        self._message = text_label("hint", wrap=True)
        self._message.setObjectName("recipeMessage")
        self._take_back = named(QPushButton(), "takeBackButton", "link")
        yield
        self.prompt_edit = PromptEdit(self._prompt)
        self._prompt_caption = text_label("heading")
        self.history_button = named_button(QPushButton(), "historyButton", "link", "history", "accent")
        self.history_button.hide()
        # Its room is kept, so that nothing moves under the hand when it comes with the first answers.
        policy = self.history_button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.history_button.setSizePolicy(policy)
        self._prompt_caption.setBuddy(self.prompt_edit)
        self._prompt_note = text_label("warning", wrap=True)
        self._prompt_note.setObjectName("promptNote")
        self._prompt_note.hide()
        yield
        self.chips = ColumnChips(self._prompt)
        self._chips_caption = text_label("hint", wrap=True)
        self._fields_caption = text_label("heading")
        self._fields_note = text_label("hint", wrap=True)
        self.fields = FieldList(self._results)
        self.preview = PromptPreview(self._below)
        yield
        self._build()
        self.retranslate()
        self._filling = False
        yield
        self.set_recipe(None)
        yield

    def begin(self) -> None:
        """There is a job: look up what the user has kept."""
        self.own.load()

    # What is chosen

    def recipe(self) -> Recipe:
        """The prompt and the fields as they stand; provider and model are the Model tab's."""
        return Recipe(self.prompt_edit.text(), self.fields.fields(), preset=self._preset)

    def problem(self) -> str:
        """What keeps the task from being run, in words; "" when nothing does."""
        if not self._columns:
            return ""
        try:
            self.prompt_edit.template().check()
        except UserError as error:
            return explain(error)
        return self.fields.problem()

    # What is shown

    def set_columns(self, columns: Sequence[str], sample_rows: Sequence[Sequence[str]] = ()) -> None:
        """The file's columns, and some rows for the presets to find the text in (20 are plenty)."""
        self._columns, self._sample_rows = tuple(columns), tuple(sample_rows)
        self.chips.set_columns(columns)
        self.prompt_edit.set_columns(columns)
        self._show_consequences()

    def set_recipe(self, recipe: Recipe | None) -> None:
        """Show a recipe; None is a job without one yet. Nothing is announced."""
        self._filling = True
        shown = recipe or Recipe("", (OutputField(_("answer"), FieldKind.TEXT),))
        self._wanted = shown.preset
        self._preset = self._known(shown.preset)
        self._preset_part.show_preset(self._preset if self._preset or recipe else None)
        # Another job's prompt is no step of this one's undo.
        if self.prompt_edit.text() != shown.template:
            self.prompt_edit.setPlainText(shown.template)
        self.fields.set_fields(shown.fields)
        self._before = None
        self._filling = False
        self._tell(None)
        self._show_consequences()

    def set_preview_row(self, row_id: int | None, cells: Sequence[str]) -> None:
        """The row whose finished prompt is shown. Its cells in full, in column order."""
        self._row_id, self._cells = row_id, tuple(cells)
        self.preview.show_row(self.prompt_edit.template(), row_id, self._cells)

    def set_versions(self, versions: Sequence[RecipeVersion]) -> None:
        """The job's earlier recipes, for the way back."""
        self.menu.set_versions(versions)
        self.history_button.setVisible(bool(versions))

    def set_whole(self, whole: Callable[[], Recipe]) -> None:
        """Where a recipe to be saved comes from when the model belongs in it (`current_recipe`)."""
        self.menu.whole = whole

    def change_prompt(self, text: str) -> None:
        """Put another prompt in the place of this one. One step of the editor's undo."""
        self.prompt_edit.set_text(text)

    def add_example(self, example: Example) -> None:
        """Put a row with its right answer into the prompt. One step of the editor's undo."""
        self.prompt_edit.set_text(add_examples(self.prompt_edit.text(), [example], self._columns, self.fields.fields()))
        self._tell(lambda: _("The row was put into the prompt as an example."))

    def add_label(self, field: str, label: str) -> None:
        """Put a label at the end of a field's list."""
        self.fields.add_label(field, label)
        self._tell(lambda: _("“{label}” was added to the labels.").format(label=plain(label, 40)))

    async def aclose(self) -> None:
        """Stop what is being read or written."""
        await self._tasks.aclose()

    # Inside

    def retranslate(self) -> None:
        """Set every text. The parts do it by themselves."""
        self._preset_part.retranslate()
        self._tell(*self._said_last)
        self._say_about_prompt(self.prompt_edit.template())
        self.menu.retranslate()
        self._take_back.setText(_("Undo"))
        describe(self._take_back, _("Undo"), _("Shows the prompt and the results that were there before."))
        self._prompt_caption.setText(_("Prompt"))
        self.history_button.setText(_("History"))
        describe(self.history_button, _("History of the task"), _("Earlier versions with their answers, side by side."))
        describe(
            self.prompt_edit,
            _("Prompt"),
            _("What the model is asked about each row. A column's name in braces is replaced by the row's cell."),
        )
        self.prompt_edit.setPlaceholderText(
            _("Say in plain words what should be done with each row, and put in the columns it needs.")
        )
        self._chips_caption.setText(_("Click a column to put it in, or type {brace} in the prompt.").format(brace="{"))
        self._fields_caption.setText(_("Results"))
        self._fields_note.setText(_("Each becomes a new column beside your data."))

    def _build(self) -> None:
        vbox(self._top).addWidget(self._preset_part)
        self._preset_part.put_beside(self.menu)
        said_line = hbox(self._said, gap=GAP_S)
        said_line.addWidget(self._message, 1)
        said_line.addWidget(self._take_back)
        column = vbox(self._prompt, gap=GAP_S)
        head = hbox(None)
        head.addWidget(self._prompt_caption)
        head.addStretch(1)
        head.addWidget(self.history_button)
        column.addLayout(head)
        prompt_parts: tuple[QWidget, ...] = (
            self.prompt_edit,
            self._prompt_note,
            self._chips_caption,
            self.chips,
        )
        for part in prompt_parts:
            column.addWidget(part)
        results_column = vbox(self._results, gap=GAP_S)
        for part in (self._fields_caption, self._fields_note, self.fields):
            results_column.addWidget(part)
        self._scroll.add(self._top, self._said, self._prompt, self._results)
        self._scroll.column.addStretch(1)
        # The preview stays in sight while the prompt is written; the line above it can be dragged.
        vbox(self._below, (GAP_M, GAP_S, GAP_M, GAP_M)).addWidget(self.preview)
        self.splitter.setObjectName("previewSplitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([600, 190])
        vbox(self).addWidget(self.splitter)
        self._preset_part.chosen.connect(self._preset_chosen)
        self.history_button.clicked.connect(self.historyRequested)
        self.own.changed.connect(self._own_changed)
        self.own.renamed.connect(self._own_named)
        self.own.said.connect(self._tell)
        self.menu.opened.connect(self._file_opened)
        self.menu.chosen.connect(self.use_recipe)
        self.menu.said.connect(self._tell)
        self._take_back.clicked.connect(self._take_back_clicked)
        self.prompt_edit.textChanged.connect(self._changed)
        self.fields.changed.connect(self._changed)
        self.chips.chosen.connect(self._put_in)
        self.preview.stepped.connect(self.previewStep)

    def _put_in(self, column: str) -> None:
        self.prompt_edit.insert_column(column)
        self.prompt_edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _preset_chosen(self, chosen: str) -> None:
        task = self._task_of(chosen)
        if task is not None:
            self._replace(Recipe(task[0], task[1], preset=chosen))
        else:
            self._preset = self._wanted = ""
            self._changed()
            self.prompt_edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _task_of(self, chosen: str) -> tuple[str, tuple[OutputField, ...]] | None:
        """The prompt and the fields that a preset or a template of the user's own fills in."""
        own = self.own.of(chosen)
        if own is not None:
            return own.text, own.fields
        if not any(item.id == chosen for item in PRESETS):
            return None
        task = preset(chosen).build(self._columns, self._sample_rows, _)
        return task.template, task.fields

    def _known(self, chosen: str) -> str:
        return chosen if self.preset_box.findData(chosen) >= 0 else ""

    def _own_changed(self) -> None:
        self._preset_part.set_own(self.own.items)
        if not self._preset and self._known(self._wanted):
            # They are read from the disk a moment after the job.
            self._preset_part.show_preset(self._wanted)
        self._preset = self._preset_part.preset()

    def _own_named(self, name: str) -> None:
        """The task shown is this template from now on."""
        self._preset = self._known(OWN + name)
        self._preset_part.show_preset(self._preset)
        self._changed()

    def _replace(self, recipe: Recipe) -> None:
        """Show another task, with a way back to what the user wrote."""
        before = self.recipe()
        self._filling = True
        self._preset = self._wanted = self._known(recipe.preset)
        self._preset_part.show_preset(self._preset)
        self.prompt_edit.set_text(recipe.template)
        self.fields.set_fields(recipe.fields)
        self._filling = False
        self._changed()
        self._before = before if self._is_own_work(before) else None
        self._tell((lambda: _("Your prompt was replaced.")) if self._before else None)

    def _is_own_work(self, recipe: Recipe) -> bool:
        if not recipe.template.strip():
            return False
        return self._task_of(recipe.preset) != (recipe.template, recipe.fields)

    def _take_back_clicked(self) -> None:
        if self._before is not None:
            before = self._before
            self._replace(before)
            self._before = None
            self._tell(None)
            self.prompt_edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _changed(self) -> None:
        if self._filling:
            return
        self._show_consequences()
        self.recipeChanged.emit()

    def _show_consequences(self) -> None:
        template = self.prompt_edit.template()
        self.preview.show_row(template, self._row_id, self._cells)
        self._say_about_prompt(template)

    def _say_about_prompt(self, template: Template) -> None:
        said = []
        if self._columns:
            said = [filled(note.sentence, dict(note.details)) for note in notes(self.recipe(), self._columns)]
            if template.text.strip() and not template.columns_used and not said:
                said = [self.problem()]
        tell(self._prompt_note, "\n".join(said[:MOST_NOTES]), "warning")

    def _tell(self, make: Callable[[], str] | None, role: str = "hint") -> None:
        """Say something over the prompt; made again when the language changes. None: nothing more."""
        self._said_last = (make, role)
        tell(self._message, make() if make is not None else "", role)
        self._take_back.setVisible(self._before is not None)
        self._said.setVisible(make is not None or self._before is not None)

    def _file_opened(self, recipe: Recipe, sentence: Callable[[], str]) -> None:
        self._replace(recipe)
        self._tell(sentence)
        self.recipeOpened.emit(recipe)

    def use_recipe(self, recipe: Recipe) -> None:
        """Go back to an earlier recipe, with a way back from there."""
        self._replace(recipe)
        self.recipeOpened.emit(recipe)
