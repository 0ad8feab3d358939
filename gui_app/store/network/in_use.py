"""The mark beside a job in a network folder: which computer works on it, and since when."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any

from gui_app import paths
from gui_app.errors import N_, JobInUse
from gui_app.store.trouble import system_errors

SUFFIX = ".in-use"

_ME = "this place"


def mark_of(path: Path) -> Path:
    """Where the mark of a job lies while somebody works on it."""
    return path.with_name(f"{path.name}{SUFFIX}")


def claim(path: Path) -> bool:
    """Say that this computer works on a job. True: it did not say so before.

    The mark stays when this computer dies: what it has done may lie there alone, and only the user can tell whether
    it ever comes back. So no computer takes a job from another by itself.

    Raises:
        JobInUse: Another one does.
        StorageError: The folder cannot be written or reached.
    """
    told = {"place": _me(), "host": socket.gethostname(), "since": time.time()}
    with system_errors(path):
        try:
            handle = os.open(mark_of(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            other = user(path)
            if other is not None:
                raise refused(path, other) from None
            return False
        try:
            os.write(handle, json.dumps(told).encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    return True


def user(path: Path) -> dict[str, Any] | None:
    """Who else works on a job; None when nobody does, or this computer.

    Raises:
        OSError: The folder cannot be reached.
    """
    try:
        told = json.loads(mark_of(path).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        told = None  # Half written by a computer that died just then: there is no telling whose it is.
    if not isinstance(told, dict):
        return {"host": "?", "since": 0.0}
    if told.get("place") == _me():
        return None
    since = told.get("since")
    return {"host": str(told.get("host", "?"))[:100], "since": since if isinstance(since, (int, float)) else 0.0}


def release(path: Path) -> None:
    """Take this computer's mark away. Harmless when there is none, or the folder is gone."""
    with contextlib.suppress(OSError):
        if user(path) is None:
            mark_of(path).unlink(missing_ok=True)


def refused(path: Path, who: dict[str, Any]) -> JobInUse:
    """The error for a job that another computer works on."""
    return JobInUse(
        N_(
            "“{file}” has been in use on the computer “{who}” since {since}. Answers may lie there that are not in "
            "this folder yet: close the job there first. Only if that computer is gone for good, delete the file "
            "“{mark}”; rows that were asked there may then be paid for twice."
        ),
        file=path.name,
        who=who["host"],
        since=_moment(who["since"]),
        mark=mark_of(path).name,
    )


def _moment(since: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(since))
    except (OSError, OverflowError, ValueError):
        return "?"


def _me() -> str:
    return _name_in(paths.working_copies_dir())


@lru_cache
def _name_in(folder: Path) -> str:
    """Names the folder of working copies, not the computer: two people on one computer have no copy in common."""
    file = folder / _ME
    with system_errors(file):
        if not file.exists():
            beside = file.with_name(f".{uuid.uuid4().hex}.new")
            beside.write_text(uuid.uuid4().hex)
            # The first of two that start at once: a link is never made over another.
            with contextlib.suppress(FileExistsError):
                _put(beside, file)
            beside.unlink(missing_ok=True)
        return file.read_text().strip()


def _put(beside: Path, file: Path) -> None:
    if os.name == "nt":
        os.rename(beside, file)  # Refuses there what is there already.
    else:
        os.link(beside, file)
