"""The thread that reads a job file: what it is asked comes back to the window's thread, whatever becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from gui_app.ui.feed.store_thread import StoreThread


class Shelf:
    """What is held open."""

    def close(self) -> None:
        """Nothing."""


class Held:
    """What a question knows, such as a dialog: says on which thread it was taken apart."""

    gone_on: list[str] = []

    def __del__(self) -> None:
        self.gone_on.append(threading.current_thread().name)


def question(ask: Callable[[Shelf], object]) -> tuple[Callable[[Shelf], object], Callable[[object], None]]:
    held = Held()

    def done(_value: object, _held: Held = held) -> None:
        """Called back."""

    return lambda shelf, _held=held: ask(shelf), done


@pytest.fixture
def reading(qtbot: QtBot) -> Iterator[StoreThread[Shelf]]:
    Held.gone_on.clear()
    thread: StoreThread[Shelf] = StoreThread(Shelf, "reading a job")
    yield thread
    thread.close()
    thread.deleteLater()


def refuse(_shelf: Shelf) -> object:
    raise ValueError("no")


def test_what_a_question_knows_is_dropped_on_the_windows_thread(reading: StoreThread[Shelf], qtbot: QtBot) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait(_shelf: Shelf) -> None:
        begun.set()
        go_on.wait(10)

    reading.ask(*question(wait))
    assert begun.wait(10)
    for ask in (lambda _shelf: None, refuse):
        reading.ask(*question(ask), lambda _error: None)
    reading.ask(*question(lambda _shelf: None)).cancel()
    assert Held.gone_on == []
    go_on.set()
    qtbot.waitUntil(lambda: len(Held.gone_on) == 4)
    assert set(Held.gone_on) == {threading.main_thread().name}


def test_so_it_is_when_the_thread_ends(reading: StoreThread[Shelf], qtbot: QtBot) -> None:
    answered = threading.Event()
    ask, done = question(lambda _shelf: answered.set())
    reading.ask(ask, done)
    del ask, done
    assert answered.wait(10)
    reading.close()
    qtbot.waitUntil(lambda: len(Held.gone_on) == 1)
    assert Held.gone_on == [threading.main_thread().name]
