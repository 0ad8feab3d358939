"""The real window, its worker and its job files, with a 5 ms timer on its thread. One process a measurement."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit, QWidget
from qasync import QEventLoop

from gui_app.app import application
from gui_app.engine.events import JobProgress
from gui_app.jobs import RowFilter, RowState, RunOptions, Scope, Secret
from gui_app.keys import KeyStore
from gui_app.practice import launch
from gui_app.settings import Settings
from gui_app.store.reading.filters import Order
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.look.theme import apply_theme
from gui_app.ui.services import Services
from gui_app.ui.window.main_window import MainWindow
from gui_app.worker.client import WorkerClient
from tests.benchmarks import big_files
from tests.benchmarks.loopback_server import Manner
from tests.benchmarks.peers.measured import memory_mb
from tests.benchmarks.peers.rowmill_run import recipe_for
from tests.benchmarks.processes import loopback
from tests.benchmarks.reporting import quantile


class Metronome:
    """A 5 ms timer that notes how late each tick is, and how much of that the thread itself was at work."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._tick)
        self.late_ms: list[float] = []
        self.busy_ms: list[float] = []
        self._last = self._last_cpu = 0.0

    def _tick(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        self.late_ms.append(max(0.0, (now - self._last) * 1000 - 5.0))
        self.busy_ms.append((cpu - self._last_cpu) * 1000)
        self._last, self._last_cpu = now, cpu

    async def over(self, seconds: float) -> dict[str, float]:
        """Lateness over so many seconds."""
        self.late_ms.clear()
        self.busy_ms.clear()
        cpu, began = time.process_time(), time.perf_counter()
        self._last, self._last_cpu = began, time.thread_time()
        self._timer.start()
        await asyncio.sleep(seconds)
        self._timer.stop()
        wall = time.perf_counter() - began
        return {
            "p50_ms": quantile(self.late_ms, 0.5),
            "p99_ms": quantile(self.late_ms, 0.99),
            "max_ms": max(self.late_ms),
            "busy_p99_ms": quantile(self.busy_ms, 0.99),
            "busy_max_ms": max(self.busy_ms),
            "over_16_ms": sum(late > 16 for late in self.late_ms),
            "ticks": len(self.late_ms),
            "window_core": (time.process_time() - cpu) / wall,
            "window_mb": memory_mb("VmRSS") or 0.0,
        }


class User:
    """Types in the prompt editor and scrolls, as fast as a person does."""

    def __init__(self, page: JobPage) -> None:
        self._page = page
        self._random = random.Random(5)
        self._timers: list[QTimer] = []
        editor = next(iter(page.findChildren(QWidget, "promptEdit")), None)
        assert isinstance(editor, QPlainTextEdit | QTextEdit), "there is no prompt editor"
        self._editor = editor
        self._typed = 0
        for every_ms, do in ((90, self._type), (40, self._scroll), (1500, self._jump)):
            timer = QTimer()
            timer.setInterval(every_ms)
            timer.timeout.connect(do)
            timer.start()
            self._timers.append(timer)

    def _type(self) -> None:
        self._typed += 1
        erase = self._typed % 40 >= 20
        key, text = (Qt.Key.Key_Backspace, "") if erase else (Qt.Key.Key_A, "a")
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.postEvent(self._editor, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))

    def _scroll(self) -> None:
        bar = self._page.table.verticalScrollBar()
        bar.setValue(bar.value() + 30)

    def _jump(self) -> None:
        bar = self._page.table.verticalScrollBar()
        bar.setValue(self._random.randrange(max(1, bar.maximum())))

    def rest(self) -> None:
        """Stop."""
        for timer in self._timers:
            timer.stop()


async def until(met: Callable[[], object], limit_s: float = 30.0) -> float:
    """Wait for something. Returns the milliseconds it took."""
    began = time.perf_counter()
    async with asyncio.timeout(limit_s):
        while not met():
            await asyncio.sleep(0.002)
    return (time.perf_counter() - began) * 1000


def rows_are_shown(page: JobPage) -> bool:
    """Every row in sight has its cells."""
    table = page.table
    if not page.model.rowCount():
        return False
    first, last = table.rowAt(0), table.rowAt(table.viewport().height() - 1)
    last = page.model.rowCount() - 1 if last < 0 else last
    return first >= 0 and all(page.model.row_at(position) is not None for position in range(first, last + 1))


async def opened(window: MainWindow, job: Path) -> float:
    """Open a job; milliseconds until its rows are on the screen."""
    began = time.perf_counter()
    window.opening.open(job)
    await until(lambda: window.page is not None and window.page.path == job and rows_are_shown(window.page))
    assert window.page is not None
    window.page.table.viewport().repaint()
    return (time.perf_counter() - began) * 1000


class Stream:
    """One run through the real worker, at about so many results a second."""

    def __init__(self, window: MainWindow, client: WorkerClient, job: Path) -> None:
        self._client, self._job = client, job
        self.finished = 0
        self.ended = asyncio.Event()
        self._unsubscribe = client.subscribe(self._take)

    def _take(self, event: object) -> None:
        if isinstance(event, JobProgress):
            self.finished = event.counts.finished
            if event.state.value in ("paused", "stopped", "finished", "draft"):
                self.ended.set()

    async def start(self, base_url: str | None, at_once: int) -> None:
        """Run what waits."""
        recipe = recipe_for("openai", base_url) if base_url else recipe_for("practice", None, "practice-instant")
        key = Secret("key") if base_url else None
        self.ended.clear()
        await self._client.run(self._job, recipe, Scope(), RunOptions(concurrency=at_once), key)

    async def stop(self) -> None:
        """Until it has ended."""
        await self._client.stop(self._job)
        async with asyncio.timeout(30):
            await self.ended.wait()


async def streaming(window: MainWindow, client: WorkerClient, order: dict[str, Any]) -> list[dict[str, Any]]:
    """Lateness in an idle empty window, in ours at rest, and while results stream in."""
    seconds, metronome = float(order["seconds"]), Metronome()
    found: list[dict[str, Any]] = []
    empty = QWidget()
    empty.resize(800, 600)
    empty.show()
    found.append({"case": "idle window, empty", "per_s": 0.0, **await metronome.over(seconds)})
    empty.close()
    job = big_files.copy_of(Path(order["job"]), Path(order["folder"]) / "stream.rowmill")
    await opened(window, job)
    page = window.page
    assert page is not None
    await until(lambda: page._started)
    await asyncio.sleep(1.0)
    found.append({"case": "ours, at rest", "per_s": 0.0, **await metronome.over(seconds)})
    user = User(page)
    found.append({"case": "ours, typing and scrolling", "per_s": 0.0, **await metronome.over(seconds)})
    user.rest()
    stream = Stream(window, client, job)
    for per_s in order["rates"]:
        latency_s = 0.5
        with loopback(Manner(latency_s=latency_s)) as server:
            base_url = server.base_url if per_s else None
            await stream.start(base_url, max(1, int(per_s * latency_s)) if per_s else 64)
            before = stream.finished
            await until(lambda before=before: stream.finished > before + 20)  # type: ignore[misc]
            for busy in (False, True):
                hands = User(page) if busy else None
                start, began = stream.finished, time.perf_counter()
                name = f"{per_s} a second" if per_s else "unthrottled"
                late = await metronome.over(seconds)
                rate = (stream.finished - start) / (time.perf_counter() - began)
                found.append({"case": name + (", typing and scrolling" if busy else ""), "per_s": rate, **late})
                if hands is not None:
                    hands.rest()
            await stream.stop()
    return found


async def large(window: MainWindow, _client: WorkerClient, order: dict[str, Any]) -> list[dict[str, Any]]:
    """Opening a large job, scrolling anywhere in it, filtering and sorting it, with the timer beside."""
    job = big_files.copy_of(Path(order["job"]), Path(order["folder"]) / "large.rowmill")
    # What a job needs is imported while somebody looks at the first page.
    await until(window._ahead.is_done)
    found: list[dict[str, Any]] = [{"case": "open until rows are on the screen", "ms": await opened(window, job)}]
    page = window.page
    assert page is not None
    await until(lambda: page._started)
    await asyncio.sleep(0.5)
    spots, times = random.Random(9), []
    for _ in range(40):
        bar = page.table.verticalScrollBar()
        began = time.perf_counter()
        bar.setValue(spots.randrange(bar.maximum()))
        page.table.viewport().repaint()
        await until(lambda: rows_are_shown(page))
        times.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.01)
    found.append({"case": "scroll anywhere, median of 40", "ms": quantile(times, 0.5)})
    found.append({"case": "scroll anywhere, worst of 40", "ms": max(times)})
    found += [{"case": name, "ms": ms} for name, ms in _repaints(page).items()]
    for states in ([RowState.FAILED], [RowState.WAITING], [RowState.DONE]):
        name = f"filter: {states[0].value}"
        found.append(await _listed(page, name, lambda states=states: page.filter_bar.set_filter(_only(states))))  # type: ignore[misc]
    found.append(await _listed(page, "all rows again", lambda: page.filter_bar.set_filter(RowFilter())))
    orders = (("text", Order("column", 4)), ("number", Order("column", 3)), ("answer", Order("field", "label")))
    for name, order_by in orders:
        found.append(await _listed(page, f"sort by {name}", lambda chosen=order_by: page.model.list.set_order(chosen)))  # type: ignore[misc]
    page.model.list.set_order(Order("column", 4, descending=True))
    await asyncio.sleep(0.3)
    found.append(await _listed(page, "back to file order in mid-sort", lambda: page.model.list.set_order(None)))
    return found


def _only(states: list[RowState]) -> RowFilter:
    return RowFilter(states=frozenset(states))


def _repaints(page: JobPage) -> dict[str, float]:
    """CPU of painting every row in sight: once more, and for the first time."""
    viewport, bar, times = page.table.viewport(), page.table.verticalScrollBar(), []
    for _ in range(40):
        began = time.thread_time()
        viewport.repaint()
        times.append((time.thread_time() - began) * 1000)
    page.table._painter.forget()
    began = time.thread_time()
    viewport.repaint()
    first = (time.thread_time() - began) * 1000
    bar.setValue(bar.value() + 1)
    return {"repaint of the rows in sight, CPU": quantile(times, 0.5), "first paint of new rows, CPU": first}


async def _listed(page: JobPage, name: str, ask: Callable[[], object]) -> dict[str, Any]:
    """From the question until its rows are on the screen, with the timer beside."""
    metronome = Metronome()
    watching = asyncio.create_task(metronome.over(60.0))
    await asyncio.sleep(0.05)
    before = page.model._ids
    began = time.perf_counter()
    ask()
    await until(lambda: page.model._ids is not before and rows_are_shown(page))
    page.table.viewport().repaint()
    took = (time.perf_counter() - began) * 1000
    watching.cancel()
    metronome._timer.stop()
    late, busy = max(metronome.late_ms, default=0.0), max(metronome.busy_ms, default=0.0)
    return {"case": name, "ms": took, "timer_late_at_most_ms": late, "busy_at_most_ms": busy}


async def importing(window: MainWindow, _client: WorkerClient, order: dict[str, Any]) -> list[dict[str, Any]]:
    """A large table is opened and read, with the timer beside and somebody scrolling what is there already."""
    await until(window._ahead.is_done)
    began = time.perf_counter()
    window.opening.open(Path(order["table"]))
    await until(lambda: window.page is not None and rows_are_shown(window.page))
    page = window.page
    assert page is not None
    first = (time.perf_counter() - began) * 1000
    metronome = Metronome()
    watching = asyncio.create_task(metronome.over(600.0))
    user = User(page)
    await until(lambda: not window.importing.is_reading(page.path), limit_s=500)
    user.rest()
    took = (time.perf_counter() - began) * 1000
    watching.cancel()
    metronome._timer.stop()
    return [
        {"case": "first rows on the screen", "ms": first},
        {
            "case": "all rows read, scrolling and typing",
            "ms": took,
            "p99_ms": quantile(metronome.late_ms, 0.99),
            "max_ms": max(metronome.late_ms),
            "busy_p99_ms": quantile(metronome.busy_ms, 0.99),
            "busy_max_ms": max(metronome.busy_ms),
        },
    ]


WORK: dict[str, Callable[[MainWindow, WorkerClient, dict[str, Any]], Awaitable[list[dict[str, Any]]]]] = {
    "streaming": streaming,
    "large": large,
    "importing": importing,
}


def main() -> None:
    """Arguments: a piece of work, and its order as JSON."""
    work, order = sys.argv[1], json.loads(sys.argv[2])
    home = Path(tempfile.mkdtemp(prefix="rowmill-bench-"))
    os.environ["ROWMILL_HOME"] = str(home)
    try:
        app = application()
        apply_theme(app, "light")
        loop = QEventLoop(app)
        asyncio.set_event_loop(loop)

        async def carry_out() -> list[dict[str, Any]]:
            client = WorkerClient()
            window = MainWindow.whole(Services(client, Settings(home / "settings.json"), KeyStore({})))
            window.resize(1280, 800)
            window.show()
            await asyncio.sleep(0.3)
            try:
                return await WORK[work](window, client, {**order, "folder": str(home)})
            finally:
                await window.aclose()
                window.hide()

        with loop:
            print(json.dumps(loop.run_until_complete(carry_out())), flush=True)
    finally:
        _end_practice_server()
        shutil.rmtree(home, ignore_errors=True)


def _end_practice_server() -> None:
    pid = launch.read_state(launch.default_home()).get("pid")
    if pid:
        with suppress(OSError):
            os.kill(int(pid), signal.SIGTERM)
            time.sleep(0.5)


if __name__ == "__main__":
    main()
