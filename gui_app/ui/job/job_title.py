"""A job's name, changed where it stands, and its state."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QStackedWidget, QToolButton, QWidget

from gui_app.i18n import _
from gui_app.jobs import JobState
from gui_app.sentences import job_state_name, plain
from gui_app.ui.look.icons import IconLabel, set_icon
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.states import JOB_STATE_ICONS
from gui_app.ui.look.theme import GAP_S, set_role
from gui_app.ui.pieces.elided_label import ElidedLabel
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label

TONES = {
    JobState.RUNNING: "accent",
    JobState.SUBMITTED: "accent",
    JobState.FINISHED: "success",
    JobState.STOPPED: "error",
    JobState.OFFLINE: "warning",
}


def state_words(state: JobState, *, tried: bool) -> str:
    """A job's state in words."""
    return _("tried") if state is JobState.DRAFT and tried else job_state_name(state)


class JobTitle(Panel):
    """Signals: renamed: the new name."""

    renamed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._state, self._tried = JobState.DRAFT, False
        self.label = ElidedLabel()
        self.label.setObjectName("jobName")
        set_role(self.label, "title")
        self.label.doubleClicked.connect(self.edit)
        self.line = _NameEdit()
        self.line.setObjectName("jobNameEdit")
        self.line.setMaxLength(120)
        self.line.editingFinished.connect(self._finish)
        self.line.escaped.connect(self._show_label)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.label)
        self._stack.addWidget(self.line)
        self._pencil = QToolButton()
        set_role(self._pencil, "icon")
        set_icon(self._pencil, "pencil")
        self._pencil.clicked.connect(self.edit)
        self._mark = IconLabel("pencil", "muted", 16)
        self._told = text_label("hint")
        self._told.setObjectName("jobStateLabel")
        line = hbox(self, gap=GAP_S)
        line.addWidget(self._stack, 100)
        line.addWidget(self._pencil)
        line.addSpacing(GAP_S)
        line.addWidget(self._mark)
        line.addWidget(self._told)
        line.addStretch(1)
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.retranslate()

    def refit(self) -> None:
        """The name has room for larger letters."""
        self._show_label()

    def retranslate(self) -> None:
        """Set every visible text."""
        describe(self._pencil, _("Rename the job"))
        self._pencil.setToolTip(_("Rename the job"))
        describe(self.line, _("Name of the job"))
        self.show_state(self._state, tried=self._tried)

    def show_name(self, name: str) -> None:
        """Show the job's name."""
        self._name = name
        self.label.set_whole(plain(name, 120))
        self._stack.setMinimumWidth(60)
        self._stack.setMaximumWidth(min(scaled(460), self.label.wanted_width()))

    def show_state(self, state: JobState, *, tried: bool = False) -> None:
        """Show where the job stands, in an icon and words. `tried`: a draft of which some rows were tried."""
        self._state, self._tried = state, tried
        self._pencil.show()
        tone = TONES.get(state, "muted")
        self._mark.set_drawing(JOB_STATE_ICONS[state], tone)
        self._tell(state_words(state, tried=tried), tone)

    def show_broken(self) -> None:
        """Show that the job cannot be opened, so that nothing is known of it."""
        self._pencil.hide()
        self._mark.set_drawing("circle-alert", "error")
        self._tell(_("cannot be opened"), "error")

    def _tell(self, words: str, tone: str) -> None:
        self._told.setText(words)
        role = {"muted": "hint"}.get(tone, tone)
        if self._told.property("role") != role:
            set_role(self._told, role)

    def edit(self) -> None:
        """Let the name be typed."""
        self.line.setText(self._name)
        self._stack.setMaximumWidth(scaled(360))
        self._stack.setCurrentWidget(self.line)
        self.line.selectAll()
        self.line.setFocus()

    def _finish(self) -> None:
        if self._stack.currentWidget() is not self.line:
            return
        name = " ".join(self.line.text().split())
        self._show_label()
        if name and name != self._name:
            self.show_name(name)
            self.renamed.emit(name)

    def _show_label(self) -> None:
        self._stack.setCurrentWidget(self.label)
        self.show_name(self._name)


class _NameEdit(QLineEdit):
    """Escape takes back what was typed."""

    escaped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)
