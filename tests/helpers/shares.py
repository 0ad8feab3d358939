"""Real network folders: one server's folder mounted by several computers, over SFTP, SMB or WebDAV."""

from __future__ import annotations

import os
import shutil
import signal
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

    def hang(self, at: Path, hangs: bool) -> None:
        """It answers nobody, or again."""
        for process in self._mounted[at]:
            process.send_signal(signal.SIGSTOP if hangs else signal.SIGCONT)

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


def _plain(home: Path) -> dict[str, str]:
    """For processes that are none of Rowmill's, and are not to be taken for some that were left behind."""
    return {"PATH": os.environ["PATH"], "HOME": str(home)}


def _can_be_written(folder: Path) -> bool:
    try:
        (folder / "trial").touch()
        (folder / "trial").unlink()
    except OSError:
        return False
    return True


_SAMBA = """
[global]
server role = standalone server
map to guest = Bad User
guest account = root
interfaces = 127.0.0.1/8
bind interfaces only = yes
disable netbios = yes
load printers = no
pid directory = {own}
lock directory = {own}
state directory = {own}
cache directory = {own}
private dir = {own}
log file = {own}/log
[office]
path = {folder}
read only = no
guest ok = yes
force user = root
"""


class OverSmb(Share):
    """Samba, mounted by its own library in the user's space: not every kernel knows the protocol."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if shutil.which("smbd") is None or shutil.which("smbnetfs") is None:
            pytest.skip("Samba or smbnetfs is not installed")
        own = folder / "samba"
        own.mkdir()
        settings = own / "smb.conf"
        settings.write_text(_SAMBA.format(own=own, folder=self.folder))
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", 445)) == 0:
                pytest.skip("something serves SMB here already")
        # The protocol's own port, which its clients know alone. It makes a session of its own, all of which it ends.
        self._server = subprocess.Popen(["smbd", "-F", "-s", str(settings)], env=_plain(self.folder))
        self._client = folder / "client"
        (self._client / ".smb").mkdir(parents=True)
        for name in ("smbnetfs.conf", "smbnetfs.host", "smbnetfs.auth", "smb.conf"):
            file = self._client / ".smb" / name
            file.write_text("[global]\nclient min protocol = SMB2\n" if name == "smb.conf" else "")
            file.chmod(0o600)

    def mount(self, at: Path) -> Path:
        """Servers and their shares are folders of what is mounted."""
        where = super().mount(at) / "127.0.0.1" / "office"
        deadline = time.monotonic() + 30
        while not _can_be_written(where):
            assert time.monotonic() < deadline, "the server's folder was not found"
            time.sleep(0.1)
        return where

    def _mount(self, at: Path) -> list[subprocess.Popen[bytes]]:
        command = ["smbnetfs", "-f", str(at), "-o", f"config={self._client}/.smb/smbnetfs.conf"]
        return [subprocess.Popen(command, env=_plain(self._client), stderr=subprocess.DEVNULL)]

    def cut(self, at: Path) -> None:
        super().cut(at if at in self._mounted else at.parents[1])

    def close(self) -> None:
        super().close()
        self._server.terminate()
        self._server.wait()


SHARES: dict[str, Callable[[Path], Share]] = {"sshfs": OverSftp, "smb": OverSmb, "webdav": OverWebDav}
