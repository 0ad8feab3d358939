"""Whether a folder lies on another computer: there SQLite's WAL, which needs shared memory, must not be used."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# File systems that several computers can have open at once.
REMOTE = frozenset(
    (
        *("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "ncpfs", "afs"),
        *("9p", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "orangefs", "ocfs2", "gfs2", "vboxsf", "prl_fs"),
        *(
            "fuse.sshfs",
            "fuse.davfs",
            "fuse.rclone",
            "fuse.glusterfs",
            "fuse.cephfs",
            "fuse.gvfsd-fuse",
            "fuse.smbnetfs",
        ),
    )
)

_DRIVE_REMOTE = 4


def is_remote(folder: Path) -> bool:
    """Told from where the folder is mounted. A folder that cannot be told counts as one of this computer."""
    try:
        where = os.path.realpath(folder)
        if sys.platform == "win32":
            return _is_remote_on_windows(where)
        return _kind_of(where, _mounts()).lower() in REMOTE
    except (OSError, ValueError):
        return False


def _mounts() -> list[tuple[str, str]]:
    """(where, kind) of everything that is mounted, in the order it was."""
    if Path("/proc/self/mountinfo").exists():
        return parsed(Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))
    # Not at the top: it is not needed on Linux, and a hundredth of a second of every start.
    import psutil

    try:
        return [(found.mountpoint, found.fstype) for found in psutil.disk_partitions(all=True)]
    except psutil.Error as error:
        raise OSError(str(error)) from None


def parsed(mountinfo: str) -> list[tuple[str, str]]:
    """The mounts of Linux' list, see proc(5)."""
    found = []
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ", 1)[0]
        if separator and len(fields) > 4:
            # Blanks and the like are written as octal numbers.
            place = fields[4]
            for code in (" ", "\t", "\n", "\\"):
                place = place.replace(f"\\{ord(code):03o}", code)
            found.append((place, kind))
    return found


def _kind_of(where: str, mounts: list[tuple[str, str]]) -> str:
    best, kind = "", ""
    for place, found in mounts:
        inside = where == place or where.startswith(place.rstrip("/") + "/")
        # The last one of equals: it lies over the others.
        if inside and len(place) >= len(best):
            best, kind = place, found
    return kind


def _is_remote_on_windows(where: str) -> bool:
    if where.startswith(("\\\\", "//")):
        return not where.startswith(("\\\\?\\", "\\\\.\\")) or where.startswith("\\\\?\\UNC\\")
    if sys.platform == "win32":
        import ctypes

        drive = os.path.splitdrive(where)[0]
        return bool(drive) and ctypes.windll.kernel32.GetDriveTypeW(f"{drive}\\") == _DRIVE_REMOTE
    return False
