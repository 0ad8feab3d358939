"""Real network folders: one server's folder mounted by several computers, over SFTP or WebDAV."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.helpers.disks import need_root

_SFTP = Path("/usr/lib/openssh/sftp-server")


class Share:
    """A server's folder, and what mounts it."""

    def __init__(self, folder: Path) -> None:
        need_root()
        if shutil.which("fusermount3") is None or not Path("/dev/fuse").exists():
            pytest.skip("this system has no FUSE")
        self.folder = folder / "server"
        self.folder.mkdir()
        self._mounted: dict[Path, list[subprocess.Popen[bytes]]] = {}

    def mount(self, at: Path) -> Path:
        """Mount it; returns the folder."""
        at.mkdir(exist_ok=True)
        self._mounted[at] = self._mount(at)
        deadline = time.monotonic() + 30
        while not at.is_mount():
            assert time.monotonic() < deadline, "it was not mounted"
            time.sleep(0.02)
        return at

    def _mount(self, at: Path) -> list[subprocess.Popen[bytes]]:
        raise NotImplementedError

    def cut(self, at: Path) -> None:
        """The connection is gone, and with it the mount."""
        subprocess.run(["fusermount3", "-u", "-z", str(at)], check=False, stderr=subprocess.DEVNULL)
        for process in self._mounted.pop(at, []):
            process.kill()
            process.wait()

    def close(self) -> None:
        for at in list(self._mounted):
            self.cut(at)


class OverSftp(Share):
    """sshfs, straight onto an SFTP server without the SSH between them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if shutil.which("sshfs") is None or not _SFTP.exists():
            pytest.skip("sshfs or an SFTP server is not installed")
        self._door = folder / "sftp"
        self._door.write_text(f"#!/bin/sh\nexec {_SFTP}\n")
        self._door.chmod(0o700)

    def _mount(self, at: Path) -> list[subprocess.Popen[bytes]]:
        command = ["sshfs", "-f", "-o", f"ssh_command={self._door}", f"server:{self.folder}", str(at)]
        return [subprocess.Popen(command, stderr=subprocess.DEVNULL)]


class OverWebDav(Share):
    """rclone at both ends."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if shutil.which("rclone") is None:
            pytest.skip("rclone is not installed")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._address = f"127.0.0.1:{free.getsockname()[1]}"
        self._rclone = ["rclone", "--config", str(folder / "rclone.conf"), "--cache-dir", str(folder / "cache")]
        serve = [*self._rclone, "serve", "webdav", "--addr", self._address, str(self.folder)]
        self._server = subprocess.Popen(serve, stderr=subprocess.DEVNULL)
        while not any(found.laddr.port for found in psutil.Process(self._server.pid).net_connections()):
            time.sleep(0.05)

    def _mount(self, at: Path) -> list[subprocess.Popen[bytes]]:
        url = f":webdav,url='http://{self._address}':"
        options = ["--vfs-cache-mode", "writes", "--vfs-write-back", "0s", "--dir-cache-time", "0s"]
        command = [*self._rclone, "--cache-dir", f"{at}.cache", "mount", url, str(at), *options]
        return [subprocess.Popen(command, stderr=subprocess.DEVNULL)]

    def close(self) -> None:
        super().close()
        self._server.kill()
        self._server.wait()


SHARES: dict[str, Callable[[Path], Share]] = {"sshfs": OverSftp, "webdav": OverWebDav}
