"""A run that starts when nobody looks at its job: what is to be sent and how. It holds no key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gui_app.errors import N_, UserError
from gui_app.jobs import Account, Recipe, RunOptions, Scope, Secret
from gui_app.settings import BASE_URLS
from gui_app.worker.protocol import options_from_dict, options_to_dict

if TYPE_CHECKING:
    from gui_app.ui.services import Services

NOTE = "queued"
"""The note in a job's file that holds its run while it waits for its turn."""


@dataclass(frozen=True, slots=True)
class LaterRun:
    """As `WorkerClient.run` takes it, but for the job and the key."""

    recipe: Recipe
    scope: Scope
    options: RunOptions

    def to_note(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "recipe": self.recipe.to_json(),
            "scope": self.scope.to_dict(),
            "options": options_to_dict(self.options),
        }

    @classmethod
    def from_note(cls, note: object) -> LaterRun:
        """The inverse of `to_note`.

        Raises:
            UserError: It is none.
        """
        if isinstance(note, Mapping):
            try:
                return cls(
                    Recipe.from_json(str(note["recipe"])),
                    Scope.from_dict(note["scope"]),
                    options_from_dict(note["options"]),
                )
            except (KeyError, TypeError, ValueError, AttributeError):
                pass
        raise UserError(N_("What was to be run is not known any more. Open the job and press Run."))


async def start(services: Services, job: Path, run: LaterRun) -> None:
    """Have the worker begin it, with the key as it is found now.

    Raises:
        UserError: Why it cannot run, in words.
    """
    key = None
    if run.recipe.provider != "practice":
        agreed = services.settings.get(BASE_URLS)
        key = await asyncio.to_thread(_key, services, run.recipe, agreed)
    await services.worker.run(job, run.recipe, run.scope, run.options, key)


async def noted_run(job: Path) -> LaterRun:
    """The run that waits in a job's file.

    Raises:
        UserError: There is none, or the file cannot be read.
    """
    return LaterRun.from_note(await asyncio.to_thread(_read_note, job))


async def run_of_draft(job: Path, scope: Scope, options: RunOptions) -> LaterRun:
    """A run with the task as it stands in a job's file.

    Raises:
        UserError: There is no task, or the file cannot be read.
    """
    draft = await asyncio.to_thread(_read_draft, job)
    if draft is None:
        raise UserError(N_("What was to be run is not known any more. Open the job and press Run."))
    return LaterRun(draft, scope, options)


def _read_note(job: Path) -> object:
    from gui_app.store.reading.queries import JobReader

    with closing(JobReader(job)) as reader:
        return reader.note(NOTE)


def _read_draft(job: Path) -> Recipe | None:
    from gui_app.store.reading.queries import JobReader

    with closing(JobReader(job)) as reader:
        return reader.draft()


def _key(services: Services, recipe: Recipe, agreed: Mapping[str, str]) -> Secret | None:
    """The key for a recipe's provider. A job file cannot choose where it goes: an address was agreed to before."""
    from gui_app.providers import catalog

    own = (catalog.entry(recipe.provider).base_url or "").rstrip("/")
    address = (recipe.base_url or "").rstrip("/")
    foreign = address not in ("", own)
    if foreign and address != agreed.get(recipe.provider, "").rstrip("/"):
        raise UserError(N_("This job names a server that you have not agreed to. Open the job and look at its model."))
    place = catalog.address_of(Account(recipe.provider, recipe.base_url))
    found = services.keys.find(recipe.provider, place, typed=foreign)
    return None if found is None else found.secret
