"""A thread that reads for the window: its end is heard, and not waited out."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject

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
