"""The state each job was last seen in, kept as it changes: a window that ends without a word can tell none later."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gui_app.jobs import JobState
from gui_app.settings import SEEN, Settings

if TYPE_CHECKING:
    from gui_app.store.copies import JobGlance

MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)


class Seen:
    """In the settings, until the next start."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def note(self, job: Path, state: JobState) -> None:
        """One job is seen in a state."""
        known = self._settings.get(SEEN)
        known[str(job)] = state.value
        self._settings.set(SEEN, known)
        self._settings.save_soon()

    def note_all(self, entries: Iterable[JobGlance], *, closing: bool) -> None:
        """All jobs are seen as they are now; whoever calls this saves the settings.

        Args:
            closing: What runs is about to be paused, and whoever closes the window knows.
        """
        self._settings.set(SEEN, states_seen(entries, closing=closing))


def states_seen(entries: Iterable[JobGlance], *, closing: bool) -> dict[str, str]:
    """What is remembered of the jobs until the next start; see `Seen.note_all`."""
    out = {}
    for entry in entries:
        if entry.error is None:
            state = JobState.PAUSED if closing and entry.state in MOVING else entry.state
            out[str(entry.path)] = state.value
    return out
