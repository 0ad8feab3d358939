"""What is written by a thread of its own: the newest state, in order, with nobody waiting for the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gui_app.newest_written import NewestWritten
from tests.helpers.waiting import wait_until


class Disk:
    """Takes what it is given, once it is let: before, whoever writes waits."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)

    def write(self, state: int) -> None:
        self.begun.release()
        assert self.let.acquire(timeout=30)
        self.written.append(state)


def test_whoever_puts_something_does_not_wait_for_it() -> None:
    disk = Disk()
    writing = NewestWritten(disk.write, "test")
    writing.put(1)
    assert disk.begun.acquire(timeout=30)
    assert disk.written == []
    assert not writing.wait(0.0)
    disk.let.release()
    assert writing.wait(30)
    assert disk.written == [1]


def test_many_changes_while_the_disk_is_busy_are_written_once_and_the_newest_is_last() -> None:
    disk = Disk()
    writing = NewestWritten(disk.write, "test")
    writing.put(0)
    assert disk.begun.acquire(timeout=30)
    for state in range(1, 100):
        writing.put(state)
    disk.let.release(2)
    assert writing.wait(30)
    assert disk.written == [0, 99]


def test_after_everything_was_written_there_is_no_thread_and_the_next_change_makes_one() -> None:
    disk = Disk()
    disk.let.release(2)
    writing = NewestWritten(disk.write, "test of threads")
    for state in (1, 2):
        writing.put(state)
        assert writing.wait(30)
        wait_until(lambda: "test of threads" not in [thread.name for thread in threading.enumerate()])
    assert disk.written == [1, 2]


def test_nothing_to_write_is_not_waited_for() -> None:
    assert NewestWritten(Disk().write, "test").wait(30)


def test_a_state_that_cannot_be_written_is_logged_and_does_not_stop_the_next(
    expect_log: Callable[[str], None],
) -> None:
    expect_log("test could not be written")
    written: list[int] = []

    def write(state: int) -> None:
        if state == 1:
            raise ValueError("broken")
        written.append(state)

    writing = NewestWritten(write, "test")
    for state in (1, 2):
        writing.put(state)
        assert writing.wait(30)
    assert written == [2]


def test_the_last_of_several_threads_is_what_remains() -> None:
    """Also where a thread that writes is just about to end."""
    kept: list[int] = []
    writing = NewestWritten(kept.append, "test")
    turn, number = threading.Lock(), [0]

    def change() -> None:
        for _ in range(300):
            with turn:
                number[0] += 1
                writing.put(number[0])

    changing = [threading.Thread(target=change) for _ in range(8)]
    for thread in changing:
        thread.start()
    for thread in changing:
        thread.join()
    assert writing.wait(30)
    assert kept[-1] == 300 * 8
    assert kept == sorted(set(kept))
