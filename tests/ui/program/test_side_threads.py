"""What the window has looked up beside its jobs, and how it ends when that never comes back."""

from __future__ import annotations

import asyncio
import threading

import pytest
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from gui_app.ui.program import side_threads
from gui_app.ui.program.side_threads import SideThreads


def run(qapp: QApplication, work: object) -> object:
    loop = QEventLoop(qapp)
    loop.set_default_executor(SideThreads())
    asyncio.set_event_loop(loop)
    try:
        with loop:
            return loop.run_until_complete(work)
    finally:
        asyncio.set_event_loop(None)


def test_what_was_asked_comes_back_as_an_answer_or_an_error(qapp: QApplication) -> None:
    async def work() -> list[object]:
        asked = (asyncio.to_thread(call, given) for call, given in ((int, "5"), (str, 5), (int, "x")))
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = run(qapp, work())
    assert isinstance(answers, list)
    assert answers[:2] == [5, "5"] and isinstance(answers[2], ValueError)


def test_at_the_end_what_is_under_way_is_waited_for(qapp: QApplication) -> None:
    begun, go_on, written = threading.Event(), threading.Event(), list[str]()

    def write() -> None:
        begun.set()
        go_on.wait(20)
        written.append("all of it")

    async def work() -> None:
        task = asyncio.create_task(asyncio.to_thread(write))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        threading.Timer(0.2, go_on.set).start()

    run(qapp, work())
    assert written == ["all of it"]


def test_a_folder_that_never_answers_does_not_keep_the_window_from_closing(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_threads, "GIVE_UP_S", 0.1)
    begun, answers = threading.Event(), threading.Event()

    def look() -> None:
        begun.set()
        answers.wait(60)

    async def work() -> None:
        task = asyncio.create_task(asyncio.to_thread(look))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        task.cancel()

    run(qapp, work())
    assert not answers.is_set(), "it was not waited for"
    hanging = [thread for thread in threading.enumerate() if thread.name == "side"]
    assert hanging, "it hangs still"
    answers.set()
    for thread in hanging:
        thread.join(20)
