"""One window a user: a second start hands its files to the first and ends."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT_MS = 2_000
_SOON_MS = 30
_LONGEST_MESSAGE = 64 * 1024
_OK = b"ok\n"


class SingleInstance(QObject):
    """The door at which later starts knock.

    Signals:
        called: The paths that another start was given; empty when it was given none. Show the window.
    """

    called = Signal(list)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = door_name(folder)
        self._server: QLocalServer | None = None
        self._heard: dict[QLocalSocket, bytes] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.listen)

    def hand_over(self, files: Sequence[str]) -> bool:
        """Give the files to the window that runs already. False when there is none."""
        if os.name == "posix" and os.path.isabs(self._name) and not os.path.exists(self._name):
            # Nearly every start: no door, and no network module to be imported before the window is shown.
            return False
        from PySide6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_WAIT_MS):
            return False
        paths = [os.path.abspath(name) for name in files]
        socket.write(json.dumps({"open": paths}).encode("utf-8") + b"\n")
        answered = socket.waitForBytesWritten(_WAIT_MS) and socket.waitForReadyRead(_WAIT_MS)
        took = bool(answered) and bytes(socket.readAll().data()) == _OK
        socket.disconnectFromServer()
        return took

    def listen_soon(self) -> None:
        """As `listen`, once what is shown first is on the screen."""
        self._soon.start(_SOON_MS)

    def listen(self) -> bool:
        """Be the first. False when the door cannot be opened; everything else works all the same."""
        from PySide6.QtNetwork import QLocalServer

        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        if not server.listen(self._name):
            # Left by a window that was killed: nobody answered there a moment ago.
            QLocalServer.removeServer(self._name)
            if not server.listen(self._name):
                return False
        server.newConnection.connect(self._knocked)
        self._server = server
        return True

    def close(self) -> None:
        """Close the door."""
        self._soon.stop()
        if self._server is not None:
            self._server.close()
            self._server = None

    def _knocked(self) -> None:
        while self._server is not None and self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            self._heard[socket] = b""
            socket.readyRead.connect(lambda which=socket: self._hear(which))
            socket.disconnected.connect(lambda which=socket: self._gone(which))
            self._hear(socket)

    def _hear(self, socket: QLocalSocket) -> None:
        if socket not in self._heard:
            return
        self._heard[socket] += bytes(socket.readAll().data())
        heard = self._heard[socket]
        if b"\n" not in heard:
            if len(heard) > _LONGEST_MESSAGE:
                socket.abort()
            return
        del self._heard[socket]
        try:
            paths = json.loads(heard)["open"]
            files = [str(path) for path in paths][:20]
        except (ValueError, KeyError, TypeError):
            socket.abort()
            return
        socket.write(_OK)
        socket.flush()
        self.called.emit(files)

    def _gone(self, socket: QLocalSocket) -> None:
        self._heard.pop(socket, None)
        socket.deleteLater()


def door_name(folder: Path) -> str:
    """Where the first window listens: in its own folder, where only its user may go, if the system can."""
    path = folder / "window"
    # The address of a Unix socket has at most about 100 bytes.
    if os.name == "posix" and len(os.fsencode(path)) < 100:
        return str(path)
    import hashlib

    return f"rowmill-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]}"
