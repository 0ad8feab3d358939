"""The parts of a job page and where they lie: its name, its file, its rows, its settings, the bar that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QToolButton, QWidget

from gui_app.i18n import _
from gui_app.ui.feed.bridge import JobLink
from gui_app.ui.job.import_page import ImportLine
from gui_app.ui.job.job_side import JobSide
from gui_app.ui.job.job_start import read_start
from gui_app.ui.job.job_title import JobTitle
from gui_app.ui.job.run_bar import RunBar
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, GAP_XS
from gui_app.ui.pieces.banner import BannerArea
from gui_app.ui.pieces.in_steps import MadeInSteps
from gui_app.ui.pieces.named import named_button
from gui_app.ui.pieces.panel import Panel, describe, hbox, vbox
from gui_app.ui.review.review_feed import ReviewFeed
from gui_app.ui.services import Services
from gui_app.ui.table.filter_bar import FilterBar
from gui_app.ui.table.reading import Reading
from gui_app.ui.table.reading_pane import ReadingPane
from gui_app.ui.table.row_edits import RowEdits
from gui_app.ui.table.row_menu import RowMenu
from gui_app.ui.table.row_model import RowModel
from gui_app.ui.table.row_view import RowView

NARROWEST = 430
"""Less than this leaves the rows no room beside the settings, in pixels with letters of the usual size."""
_WIDEST_SIDE, _SIDE_SHARE = 460, 0.26
_SQUEEZED = 340
_LOW = 560


class JobFrame(MadeInSteps):
    """Makes the parts and lays them out; `JobPage` brings them to life.

    They take a tenth of a second, so they can be made ahead (`make_more`), before it is known for which job (`begin`).
    Where there is room for one only, the rows and their settings take turns.

    Signals:
        roomChanged: Another width is needed now.
        jobsRequested: The list of jobs is to be shown, which has been folded away.
    """

    roomChanged = Signal()
    jobsRequested = Signal()

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="page")
        self._services = services
        # Of no job, until there is one.
        self.path = Path()
        self.link = JobLink(self)
        self._in_turns = self._had_side = self._is_dragged = False

    def begin(self, path: Path) -> None:
        """Show this job."""
        self.path = path
        # Read on its threads while what is left of the parts is made; shown when they are there.
        self.link.begin(path, read_start)
        self.make_at_once()
        self.model.begin()
        self.side.begin()

    def _make(self) -> Iterator[None]:
        yield from self._make_left()
        yield from self.side.make()
        self.feed = ReviewFeed(self.side.review, self.link)
        self._lay_out()
        yield

    def _make_left(self) -> Iterator[None]:
        # From the outside in: a widget that gets its parent later has all its children dressed once more.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        left = self._left = Panel(self.splitter, role="page")
        self.rows_splitter = QSplitter(Qt.Orientation.Vertical, left)
        self.side = JobSide(self._services, self.splitter)
        self.title = JobTitle(left)
        yield
        self.import_line = ImportLine(left)
        yield
        self.banners = BannerArea(left)
        self.filter_bar = FilterBar(left)
        yield
        self.model = RowModel(self.link.pages, self.link.lists, self)
        self.table = RowView(self.model, self.rows_splitter)
        # Qt would lead the keyboard to whatever comes next in the window.
        self.banners.focusLeft.connect(self.table.setFocus)
        self.pane = ReadingPane(self.rows_splitter)
        self.reading = Reading(self.table, self.pane, self.link.pages)
        self.menu = RowMenu(self.table)
        self.edits = RowEdits(self.link, self.table)
        yield
        self.run_bar = RunBar(left)
        yield
        self.side_button = named_button(QToolButton(left), "sideButton", "icon", "panel-right")
        self.jobs_button = named_button(QToolButton(left), "jobsButton", "icon", "panel-left")
        self.jobs_button.clicked.connect(self.jobsRequested)

    def _lay_out(self) -> None:
        head = Panel(self._left, role="page")
        top = hbox(None, gap=GAP_S)
        top.addWidget(self.jobs_button)
        top.addWidget(self.title, 1)
        top.addWidget(self.side_button)
        lines = vbox(head, (GAP_L, GAP_M, GAP_L, GAP_S), GAP_XS)
        lines.addLayout(top)
        lines.addWidget(self.import_line)
        self.rows_splitter.setStretchFactor(0, 3)
        self.rows_splitter.setStretchFactor(1, 1)
        self.rows_splitter.setChildrenCollapsible(False)
        column = vbox(self._left)
        for part in (head, self.banners, self.filter_bar):
            column.addWidget(part)
        column.addWidget(self.rows_splitter, 1)
        column.addWidget(self.run_bar)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setCollapsible(0, False)
        self.splitter.setSizes([900, 380])
        self.splitter.splitterMoved.connect(self._dragged)
        vbox(self).addWidget(self.splitter)
        self.side_button.hide()
        self.jobs_button.hide()

    def retranslate(self) -> None:
        """Set every visible text that is not a part's own."""
        describe(self.side_button, _("Show task and model"))
        self.side_button.setToolTip(_("Show task and model"))
        describe(self.jobs_button, _("Show the list of jobs"))
        self.jobs_button.setToolTip(_("Show the list of jobs"))
        self.table.retranslate()
        # What stands in the reading pane may be a state or a sentence.
        self.reading.follow()

    def show_side(self, shown: bool) -> None:
        """Show or fold away the right side."""
        self.side.setVisible(shown)
        self.side_button.setVisible(not shown)
        self._left.setVisible(not (shown and self._in_turns))
        self.roomChanged.emit()

    def wanted_width(self) -> int:
        """With less, it looks squeezed."""
        return scaled(NARROWEST) + (0 if self.side.isHidden() else self.side.minimumWidth())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook."""
        super().resizeEvent(event)
        if self.is_made:
            self._share_room()
            self._fit()

    def _share_room(self) -> None:
        # A wide window has some of its width for the settings, until somebody draws the line between them elsewhere.
        wanted = max(self.side.minimumWidth(), min(scaled(_WIDEST_SIDE, 1.5), round(_SIDE_SHARE * self.width())))
        if not self._is_dragged and self.splitter.sizes()[1] not in (0, wanted):
            self.splitter.setSizes([self.width() - wanted, wanted])

    def _dragged(self) -> None:
        self._is_dragged = True

    def refit(self) -> None:
        """Larger letters need more room."""
        QTimer.singleShot(0, self, self._fit)

    def _fit(self) -> None:
        low = self.height() < scaled(_LOW)
        self.run_bar.set_low(low)
        self.banners.set_low(low)
        # The list of jobs gives way before the rows do.
        in_turns = self.window().width() < self.side.minimumWidth() + scaled(_SQUEEZED)
        if in_turns == self._in_turns:
            return
        self._in_turns = in_turns
        if in_turns:
            self._had_side = not self.side.isHidden()
            self.show_side(False)
        else:
            self.show_side(self._had_side or not self.side.isHidden())

    def show_page(self, name: str) -> None:
        """Bring a page of the right side to the front."""
        self.show_side(True)
        self.side.show_page(name)
