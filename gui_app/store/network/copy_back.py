"""A working copy goes back to its network folder: now and then while it is worked on, and when it is closed."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from gui_app.errors import N_, JobInUse, StorageError, UserError
from gui_app.store import job_file, network_folder
from gui_app.store.network import in_use, working_copy
from gui_app.store.network.working_copy import Notes
from gui_app.store.places import complete_file
from gui_app.store.trouble import GONE_SENTENCE, storage_errors, system_errors

log = logging.getLogger(__name__)

FIRST_S, EVERY_S = 10.0, 60.0
AT_MOST_A_TWENTIETH = 20.0
"""Of the time goes into copying, however large a job is and however slow its share."""

CLOSE_LIMIT_S = 60.0
"""A share that never answers holds nobody up for longer; the copy stays ahead, and goes back next time."""


LOOK_AROUND_S = 3.0
"""So long a job that is no longer there is looked for in the folders beside its own."""


class StoredMeanwhile(StorageError):
    """Another computer has written the original, and what was done here lies beside it."""


class NotCopiedBack(StorageError):
    """The network folder is away, full or read-only; what was done is stored here."""


class NoLongerThere(NotCopiedBack):
    """The folder is there, and the original no longer in it."""


_NO_LONGER_THERE = N_(
    "“{file}” is no longer in its network folder: it was renamed, moved or deleted there. What came in since is stored "
    "on this computer. Open the job under its new name to go on with it, or under this one to put it back."
)

_GOES_ON = N_(
    "The network folder of “{file}” is away, full or read-only just now. What comes in is stored on this computer, "
    "and is copied back when the folder can be written again. Until then, work on the job on no other computer."
)


def copy_back(path: Path, here: Path, *, aside: bool = True, anew: bool = False) -> None:
    """Write a copy back over its original, whole or not at all. Does nothing when the original has it all.

    Args:
        aside: False refuses where another computer has written the original, and changes nothing.
        anew: Put it back where it is no longer; else it may have been renamed there, and is looked for by `renamed`.

    Raises:
        StoredMeanwhile: It went, or would have to go, beside the original instead.
        StorageError: The folder cannot be reached or written; the copy stays ahead.
    """
    try:
        with working_copy.turn(here):
            go_back(path, here, aside=aside, anew=anew)
    except NoLongerThere as error:
        _note(here, error)
        raise
    except StoredMeanwhile:
        raise
    except StorageError:
        _note(here, NotCopiedBack(_GOES_ON, file=path.name))
        raise


def _note(here: Path, error: StorageError) -> None:
    with contextlib.suppress(UserError):
        if working_copy.is_ahead(here):
            working_copy.note_behind(here, error)


def settle(path: Path) -> None:
    """Copy back what is only here of a job in a network folder, so that it can be moved or deleted there.

    Raises:
        StorageError: As `copy_back`.
    """
    here = working_copy.copy_of(path)
    if here is not None:
        copy_back(path, here, anew=True)
        let_go(path, here)


def go_back(path: Path, here: Path, *, aside: bool = True, anew: bool = False) -> None:
    """As `copy_back`, within a turn."""
    notes = working_copy.read_notes(here)
    if notes is None or not notes.ahead:
        return
    target = _target(path, here, notes, anew=anew)
    if target is not None:
        _send(here, target, notes)
        return
    name = notes.aside or _name_aside(path)
    if aside:
        if not notes.aside:
            # Noted first: a death in between must not make a second one.
            working_copy.note(here, aside=name)
        _send(here, path.with_name(name), replace(notes, aside=name))
    raise StoredMeanwhile(
        N_(
            "Another computer has changed “{file}” in its folder meanwhile. Nothing of it was overwritten: what "
            "was done on this computer lies beside it as “{aside}”."
        ),
        file=path.name,
        aside=name,
    )


def _target(path: Path, here: Path, notes: Notes, *, anew: bool) -> Path | None:
    """Where a copy goes; None when another computer has written the original."""
    if notes.aside:
        return None
    with system_errors(path):
        if not path.exists():
            _check_missing(path, here, notes, anew=anew)
        try:
            in_use.claim(path)
        except JobInUse:
            return None
        try:
            return path if notes.belongs(working_copy.look_at(path)) else None
        except FileNotFoundError:
            return path


def _check_missing(path: Path, here: Path, notes: Notes, *, anew: bool) -> None:
    if not network_folder.is_remote(path.parent):
        # The share is away; what is written now would lie in the empty folder it is mounted on.
        raise StorageError(GONE_SENTENCE, file=path.name)
    if notes.base and not anew:
        raise NoLongerThere(_NO_LONGER_THERE, file=path.name)
    # Put back beside the renamed one, there would be two of which one lacks answers.
    for other in _nearby(path):
        with contextlib.suppress(OSError):
            if notes.belongs(working_copy.look_at(other)):
                raise NoLongerThere(
                    N_(
                        "“{file}” has become “{name}” in its network folder. Open it under that name: what came in "
                        "since is kept."
                    ),
                    file=path.name,
                    name=os.path.relpath(other, path.parent),
                )
    if notes.base:
        # It may still turn up farther away.
        working_copy.note_lost(here, notes)


def _nearby(path: Path) -> Iterator[Path]:
    """Job files in a job's folder, in those inside it and in those around it, as far as they are looked at quickly."""
    deadline = time.monotonic() + LOOK_AROUND_S
    seen: set[str] = set()
    around = path.parent.parent
    folders = deque([str(path.parent), *([str(around)] if network_folder.is_remote(around) else [])])
    while folders and time.monotonic() < deadline:
        folder = folders.popleft()
        if folder in seen:
            continue
        seen.add(folder)
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.name.endswith(path.suffix):
                    yield Path(entry.path)


def _name_aside(path: Path) -> str:
    host = "".join(c for c in socket.gethostname() if c.isalnum() or c in "-_.") or "other"
    number = 1
    while True:
        more = f" {number}" if number > 1 else ""
        name = f"{path.stem} ({host}{more}){path.suffix}"
        if not path.with_name(name).exists():
            return name
        number += 1


def _send(here: Path, target: Path, notes: Notes) -> None:
    with working_copy.on_the_way(here) as folder:
        snapshot = folder / here.name
        changes = _snapshot(here, snapshot)
        with system_errors(target):
            for end in working_copy.BESIDE:
                # SQLite would take them for the new file's own. What they held was taken with the old one.
                Path(f"{target}{end}").unlink(missing_ok=True)
            with complete_file(target) as beside:
                shutil.copyfile(snapshot, beside)
                _to_the_disk(beside)
            base = working_copy.look_at(target).fingerprint
    working_copy.note(here, copied=changes, **({} if notes.aside else {"base": base}))
    working_copy.note_behind(here, None)


def _snapshot(here: Path, snapshot: Path) -> int:
    """One state of a copy, as one closed file that nobody owns; returns its count of changes."""
    with storage_errors(here):
        snapshot.touch()
        with closing(job_file.connect(here)) as source, closing(job_file.connect(snapshot)) as target:
            source.backup(target)
            notes = job_file.get_meta(target, working_copy.COPY)
            changes = int(job_file.get_meta(target, working_copy.CHANGES))
            with job_file.transaction(target, snapshot, counted=False):
                target.executemany("DELETE FROM meta WHERE key = ?", [(key,) for key in working_copy.OF_COPIES])
                stamp = {"copy": notes["id"], "changes": changes}
                job_file.put_meta(target, owner=None, **{working_copy.STAMP: stamp})
            target.execute("PRAGMA journal_mode = DELETE")
    return changes


def _to_the_disk(file: Path) -> None:
    handle = os.open(file, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def let_go(path: Path, here: Path) -> None:
    """Take the mark away, unless something of the job lies here alone or is still being done."""
    with contextlib.suppress(UserError):
        with working_copy.turn(here):
            leave(path, here)


def leave(path: Path, here: Path) -> None:
    """As `let_go`, within a turn."""
    notes = working_copy.read_notes(here)
    if notes is not None and not notes.ahead and not notes.run:
        in_use.release(path)


class Returning:
    """Copies back what a writer does, on a thread of its own. Does nothing for a job that is worked on where it is.

    Args:
        now_and_then: It is written to only now and then: between two changes another computer may work on it.

    Attributes:
        trouble: Why it could not be copied back lately; None when it could.
    """

    def __init__(self, path: Path, here: Path, *, now_and_then: bool = False) -> None:
        self._path, self._here, self._now_and_then = path, here, now_and_then
        self.trouble: StorageError | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        if here != path:
            self._thread = threading.Thread(target=self._work, name=f"copy back {path.name}", daemon=True)
            self._thread.start()

    def claim(self) -> None:
        """Before a change: the mark may be gone, and another computer have worked on the job meanwhile.

        Raises:
            JobInUse, StorageError.
        """
        if self._thread is not None and in_use.claim(self._path):
            with working_copy.turn(self._here):
                try:
                    working_copy.bring(self._path, self._here)
                except BaseException:
                    in_use.release(self._path)
                    raise

    def close(self) -> None:
        """Copy back what is left; call it when the copy is closed. Says nothing: see `trouble`."""
        if self._thread is not None:
            self._over.set()
            self._thread.join(CLOSE_LIMIT_S)

    def _work(self) -> None:
        # Soon at first: the other computers then see that the job has begun.
        wait_s = min(FIRST_S, EVERY_S)
        while not self._over.wait(wait_s):
            began = time.monotonic()
            self._go_back()
            if self._now_and_then:
                let_go(self._path, self._here)
            wait_s = max(EVERY_S, AT_MOST_A_TWENTIETH * (time.monotonic() - began))
        self._go_back()
        let_go(self._path, self._here)

    def _go_back(self) -> None:
        try:
            copy_back(self._path, self._here)
        except (StoredMeanwhile, NoLongerThere) as error:
            self.trouble = error
        except StorageError as error:
            log.info("a job was not copied back: %s", error.sentence)
            if type(self.trouble) is not NotCopiedBack:
                self.trouble = NotCopiedBack(_GOES_ON, file=self._path.name)
        except Exception:
            log.exception("a job could not be copied back")
        else:
            # What was set aside stays so, and is not forgotten for having worked.
            if not isinstance(self.trouble, StoredMeanwhile):
                self.trouble = None
