"""A job that was renamed or moved in its network folder is recognised, and the copy that is ahead of it taken along.

A copy is found by where its original lies. One that is ahead, and whose original is no longer where it was, belongs
to the original that is the same to the byte (or was written from that copy) under another name: it becomes that
one's. Where the former place still has its original, or cannot be reached, there is no telling which of the two the
answers belong to, and nothing is begun: rows would be paid for twice.

A copy that was put where its original was no longer remembers how that one looked. When it turns up elsewhere, it is
an earlier state of the job: nothing is begun with it either, unless what took its place is gone for certain; then the
copy, which has all the answers, is taken along in the same way.

    claim the new place > the copy at the new place, in one step > let go of the former place > drop the former copy

A death in between leaves the former copy as it was, or two that say the same; the new one knows of the former and
drops it before anything else is written.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gui_app.errors import N_, JobInUse, StorageError, UserError
from gui_app.store import job_file, network_folder
from gui_app.store.network import in_use, working_copy
from gui_app.store.network.working_copy import COPY, Notes
from gui_app.store.trouble import storage_errors

_TURN_S = 10.0
"""Another copy's turn is waited for while this one's is held."""


@dataclass(frozen=True, slots=True)
class Former:
    """A copy that is ahead of an original which lies elsewhere now.

    Attributes:
        path: Where its original lay.
        here: The copy.
        lost: It was put in the place of the original meanwhile.
    """

    path: Path
    here: Path
    notes: Notes
    lost: bool = False


def take_over(path: Path, here: Path) -> None:
    """Make the copy of a former name the copy of this one, if there is one and it may be. Within `turn(here)`."""
    notes = working_copy.read_notes(here)
    if notes is not None and (notes.ahead or notes.run):
        _finish(here)
        return
    for former in _formers(path, here):
        if former.notes.run or former.notes.aside or not _has_moved(former.path, path):
            continue
        # Whatever is in the way is told by whoever wants to write.
        with contextlib.suppress(UserError, OSError), working_copy.turn(former.here, _TURN_S):
            now = working_copy.read_notes(former.here)
            if now is not None and (now.ahead or former.lost) and not now.run:
                in_use.claim(path)
                _take_along(former, path, here, whole=notes is not None)
                _finish(here)
                return


def check(path: Path, here: Path) -> None:
    """Refuse to work on a job while a copy of a former name is ahead of it. Within `turn(here)`.

    Raises:
        StorageError, JobInUse: There is one.
    """
    for former in _formers(path, here):
        if former.notes.run:
            raise JobInUse(
                N_(
                    "“{file}” is being worked on under its former name “{former}”. Close it there first, then open it "
                    "here."
                ),
                file=path.name,
                former=str(former.path),
            )
        if former.lost:
            raise StorageError(
                N_(
                    "“{file}” is an earlier state of “{former}”, which was gone on with on this computer and has "
                    "answers that this one lacks. Open that one, or move it here in place of this one; rows would be "
                    "paid for twice."
                ),
                file=path.name,
                former=str(former.path),
            )
        raise StorageError(
            N_(
                "Answers of “{file}” lie on this computer under its former name “{former}”, and are not in that "
                "folder yet. Open that one first and close it again; rows would be paid for twice."
            ),
            file=path.name,
            former=str(former.path),
        )


def _formers(path: Path, here: Path) -> Iterator[Former]:
    try:
        original = working_copy.look_at(path)
    except OSError:
        return
    if not original.job_id:
        return
    for folder in sorted(note.parent for note in working_copy.copies_dir().glob(f"*/{working_copy.PLACE}")):
        place = working_copy.read_place(folder)
        if place is None or place.job_id != original.job_id or folder == here.parent:
            continue
        former = folder / place.path.name
        with contextlib.suppress(UserError):
            notes = working_copy.read_notes(former)
            if notes is None:
                continue
            if notes.ahead and not notes.aside and notes.belongs(original):
                yield Former(place.path, former, notes)
            elif place.lost_it(original):
                yield Former(place.path, former, notes, lost=True)


def _has_moved(former: Path, path: Path) -> bool:
    """The original is not where it was, for certain."""
    if os.path.lexists(former):
        return False
    folder = former.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if network_folder.is_remote(folder):
        return True
    # Its share is away, or mounted elsewhere: then this computer's mark has come along.
    with contextlib.suppress(OSError):
        return in_use.mark_of(path).exists() and in_use.user(path) is None
    return False


def _take_along(former: Former, path: Path, here: Path, *, whole: bool) -> None:
    original = working_copy.look_at(path)
    with working_copy.on_the_way(here) as folder:
        came = folder / here.name
        with storage_errors(here):
            came.touch()
            with closing(job_file.connect(former.here)) as source, closing(job_file.connect(came)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = WAL")
                with job_file.transaction(target, came, counted=False):
                    notes = job_file.get_meta(target, COPY)
                    # An id of its own: what the former one may write one day is not this one's.
                    mine = {"id": uuid.uuid4().hex, "base": original.fingerprint, "was": former.here.parent.name}
                    # Whatever the former original has of it, this one lacks.
                    job_file.put_meta(target, **{COPY: {**notes, **mine, "copied": -1}})
        working_copy.note_place(path, here, original.job_id)
        working_copy.put(came, here, whole=whole)


def _finish(here: Path) -> None:
    """Drop the copy that this one was made from."""
    with closing(job_file.connect(here)) as db:
        was = job_file.get_meta(db, COPY, {}).get("was")
    if not was:
        return
    former = here.parents[1] / str(was)
    if (place := working_copy.read_place(former)) is not None:
        in_use.release(place.path)
    _drop(former)
    working_copy.note(here, was="")


def _drop(former: Path) -> None:
    # What tells of it goes first: a half dropped one is nobody's.
    (former / working_copy.PLACE).unlink(missing_ok=True)
    shutil.rmtree(former, ignore_errors=True)
