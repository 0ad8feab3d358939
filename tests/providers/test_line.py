"""A line whose other end is gone is noticed long before the deadline, and what went out over it may be paid for."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from gui_app.jobs import Account, Cause, Question, Secret
from gui_app.providers import line
from gui_app.providers.base import CallFailed
from gui_app.providers.catalog import open_provider
from gui_app.providers.line import is_dead, lively_socket
from gui_app.providers.transport import GuardedTransport
from tests.helpers.fault_server import FaultServer, Say, completion

QUESTION = Question("model-1", "Label the row.", None, 100)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def test_a_socket_asks_whether_the_other_end_is_there() -> None:
    address = socket.getaddrinfo("127.0.0.1", 1, type=socket.SOCK_STREAM)[0]
    with lively_socket(address) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if sys.platform == "linux":
            wanted = [(socket.TCP_KEEPIDLE, 15), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3), (18, 30_000)]
            assert [(option, made.getsockopt(socket.IPPROTO_TCP, option)) for option, _ in wanted] == wanted


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_system_ends_a_line_that_is_not_heard_in_the_middle_of_sending(platform: str) -> None:
    assert {"linux": (18, 30_000), "darwin": (0x80, 30), "win32": (5, 30)}[platform] in line._options(platform)


@pytest.mark.parametrize("number", [errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH])
def test_what_the_system_says_of_a_dead_line_is_told_from_a_reset(number: int) -> None:
    assert is_dead(OSError(number, "x"))
    assert not is_dead(OSError(errno.ECONNRESET, "x")) and not is_dead(TimeoutError())


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The sessions that transports open."""
    opened: list[Any] = []
    real = GuardedTransport._open

    def opening(transport: GuardedTransport) -> Any:
        opened.append(real(transport))
        return opened[-1]

    monkeypatch.setattr(GuardedTransport, "_open", opening)
    return opened


@pytest.mark.parametrize("number", [errno.ETIMEDOUT, errno.ECONNRESET])
async def test_a_call_whose_line_dies_says_that_it_may_be_paid_for(server, sessions, number) -> None:
    server.say(Say(completion("ok"), wait_s=3.0), Say(completion("ok")))
    provider = open_provider(Account("compatible", server.url, Secret("sk-canary-0123456789")))
    asking = asyncio.create_task(provider.ask(QUESTION, "the row"))
    while not server.seen:
        await asyncio.sleep(0.01)
    (held,) = sessions[0].connector._acquired
    # As when the system tells the event loop.
    held.transport._fatal_error(OSError(number, "x"), "")
    with pytest.raises(CallFailed) as failed:
        await asking
    assert (failed.value.cause, failed.value.line_dead) == (Cause.NETWORK, number == errno.ETIMEDOUT)
    await provider.ask(QUESTION, "the row")
    await provider.close()
