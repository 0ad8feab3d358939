"""A wait that does its thing once, however often it was started again meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, SignalInstance


def once(owner: QObject, wait_ms: int, do: Callable[[], object] | SignalInstance) -> QTimer:
    """A timer that, some time after the last `start()`, calls or emits `do`. It goes with its owner.

    Args:
        do: A signal or a method of a QObject is let go of when its object goes; anything else is held by the timer.
    """
    out = QTimer(owner)
    out.setSingleShot(True)
    out.setInterval(wait_ms)
    out.timeout.connect(do)
    return out
