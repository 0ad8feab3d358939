"""A job in a network folder is worked on as a copy in Rowmill's own: which copy is whose, and how far it is ahead.

SQLite's WAL needs shared memory, and a share goes away in the middle of a run. So the copy is what is run, edited and
read here; `copy_back` writes it back whole. The states a copy can be in, and what whoever opens the job next does:

    none                                     it is taken from the original
    level, the original as it was            it is used
    level, the original another              it is taken anew
    ahead (more was stored than copied back) it is used, whatever became of whoever stored it, and copied back
    ahead, the original another's by now     it goes beside the original under a name of its own; then taken anew

Ahead or level is told by a count that every transaction moves and the number at which it was last copied back. A
death between copying back and noting that leaves it ahead: the same is copied back again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gui_app import paths
from gui_app.errors import N_, StorageError, UserError
from gui_app.store import job_file, lease, network_folder, opened
from gui_app.store.network import in_use
from gui_app.store.trouble import storage_errors, system_errors

COPY, CHANGES, STAMP, ELSEWHERE, BEHIND = "copy", "changes", "stamp", "elsewhere", "behind"
"""Notes of a job. `stamp` is in originals: which copy it was written from, and how far that was. The others are in
working copies alone; `behind`: why the original lacks something, as it was last tried."""

OF_COPIES = (COPY, CHANGES, ELSEWHERE, BEHIND)
BESIDE = ("-wal", "-shm", "-journal")
TURN_LIMIT_S = 600.0
_TRIES = 3
_ON_THE_WAY = "on the way "

PLACE = "of"
"""A file beside a copy; see `Place`."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What a working copy says of itself.

    Attributes:
        copy_id: New each time it is taken.
        base: The original's fingerprint when it was taken or last copied back; "" for none.
        copied: The count of changes when it was last copied back.
        aside: The name it goes under since another computer has written the original; "" while none has.
        elsewhere: Who else works on the job.
    """

    copy_id: str
    base: str
    copied: int
    aside: str
    changes: int
    elsewhere: Mapping[str, Any] | None
    run: bool

    @property
    def ahead(self) -> bool:
        """More was stored in it than the original has."""
        return self.changes > self.copied

    def belongs(self, original: Original) -> bool:
        """The original is the one that was taken or written here, and nobody else's."""
        return original.fingerprint == self.base or original.written_by(self.copy_id) > self.copied


@dataclass(frozen=True, slots=True)
class Original:
    """A job in a network folder at a glance.

    Attributes:
        job_id: "" where it cannot be read.
    """

    fingerprint: str
    stamp: Any
    job_id: str

    def written_by(self, copy_id: str) -> int:
        """How far that copy was when the original was written from it; -1 when it was not."""
        stamp = self.stamp
        return int(stamp.get("changes", 0)) if isinstance(stamp, dict) and stamp.get("copy") == copy_id else -1


@dataclass(frozen=True, slots=True)
class Place:
    """Whose a copy is, which itself must name no folder.

    Attributes:
        path: Where its original lay when it was taken.
        lost: The originals that were no longer there when the copy was put in their place: how each was known.
    """

    path: Path
    job_id: str
    lost: tuple[dict[str, Any], ...] = ()

    def lost_it(self, original: Original) -> bool:
        """It is one of those: an earlier state of the job, which turns up elsewhere."""
        return any(
            original.fingerprint == lost["base"]
            or lost["copied"] < original.written_by(str(lost["id"])) < lost["changes"]
            for lost in self.lost
        )


def copy_of(path: Path) -> Path | None:
    """Where the working copy of a job lies or would lie; None for one that is worked on where it is.

    A share that is away just now looks like an empty folder of this computer, so a copy that is ahead counts first.
    """
    here = _place_of(path)
    if network_folder.is_remote(path.parent):
        # With Rowmill's own folder on another computer too, nothing is won by a copy.
        return None if network_folder.is_remote(here.parent.parent) else here
    return here if is_ahead(here) else None


def is_ahead(here: Path) -> bool:
    """A copy has what its original has not; False where there is none."""
    notes = read_notes(here)
    return notes is not None and notes.ahead


def copies_dir() -> Path:
    """Where the copies lie, a folder each."""
    return paths.working_copies_dir(make=False)


def _place_of(path: Path) -> Path:
    where = os.path.normcase(os.path.abspath(path))
    folder = copies_dir()
    return folder / hashlib.blake2b(os.fsencode(where), digest_size=12).hexdigest() / path.name


def forget(path: Path) -> None:
    """The job is deleted for good: so is its copy."""
    folder = _place_of(path).parent
    if os.path.exists(folder):
        shutil.rmtree(folder, ignore_errors=True)
        in_use.release(path)


def read_notes(here: Path) -> Notes | None:
    """What a copy says of itself; None where there is none, or one that never became whole."""
    if not os.path.exists(here):  # Path's own raises where a folder above may not be read.
        return None
    with storage_errors(here), closing(job_file.connect(here)) as db:
        notes = job_file.get_meta(db, COPY)
        if not isinstance(notes, dict):
            return None
        return Notes(
            str(notes.get("id")),
            str(notes.get("base")),
            int(notes.get("copied", 0)),
            str(notes.get("aside", "")),
            int(job_file.get_meta(db, CHANGES, 0)),
            job_file.get_meta(db, ELSEWHERE),
            lease.living_owner(db) is not None,
        )


def note(here: Path, **values: Any) -> None:
    """Change what a copy says of itself; counts as no change of the job."""
    with closing(job_file.connect(here)) as db, job_file.transaction(db, here, counted=False):
        notes = job_file.get_meta(db, COPY, {})
        job_file.put_meta(db, **{COPY: {**notes, **values}})


def note_behind(here: Path, error: UserError | None) -> None:
    """Keep why the original lacks something, for whoever shows the job; None: it no longer does."""
    told = None if error is None else [error.sentence, {name: str(value) for name, value in error.details.items()}]
    with storage_errors(here), closing(job_file.connect(here)) as db:
        if job_file.get_meta(db, BEHIND) != told:
            with job_file.transaction(db, here, counted=False):
                job_file.put_meta(db, **{BEHIND: told})


def behind(meta: Mapping[str, Any]) -> tuple[str, dict[str, str]] | None:
    """Why the original of this copy lacks something; None when it does not, or nobody has tried."""
    told, copied = meta.get(BEHIND), meta[COPY].get("copied", 0) if isinstance(meta.get(COPY), dict) else 0
    return (str(told[0]), dict(told[1])) if told and meta.get(CHANGES, 0) > copied else None


def look_at(path: Path) -> Original:
    """Look at an original, without a lock or a file beside it.

    Raises:
        OSError: It is not there, or cannot be reached.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(opened.HEAD_BYTES)
    stamp, job_id = None, ""
    with contextlib.suppress(sqlite3.Error, ValueError, UserError):
        with closing(job_file.connect(path, read_only=True, immutable=True)) as db:
            stamp, job_id = job_file.get_meta(db, STAMP), str(job_file.get_meta(db, "job_id", ""))
    told = head + f"{size} {json.dumps(stamp, sort_keys=True)}".encode()
    return Original(hashlib.blake2b(told, digest_size=16).hexdigest(), stamp, job_id)


@contextmanager
def turn(here: Path, limit_s: float = TURN_LIMIT_S) -> Iterator[None]:
    """One process of this computer at a time does something about a copy; a death ends its turn.

    Raises:
        StorageError: Another one takes too long.
    """
    with system_errors(here):
        paths.working_copies_dir()
        here.parent.mkdir(mode=0o700, exist_ok=True)
    with closing(sqlite3.connect(here.parent / "turn", isolation_level=None, timeout=limit_s)) as lock:
        with storage_errors(here):
            lock.execute("BEGIN EXCLUSIVE")
        for left in here.parent.glob(f"{_ON_THE_WAY}*"):
            shutil.rmtree(left, ignore_errors=True)  # Of a turn that ended with a death.
        yield


@contextmanager
def on_the_way(here: Path) -> Iterator[Path]:
    """A folder for what is being taken or sent. Within `turn`."""
    with system_errors(here):
        folder = tempfile.TemporaryDirectory(prefix=_ON_THE_WAY, dir=here.parent, ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)


def bring(path: Path, here: Path) -> None:
    """Take or renew a copy, if it is not as the original or ahead of it. Within `turn`.

    Raises:
        JobFileError: The original cannot be used.
        StorageError: It cannot be reached, or no copy can be stored.
    """
    notes = read_notes(here)
    # One that is ahead may be all that there is, and one that is run is not changed under whoever runs it.
    if notes is not None and (notes.ahead or notes.run):
        return
    job_file.look_at_first_bytes(path)
    with system_errors(path):
        other = in_use.user(path)
        original = look_at(path)
        if notes is not None and not notes.aside and notes.belongs(original):
            if notes.elsewhere != other:
                with closing(job_file.connect(here)) as db, job_file.transaction(db, here, counted=False):
                    job_file.put_meta(db, **{ELSEWHERE: other})
            return
        with on_the_way(here) as folder:
            came = folder / here.name
            base = _fetch(path, came)
            _make_copy(came, base, other)
            note_place(path, here, original.job_id)
            put(came, here, whole=notes is not None)


def note_place(path: Path, here: Path, job_id: str) -> None:
    """Say beside a copy whose it is: see `renamed`."""
    before = read_place(here.parent)
    _write_place(here, Place(Path(os.path.abspath(path)), job_id, before.lost if before else ()))


def note_lost(here: Path, notes: Notes) -> None:
    """Say beside a copy that its original is no longer where it was, before the copy is put there in its stead."""
    place = read_place(here.parent)
    if place is not None:
        lost = {"base": notes.base, "id": notes.copy_id, "copied": notes.copied, "changes": notes.changes}
        _write_place(here, replace(place, lost=(*place.lost, lost)))


def _write_place(here: Path, place: Place) -> None:
    with system_errors(here):
        beside = here.parent / f"{PLACE}.new"
        told = {"path": str(place.path), "job_id": place.job_id, "lost": place.lost}
        beside.write_text(json.dumps(told), "utf-8")
        os.replace(beside, here.parent / PLACE)


def read_place(folder: Path) -> Place | None:
    """Whose the copy in this folder is; None where nothing says so."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads((folder / PLACE).read_text("utf-8"))
        return Place(Path(told["path"]), str(told["job_id"]), tuple(told.get("lost", ())))
    return None


def _fetch(path: Path, came: Path) -> str:
    """Copy an original as it lies; returns its fingerprint."""
    for _ in range(_TRIES):
        before = look_at(path)
        for end in ("", *BESIDE):
            Path(f"{came}{end}").unlink(missing_ok=True)
            # A job that was carried here unclosed has its last answers in a file beside it.
            if not end or (end != "-shm" and Path(f"{path}{end}").exists()):
                shutil.copyfile(f"{path}{end}", f"{came}{end}")
        if look_at(path) == before:
            return before.fingerprint
    raise StorageError(
        N_("Another program keeps “{file}” locked. Close it there, or try again in a moment."), file=path.name
    )


def _make_copy(came: Path, base: str, other: Mapping[str, Any] | None) -> None:
    job_file.close_reader(job_file.open_checked(came, read_only=True), came)
    with storage_errors(came), closing(job_file.connect(came)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        with job_file.transaction(db, came, counted=False):
            notes = {"id": uuid.uuid4().hex, "base": base, "copied": 0}
            job_file.put_meta(db, **{COPY: notes, CHANGES: 0, ELSEWHERE: other})


def put(came: Path, here: Path, *, whole: bool) -> None:
    """Make what has come the copy; `whole` where there is one already. Within `turn`."""
    if not whole:
        for end in BESIDE:
            Path(f"{here}{end}").unlink(missing_ok=True)
        os.replace(came, here)
        return
    # The window may be reading it: it sees the new one from its next question on.
    with storage_errors(here), closing(job_file.connect(came)) as source, closing(job_file.connect(here)) as target:
        source.backup(target)
