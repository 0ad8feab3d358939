"""What lies beside a job file under SQLite's names and was written by another program, or for another file.

SQLite would take it for the job's own, and write its pages into the job: neither a -wal nor a -journal says to which
file it belongs. What can be seen is that it fits no job file.
"""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from gui_app.errors import N_, JobFileError
from gui_app.store import opened
from gui_app.store.schema import APPLICATION_ID
from gui_app.store.trouble import system_errors

# sqlite.org/fileformat2.html: 1.3 the header, 3 the rollback journal, 4.1 the WAL file format.
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_IN_WAL = 2
_MOST_FRAMES = 20_000
_A_MOMENT_S = 0.05


def check(path: Path) -> None:
    """Before SQLite opens a job that this process does not have open.

    Raises:
        JobFileError: There is something, which must go first.
        StorageError: It cannot be read.
    """
    head = opened.first_bytes(path)
    if head is None or len(head) < opened.HEAD_BYTES:
        return
    with system_errors(path):
        for name, foreign in ((f"{path}-wal", _is_foreign_wal), (f"{path}-journal", _is_foreign_journal)):
            file = Path(name)
            if _is_plain(file) and _still(foreign, file, head):
                raise JobFileError(
                    N_(
                        "Beside “{file}” lies “{other}”, which belongs to another file and would spoil this one. "
                        "Move it elsewhere, then open the job again."
                    ),
                    file=path.name,
                    other=file.name,
                )


def _is_plain(file: Path) -> bool:
    # A link is refused by SQLite itself.
    return file.is_file() and not file.is_symlink()


def _still(foreign: Callable[[Path, bytes], bool], file: Path, job: bytes) -> bool:
    if not foreign(file, job):
        return False
    # Another process may have been writing it just then.
    time.sleep(_A_MOMENT_S)
    return foreign(file, job)


def _page_bytes(job: bytes) -> int:
    found = int.from_bytes(job[16:18], "big")
    return 65536 if found == 1 else found


def _is_foreign_wal(file: Path, job: bytes) -> bool:
    page_bytes = _page_bytes(job)
    with _opened(file) as wal:
        head = wal.read(32)
        if len(head) < 32 or int.from_bytes(head[:4], "big") not in _WAL_MAGIC:
            return False  # SQLite leaves it alone.
        return int.from_bytes(head[8:12], "big") != page_bytes or any(
            page[68:72] != struct.pack(">I", APPLICATION_ID) for page in _first_pages(wal, head, page_bytes)
        )


def _first_pages(wal: BinaryIO, head: bytes, page_bytes: int) -> Iterator[bytes]:
    """The beginnings of what would become page 1: all that were written since the -wal was begun anew."""
    for number in range(_MOST_FRAMES):
        wal.seek(32 + number * (24 + page_bytes))
        frame = wal.read(24)
        if len(frame) < 24 or frame[8:16] != head[16:24]:
            return
        if int.from_bytes(frame[:4], "big") == 1:
            yield wal.read(opened.HEAD_BYTES)


def _is_foreign_journal(file: Path, job: bytes) -> bool:
    with _opened(file) as journal:
        head = journal.read(28)
    if not head.startswith(_JOURNAL_MAGIC) or len(head) < 28:
        return False
    # In WAL there is one in the moment that mode begins, when nothing grows.
    grown = job[18] == _IN_WAL and head[16:20] != job[28:32]
    return grown or int.from_bytes(head[24:28], "big") != _page_bytes(job)


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except FileNotFoundError:  # Whoever had the job open has just closed it.
        return io.BytesIO()
