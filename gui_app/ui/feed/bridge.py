"""The window's side of one job: its reading threads, its editing thread, and its events at a pace that can be drawn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from gui_app.engine.events import JobProgress
from gui_app.errors import Cancelled, JobInUse, StorageError
from gui_app.jobs import Recipe
from gui_app.store.edits import Change, JobEditor
from gui_app.store.network import at_hand
from gui_app.store.parts import PartView, following, parts, settle
from gui_app.store.reading.queries import FailureGroup, JobReader, JobSummary, RecipeVersion, Totals
from gui_app.ui.feed.pacing import EventPacer
from gui_app.ui.feed.spans import Span, of_numbers
from gui_app.ui.feed.store_thread import StoreThread
from gui_app.ui.pieces.once import once

T = TypeVar("T")

_LOOK_AGAIN_MS = 700

SLOW_MS = 4_000
"""After so long without an answer the user is told."""


@dataclass(frozen=True)
class Overview:
    """What the job page shows beside the rows, read in one go.

    Attributes:
        latest: The recipe version of the last run; None before the first.
        following: Rows that wait for the answer of an identical one.
        beside: What was asked for in the same go; None the other times.
    """

    summary: JobSummary
    totals: Totals
    failures: list[FailureGroup]
    versions: list[RecipeVersion]
    parts: list[PartView]
    latest: int | None = None
    following: int = 0
    beside: object = None

    def asked(self) -> Recipe | None:
        """The recipe of the last run; None before the first."""
        return next((item.recipe for item in self.versions if item.version == self.latest), None)


def read_overview(reader: JobReader, beside: Callable[[JobReader], object] = lambda _reader: None) -> Overview:
    """On a reading thread."""
    at_hand.bring_home(reader.job)
    return Overview(
        reader.summary(),
        reader.totals(),
        reader.failure_groups(),
        reader.recipe_versions(),
        parts(reader),
        reader.latest_version(),
        following(reader),
        beside(reader),
    )


class JobLink(QObject):
    """Everything the window knows about one job file, from `begin` on. It opens no file on the window's own thread.

    Two reading threads, because a sort of a million rows must not hold up the rows that are being looked at.

    Signals:
        overviewChanged: A fresh `Overview`.
        progressed: A `JobProgress`, at most ten times a second.
        rowsChanged: Merged spans of row ids; None when any may have changed.
        failed: What the store raised.
        waits: Whether the job's folder has not answered for some seconds.
    """

    overviewChanged = Signal(object)
    progressed = Signal(object)
    rowsChanged = Signal(object)
    failed = Signal(object)
    waits = Signal(bool)

    path: Path

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        last = threading.Lock()
        self.pages: StoreThread[JobReader] = StoreThread(lambda: JobReader(self.path), "pages", self, last)
        self.lists: StoreThread[JobReader] = StoreThread(lambda: JobReader(self.path), "lists", self, last)
        self.edits: StoreThread[JobEditor] = StoreThread(lambda: JobEditor(self.path), "edits", self, last)
        self._pacer = EventPacer(self)
        self._pacer.told.connect(self._told)
        self._looking = self._is_behind = False
        self._look_again = once(self, _LOOK_AGAIN_MS, self.look)
        self._slow = once(self, SLOW_MS, lambda: self.waits.emit(True))
        self._look_later = once(self, int(at_hand.TRY_AGAIN_S * 1000), self.look)

    def begin(self, path: Path, beside: Callable[[JobReader], object]) -> None:
        """Open a job's file, and read the overview.

        Args:
            beside: What is to be read with it, see `Overview`.
        """
        self.path = path
        self.pages.name(f"pages of {path.name}")
        self.lists.name(f"lists of {path.name}")
        self.edits.name(f"edits of {path.name}")
        self._ask(lambda reader: read_overview(reader, beside))

    # Reading

    def look(self) -> None:
        """Read the overview again. Asked for twice, it is read once."""
        if self._looking:
            self.look_soon()
            return
        self._ask(read_overview)

    def _ask(self, question: Callable[[JobReader], Overview]) -> None:
        self._looking = True
        self._slow.start()
        self.lists.ask(question, self._looked, self._look_failed)

    def look_soon(self) -> None:
        """Read the overview again, in a moment, once."""
        if not self._look_again.isActive():
            self._look_again.start()

    def _answered(self) -> None:
        self._looking = False
        if not self._slow.isActive():
            self.waits.emit(False)
        self._slow.stop()

    def _looked(self, overview: Overview) -> None:
        self._answered()
        self._is_behind = overview.summary.behind is not None
        if self._is_behind:
            # Its folder may be there again by then.
            self._look_later.start()
        self.overviewChanged.emit(overview)

    def _look_failed(self, error: BaseException) -> None:
        self._answered()
        if isinstance(error, Cancelled):
            # An interrupt that was meant for the question before.
            self.look_soon()
        else:
            self.failed.emit(error)

    # Editing

    def edit(self, change: Callable[[JobEditor], Change], done: Callable[[Change], None] | None = None) -> None:
        """Do something to the job on the editing thread; what it changed is drawn when it is stored."""

        def changed(result: Change) -> None:
            self.rowsChanged.emit(of_numbers(result.row_ids))
            self.look_soon()
            if done is not None:
                done(result)

        self.edits.ask(change, changed, self.failed.emit)

    def settle(self) -> None:
        """Let rows wait that nobody asks about any more: whoever ran the job died. Where that fails they stay so."""

        def settled(count: int) -> None:
            if count:
                self.rowsChanged.emit(None)
                self.look()

        self.edits.ask(lambda _editor: settle(self.path), settled, _nothing)

    def save_draft(self, recipe: Recipe) -> None:
        """Keep the recipe as typed."""
        self.edits.ask(lambda editor: editor.save_draft(recipe), _nothing, self.failed.emit)

    def rename(self, name: str) -> None:
        """Give the job another name."""
        self.edits.ask(lambda editor: editor.rename(name), lambda _none: self.look(), self.failed.emit)

    def set_note(self, key: str, value: object) -> None:
        """Keep something of the window's with the job."""
        # It is no loss where another computer has the job, or its folder is away: that is said over the rows.
        self.edits.ask(lambda editor: editor.set_note(key, value), _nothing, self._note_failed)

    def _note_failed(self, error: BaseException) -> None:
        if not isinstance(error, JobInUse) and not (self._is_behind and isinstance(error, StorageError)):
            self.failed.emit(error)

    # Events

    def take(self, event: JobProgress) -> None:
        """An event of this job from the worker."""
        self._pacer.add(event)

    def _told(self, event: JobProgress, spans: Sequence[Span] | None) -> None:
        self.progressed.emit(event)
        if spans is None or spans:
            self.rowsChanged.emit(spans)
            self.look_soon()

    def close(self) -> None:
        """End the threads; what was asked before to be written is written first."""
        self._quiet()
        self.edits.close(finish=True)
        self.lists.close()
        self.pages.close()

    async def aclose(self) -> None:
        """As `close`, without holding up the window."""
        self._quiet()
        # Together: each may have to give up a folder that hangs.
        await asyncio.gather(self.edits.aclose(finish=True), self.lists.aclose(), self.pages.aclose())

    def _quiet(self) -> None:
        self._pacer.stop()
        self._look_again.stop()
        self._look_later.stop()
        self._slow.stop()


def _nothing(_value: object) -> None:
    pass
