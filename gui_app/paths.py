"""Where Rowmill's files lie on this system, and where its own resources are."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gui_app.errors import N_, ExportError, StorageError

if TYPE_CHECKING:
    from platformdirs import PlatformDirs

JOB_SUFFIX = ".rowmill"

_LONGEST_STEM_BYTES = 150
"""Most systems take 255 for a whole name, with what is written before and behind it."""

_HOME = "ROWMILL_HOME"
"""When set, everything lies in that one folder: tests, and use from a memory stick."""

_TWO_PROGRAMS = os.name == "nt"
"""A package for Windows holds the window and, beside it, the same program with a console."""


def data_dir() -> Path:
    """The app's own folder; made if it is not there.

    Raises:
        StorageError: It cannot be made. All folders below do the same.
    """
    return _made(_own() or Path(_system().user_data_dir))


def jobs_dir() -> Path:
    """The folder of job files that were not given a place of their own."""
    return _made(data_dir() / "jobs")


def working_copies_dir(*, make: bool = True) -> Path:
    """The folder of what jobs in network folders are worked on as; with `make`, it is made."""
    folder = (_own() or Path(_system().user_data_dir)) / "working copies"
    return _made(folder) if make else folder


def log_dir() -> Path:
    """The folder of log files."""
    own = _own()
    return _made(own / "logs" if own else Path(_system().user_log_dir))


def config_file() -> Path:
    """The settings file. Its folder is made; the file may not be there."""
    own = _own()
    return _made(own or Path(_system().user_config_dir)) / "settings.json"


def runtime_dir() -> Path:
    """The folder of what holds only while a process lives: sockets, ports, tokens. Nobody else can read it."""
    own = _own()
    if own:
        return _made(own / "run", private=True)
    # Asked only when it is sure to answer: platformdirs warns and guesses without XDG_RUNTIME_DIR.
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if sys.platform.startswith("linux") and given and os.access(given, os.W_OK):
        return _made(Path(given) / "rowmill", private=True)
    return _made(data_dir() / "run", private=True)


def resource(*parts: str) -> Path:
    """A file that ships with Rowmill, e.g. `resource("samples", "reviews.csv")`. It may not be there."""
    return _resources().joinpath(*parts)


@lru_cache(maxsize=1)
def _resources() -> Path:
    package = Path(__file__).resolve().parent
    inside = package / "resources"
    # Installed, the resources lie in the package; in a checkout beside it.
    return inside if inside.is_dir() else package.parent / "resources"


def name_for_job(table: Path) -> str:
    """What a job is called after its table. A name of signs alone, as of "..csv", says more with its ending."""
    stem = table.stem.strip()
    return stem if any(sign.isalnum() for sign in stem) else table.name.strip()


def check_not_source(target: Path, source: Path) -> None:
    """Before an export. Looks at the disk.

    Raises:
        ExportError: It would go over the table that was read, under whatever name.
    """
    try:
        same = os.path.samefile(target, source)
    except OSError:
        same = False
    if same:
        raise ExportError(
            N_("“{file}” is the table itself, which is never changed. Choose another name for the export."),
            file=target.name,
        )


def name_for_export(source_name: str) -> str:
    """The table's name as the beginning of another file's: not hidden, in one line, and short enough to be added to."""
    stem = "".join(sign if sign.isprintable() else " " for sign in Path(source_name).stem).strip(" .")
    return stem.encode("utf-8", "replace")[:_LONGEST_STEM_BYTES].decode("utf-8", "ignore").strip() or "rowmill"


def program() -> list[str]:
    """The command line that starts this program again; a role or a command follows."""
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-m", "gui_app"]
    here = Path(sys.executable)
    # The window's own has no standard input or output for a role to speak over.
    console = here.with_name("rowmill.exe")
    return [str(console if _TWO_PROGRAMS and console.is_file() else here)]


def _own() -> Path | None:
    given = os.environ.get(_HOME, "")
    return Path(given).expanduser().absolute() if given else None


def _system() -> PlatformDirs:
    from platformdirs import PlatformDirs

    return PlatformDirs("Rowmill", appauthor=False)


def _made(folder: Path, *, private: bool = False) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if private and os.name == "posix" and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise StorageError(
            N_(
                "Rowmill cannot use its own folder {folder} ({reason}). "
                "Make it writable, or set {variable} to a folder that is."
            ),
            folder=str(folder),
            reason=error.strerror or type(error).__name__,
            variable=_HOME,
        ) from None
    return folder
