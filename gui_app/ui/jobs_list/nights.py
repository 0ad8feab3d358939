"""Nights that are still out when the window opens are looked after, whether or not anybody opens their job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui_app.errors import UserError
from gui_app.jobs import Account, JobState, Lane, Recipe, RunOptions, Secret
from gui_app.settings import BASE_URLS
from gui_app.ui.pieces.tasks import Tasks

if TYPE_CHECKING:
    from gui_app.store.copies import JobGlance
    from gui_app.ui.services import Services


class Nights(QObject):
    """Once a start, asks the worker to collect what other sessions have left out.

    What it cannot collect is said when its job is opened: there are the words and the buttons for it.
    """

    def __init__(self, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = Tasks()
        self._seen: set[Path] = set()

    def look_after(self, jobs: Sequence[JobGlance]) -> None:
        """The jobs there are."""
        for job in jobs:
            if job.state is JobState.SUBMITTED and job.owner is None and job.path not in self._seen:
                self._seen.add(job.path)
                self._tasks.start(f"night of {job.path.name}", self._collect(job.path))

    async def aclose(self) -> None:
        """Ask nothing more."""
        await self._tasks.aclose()

    async def _collect(self, path: Path) -> None:
        try:
            recipe = await asyncio.to_thread(_recipe_of_what_is_out, path, self._services.settings.get(BASE_URLS))
            if recipe is None:
                return
            key = None if recipe.provider == "practice" else await asyncio.to_thread(_key, self._services, recipe)
            await self._services.worker.collect(path, recipe, RunOptions(lane=Lane.OVERNIGHT), key)
        except UserError:
            return


def _recipe_of_what_is_out(path: Path, agreed: dict[str, str]) -> Recipe | None:
    """The job's recipe, for the provider and address that have its first part; None: none is out, or not agreed to.

    A job file cannot choose where a key is sent: an address is the provider's own, or one the user has typed before.
    """
    from contextlib import closing

    from gui_app.providers import catalog
    from gui_app.store.parts import open_parts
    from gui_app.store.reading.queries import JobReader

    with closing(JobReader(path)) as reader:
        recipe, out = reader.draft(), open_parts(reader)
    if recipe is None or not out:
        return None
    part = out[0]
    own = (catalog.entry(part.provider).base_url or "").rstrip("/")
    if part.provider == "practice" or part.host == own:
        return recipe.with_model(part.provider, recipe.model)
    if part.host == agreed.get(part.provider, "").rstrip("/"):
        return recipe.with_model(part.provider, recipe.model, part.host)
    return None


def _key(services: Services, recipe: Recipe) -> Secret | None:
    from gui_app.providers import catalog

    address = catalog.address_of(Account(recipe.provider, recipe.base_url))
    found = services.keys.find(recipe.provider, address)
    return None if found is None else found.secret
