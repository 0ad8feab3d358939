"""A session bus of a test's own, and on it a desktop that can be asked not to sleep."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from jeepney import MatchRule, MessageType, message_bus, new_error, new_method_return
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.low_level import Message

SESSION_MANAGER = "org.gnome.SessionManager"


@contextmanager
def session_bus() -> Iterator[str]:
    """The address of a bus, for DBUS_SESSION_BUS_ADDRESS."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
    finally:
        daemon.terminate()
        daemon.wait(10)
        assert daemon.stdout is not None
        daemon.stdout.close()


@dataclass
class Desktop:
    """What a session manager knows of those who keep it awake.

    Attributes:
        asked: Everybody who ever asked: (who, why, flags).
        holding: The connections that hold it awake now; one that goes without a word holds nothing any more.
        let_go: How many let go in words.
    """

    address: str
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    holding: dict[int, str] = field(default_factory=dict)
    let_go: int = 0

    def __post_init__(self) -> None:
        self._over = False
        self._thread = threading.Thread(target=self._serve, name="desktop", daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Desktop:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self._over = True
        self._thread.join(10)

    def until(self, *, awake: bool, limit_s: float = 20.0) -> bool:
        """Wait until it is held awake, or until it is not. False: it never was."""
        deadline = time.monotonic() + limit_s
        while bool(self.holding) is not awake:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _serve(self) -> None:
        with open_dbus_connection(self.address) as connection:
            bus = Proxy(message_bus, connection)
            bus.RequestName(SESSION_MANAGER)
            bus.AddMatch(MatchRule(type="signal", sender="org.freedesktop.DBus", member="NameOwnerChanged"))
            self._ready.set()
            while not self._over:
                try:
                    message = connection.receive(timeout=0.05)
                except TimeoutError:
                    continue
                self._take(connection, message)

    def _take(self, connection: DBusConnection, message: Message) -> None:
        fields = {field.name: value for field, value in message.header.fields.items()}
        if fields.get("member") == "NameOwnerChanged":
            name, _before, now = message.body
            if not now:
                self.holding = {cookie: who for cookie, who in self.holding.items() if who != name}
        elif message.header.message_type is MessageType.method_call:
            connection.send(self._answer(message, fields["member"], fields.get("sender", "")))

    def _answer(self, message: Message, member: str, sender: str) -> Message:
        if member == "Inhibit":
            who, _window, why, flags = message.body
            self.asked.append((who, why, flags))
            cookie = len(self.asked)
            self.holding[cookie] = sender
            return new_method_return(message, "u", (cookie,))
        if member == "Uninhibit":
            self.holding.pop(message.body[0], None)
            self.let_go += 1
            return new_method_return(message)
        return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")
