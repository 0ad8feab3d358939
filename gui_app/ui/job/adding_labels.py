"""A label that the model used goes onto the list, and the stored replies are read again without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu

from gui_app.i18n import _, ngettext, number
from gui_app.jobs import Cause, Reading, Reply
from gui_app.recipes.fields import ReplyReader
from gui_app.recipes.new_labels import NewLabel, new_labels
from gui_app.sentences import plain
from gui_app.store.edits import Change
from gui_app.store.reading.queries import FailureGroup
from gui_app.ui.failures.failure_card import rows_of
from gui_app.ui.pieces.banner import Notice
from gui_app.ui.pieces.forms import button_text
from gui_app.ui.pieces.menus import pop_up

if TYPE_CHECKING:
    from gui_app.ui.job.job_page import JobPage

_MOST_OFFERED = 8


class AddingLabels(QObject):
    """For the group of answers that are not on the list."""

    def __init__(self, page: JobPage) -> None:
        super().__init__(page)
        self._page = page

    def offer(self, group: FailureGroup) -> None:
        """Add the one label that was used, or let the user choose among several."""
        fields = self._page.side.recipe().fields
        self._page.link.pages.ask(
            lambda reader: new_labels(reader.details(group.cause, group.state), fields),
            lambda found: self._offer(group, found),
            self._page.show_error,
        )

    def _offer(self, group: FailureGroup, found: Sequence[NewLabel]) -> None:
        if not found:
            self._page.said.emit(_("What came back is too long to be a label. Answer these rows by hand, or retry."))
        elif len(found) == 1:
            self.add(group, found[0])
        else:
            button = self._page.side.failures.remedy_button("label", group)
            menu = self.menu(group, found)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            pop_up(menu, button)

    def menu(self, group: FailureGroup, found: Sequence[NewLabel]) -> QMenu:
        """Which of these?"""
        menu = QMenu(self._page)
        several = len(self._page.side.recipe().fields) > 1
        for item in found[:_MOST_OFFERED]:
            rows = ngettext("{n} row", "{n} rows", item.count).format(n=number(item.count))
            text = _("“{label}” ({rows})").format(label=plain(item.label, 40), rows=rows)
            if several:
                text = _("{field}: {label}").format(field=plain(item.field, 30), label=text)
            menu.addAction(button_text(text), partial(self.add, group, item))
        return menu

    def add(self, group: FailureGroup, new: NewLabel) -> None:
        """Put it onto the list of its field, and offer what comes next."""
        self._page.side.task.add_label(new.field, new.label)

        def notice() -> Notice:
            text = ngettext(
                "“{label}” is on the list of “{field}” now. {count} row was answered with it. Its stored reply can be "
                "read again: nothing is sent, nothing is paid.",
                "“{label}” is on the list of “{field}” now. {count} rows were answered with it. Their stored replies "
                "can be read again: nothing is sent, nothing is paid.",
                new.count,
            ).format(label=plain(new.label, 40), field=plain(new.field, 40), count=number(new.count))
            again = ngettext("Retry {n} row", "Retry {n} rows", group.count).format(n=number(group.count))
            actions = (
                (_("Read the stored replies again"), lambda: self.read_again(group.cause)),
                (again, lambda: self._page.retry(rows_of(group))),
            )
            return Notice("new-label", text, "", actions)

        self._page.show_notice(notice)

    def add_at_once(self, new: NewLabel) -> None:
        """Put it onto the list of its field, and read the stored replies again, which costs nothing."""
        self._page.side.task.add_label(new.field, new.label)
        self.read_again(Cause.OFF_LIST)

    def read_again(self, cause: Cause) -> None:
        """Read what came back for a group once more, by the fields as they are now."""
        reader = ReplyReader(self._page.side.recipe().fields)
        self._page.show_notice(None)
        self._page.link.edit(lambda editor: editor.read_again(cause, partial(_read, reader)), self._told)

    def _told(self, change: Change) -> None:
        count = len(change.row_ids)
        if count:
            text = ngettext("{count} row is done now.", "{count} rows are done now.", count)
            self._page.said.emit(text.format(count=number(count)))
        else:
            self._page.said.emit(_("No stored reply can be read with this list. Retry these rows, or answer by hand."))


def _read(reader: ReplyReader, raw: str) -> Reading:
    return reader.read(Reply(raw))
