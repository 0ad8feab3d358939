"""At the bottom of a job: try, run, pause, stop, export; how far it is, what it costs, how long it takes."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QMenu, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

from gui_app.engine.events import JobProgress
from gui_app.i18n import _, duration, money, ngettext, number, soon
from gui_app.jobs import Counts, JobState, Lane
from gui_app.ui.job.count_buttons import CountButtons
from gui_app.ui.job.rate_plot import RatePlot
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, set_role
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.named import named, named_button
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label, vbox
from gui_app.ui.pieces.split_button import SplitButton

_MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)


class RunBar(Panel):
    """It says what the user wants; what happens is up to the job page.

    Signals:
        tryRequested: "first", "random", "selected" or "gold".
        runRequested: "remaining", "queued" (in its turn, when no other job runs), "listed", "selected" or "again".
        pauseRequested, resumeRequested, stopRequested, exportRequested: As named.
        filterRequested: A `RowFilter`, from the counts.
    """

    tryRequested = Signal(str)
    runRequested = Signal(str)
    pauseRequested = Signal()
    stopRequested = Signal()
    exportRequested = Signal()
    filterRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="bar")
        self._state = JobState.DRAFT
        self._counts = Counts()
        self._problem = ""
        self._selected = 0
        self._filtered = False
        self._starting = self._elsewhere = False
        self._gold = False
        self._low = False
        self._progress: JobProgress | None = None
        self._drawn = (0, 0)
        self._spent: tuple[float, int] = (0.0, 0)
        self._lane = Lane.NOW
        self._ready_by: float | None = None
        self._following = 0
        self._make_parts()
        self._lay_out()
        self.retranslate()

    def _make_parts(self) -> None:
        self.progress = named(QProgressBar(), "progressBar")
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.plot = RatePlot()
        self.plot.hide()
        self.counts = CountButtons()
        self.counts.filterRequested.connect(self.filterRequested)
        self.lacking = text_label("hint", wrap=True)
        self.lacking.setObjectName("lackingLabel")
        self.estimate = text_label("hint", wrap=True)
        self.estimate.setObjectName("estimateLabel")
        self.cost = text_label("hint")
        self.cost.setObjectName("costLabel")
        self.eta = text_label("hint")
        self.eta.setObjectName("etaLabel")
        self.try_button = named(QToolButton(), "tryButton")
        self.try_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(self.try_button, "flask-conical")
        self.run_button = named(QToolButton(), "runButton")
        self.run_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(self.run_button, "play", "on_accent")
        self.pause_button, self.stop_button = QPushButton(), QPushButton()
        self.pause_button.setObjectName("pauseButton")
        self.stop_button.setObjectName("stopButton")
        set_icon(self.pause_button, "pause")
        set_icon(self.stop_button, "square", "error")
        set_role(self.stop_button, "danger")
        self.export_button = named_button(QPushButton(), "exportButton", "", "download")
        self._try_menu, self._run_menu = QMenu(self), QMenu(self)
        self._try_actions = {
            name: self._action(self._try_menu, name) for name in ("first", "random", "selected", "gold")
        }
        self._run_actions = {
            name: self._action(self._run_menu, name) for name in ("remaining", "queued", "listed", "selected", "again")
        }
        self._try_menu.triggered.connect(lambda action: self.tryRequested.emit(action.data()))
        self._run_menu.triggered.connect(lambda action: self.runRequested.emit(action.data()))
        self._try_split = SplitButton(self.try_button, self._try_menu, name="tryMoreButton")
        self._run_split = SplitButton(self.run_button, self._run_menu, name="runMoreButton", role="primary")
        self.try_button.clicked.connect(lambda: self.tryRequested.emit("first"))
        self.run_button.clicked.connect(lambda: self.runRequested.emit("remaining"))
        self.pause_button.clicked.connect(self.pauseRequested)
        self.stop_button.clicked.connect(self.stopRequested)
        self.export_button.clicked.connect(self.exportRequested)

    @staticmethod
    def _action(menu: QMenu, name: str) -> QAction:
        action = menu.addAction("")
        action.setData(name)
        return action

    def _lay_out(self) -> None:
        # The counts have a line of their own: beside the buttons they would be cut in a window of 1280 pixels.
        facts = vbox(None)
        for label in (self.lacking, self.estimate, self.cost, self.eta):
            label.setWordWrap(True)
            facts.addWidget(label)
        line = self._line = hbox(None, gap=GAP_S)
        line.addLayout(facts, 1)
        buttons = self._buttons = QWidget()
        # With large letters in a narrow window the buttons stand in two lines.
        flow = FlowLayout(buttons, GAP_S, one_line=True)
        for button in (self.pause_button, self.stop_button, self.export_button):
            # As high as the tool buttons beside them.
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        for part in (self._try_split, self._run_split, self.pause_button, self.stop_button, self.export_button):
            flow.addWidget(part)
        # At the right in both ways, so that a button stays where it is when another one changes its words.
        line.addWidget(buttons, 0, Qt.AlignmentFlag.AlignRight)
        column = vbox(self, (GAP_L, GAP_S, GAP_L, GAP_M), GAP_S)
        column.addWidget(self.progress)
        column.addWidget(self.plot)
        column.addWidget(self.counts)
        column.addLayout(line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook: with little room the facts stand over the buttons."""
        super().resizeEvent(event)
        self._fit_line()

    def _fit_line(self) -> None:
        # Where there are no facts, the buttons stay at the right all the same.
        told = any(not label.isHidden() for label in (self.lacking, self.estimate, self.cost, self.eta))
        beside = self.width() - 2 * GAP_L - self._buttons.sizeHint().width()
        fits = beside >= (scaled(210) if told else 0)
        if fits and not self.lacking.isHidden():
            # A long sentence in a narrow column would take the rows their height.
            fits = self.lacking.heightForWidth(beside - GAP_S) <= 3 * self.lacking.fontMetrics().lineSpacing()
        wanted = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if self._line.direction() != wanted:
            self._line.setDirection(wanted)

    def retranslate(self) -> None:
        """Set every visible text."""
        self.try_button.setText(_("&Try 5 rows"))
        describe(self.try_button, _("Try 5 rows"), _("Asks the model about a few rows, to see answers and costs."))
        describe(self._try_split.more, _("Other ways to try"), _("Opens a menu."))
        describe(self._run_split.more, _("Other ways to run"), _("Opens a menu."))
        describe(self._try_menu, _("Other ways to try"))
        describe(self._run_menu, _("Other ways to run"))
        self._try_actions["first"].setText(_("First 5 rows"))
        self._try_actions["random"].setText(_("20 random rows"))
        self._try_actions["selected"].setText(_("The selected rows"))
        self._try_actions["gold"].setText(_("Rows with a known correct answer"))
        self._run_actions["remaining"].setText(_("The rows that are left"))
        self._run_actions["queued"].setText(_("The rows that are left, when the other jobs are done"))
        self._run_actions["listed"].setText(_("The rows listed now"))
        self._run_actions["selected"].setText(_("The selected rows"))
        self._run_actions["again"].setText(_("All rows again…"))
        self.stop_button.setText(_("Stop"))
        describe(self.stop_button, _("Stop"), _("Stops the job. What is finished is kept."))
        self.export_button.setText(_("&Export…"))
        describe(self.export_button, _("Export"), _("Saves the rows with their answers as Excel, CSV or JSON."))
        describe(self.progress, _("Progress"))
        self.plot.retranslate()
        self._show_state()
        self._show_facts()

    # What is known

    def set_state(self, state: JobState, counts: Counts, *, lane: Lane | None = None) -> None:
        """Where the job stands."""
        if lane is not None:
            self._lane = lane
        if state not in (*_MOVING, JobState.SUBMITTED) and self._progress is not None:
            self._progress = None
        self._state, self._counts = state, counts
        self._show_state()
        self._show_facts()

    def set_progress(self, event: JobProgress) -> None:
        """The newest event of a job that moves."""
        # An event that comes late, after the end, is of the run that is drawn already.
        if self._progress is None and (event.run_rows != self._drawn[0] or event.run_finished < self._drawn[1]):
            self.plot.clear()
        self._drawn = (event.run_rows, event.run_finished)
        if event.state is JobState.RUNNING and event.rows_per_minute is not None:
            self.plot.add(time.monotonic(), event.rows_per_minute, event.cost_usd)
            self._show_plot()
        self._progress = event
        self._spent = (event.cost_usd, self._spent[1])
        self._state, self._counts = event.state, event.counts
        self._show_state()
        self._show_facts()

    def set_spent(self, cost_usd: float, unpriced: int) -> None:
        """Money so far, and how many requests have no known price."""
        self._spent = (cost_usd, unpriced)
        self._show_facts()

    def set_starting(self, starting: bool) -> None:
        """Rows are about to be sent: said at once, and not to be asked for twice."""
        if starting != self._starting:
            self._starting = starting
            self._show_state()
            self._show_facts()

    def set_elsewhere(self, elsewhere: bool) -> None:
        """Whether somebody else runs the job: what cannot be done here is not offered."""
        if elsewhere != self._elsewhere:
            self._elsewhere = elsewhere
            self._show_state()
            self._show_facts()

    def set_night(self, ready_by: float | None, following: int) -> None:
        """What is out overnight.

        Args:
            ready_by: It is back then at the latest; None: nothing is out, or it was not said.
            following: Rows that wait for the answer of an identical one, so that nobody need send them.
        """
        if (ready_by, following) != (self._ready_by, self._following):
            self._ready_by, self._following = ready_by, following
            self._show_state()
            self._show_facts()

    def set_problem(self, problem: str) -> None:
        """Why nothing can be run yet; "" when it can."""
        if problem != self._problem:
            self._problem = problem
            self._show_state()
            self._show_facts()

    def set_selection(self, selected: int, *, filtered: bool) -> None:
        """How many rows are selected, and whether a filter lists only some."""
        if (selected, filtered) != (self._selected, self._filtered):
            self._selected, self._filtered = selected, filtered
            self._show_state()

    def set_low(self, low: bool) -> None:
        """Whether there is so little height that the rows need it all."""
        if low != self._low:
            self._low = low
            self._show_plot()

    def set_gold(self, chosen: bool) -> None:
        """Whether a column of correct answers is chosen."""
        if chosen != self._gold:
            self._gold = chosen
            self._show_state()

    def set_estimate(self, text: str, tip: str = "") -> None:
        """The estimate for the rest, as a sentence."""
        self.estimate.setText(text)
        self.estimate.setToolTip(plain_tip(tip))
        describe(self.estimate, text, tip)
        self._show_facts()

    # How it is shown

    def _show_plot(self) -> None:
        self.plot.setVisible(self.plot.is_worth_showing() and not self._low)

    def _show_state(self) -> None:
        moving = self._state in _MOVING
        submitted = self._state is JobState.SUBMITTED
        # What is out comes by itself; what waits here can be run beside it.
        left = self._counts.waiting + (-self._following if submitted else self._counts.running)
        here = not self._elsewhere
        ready = here and not self._problem and self._counts.rows > 0 and not self._starting
        for button in (self._try_split, self._run_split):
            button.setVisible(here and not moving and (left > 0 or not submitted))
        self.try_button.setEnabled(ready)
        self.run_button.setEnabled(ready and (left > 0 or self._counts.finished > 0))
        self.pause_button.setVisible(here and self._state in _MOVING)
        self.pause_button.setEnabled(here and self._state is not JobState.PAUSING)
        self.pause_button.setText(_("Pausing…") if self._state is JobState.PAUSING else _("&Pause"))
        describe(self.pause_button, _("Pause"), _("Sends nothing new; what is on its way still comes back."))
        self.stop_button.setVisible(here and moving)
        self.export_button.setEnabled(self._counts.rows > 0)
        self.run_button.setText(self._run_text(left))
        self._mark_what_comes_next(left)
        why = self._problem or _("Asks the model about every row that has no answer yet.")
        describe(self.run_button, self.run_button.text().replace("&", ""), why)
        self.run_button.setToolTip(plain_tip(why))
        for tool in (self.run_button, self.try_button):
            # Squeezed, a tool button cuts its words in the middle; what it asks for is a little short of bold ones.
            tool.setMinimumWidth(0)
            tool.setMinimumWidth(tool.sizeHint().width() + GAP_S)
        self.try_button.setToolTip(plain_tip(self._problem))
        self._try_actions["selected"].setEnabled(self._selected > 0)
        self._try_actions["gold"].setEnabled(self._gold)
        for name in ("remaining", "queued"):
            self._run_actions[name].setEnabled(left > 0)
        self._run_actions["selected"].setEnabled(self._selected > 0)
        self._run_actions["listed"].setEnabled(self._filtered)
        self._run_actions["again"].setEnabled(self._counts.finished > 0 and not submitted)
        self.counts.set_counts(self._counts)
        self._show_bar()

    def _mark_what_comes_next(self, left: int) -> None:
        """One button stands out: Run, or once every row has been asked about, Export."""
        ended = not left and self._counts.finished > 0 and self._state not in (*_MOVING, JobState.SUBMITTED)
        if ended == (self.export_button.property("role") == "primary"):
            return
        self._run_split.set_role("" if ended else "primary")
        set_icon(self.run_button, "play", "muted" if ended else "on_accent")
        set_role(self.export_button, "primary" if ended else "")
        set_icon(self.export_button, "download", "on_accent" if ended else "muted")

    def _run_text(self, left: int) -> str:
        if self._state is JobState.SUBMITTED:
            return _("&Run the rest")
        if self._state in (JobState.PAUSED, JobState.STOPPED) and left:
            return _("&Continue")
        if not left and self._counts.finished:
            return _("&Run again…")
        return _("&Run")

    def _show_bar(self) -> None:
        counts, event = self._counts, self._progress
        total, finished = counts.rows, counts.finished
        if event is not None and event.run_rows:
            total, finished = event.run_rows, event.run_finished
        share = finished / total if total else 0.0
        if event is not None and event.upload_bytes:
            share = event.uploaded_bytes / event.upload_bytes
        self.progress.setValue(round(1000 * share))
        tone = {JobState.STOPPED: "error", JobState.PAUSED: "muted", JobState.FINISHED: "success"}.get(self._state, "")
        if self.progress.property("tone") != tone:
            set_role(self.progress, "", tone)
        says = _("{finished} of {total} rows finished").format(finished=number(finished), total=number(total))
        self.progress.setAccessibleDescription(says)
        self.progress.setToolTip(plain_tip(says))
        self.progress.setVisible(self._state is not JobState.DRAFT or counts.finished > 0)

    def _show_facts(self) -> None:
        cost, unpriced = self._spent
        event = self._progress
        parts = [_("{amount} so far").format(amount=money(cost))] if cost else []
        if cost and event is not None and event.projected_usd is not None and event.state is JobState.RUNNING:
            parts.append(_("about {amount} in all").format(amount=money(event.projected_usd)))
        if unpriced:
            parts.append(
                ngettext("{count} request without a price", "{count} requests without a price", unpriced).format(
                    count=number(unpriced)
                )
            )
        self.cost.setText(" · ".join(parts))
        self.cost.setVisible(bool(parts))
        describe(self.cost, _("Cost"), self.cost.text())
        self.eta.setText(self._eta_text(event))
        self.eta.setVisible(bool(self.eta.text()))
        describe(self.eta, _("Time left"), self.eta.text())
        rests = self._state not in (*_MOVING, JobState.SUBMITTED) and not self._starting and not self._elsewhere
        # Beside the buttons that are grey because of it: nobody rests the mouse on a grey button to learn why.
        self.lacking.setText(self._problem)
        self.lacking.setVisible(bool(self._problem) and rests)
        self.estimate.setVisible(bool(self.estimate.text()) and not self._problem and rests)
        self._fit_line()

    def _eta_text(self, event: JobProgress | None) -> str:
        if self._elsewhere:
            return _("Runs elsewhere") if self._state in _MOVING else _("Open elsewhere")
        if self._state is JobState.SUBMITTED:
            if self._ready_by is None:
                return _("Submitted; answers come within 24 hours")
            return _("Ready by {moment} at the latest").format(moment=soon(self._ready_by))
        if event is None:
            return _("Starting…") if self._starting else ""
        if event.state is JobState.PAUSING:
            count = event.in_flight
            return ngettext("{count} row on its way", "{count} rows on their way", count).format(count=number(count))
        if event.state is JobState.OFFLINE:
            return _("No connection; goes on by itself")
        if event.waiting_s >= 1:
            # To the second while it is short: it is watched counting down.
            seconds = math.ceil(event.waiting_s)
            wait = _("{count} s").format(count=number(seconds)) if seconds <= 120 else duration(seconds)
            return _("Waiting {duration}, as the provider asked").format(duration=wait)
        if event.upload_bytes:
            sent, whole = (number(round(size / 1e6, 1)) for size in (event.uploaded_bytes, event.upload_bytes))
            return _("Sending for the night: {sent} of {whole} MB").format(sent=sent, whole=whole)
        parts = []
        if event.rows_per_minute:
            parts.append(_("{count} rows/min").format(count=number(round(event.rows_per_minute))))
        if event.eta_s is not None:
            parts.append(_("{duration} left").format(duration=duration(event.eta_s)))
        if event.concurrency and event.state is JobState.RUNNING:
            parts.append(_("{count} at a time").format(count=number(event.concurrency)))
        if event.slowed:
            parts.append(_("slowed down by the provider"))
        return " · ".join(parts)
