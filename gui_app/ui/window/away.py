"""While you were away: what became of jobs that nobody watched, told on the first page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QToolButton, QVBoxLayout, QWidget

from gui_app.i18n import _, number
from gui_app.jobs import JobState
from gui_app.sentences import plain
from gui_app.ui.look.icons import IconLabel, set_icon
from gui_app.ui.look.states import JOB_STATE_ICONS
from gui_app.ui.look.theme import GAP_M, GAP_S, set_role
from gui_app.ui.pieces.panel import Panel, clear, describe, hbox, text_label, vbox
from gui_app.ui.window.seen import MOVING

if TYPE_CHECKING:
    from gui_app.store.copies import JobGlance

MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class News:
    """What became of one job."""

    entry: JobGlance

    @property
    def cut_short(self) -> bool:
        """It ended with rows left; one that was interrupted after its last row has nothing to go on with."""
        return self.entry.interrupted and self.entry.counts.finished < self.entry.counts.rows

    @property
    def state(self) -> JobState:
        """How it stands, for the icon."""
        if self.entry.interrupted:
            return JobState.STOPPED if self.cut_short else JobState.FINISHED
        return self.entry.state

    def text(self) -> str:
        """In a sentence."""
        entry, counts = self.entry, self.entry.counts
        values = {
            "name": plain(entry.name, 50),
            "finished": number(counts.finished),
            "rows": number(counts.rows),
            "failed": number(counts.failed),
        }
        if self.cut_short:
            text = _("“{name}” was interrupted: {finished} of {rows} rows are finished. It can go on.")
        elif entry.state is JobState.SUBMITTED:
            text = _("“{name}” is with the provider overnight. Open it to collect what is done.")
        elif entry.state is JobState.PAUSED and counts.finished < counts.rows:
            text = _("“{name}” is paused: {finished} of {rows} rows are finished. It can go on.")
        elif entry.state is JobState.STOPPED:
            text = _("“{name}” stopped: {finished} of {rows} rows are finished.")
        elif counts.failed:
            text = _("“{name}” has ended: {finished} of {rows} rows are finished, {failed} of them failed.")
        else:
            text = _("“{name}” has ended: {finished} of {rows} rows are finished.")
        return text.format(**values)


def news(entries: Sequence[JobGlance], seen: Mapping[str, str]) -> list[News]:
    """What is worth telling, the last changed first.

    Args:
        seen: The state each job was last seen in, by its path.
    """
    return [News(entry) for entry in entries if entry.error is None and not entry.archived and _is_new(entry, seen)]


def _is_new(entry: JobGlance, seen: Mapping[str, str]) -> bool:
    if entry.owner is not None:
        return False
    if entry.interrupted or entry.state is JobState.SUBMITTED:
        return True
    before = seen.get(str(entry.path), entry.state.value)
    if entry.state is JobState.PAUSED:
        # By itself, or because the window ended without a word.
        return before in {state.value for state in MOVING}
    return before != entry.state.value and entry.state in (JobState.FINISHED, JobState.STOPPED)


class AwayCard(Panel):
    """Signals: opened: the `Path` of the job that is to be shown."""

    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="card")
        self.setObjectName("awayCard")
        self._news: list[News] = []
        self._title = text_label("heading")
        self._close = QToolButton()
        self._close.setObjectName("closeAwayButton")
        set_role(self._close, "icon")
        set_icon(self._close, "x")
        self._close.clicked.connect(self.hide)
        self._more = text_label("hint")
        head = hbox(None, gap=GAP_S)
        head.addWidget(self._title, 1)
        head.addWidget(self._close)
        self._lines: QVBoxLayout = vbox(None, gap=GAP_S)
        column = vbox(self, (GAP_M, GAP_S, GAP_M, GAP_M), GAP_S)
        column.addLayout(head)
        column.addLayout(self._lines)
        column.addWidget(self._more)
        self.hide()
        self.retranslate()

    def show_news(self, found: Sequence[News]) -> None:
        """Tell these; nothing is shown when there are none."""
        self._news = list(found)
        self._fill()
        self.setVisible(bool(found))

    def texts(self) -> list[str]:
        """The sentences that are shown."""
        return [item.text() for item in self._news[:MOST_LINES]]

    def retranslate(self) -> None:
        """Set every visible text."""
        self._title.setText(_("While you were away"))
        describe(self, self._title.text())
        describe(self._close, _("Close this message"))
        self._fill()

    def _open(self, item: News) -> None:
        # What was looked at is no news any more.
        self.show_news([other for other in self._news if other is not item])
        self.opened.emit(Path(item.entry.path))

    def _fill(self) -> None:
        clear(self._lines)
        for entry in self._news[:MOST_LINES]:
            self._lines.addWidget(self._line(entry))
        left = len(self._news) - MOST_LINES
        self._more.setVisible(left > 0)
        self._more.setText(_("And {count} more, in the list of jobs.").format(count=number(max(left, 0))))

    def _line(self, item: News) -> QWidget:
        line = Panel()
        label = text_label(wrap=True)
        label.setText(item.text())
        button = QPushButton(_("Open"))
        button.setObjectName("openAwayButton")
        describe(button, _("Open"), item.text())
        button.clicked.connect(lambda: self._open(item))
        row = hbox(line, gap=GAP_S)
        tone = {JobState.FINISHED: "success", JobState.STOPPED: "error"}.get(item.state, "accent")
        row.addWidget(IconLabel(JOB_STATE_ICONS[item.state], tone), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(label, 1)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        return line
