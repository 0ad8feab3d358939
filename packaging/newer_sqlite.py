"""Builds the SQLite that a Linux package brings along, where that of the building system is too old.

python packaging/newer_sqlite.py FOLDER

Before 3.51.3 two processes that write to one file in WAL mode can, very rarely, damage it (the WAL-reset fault), and a
job file is just that. Debian 12 has 3.40. The wheels of SQLite for Python are other modules than the `sqlite3` that
Rowmill is tested with; so only the library below it is exchanged. Its source, SQLite's amalgamation in one file, is
taken from a well-kept package that carries it, fetched with npm: the checksums below are of the package and the file.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

WANTED = (3, 51, 3)
VERSION = "3.54.1"
PACKAGE = "better-sqlite3@13.2.0"
PACKAGE_SHA512 = "Z8Q/9x/uNyKxA1v4FNodyItRVRw1TeKBrmj32JhxhR0ceNcBY+wMobt/Bv7M7TzwPAXjnZRtNaEsATnUZSKWZQ=="
SOURCE = "package/deps/sqlite3/sqlite3.c"
SOURCE_SHA256 = "daR2CnuXJ6TEyHeuyS6s855SqPKSHOAL0zvm06jo4lQ="
# What Debian switches on and Python or Rowmill may use.
OPTIONS = (
    "SQLITE_THREADSAFE=1", "SQLITE_ENABLE_COLUMN_METADATA", "SQLITE_ENABLE_DBSTAT_VTAB", "SQLITE_ENABLE_FTS5",
    "SQLITE_ENABLE_LOAD_EXTENSION", "SQLITE_ENABLE_MATH_FUNCTIONS", "SQLITE_MAX_VARIABLE_NUMBER=250000",
    "SQLITE_USE_URI=1",
)  # fmt: skip
LIBRARY = "libsqlite3.so.0"


def is_needed() -> bool:
    """This Python's own SQLite has the fault, and can be exchanged."""
    return sqlite3.sqlite_version_info < WANTED and sys.platform.startswith("linux")


def source(folder: Path) -> Path:
    """The amalgamation, fetched unless it is there, checked in any case."""
    file = folder / "sqlite3.c"
    if not file.is_file():
        if shutil.which("npm") is None:
            raise SystemExit(
                f"This Python has SQLite {sqlite3.sqlite_version}, which can damage a job file. Either build with a "
                f"Python whose SQLite is 3.51.3 or newer (PYTHON=...), or install npm, which fetches the source of "
                f"{VERSION}, or put that version's sqlite3.c into {folder}."
            )
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        packed = next(folder.glob("*.tgz"))
        _check(packed.read_bytes(), "sha512", PACKAGE_SHA512, packed)
        with tarfile.open(packed) as archive:
            member = archive.extractfile(SOURCE)
            if member is None:
                raise SystemExit(f"{packed.name} holds no {SOURCE}.")
            file.write_bytes(member.read())
    _check(file.read_bytes(), "sha256", SOURCE_SHA256, file)
    return file


def _check(content: bytes, kind: str, wanted: str, file: Path) -> None:
    if base64.b64encode(hashlib.new(kind, content).digest()).decode("ascii") != wanted:
        raise SystemExit(f"{file} is not what was pinned (its {kind} differs). Remove it and try again.")


def build(folder: Path) -> Path:
    """Compile it, unless that was done. Returns the library; its version lies beside it for the bill of materials."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / LIBRARY
    if not library.is_file():
        flags = ["-O2", "-fPIC", "-shared", "-s", f"-Wl,-soname,{LIBRARY}", *(f"-D{option}" for option in OPTIONS)]
        made = library.with_suffix(".new")
        subprocess.run(["cc", *flags, str(source(folder)), "-o", str(made), "-lm", "-lpthread", "-ldl"], check=True)
        made.replace(library)
    asked = ctypes.CDLL(str(library)).sqlite3_libversion
    asked.restype = ctypes.c_char_p
    version = asked().decode("ascii")
    if version != VERSION:
        raise SystemExit(f"{library} is SQLite {version}, not {VERSION}.")
    (folder / "sqlite-version.txt").write_text(version + "\n", encoding="ascii")
    return library


if __name__ == "__main__":
    if is_needed():
        print(f"SQLite {sqlite3.sqlite_version} is too old for a package; using {VERSION}: {build(Path(sys.argv[1]))}")
    elif sqlite3.sqlite_version_info < WANTED:
        sys.exit(f"SQLite {sqlite3.sqlite_version} of this Python can damage a job file. Take a Python with 3.51.3.")
