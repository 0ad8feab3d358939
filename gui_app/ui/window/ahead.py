"""Imports what the first job needs and makes its page, a little at a time, while the user looks at the first page."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from gui_app import i18n

if TYPE_CHECKING:
    from gui_app.ui.window.spare import Spare

# Each with what the ones before have not brought: none takes longer than a picture on the screen.
_NEEDED = (
    "sqlite3",
    "gui_app.store.job_file",
    "gui_app.store.reading.views",
    "gui_app.store.reading.queries",
    "gui_app.store.edits",
    "gui_app.store.parts",
    "gui_app.ui.feed.bridge",
    "babel.core",
    "babel.numbers",
    "babel.dates",
    "gui_app.recipes.columns",
    "gui_app.recipes.wording",
    "gui_app.recipes.presets",
    "http.client",
    "urllib.request",
    "gui_app.providers.base",
    "gui_app.providers.catalog",
    "gui_app.pricing",
    "gui_app.review",
    "gui_app.ui.model.estimating",
    "gui_app.ui.table.row_delegate",
    "gui_app.ui.table.row_view",
    "gui_app.ui.recipe.prompt_editor",
    "gui_app.ui.recipe.field_list",
    "gui_app.ui.recipe.recipe_panel",
    "gui_app.ui.model.model_panel",
    "gui_app.ui.review.agreement_view",
    "gui_app.ui.review.review_panel",
    "gui_app.ui.failures.failures_panel",
    "gui_app.ui.job.run_bar",
    "gui_app.ui.job.job_frame",
    "gui_app.ui.job.job_page",
)
_FIRST_MS, _BETWEEN_MS = 120, 4


class Ahead(QObject):
    """Goes through the list once; whoever needs a thing earlier imports it as ever."""

    def __init__(self, spare: Spare, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._spare = spare
        self._left = list(_NEEDED)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next)
        self._timer.start(_FIRST_MS)

    def is_done(self) -> bool:
        """Nothing is left to be done before a job is opened."""
        return not self._left and self._spare.is_ready()

    def stop(self) -> None:
        """Import nothing more."""
        self._timer.stop()

    def _next(self) -> None:
        import_module(self._left.pop(0))
        if self._left:
            self._timer.start(_BETWEEN_MS)
        else:
            # The first large number and the first time of day bring the locale's data.
            i18n.number(1_000)
            i18n.clock(0.0)
            # Modules stay: looking through them for garbage, once a minute, would be a stutter of 30 ms each time.
            gc.freeze()
            self._spare.make_soon()
