"""Small disks that fill up, drives that are pulled out, and a system whose calls fail (libfiu)."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FIU = [Path("/usr/lib/fiu") / name for name in ("fiu_run_preload.so", "fiu_posix_preload.so")]


def need_root() -> None:
    """Only root mounts."""
    if os.name != "posix" or os.getuid() != 0:
        pytest.skip("only root mounts")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A tmpfs of so much ("2m")."""
    need_root()
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Drive:
    """A folder that can be pulled out and put back with what is on it."""

    def __init__(self, folder: Path) -> None:
        need_root()
        self.folder = folder
        self._kept = folder.with_name(f"{folder.name}.kept")
        self._kept.mkdir()
        folder.mkdir()
        self.put_in()

    def put_in(self) -> None:
        subprocess.run(["mount", "--bind", str(self._kept), str(self.folder)], check=True)

    def pull_out(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=False, stderr=subprocess.DEVNULL)


class Ballast:
    """Takes all the room that is left, and gives it back."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"

    def fill(self) -> None:
        with self._file.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    def make_room(self) -> None:
        self._file.unlink()


class FailingCalls:
    """Makes calls to the system fail in processes started with `environment`."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("fiu-ctrl") is None or not all(map(Path.exists, FIU)):
            pytest.skip("libfiu (fiu-utils) is not installed")
        self._pipe = folder / "fiu"
        self.environment = {"LD_PRELOAD": ":".join(map(str, FIU)), "FIU_CTRL_FIFO": str(self._pipe)}

    def say(self, pid: int, *commands: str) -> None:
        """`enable name=posix/io/sync/fdatasync,failinfo=5` and the like; see fiu-ctrl(1)."""
        words = [word for command in commands for word in ("-c", command)]
        # It is a shell script, and bash dies now and then with libfiu in it.
        plain = {name: value for name, value in os.environ.items() if name not in self.environment}
        subprocess.run(["fiu-ctrl", "-f", str(self._pipe), *words, str(pid)], check=True, timeout=20, env=plain)
