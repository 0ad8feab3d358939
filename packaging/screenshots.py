"""Take a picture of every screen, in each size, theme and language: `make screenshots`.

Drives the real window with the real worker on the practice model, on an X server of its own: one way through it for
each language, as somebody of that language goes it. The pictures lie in build/screenshots; with `--readme` the four of
the README are taken into resources/screenshots.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from corners import FIRST, Corners

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap
    from PySide6.QtWidgets import QApplication, QWidget

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZES = ((1280, 800), (1920, 1080))
THEMES = ("light", "dark")
LANGUAGES = ("en", "zh_CN")
FOR_README = {
    "1-first-page_1280x800_light_en": "first-page.png",
    "4-answers_1280x800_light_en": "answers.png",
    "6-failures_1280x800_dark_en": "failures.png",
    "8-review_1280x800_light_zh_CN": "review-chinese.png",
}
OTHER_PROMPTS = {
    "en": "Is this review positive, negative or neutral? {review}",
    "zh_CN": "这条评论是正面、负面还是中性？{评论}",
}
LIMIT_S = 120.0


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", action="store_true", help="also renew the pictures of the README")
    parser.add_argument("--scale", type=float, default=1.0, help="the screen's scaling, 1 to 3; fewer pictures")
    parser.add_argument("--only", nargs="+", default=(), metavar="SCREEN", help="only these, such as 14-away")
    parser.add_argument("--letters", choices=("100", "125", "150", "200"), default="100", help="fewer pictures")
    parser.add_argument("--size", type=_size, metavar="1024x700", help="of the window; fewer pictures")
    parser.add_argument("--language", choices=LANGUAGES, help="this one only, beside the pictures that are there")
    options = parser.parse_args()
    special = options.scale != 1 or options.letters != "100" or options.size is not None
    size = "-{}x{}".format(*options.size) if options.size else ""
    name = f"screenshots-{options.scale:g}x-{options.letters}{size}" if special else "screenshots"
    out = ROOT / "build" / name
    if options.language is None:
        shutil.rmtree(out, ignore_errors=True)
        # A process for each: nothing of the one language is left in the window of the other.
        way = [sys.executable, __file__, *sys.argv[1:], "--language"]
        taking = [subprocess.Popen([*way, language]) for language in LANGUAGES]
        codes = [process.wait() for process in taking]
        if any(codes):
            return 1
    else:
        _take(out, options, special=special)
        return 0
    if options.readme:
        kept = ROOT / "resources" / "screenshots"
        kept.mkdir(exist_ok=True)
        for taken, name in FOR_README.items():
            shutil.copyfile(out / f"{taken}.png", kept / name)
    print(f"{len(list(out.glob('*.png')))} pictures in {out.relative_to(ROOT)}")
    return 0


def _take(out: Path, options: argparse.Namespace, *, special: bool) -> None:
    from tests.helpers.screen import own_screen

    out.mkdir(parents=True, exist_ok=True)
    width, height = (length + 20 for length in (options.size or SIZES[0 if special else -1]))
    with own_screen(f"{round(width * options.scale)}x{round(height * options.scale)}x24") as display, _own_home():
        os.environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", QT_SCALE_FACTOR=f"{options.scale:g}")
        _run(out, options, special=special)


def _size(text: str) -> tuple[int, int]:
    width, _x, height = text.partition("x")
    return int(width), int(height)


@contextmanager
def _own_home() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as home:
        os.environ["ROWMILL_HOME"] = home
        try:
            yield
        finally:
            _end_practice_server(Path(home))


def _end_practice_server(home: Path) -> None:
    """It outlives the app on purpose; here nobody will use it again."""
    import psutil

    for process in psutil.process_iter(["cmdline"]):
        if f"{home}/practice" in (process.info["cmdline"] or []):
            process.terminate()
            process.wait(10)


def _run(out: Path, options: argparse.Namespace, *, special: bool) -> None:
    from PySide6.QtWidgets import QApplication  # noqa: F401  (before qasync)
    from qasync import QEventLoop

    from gui_app.app import application

    app = application()
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(Tour(app, out, options, special=special).walk())


class Tour:
    """The way through the window, stopping for a picture at each screen."""

    def __init__(self, app: QApplication, out: Path, options: argparse.Namespace, *, special: bool) -> None:
        from PySide6.QtGui import QCursor

        from gui_app import i18n
        from gui_app.app import window_icon
        from gui_app.keys import KeyStore
        from gui_app.settings import Settings
        from gui_app.ui.look.qt_words import use_qt_words
        from gui_app.ui.look.theme import apply_text_size, apply_theme
        from gui_app.ui.services import Services
        from gui_app.ui.window.main_window import MainWindow
        from gui_app.worker.client import WorkerClient

        self.app, self.out, self.language, self.only = app, out, options.language, options.only
        i18n.set_language(options.language)
        self.sizes: Sequence[tuple[int, int]] = (options.size or SIZES[0],) if special else SIZES
        self.themes: Sequence[str] = THEMES[:1] if special else THEMES
        apply_theme(app, "light")
        use_qt_words(app)
        app.setWindowIcon(window_icon())
        keys = KeyStore({"ANTHROPIC_API_KEY": "sk-ant-not-a-real-one"})
        self.window = MainWindow.whole(Services(WorkerClient(), Settings.load(), keys))
        self.window.show()
        # Out of the way: what lies under the pointer looks otherwise.
        QCursor.setPos(self.window.screen().geometry().bottomRight())
        # While it is shown, as from the settings.
        apply_text_size(app, int(options.letters))

    async def walk(self) -> None:
        """Every screen in turn."""
        numbers = [int(name.partition("-")[0]) for name in self.only]
        if not numbers or min(numbers) < FIRST:
            await self.main_way()
        if not numbers or max(numbers) >= FIRST:
            await Corners(self, Path(os.environ["ROWMILL_HOME"]) / "corners").walk()
        await self.window.aclose()

    async def main_way(self) -> None:
        """From the first start to the export, and what lies around it."""
        from gui_app.ui.samples import SAMPLES

        window = self.window
        await self.picture("1-first-page")
        for sample in (SAMPLES[1], SAMPLES[2], SAMPLES[0]):
            window.opening.open_sample(sample)
            await self.until(lambda: self.page is not None and self.page.run_bar.run_button.isEnabled())
            await asyncio.sleep(1.0)
        page = self.page
        assert page is not None
        await self.until(lambda: page.model.rowCount() == 120 and page.overview is not None)
        await asyncio.sleep(1.0)
        await self.picture("2-task")
        page.show_page("model")
        page.side.model.model_box.setEditText("practice-with-faults")
        await self.picture("5-model")
        page.show_page("task")
        page.run_bar.try_button.click()
        await self.until(lambda: page.overview is not None and page.overview.summary.counts.finished == 5)
        await self.until(lambda: not page.is_moving())
        await asyncio.sleep(1.5)
        await self.picture("3-tried")
        # Slow enough to be still running when the last of its pictures is taken.
        page.side.model.run_part.speed_box.setEditText("2")
        page.run_bar.run_button.click()
        await self.until(lambda: page.overview is not None and page.overview.summary.counts.finished > 20)
        await self.closing()
        await self.until(lambda: page.overview is not None and page.overview.summary.counts.finished > 50)
        await self.picture("4-answers")
        await self.until(lambda: not page.is_moving() and page.overview.summary.counts.waiting == 0)
        page.table.setCurrentIndex(page.model.index(3, 2))
        page.reading.open()
        page.show_page("task")
        await asyncio.sleep(0.5)
        await self.picture("12-reading")
        page.reading.close()
        page.show_page("failures")
        await asyncio.sleep(1.0)
        await self.picture("6-failures")
        page.show_page("review")
        await asyncio.sleep(2.0)
        await self.picture("8-review")
        await self.versions(page)
        window.show_settings()
        await asyncio.sleep(0.5)
        await self.picture("9-settings")
        assert window.dialogs._settings_dialog is not None
        window.dialogs._settings_dialog.close()
        window.dialogs.show_export(page)
        await asyncio.sleep(0.5)
        await self.picture("7-export")
        assert window.dialogs._export is not None
        await window.dialogs._export.aclose()
        window.dialogs.show_help("overnight")
        await asyncio.sleep(0.5)
        assert window.dialogs.help is not None
        await self.picture("10-help", window.dialogs.help)
        window.dialogs.help.close()
        await self.jobs()

    async def closing(self) -> None:
        """What is asked when the window is closed while a job runs."""
        await self.question("11-closing", self.window.close)

    async def question(self, name: str, ask: Callable[[], object], *, small: bool = False) -> None:
        """What is asked before something is done."""
        from PySide6.QtWidgets import QPushButton

        from gui_app.ui.pieces.question import Question

        ask()
        await self.until(lambda: self.window.findChild(Question) is not None)
        await self.picture(name, small=small)
        question = self.window.findChild(Question)
        assert question is not None
        answer = question.findChild(QPushButton, "answer_")
        assert answer is not None
        answer.click()
        await self.until(lambda: self.window.findChild(Question) is None)

    async def jobs(self) -> None:
        """The first page with news, the question about a newer file, the archive."""
        from dataclasses import replace

        from gui_app.jobs import Counts, JobState
        from gui_app.ui.window.away import News

        window, page = self.window, self.page
        assert page is not None
        await self.question("13-newer-file", lambda: window.updating.offer(page.path, page.source, lambda: None))
        entries = window.jobs.entries()
        window.show_empty()
        cut = replace(entries[0].counts, done=60, waiting=entries[0].counts.rows - 60, needs_review=0, failed=0)
        ended = replace(entries[1], state=JobState.FINISHED, counts=Counts(done=97, failed=3))
        window.empty.away.show_news([News(replace(entries[0], interrupted=True, counts=cut)), News(ended)])
        window.library.archive(entries[-1].path, True)
        await self.until(lambda: window.jobs.archive_button.isVisible())
        await self.picture("14-away")
        window.jobs.archive_button.click()
        await self.picture("15-archive")

    async def versions(self, page) -> None:  # type: ignore[no-untyped-def]
        """A second opinion, and the history of the task with the answers of both versions."""
        from PySide6.QtWidgets import QScrollArea

        page.side.task.change_prompt(OTHER_PROMPTS[self.language])
        page.side.review.second.ask_button.click()
        await self.until(lambda: page.side.review.second.view._result is not None)
        scroll = page.side.review.findChild(QScrollArea)
        bar = scroll.verticalScrollBar()
        await self.picture("16-second-opinion", ready=lambda: bar.setValue(bar.maximum()))
        bar.setValue(0)
        page.history.show()
        await asyncio.sleep(1.0)
        await self.picture("17-history")
        page.history.close()

    @property
    def page(self):  # type: ignore[no-untyped-def]
        """The job page in front, if one is."""
        return self.window.page

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for something to come true."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while not reached():  # noqa: ASYNC110 (widgets have no events of this kind)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.window.grab().save(str(self.out / "stuck.png"))
            raise

    async def picture(
        self,
        name: str,
        of: QWidget | None = None,
        ready: Callable[[], object] = lambda: None,
        *,
        small: bool = False,
    ) -> None:
        """One picture of the whole window, with what lies over it, for each size and theme.

        Args:
            ready: Called before each of them, when the window has its size. A menu that it opens is closed again.
            small: At 1280x800 alone.
        """
        from gui_app.ui.look.theme import apply_theme

        if self.only and name not in self.only:
            return
        shown: QWidget = self.window if of is None else of
        for width, height in self.sizes if of is None and not small else self.sizes[:1]:
            if of is None:
                shown.resize(width, height)
            for theme in self.themes:
                apply_theme(self.app, theme)
                await asyncio.sleep(0.2)
                ready()
                await asyncio.sleep(0.15)
                self._grab(shown).save(str(self.out / f"{name}_{width}x{height}_{theme}_{self.language}.png"))
                while (opened := self.app.activePopupWidget()) is not None:
                    opened.close()
        self.window.resize(*self.sizes[0])
        apply_theme(self.app, "light")

    def _grab(self, shown: QWidget) -> QPixmap:
        opened, screen = self.app.activePopupWidget(), shown.screen()
        assert screen is not None
        # A menu at the window's foot hangs out of it.
        place = shown.geometry() if opened is None else shown.geometry().united(opened.geometry())
        return screen.grabWindow(0, place.x(), place.y(), place.width(), place.height())


if __name__ == "__main__":
    sys.exit(main())
