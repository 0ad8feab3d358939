"""The right side of a job put together: what is to be done, by which model, what failed, and the review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from gui_app.i18n import _, number
from gui_app.jobs import Account, Recipe, RunOptions
from gui_app.store.reading.queries import RowView
from gui_app.ui.failures.failures_panel import FailuresPanel
from gui_app.ui.feed.bridge import Overview
from gui_app.ui.job.side_panel import SidePanel
from gui_app.ui.model.model_panel import ModelPanel, current_recipe
from gui_app.ui.recipe.recipe_panel import RecipePanel
from gui_app.ui.review.review_panel import ReviewPanel
from gui_app.ui.services import Services


class JobSide(SidePanel):
    """Signals: recipeChanged: the task or the model. stepRequested: -1 or +1, from the preview.

    The failures and the review speak for themselves: `failures`, `review`.
    """

    recipeChanged = Signal()
    stepRequested = Signal(int)

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services

    def make(self) -> Iterator[None]:
        """The pages, with a breath between them."""
        self.task = RecipePanel(self.stack, ahead=True)
        while self.task.make_more():
            yield
        self.model = ModelPanel(self._services, self.stack, ahead=True)
        while self.model.make_more():
            yield
        self.failures = FailuresPanel(self.stack)
        yield
        self.review = ReviewPanel(self.stack, ahead=True)
        while self.review.make_more():
            yield
        self.task.set_whole(self.recipe)
        self.task.recipeChanged.connect(self.recipeChanged)
        self.task.recipeOpened.connect(self._recipe_opened)
        self.task.previewStep.connect(self.stepRequested)
        self.model.changed.connect(self.recipeChanged)
        self.add_page("task", lambda: _("Task"), self.task)
        self.add_page("model", lambda: _("Model"), self.model)
        self.add_page("failures", lambda: _("Failures"), self.failures)
        self.add_page("review", lambda: _("Review"), self.review)
        self.task.recipeChanged.connect(self._tell_asked)
        self._step_from_segment()

    def begin(self) -> None:
        """There is a job: look up what holds now."""
        self.task.begin()
        self.model.begin()

    def recipe(self) -> Recipe:
        """The task of the one tab and the model of the other."""
        return current_recipe(self.task, self.model)

    def run_options(self) -> RunOptions:
        """Lane, speed, limit."""
        return self.model.run_options()

    def account(self) -> Account:
        """Where it is sent, and with which key."""
        return self.model.account()

    def problem(self) -> str:
        """Why it cannot be run; "" when it can."""
        return self.task.problem() or self.model.problem()

    def set_recipe(self, recipe: Recipe | None) -> None:
        """Show a job's recipe."""
        self.task.set_recipe(recipe)
        self.model.set_recipe(recipe)
        self._tell_asked()

    def set_columns(self, columns: Sequence[str], sample_rows: Sequence[Sequence[str]]) -> None:
        """The file's columns and some of its rows."""
        self.task.set_columns(columns, sample_rows)
        self._tell_asked()

    def show_row(self, row: RowView) -> None:
        """The current row, whole."""
        self.task.set_preview_row(row.row_id, row.cells)
        self.review.set_row(row)

    def show_overview(self, overview: Overview) -> None:
        """What the store says about failures and versions."""
        self.task.set_versions(overview.versions)
        self.failures.set_groups(overview.failures)
        self.review.set_needs_review(overview.summary.counts.needs_review)
        self.show_failed(self.failures.count())

    def show_failed(self, count: int) -> None:
        """How many rows failed, beside the name of the tab."""
        self.set_count("failures", count_text(count))

    async def aclose(self) -> None:
        """Stop what the pages are doing."""
        await self.task.aclose()
        await self.model.aclose()

    def _step_from_segment(self) -> None:
        """The key that leads to the review ends on its segment: the rows can be gone through from there."""
        segment = self._buttons["review"]
        for arrow, by in ((Qt.Key.Key_Up, -1), (Qt.Key.Key_Down, 1)):
            shortcut = QShortcut(QKeySequence(arrow), segment, lambda by=by: self.review.stepRequested.emit(by))
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)

    def _tell_asked(self) -> None:
        self.review.set_asked(self.task.prompt_edit.template().columns_used)

    def _recipe_opened(self, recipe: Recipe) -> None:
        self.model.set_recipe(recipe)
        self._tell_asked()
        self.recipeChanged.emit()


def count_text(count: int) -> str:
    """A count beside a segment's title; "" for none."""
    return number(count) if count else ""
