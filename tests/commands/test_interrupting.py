"""An interruption is noted and asked for where it must not strike in the middle of something."""

from __future__ import annotations

import os
import signal

import pytest

from gui_app.commands.interrupting import interrupts_noted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_interruption_is_noted_and_raised_at_the_end(number):
    before = signal.getsignal(number)
    reached = []
    with pytest.raises(KeyboardInterrupt):
        with interrupts_noted() as interrupted:
            assert not interrupted()
            os.kill(os.getpid(), number)
            assert interrupted()
            reached.append("the end")
    assert reached == ["the end"] and signal.getsignal(number) is before


def test_the_second_one_is_raised_at_once():
    with pytest.raises(KeyboardInterrupt):
        with interrupts_noted():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            pytest.fail("the second one was noted only")


def test_without_one_nothing_is_raised_and_the_former_handlers_are_back():
    before = signal.getsignal(signal.SIGTERM)
    with interrupts_noted() as interrupted:
        pass
    assert not interrupted() and signal.getsignal(signal.SIGTERM) is before
