"""A page for the next job, made while there is nothing else to do: opening one is then to fill it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRegularExpression
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui_app.ui.pieces.once import once

if TYPE_CHECKING:
    from gui_app.ui.job.job_page import JobPage
    from gui_app.ui.later.later import Later
    from gui_app.ui.services import Services

log = logging.getLogger(__name__)

_BETWEEN_MS, _DRESSED_AT_ONCE = 4, 30
_NAMED = QRegularExpression("^(?!qt_).")
"""Qt has names for some of its own, so that it finds them again."""

AGAIN_AFTER_MS = 600
"""So long after a job was opened, when what it brings has been shown."""


class Spare(QObject):
    """Makes one page ahead, a few milliseconds at a time.

    Its parts have no names before it is taken: whoever looks in the window for one by its name finds that of the job
    that is open, and no other.

    Args:
        centre: Where pages lie. A spare one is a child of it, and none of its pages.
    """

    def __init__(self, services: Services, later: Later, centre: QStackedWidget) -> None:
        super().__init__(centre)
        self._services, self._later, self._centre = services, later, centre
        self._page: JobPage | None = None
        self._left: Iterator[None] = iter(())
        self._is_ready = False
        self._names: list[tuple[QWidget, str]] = []
        self._timer = once(self, _BETWEEN_MS, self._go_on)

    def is_ready(self) -> bool:
        """There is one, whole."""
        return self._is_ready

    def make_soon(self) -> None:
        """Make one, unless that is under way or will be."""
        if self._page is None and not self._timer.isActive():
            self._timer.start(_BETWEEN_MS)

    def take(self) -> JobPage:
        """A page for a job, as far as it is made. The next one is made in a while."""
        page = self._page or self._new()
        for part, name in self._names:
            part.setObjectName(name)
        self._page, self._is_ready, self._left, self._names = None, False, iter(()), []
        self._timer.start(AGAIN_AFTER_MS)
        return page

    def close(self) -> None:
        """Make none any more."""
        self._timer.stop()
        page, self._page, self._left, self._names = self._page, None, iter(()), []
        if page is not None:
            page.link.close()
            page.deleteLater()

    def _new(self) -> JobPage:
        from gui_app.ui.job.job_page import JobPage

        page = JobPage(self._services, self._later, self._centre)
        # Whoever shows the window shows all that is in it and not hidden.
        page.hide()
        return page

    def _go_on(self) -> None:
        try:
            if self._page is None:
                self._page = self._new()
                self._left = self._steps(self._page)
            self._is_ready = next(self._left, self) is self
        except Exception:
            # Whoever opens a job has another one made, and is told what is wrong.
            log.exception("no page could be made ahead")
            self.close()
            return
        if not self._is_ready:
            self._timer.start(_BETWEEN_MS)

    def _steps(self, page: JobPage) -> Iterator[None]:
        # Not handed on from the page itself: what is left of it is not lost with this.
        while page.make_more():
            self._keep_names(page)
            yield
        self._keep_names(page)
        page.resize(self._centre.size())
        # Each widget takes its look from the stylesheet once, and would when it is first shown.
        for at, part in enumerate(page.findChildren(QWidget)):
            part.ensurePolished()
            if at % _DRESSED_AT_ONCE == 0:
                yield

    def _keep_names(self, page: JobPage) -> None:
        for part in page.findChildren(QWidget, _NAMED):
            self._names.append((part, part.objectName()))
            part.setObjectName("")
