"""Which file to open for a job: the job itself, or the working copy of one in a network folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gui_app.errors import UserError
from gui_app.store.network import copy_back, in_use, renamed, working_copy
from gui_app.store.trouble import system_errors

TRY_AGAIN_S = 30.0

_tried: dict[Path, float] = {}


def to_read(path: Path) -> Path:
    """The file to read, as new as it can be had.

    Raises:
        JobFileError: The job cannot be used.
        StorageError: It cannot be reached, and no copy of it is ahead.
    """
    here = working_copy.copy_of(path)
    if here is None:
        return path
    notes = working_copy.read_notes(here)
    if notes is None or not notes.ahead:
        with working_copy.turn(here):
            renamed.take_over(path, here)
            working_copy.bring(path, here)
    elif not notes.run:
        _bring_home(path, here)
    return here


def bring_home(path: Path) -> None:
    """Try again to copy back what lies here alone, if nobody does so and the last attempt is a while ago."""
    here = working_copy.copy_of(path)
    notes = None if here is None else working_copy.read_notes(here)
    if here is not None and notes is not None and notes.ahead and not notes.run:
        _bring_home(path, here)


def _bring_home(path: Path, here: Path) -> None:
    # Whoever stored it has died, or the share was away: whoever looks next brings it home.
    if time.monotonic() - _tried.get(here, -TRY_AGAIN_S) >= TRY_AGAIN_S:
        _tried[here] = time.monotonic()
        with suppress(UserError):
            copy_back.copy_back(path, here, aside=False)
            copy_back.let_go(path, here)


@contextmanager
def to_write(path: Path) -> Iterator[Path]:
    """The file to write, which no other computer works on; open it within. `copy_back.Returning` ends it.

    Raises:
        JobInUse: Another computer does.
        StoredMeanwhile: Another one has written the job while a copy here was ahead; that lies beside it now.
        JobFileError, StorageError: It cannot be used or written.
    """
    here = working_copy.copy_of(path)
    if here is None:
        yield path
        return
    with working_copy.turn(here):
        renamed.take_over(path, here)
        # Before anything is written beside it: whether there is such a job at all.
        working_copy.bring(path, here)
        notes = working_copy.read_notes(here)
        try:
            if notes is None or not notes.run:
                _own(path, here)
            yield here
        except BaseException:
            copy_back.leave(path, here)
            raise


def _own(path: Path, here: Path) -> None:
    notes = working_copy.read_notes(here)
    if notes is not None and notes.ahead:
        # It may be that the mark was taken away by hand, and another computer has gone on from the original.
        copy_back.go_back(path, here, anew=True)
    else:
        renamed.check(path, here)
    with system_errors(path):
        in_use.claim(path)
    working_copy.bring(path, here)
