"""Files and their names: new ones appear whole, and one that is moved away is noticed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gui_app.errors import N_, StorageError
from gui_app.store.trouble import storage_errors

ABANDONED_AFTER_S = 86_400.0
_OURS = re.compile(r"\.[0-9a-f]{32}\.new(?:-journal|-wal|-shm)?")


@contextmanager
def complete_file(path: Path, *, replace: bool = True) -> Iterator[Path]:
    """Gives an empty file beside `path` to fill, which takes its name when all went well.

    Args:
        replace: An older file under that name gives way. One that is open, or was not closed, never does.

    Raises:
        StorageError: It cannot be written there, or must not be.
    """
    beside = path.with_name(f".{uuid.uuid4().hex}.new")
    try:
        _check_place(path, replace=replace)
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_away(path.parent)
        beside.touch(exist_ok=False)
    except OSError as error:
        raise _cannot_store(path, error) from error
    try:
        with storage_errors(path):
            yield beside
        try:
            _check_place(path, replace=replace)
            os.replace(beside, path)
            _sync_folder(path.parent)
        except OSError as error:
            raise _cannot_store(path, error) from error
    finally:
        for leftover in ("", "-journal", "-wal", "-shm"):
            Path(f"{beside}{leftover}").unlink(missing_ok=True)


def _clear_away(folder: Path) -> None:
    """Remove what was being made here when its process was killed, a day ago or longer."""
    with contextlib.suppress(OSError):
        for left in folder.glob(".*.new*"):
            if _OURS.fullmatch(left.name) and time.time() - left.stat().st_mtime > ABANDONED_AFTER_S:
                left.unlink(missing_ok=True)


def _check_place(path: Path, *, replace: bool) -> None:
    if path.exists() and not replace:
        raise StorageError(N_("There is already a file “{file}”. Choose another name."), file=path.name)
    wal = Path(f"{path}-wal")
    # SQLite would take a -wal file that lies there for the new file's own, and mix the two.
    if wal.exists():
        if path.exists():
            if not wal.stat().st_size:
                return
            raise StorageError(
                N_("“{file}” is open, or was not closed properly, so it is not replaced. Choose another name."),
                file=path.name,
            )
        if wal.stat().st_size:
            # Somebody's answers may be in it, should its file come back.
            wal.replace(wal.with_name(f"{wal.name}.{uuid.uuid4().hex[:8]}.left"))
        else:
            wal.unlink()


def _cannot_store(path: Path, error: OSError) -> StorageError:
    return StorageError(
        N_("A job cannot be stored in “{folder}” ({reason}). Choose another folder, or allow writing there."),
        folder=path.parent.name,
        reason=error.strerror or str(error),
    )


def _sync_folder(folder: Path) -> None:
    # The new name lies in the folder, which has a cache of its own. Windows cannot open one, and need not.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            # Some network folders know no such call, and have done so by themselves.
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
                raise
        finally:
            os.close(handle)


class WhereItLay:
    """Notices that an open file is no longer the one under its name, so that nothing is written into a void."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = self._look()

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def check(self) -> None:
        """Raises: StorageError: It was moved, deleted or replaced, or its drive is gone."""
        if self._look() != self._identity:
            raise StorageError(
                N_("“{file}” was moved or deleted while it was in use. Put it back in its place, then continue."),
                file=self._path.name,
            )
