"""The history of a task: each version with what came of it, two of them side by side, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from gui_app.i18n import _, moment, money, number
from gui_app.sentences import plain
from gui_app.store.reading.queries import JobReader
from gui_app.store.reading.versions import VersionResults, version_results
from gui_app.ui.feed.bridge import JobLink
from gui_app.ui.feed.store_thread import Request
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S
from gui_app.ui.pieces.forms import readable
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import describe, hbox, plain_tip, text_label, vbox
from gui_app.ui.pieces.plain_tables import fill_table, height_of_lines, plain_table
from gui_app.ui.pieces.screen_room import resize_within
from gui_app.ui.pieces.scroll_column import where_too_low
from gui_app.ui.versions.version_pairs import VersionPairs

T = TypeVar("T")

MOST_LINES = 4
"""Of the list of versions, without scrolling."""


class VersionsDialog(QDialog):
    """Signals: backRequested: the `VersionResults` whose task is wanted again. answersRequested: the same, with its
    answers. askRequested: a `VersionResults`, and the row ids to ask it about.
    """

    backRequested = Signal(object)
    answersRequested = Signal(object)
    askRequested = Signal(object, object)

    def __init__(self, link: JobLink, columns: Sequence[str], gold: str | None, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName("versionsDialog")
        resize_within(self, scaled(980, 1.3), scaled(640, 1.3))
        self._link = link
        self._versions: list[VersionResults] = []
        self._can_act, self._is_done = True, False
        self._requests: dict[str, Request] = {}
        self._heading, self._hint = text_label("subtitle", wrap=True), text_label("hint", wrap=True)
        self.list = plain_table("versionList")
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.prompt = named(QPlainTextEdit(), "versionPrompt")
        self.prompt.setReadOnly(True)
        self.prompt.setTabChangesFocus(True)
        self.back_button, self.answers_button = QPushButton(), QPushButton()
        self.back_button.setObjectName("backButton")
        self.answers_button.setObjectName("backWithAnswersButton")
        self.pairs = VersionPairs(self._ask_pairs, columns, gold)
        self.pairs.askRequested.connect(self.askRequested)
        self.close_button = named(QPushButton(), "closeVersionsButton")
        self._build()
        self.retranslate()
        self.look()

    def look(self) -> None:
        """Read the versions again."""
        self._ask("versions", version_results, self._show_versions)

    def set_can_act(self, can: bool) -> None:
        """Whether answers can be brought back or asked for now: not while rows are on their way."""
        self._can_act = can
        self._enable()

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def retranslate(self) -> None:
        """Set every text."""
        self.setWindowTitle(_("History of the task"))
        self._heading.setText(_("Versions of this task"))
        self._hint.setText(
            _("Each time rows were sent after the prompt, the results or the model had changed, a version was kept.")
        )
        describe(self.list, self._heading.text())
        describe(self.prompt, _("Prompt of the chosen version"))
        self.back_button.setText(_("Use this version"))
        describe(self.back_button, _("Use this version"), _("Shows its prompt, results and model again."))
        self.answers_button.setText(_("Use it and its answers"))
        describe(
            self.answers_button,
            _("Use it and its answers"),
            _("Also shows again what it answered, in the rows it was asked about. Nothing is sent."),
        )
        for button in (self.back_button, self.answers_button):
            button.setToolTip(plain_tip(button.accessibleDescription()))
        self.close_button.setText(_("Close"))
        self._show_versions(self._versions)

    # Inside

    def _build(self) -> None:
        buttons = vbox(None, gap=GAP_S)
        for button in (self.back_button, self.answers_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        chosen = hbox(None, gap=GAP_M)
        chosen.addWidget(self.prompt, 1)
        chosen.addLayout(buttons)
        self.prompt.setMaximumHeight(scaled(72, 2))
        end = hbox(None)
        end.addStretch(1)
        end.addWidget(self.close_button)
        inside = QWidget()
        column = vbox(inside, gap=GAP_S)
        column.addWidget(self._heading)
        column.addWidget(self._hint)
        column.addWidget(self.list)
        column.addLayout(chosen)
        column.addSpacing(GAP_S)
        column.addWidget(self.pairs, 1)
        whole = vbox(self, (GAP_L, GAP_L, GAP_L, GAP_L), GAP_S)
        whole.addWidget(where_too_low(inside), 1)
        whole.addLayout(end)
        self.list.itemSelectionChanged.connect(self._version_chosen)
        self.back_button.clicked.connect(lambda: self._emit(self.backRequested))
        self.answers_button.clicked.connect(lambda: self._emit(self.answersRequested))
        self.close_button.clicked.connect(self.close)
        for button in (self.back_button, self.answers_button, self.close_button):
            button.setAutoDefault(False)

    def done(self, result: int) -> None:
        """Qt's hook: nothing is called back in a dialog that is gone."""
        self._is_done = True
        for request in self._requests.values():
            request.cancel()
        super().done(result)

    def _ask(self, name: str, question: Callable[[JobReader], T], show: Callable[[T], None]) -> None:
        if self._is_done:
            # The boxes announce another choice while Qt deletes them.
            return
        before = self._requests.get(name)
        if before is not None:
            before.cancel()
        self._requests[name] = self._link.lists.ask(question, show, self._link.failed.emit)

    def _ask_pairs(self, question: Callable[[JobReader], T], show: Callable[[T], None]) -> None:
        self._ask("pairs", question, show)

    def _chosen(self) -> VersionResults | None:
        row = self.list.currentRow()
        newest_first = self._versions[::-1]
        return newest_first[row] if 0 <= row < len(newest_first) else None

    def _emit(self, signal: object) -> None:
        version = self._chosen()
        if version is not None:
            signal.emit(version)  # type: ignore[attr-defined]

    def _show_versions(self, versions: list[VersionResults]) -> None:
        self._versions = versions
        row = max(0, self.list.currentRow())
        headings = [_("Version"), _("When"), _("Model"), _("Rows"), _("Done"), _("Cost"), _("Prompt")]
        lines = [_version_line(item) for item in versions[::-1]]
        fill_table(self.list, headings, lines, figures=(3, 4, 5))
        self.list.setFixedHeight(height_of_lines(self.list, MOST_LINES))
        self.list.setCurrentCell(min(row, len(lines) - 1), 0)
        self.pairs.show_versions(versions)
        self._version_chosen()

    def _version_chosen(self) -> None:
        version = self._chosen()
        shown = "" if version is None else readable(version.recipe.template[:5_000])
        if self.prompt.toPlainText() != shown:
            self.prompt.setPlainText(shown)
        self._enable()

    def _enable(self) -> None:
        version = self._chosen()
        self.back_button.setEnabled(version is not None)
        self.answers_button.setEnabled(version is not None and version.rows > 0 and self._can_act)
        self.pairs.ask_button.setEnabled(self._can_act)


def _version_line(item: VersionResults) -> list[str]:
    return [
        _("{number} (in use)").format(number=item.version) if item.latest else number(item.version),
        moment(item.created_at),
        plain(item.recipe.model, 40),
        number(item.rows),
        number(item.done),
        money(item.cost_usd) if item.cost_usd else "",
        plain(" ".join(item.recipe.template.split()), 120),
    ]
