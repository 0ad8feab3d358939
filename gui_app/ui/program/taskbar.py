"""How far the running jobs are, at the program's icon in the dock or taskbar, where the desktop has one that shows it.

Linux desktops (GNOME with a dock, KDE, Unity, Cinnamon) listen for one D-Bus signal; Windows has an interface for it.
In the dock of macOS there is only a badge, which counts: the window's title tells it there.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

    from gui_app.engine.events import JobProgress

_PATH, _INTERFACE = "/com/canonical/unity/launcherentry/1", "com.canonical.Unity.LauncherEntry"
_EVERY_S = 1.0

Send = Callable[[dict[str, Any]], None]


class TaskbarProgress(QObject):
    """Adds up all jobs that are under way.

    Args:
        send: Tells the desktop; None: as this system does it, if at all.
    """

    def __init__(self, parent: QObject | None = None, send: Send | None = None) -> None:
        super().__init__(parent)
        self._send = send if send is not None else desktop_sender(parent if isinstance(parent, QWidget) else None)
        self._shares: dict[Path, tuple[int, int]] = {}
        self._told_at = 0.0

    def moved(self, event: JobProgress) -> None:
        """A job is under way."""
        new = Path(event.job) not in self._shares
        self._shares[Path(event.job)] = _share(event)
        if new or time.monotonic() - self._told_at >= _EVERY_S:
            self._tell()

    def ended(self, _name: str, event: JobProgress) -> None:
        """A job has ended, however."""
        self._shares.pop(Path(event.job), None)
        self._tell()

    def close(self) -> None:
        """Take the progress away."""
        if self._shares:
            self._shares.clear()
            self._tell()

    def _tell(self) -> None:
        if self._send is None:
            return
        self._told_at = time.monotonic()
        finished, total = (sum(part) for part in zip(*self._shares.values(), strict=True)) if self._shares else (0, 0)
        self._send({"progress": finished / total if total else 0.0, "progress-visible": bool(self._shares)})


def _share(event: JobProgress) -> tuple[int, int]:
    if event.run_rows:
        return event.run_finished, event.run_rows
    return event.counts.finished, event.counts.rows


def desktop_sender(window: QWidget | None = None) -> Send | None:
    """What tells this desktop; None where nobody listens.

    Args:
        window: The window whose button in the taskbar it is.
    """
    if platform.system() == "Windows":
        return None if window is None else _button_sender(window)
    # Without an address Qt would start a bus of its own, and wait for it.
    if not sys.platform.startswith("linux") or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None

    def send(values: dict[str, Any]) -> None:
        from PySide6.QtDBus import QDBusConnection

        send_over(QDBusConnection.sessionBus(), values)

    return send


def _button_sender(window: QWidget) -> Send | None:
    from gui_app.ui.program.taskbar_button import TaskbarButton, find_taskbar

    taskbar = find_taskbar()
    return None if taskbar is None else TaskbarButton(taskbar, int(window.winId())).show


def send_over(bus: QDBusConnection, values: dict[str, Any]) -> None:
    """Emit the signal that docks listen for."""
    from PySide6.QtDBus import QDBusMessage

    message = QDBusMessage.createSignal(_PATH, _INTERFACE, "Update")
    message.setArguments(["application://rowmill.desktop", values])
    bus.send(message)
