"""A thread that reads for the window: its end is heard, and not waited out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from shiboken6 import delete

from gui_app.ui.feed import store_thread
from gui_app.ui.feed.store_thread import StoreThread


class Store:
    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.timeout(40)
async def test_the_end_of_a_busy_thread_is_heard_by_whoever_closes_it(
    qloop: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_thread, "GIVE_UP_S", 1_000.0)
    parent = QObject()
    thread: StoreThread[Store] = StoreThread(Store, "busy", parent)
    begun, go_on = threading.Event(), threading.Event()

    def question(_store: Store) -> None:
        begun.set()
        go_on.wait(20)

    thread.ask(question, lambda _answer: None)
    assert begun.wait(20)
    timer = threading.Timer(0.2, go_on.set)
    timer.start()
    await thread.aclose()
    timer.join()
    assert not thread._thread.is_alive()


class Witness:
    """A callback that tells on which thread it was taken apart."""

    def __init__(self, seen: list[threading.Thread]) -> None:
        self._seen = seen

    def __call__(self, _answer: object) -> None:
        """Never called: whoever asked is gone."""

    def __del__(self) -> None:
        self._seen.append(threading.current_thread())


async def test_what_a_hanging_thread_knows_is_dropped_on_the_windows_thread(
    qloop: object, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    expect_log("hangs does not end")
    monkeypatch.setattr(store_thread, "GIVE_UP_S", 0.05)
    parent = QObject()
    thread: StoreThread[Store] = StoreThread(Store, "hangs", parent)
    begun, go_on, dropped = threading.Event(), threading.Event(), list[threading.Thread]()

    def question(_store: Store) -> None:
        begun.set()
        go_on.wait(20)

    thread.ask(question, Witness(dropped))
    assert begun.wait(20)
    await thread.aclose()
    delete(parent)
    reading = thread._thread
    del thread
    go_on.set()
    async with asyncio.timeout(20):
        while not dropped or store_thread._HANGING:
            await asyncio.sleep(0.01)
    assert dropped == [threading.main_thread()]
    assert not reading.is_alive()


async def test_a_thread_that_nobody_asked_anything_was_never_there(qloop: object) -> None:
    before = set(threading.enumerate())
    opened: list[str] = []

    def open_store() -> Store:
        opened.append(threading.current_thread().name)
        return Store()

    first, second = StoreThread(open_store, "first"), StoreThread(open_store, "second")
    assert set(threading.enumerate()) == before
    first.close()
    await second.aclose(finish=True)
    assert not opened
    third = StoreThread(open_store, "third")
    third.name("of a job")
    assert await third.call(lambda _store: 7) == 7
    assert opened == ["of a job"]
    await third.aclose()
