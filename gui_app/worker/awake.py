"""Keeps the computer from going to sleep while a job asks rows live."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from gui_app.i18n import _

if TYPE_CHECKING:
    from wakepy import DBusAdapter
    from wakepy.core import DBusMethodCall

log = logging.getLogger(__name__)

JOIN_S = 5.0

Keep = Callable[[], AbstractContextManager[object]]
"""Makes what keeps the computer awake for as long as it is entered. Entered and left on one thread; may block."""


class Awake:
    """Counts the jobs that need the computer awake, and asks the system once for all of them.

    The system lets go by itself when this process ends, however it ends.

    Args:
        keep: How it is asked.
    """

    def __init__(self, keep: Keep | None = None) -> None:
        self._keep = keep or system_wakelock
        self._holders = 0
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Awake for as long as this is entered. Never blocks and never fails: who cannot be kept awake runs all the
        same."""
        self._holders += 1
        if self._holders == 1:
            self._begin()
        try:
            yield
        finally:
            self._holders -= 1
            if self._holders == 0:
                self._over.set()

    def join(self) -> None:
        """Wait until the system has been told that nobody holds it any more. Blocks; call it when nobody does."""
        for thread in self._threads:
            # Where a bus never answers, the end of the process lets go.
            thread.join(JOIN_S)
        self._threads.clear()

    def _begin(self) -> None:
        # A thread of its own: what is asked may answer late or never, and has to be let go on the thread that asked.
        self._over = threading.Event()
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._hold, args=(self._over,), name="rowmill-awake", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _hold(self, over: threading.Event) -> None:
        try:
            with self._keep():
                over.wait()
        except Exception as error:
            log.info("the computer cannot be kept awake: %s", type(error).__name__)


def system_wakelock() -> AbstractContextManager[object]:
    """Keeps the system awake, not the screen; does nothing where there is nobody to ask."""
    if _nobody_to_ask():
        return contextlib.nullcontext()
    # Not at the top: a command that runs no job needs none of it.
    try:
        from wakepy import keep
    except Exception as error:
        log.info("the computer cannot be kept awake: %s", type(error).__name__)
        return contextlib.nullcontext()
    return keep.running(on_fail="pass", dbus_adapter=_adapter())


def _nobody_to_ask() -> bool:
    """On a server without a desktop. All that wakepy knows on Linux is asked over the session's bus."""
    return sys.platform == "linux" and not os.environ.get("DBUS_SESSION_BUS_ADDRESS")


def _adapter() -> type[DBusAdapter] | None:
    """Says who asks, and why: desktops show that to whoever wonders why the computer stays awake."""
    try:
        from wakepy.dbus_adapters.jeepney import JeepneyDBusAdapter
    except ImportError:  # No D-Bus on Windows and macOS.
        return None

    told = {"application_name": "Rowmill", "app_id": "rowmill"}

    class Named(JeepneyDBusAdapter):
        def process(self, call: DBusMethodCall) -> object:
            if call.method.name == "Inhibit" and call.method.params:
                reason = _("A job is running")
                words = {**told, "reason": reason, "reason_for_inhibit": reason}
                call.args = tuple(
                    words.get(name, value) for name, value in zip(call.method.params, call.args, strict=True)
                )
            return super().process(call)

    return Named
