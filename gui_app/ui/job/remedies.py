"""What the buttons of the failures do: retry in a while, shorten, allow longer answers, add a label, answer by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui_app.i18n import _, ngettext, number
from gui_app.jobs import RowFilter
from gui_app.recipes.question import MOST_OUTPUT_TOKENS, build_question
from gui_app.recipes.template import Template
from gui_app.sentences import plain
from gui_app.store.reading.queries import FailureGroup, JobReader
from gui_app.ui.failures.failure_card import rows_of
from gui_app.ui.job.adding_labels import AddingLabels
from gui_app.ui.pieces.banner import Notice
from gui_app.ui.table.reading import last_reply

if TYPE_CHECKING:
    from gui_app.ui.job.job_page import JobPage

SHORTEST = 200
_LOOKED_AT = 50


class Remedies(QObject):
    """Does it, and says over the rows what was done and what comes next."""

    def __init__(self, page: JobPage) -> None:
        super().__init__(page)
        self._page = page
        self.labels = AddingLabels(page)
        self._retries = page.later.retries
        self._retries.changed.connect(self._retries_changed)
        failures = page.side.failures
        failures.remedyRequested.connect(self.apply)
        failures.modelRequested.connect(self._another_model)
        failures.replyRequested.connect(self._show_reply)
        page.side.review.labelAdded.connect(self.labels.add_at_once)

    def apply(self, remedy: str, group: FailureGroup) -> None:
        """One of the remedies, for a group."""
        {
            "wait": self._wait,
            "shorten": self._shorten,
            "longer": self._longer,
            "label": self.labels.offer,
            "answer": self._answer,
        }[remedy](group)

    # Waiting

    def _wait(self, group: FailureGroup) -> None:
        self._retries.wait(self._page.path, group, rows_of(group), self._page.side.run_options())

    def _retries_changed(self, job: Path) -> None:
        if job == self._page.path:
            self._page.show_notices()

    # Changing the task

    def _shorten(self, group: FailureGroup) -> None:
        recipe, columns = self._page.side.recipe(), self._page.columns
        template = Template(recipe.template, columns)

        def longest(reader: JobReader) -> tuple[str, int] | None:
            return _longest_column(reader, template, rows_of(group))

        def shorten(found: tuple[str, int] | None) -> None:
            if found is None:
                self._page.said.emit(_("The columns of these rows are short already. Choose another model."))
                return
            column, most = found
            self._page.side.task.change_prompt(template.shortened(column, most))
            self._page.show_page("task")
            self._say(
                lambda: _("Only the first {count} characters of “{column}” are put into the prompt now.").format(
                    count=number(most), column=plain(column, 40)
                ),
                group,
            )

        self._page.link.pages.ask(longest, shorten, self._page.show_error)

    def _longer(self, group: FailureGroup) -> None:
        recipe = self._page.side.recipe()
        most = min(MOST_OUTPUT_TOKENS, 2 * build_question(recipe).max_output_tokens)
        model = self._page.side.model
        model.run_part.set_options(replace(recipe.options, max_output_tokens=most))
        model.changed.emit()
        self._say(lambda: _("Answers may be up to {count} tokens long now.").format(count=number(most)), group)

    def _say(self, sentence: Callable[[], str], group: FailureGroup) -> None:
        def notice() -> Notice:
            retry = ngettext("Retry {n} row", "Retry {n} rows", group.count).format(n=number(group.count))
            return Notice("remedy", sentence(), "", ((retry, lambda: self._page.retry(rows_of(group))),))

        self._page.show_notice(notice)

    def _another_model(self, rows: RowFilter) -> None:
        self._page.show_page("model")
        self._page.side.model.model_box.setFocus()

        def notice() -> Notice:
            # Of a group or of all: the button must not promise more rows than it asks about.
            text = _("Choose another model, then ask these rows again.")
            return Notice("other-model", text, "", ((_("Ask these rows again"), lambda: self._page.retry(rows)),))

        self._page.show_notice(notice)

    # Looking and answering

    def _answer(self, group: FailureGroup) -> None:
        self._page.filter_bar.set_filter(rows_of(group))
        self._page.show_page("review")
        self._page.table.go_to(group.example_row_id)

    def _show_reply(self, row_id: int) -> None:
        def show(raw: str | None) -> None:
            self._page.side.failures.show_reply(row_id, raw)

        self._page.link.pages.ask(lambda reader: last_reply(reader, row_id), show, self._page.show_error)


def _longest_column(reader: JobReader, template: Template, rows: RowFilter) -> tuple[str, int] | None:
    """The column that takes most room in these rows, and half of what it takes; None when all are short."""
    looked_at = reader.rows(reader.row_ids(rows)[:_LOOKED_AT], full=True)
    lengths = {
        column: max((_taken(template, column, row.cells) for row in looked_at), default=0)
        for column in template.columns_used
    }
    column = max(lengths, key=lambda name: lengths[name], default=None)
    if column is None or lengths[column] // 2 < SHORTEST:
        return None
    half = lengths[column] // 2
    return column, half // 100 * 100 if half > 1_000 else half


def _taken(template: Template, column: str, cells: tuple[str, ...]) -> int:
    return max(
        min(len(cells[place.column]), place.most or len(cells[place.column]))
        for place in template.places()
        if place.column is not None and place.name == column
    )
