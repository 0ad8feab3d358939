"""Sockets that notice when the other end is gone: an interface switched off breaks no connection by itself."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Any

ASK_AFTER_S = 15
"""A line on which nothing came for so long is asked whether it is still there; a model that thinks is, and answers."""

ASK_EVERY_S = 5
ASK_TIMES = 3
UNHEARD_S = ASK_AFTER_S + ASK_EVERY_S * ASK_TIMES
"""A line whose other end has answered nothing for so long is dead, be it in the middle of sending."""

# Not all are in Python's `socket` on the system that has them.
_MAC_KEEPALIVE, _MAC_DROP_TIME = 0x10, 0x80
_WINDOWS_MAX_RETRANSMIT = 5
_LINUX_USER_TIMEOUT = 18

_DEAD = {
    getattr(errno, name)
    for name in (
        *("ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EHOSTDOWN", "EADDRNOTAVAIL"),
        *("WSAETIMEDOUT", "WSAEHOSTUNREACH", "WSAENETUNREACH", "WSAENETDOWN"),
    )
    if hasattr(errno, name)
}


def lively_socket(address: tuple[Any, Any, int, str, Any]) -> socket.socket:
    """A socket for one of `getaddrinfo`'s answers, as aiohttp asks for."""
    family, kind, protocol, _name, _where = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _options(sys.platform):
        try:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
        except OSError:
            pass  # An older system: the deadline of the call is left.
    return made


def _options(platform: str) -> list[tuple[int, int]]:
    asked = [
        (getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", ASK_AFTER_S), ("TCP_KEEPINTVL", ASK_EVERY_S), ("TCP_KEEPCNT", ASK_TIMES))
        if hasattr(socket, name)
    ]
    if platform == "darwin":
        return [*asked, (_MAC_KEEPALIVE, ASK_AFTER_S), (_MAC_DROP_TIME, UNHEARD_S)]
    if platform == "win32":
        return [*asked, (_WINDOWS_MAX_RETRANSMIT, UNHEARD_S)]
    return [*asked, (_LINUX_USER_TIMEOUT, UNHEARD_S * 1000)]


def is_dead(error: BaseException) -> bool:
    """An error of a line that was there, and whose other end could not be heard any more."""
    return isinstance(error, OSError) and error.errno in _DEAD
