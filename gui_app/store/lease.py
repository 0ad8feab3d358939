"""Who runs a job. One owner at a time; a second one is told who, and may look."""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gui_app.errors import N_, JobInUse
from gui_app.store import job_file

BEAT_EVERY_S = 20.0

WATCH_S = 90.0
"""An owner on another computer that gives no sign for so long, by the clock of the one who watches, is gone. What its
clock says is compared with nothing."""

SURE_FOR_S = 45.0
"""An owner that has not seen its lease for so long looks at it again before it sends anything: half of what others
wait, so that one that slept meanwhile finds out first."""


# Leases of this process. One that could not be given back, for a full disk, must not keep this same process out.
_held: set[str] = set()


class OwnerUnknown(JobInUse):
    """Whoever owned the job last is on another computer, and was not watched for long enough to say if it lives."""


@dataclass(slots=True)
class _Watched:
    """An owner on another computer, as it looks from here.

    Attributes:
        sign: Changes with every beat.
        since: When it was first seen so, by this process's monotonic clock.
        moved: It was seen to change: it lived then.
    """

    sign: object
    since: float
    moved: bool = False


_watched: dict[str, _Watched] = {}
_WATCHED_MOST = 1000


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on a job, by this process."""

    token: str


def take(db: sqlite3.Connection, path: Path) -> Lease:
    """Become the owner.

    Raises:
        JobInUse: Somebody else is, and lives.
    """
    lease = Lease(uuid.uuid4().hex)
    with job_file.transaction(db, path):
        owner = living_owner(db)
        if owner is not None:
            raise _unknown(owner) if _is_unknown(owner) else taken(owner)
        job_file.put_meta(db, owner=_myself(lease))
    _held.add(lease.token)
    return lease


def beat(db: sqlite3.Connection, path: Path, lease: Lease) -> bool:
    """Say that the owner lives. False: somebody else has taken the job."""
    with job_file.transaction(db, path):
        if not is_held(db, lease):
            return False
        job_file.put_meta(db, owner=_myself(lease))
    return True


def release(db: sqlite3.Connection, path: Path, lease: Lease) -> None:
    """Stop being the owner. Harmless when somebody else is by now."""
    _held.discard(lease.token)
    with job_file.transaction(db, path):
        if is_held(db, lease):
            job_file.put_meta(db, owner=None)


def describe(owner: dict[str, Any]) -> str:
    """Who that is, for a sentence."""
    # What is worked on at another computer, in a network folder, has no process that could be named.
    return ", ".join(str(owner[key]) for key in ("host", "pid") if key in owner) or "?"


def living_owner(db: sqlite3.Connection) -> dict[str, Any] | None:
    """The present owner, if it lives."""
    return living_among({"owner": job_file.get_meta(db, "owner")})


def living_among(meta: Mapping[str, Any]) -> dict[str, Any] | None:
    """The present owner, if it lives, from the job's notes."""
    owner = meta.get("owner")
    return owner if isinstance(owner, dict) and _lives(owner) else None


def is_held(db: sqlite3.Connection, lease: Lease) -> bool:
    """True while nobody else has become the owner. For use within the owner's own transactions."""
    found = db.execute("SELECT json_extract(value, '$.token') FROM meta WHERE key = 'owner'").fetchone()
    return found is not None and found[0] == lease.token


def taken(owner: dict[str, Any] | None) -> JobInUse:
    """The error for a job that somebody else runs."""
    return JobInUse(
        N_(
            "This job is being run by another Rowmill ({who}). You can look at it here; to run it here, "
            "pause it there first."
        ),
        who=describe(owner or {}),
    )


def _unknown(owner: dict[str, Any]) -> OwnerUnknown:
    return OwnerUnknown(
        N_(
            "Another Rowmill ({who}) may still be running this job: from here that cannot be seen. It is watched for "
            "{seconds} seconds; when it gives no sign in that time, the job can be run here."
        ),
        who=describe(owner),
        seconds=round(WATCH_S),
    )


def _is_unknown(owner: dict[str, Any]) -> bool:
    watched = _watched.get(str(owner.get("token")))
    return watched is not None and not watched.moved


def _myself(lease: Lease) -> dict[str, Any]:
    return {
        "token": lease.token,
        "host": socket.gethostname(),
        "machine": _machine(),
        "boot": _boot(),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "seen_at": time.time(),
        "beat": uuid.uuid4().hex[:8],
    }


@lru_cache
def _boot() -> str:
    """Names this start of this computer, where the system can tell. Host names are not unique: `localhost`."""
    return _text_of("/proc/sys/kernel/random/boot_id")


@lru_cache
def _machine() -> str:
    """Names this computer, where the system can tell; hashed, because a job file is handed on."""
    text = _text_of("/etc/machine-id")
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest() if text else ""


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, ValueError):
        return ""


def _started(pid: int) -> float | None:
    """When a process began, by a clock that nobody sets; None when it is not there any more.

    psutil's `create_time` on Linux moves when the clock is set, and a living owner would then look dead.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except OSError:
        return None
    else:
        # The second field is the program's name, which may hold anything, parentheses too.
        state, *fields = stat[stat.rindex(b")") + 1 :].split()
        return None if state in (b"Z", b"X") else float(fields[18])
    # Where there is no /proc, and only there: it takes as long to import as the rest of the store.
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def _lives(owner: dict[str, Any]) -> bool:
    try:
        here = owner.get("host") == socket.gethostname()
        if here and owner.get("boot") == _boot():
            if int(owner["pid"]) == os.getpid() and owner.get("token") not in _held:
                return False
            started = _started(int(owner["pid"]))
            # A process number is used again after a restart; its start time is not.
            return started is not None and abs(started - float(owner["started"])) < 1.0
        if here and owner.get("machine") == _machine() != "":
            return False  # It was started again since.
        token, sign = str(owner["token"]), (float(owner["seen_at"]), owner.get("beat"))
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        return False
    return _gives_signs(token, sign)


def _gives_signs(token: str, sign: object) -> bool:
    """False once an owner was watched for long enough and stayed silent. Every look counts, whoever asks."""
    now = time.monotonic()
    watched = _watched.get(token)
    if watched is None:
        if len(_watched) >= _WATCHED_MOST:
            _watched.clear()
        _watched[token] = _Watched(sign, now)
    elif watched.sign != sign:
        _watched[token] = _Watched(sign, now, moved=True)
    elif now - watched.since >= WATCH_S:
        return False
    return True
