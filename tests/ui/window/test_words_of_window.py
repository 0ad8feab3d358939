"""The whole window with a job in it: after a switch of the language no word stays behind, and none is left English."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui_app import i18n
from gui_app.engine.events import JobProgress
from gui_app.errors import N_, UserError
from gui_app.jobs import Cause, FieldKind, JobState, OutputField, Recipe, RowState, Scope, ScopeKind
from gui_app.keys import KeyStore
from gui_app.settings import Settings
from gui_app.store.claims import Outcome
from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import JobReader
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.services import Services
from gui_app.ui.window.main_window import MainWindow
from gui_app.ui.window.window_dialogs import speak_another_language
from tests.helpers.waiting import until
from tests.store.making import Run, failed, make_job
from tests.ui.walking import Marked, foreign, texts

RECIPE = Recipe("§ {§text} {§unknown}", (OutputField("§label", FieldKind.LABEL, ("§1", "§2")),), model="§")
CAUSES = [Cause.TOO_LONG, Cause.REFUSED, Cause.RATE_LIMIT, Cause.KEY_REFUSED]


class Idle:
    """Stands where the worker stands, and does nothing."""

    def subscribe(self, _take: object) -> Callable[[], None]:
        return lambda: None

    async def start(self) -> None:
        """At once."""

    async def close(self) -> None:
        """At once."""


def job(path: Path) -> Path:
    make_job(path, [[f"§{n}", f"§{1 + n % 2}"] for n in range(1, 13)], ("§text", "§gold"), name="§")

    def answer(row_id: int, version: int) -> Outcome:
        if row_id <= len(CAUSES):
            return failed(row_id, version, CAUSES[row_id - 1], raw="§")
        if row_id == 6:
            return Outcome(row_id, version, RowState.NEEDS_REVIEW, cause=Cause.OFF_LIST, values={"§label": None})
        return Outcome(row_id, version, RowState.DONE, values={"§label": "§1"}, confidence={"§label": 0.5})

    for recipe in (Recipe("§", RECIPE.fields, model="§"), RECIPE):
        run = Run(path, Scope(ScopeKind.AGAIN), recipe)
        run.answer_all(answer)
        run.close()
    with closing(JobEditor(path)) as editor:
        editor.save_draft(RECIPE)
        editor.set_note("gold", "§gold")
        editor.set_note("second", {"rows": [5, 7, 8], "boundary": 7, "run": None, "open": False})
        editor.set_value(5, "§label", "§2")
        editor.approve([7])
    return path


@pytest.fixture
def shown(tmp_path: Path, home: Path, qloop: object) -> Callable[[], Any]:
    """The window with a job whose every part has something to say."""

    @asynccontextmanager
    async def window() -> AsyncIterator[tuple[MainWindow, JobPage]]:
        out = MainWindow.whole(Services(cast(Any, Idle()), Settings(home / "settings.json"), KeyStore({})))
        out.resize(1280, 800)
        out.show()
        out.show_job(job(tmp_path / "§.rowmill"))
        page = out.page
        assert page is not None
        try:
            await until(lambda: page._started and page.model.rowCount() == 12)
            for name in ("model", "failures", "review", "task"):
                page.show_page(name)
                await asyncio.sleep(0.05)
            page.show_page("review")
            await until(lambda: page.side.review.agreement._result is not None)
            page.reading.open()
            page.show_error(UserError(N_("This recipe is too large to be one. A recipe file has at most 1 MB.")))
            await asyncio.sleep(0.3)
            yield out, page
        finally:
            await out.aclose()
            out.hide()
            out.deleteLater()

    return window


def moving(path: Path) -> JobProgress:
    with closing(JobReader(path)) as reader:
        return JobProgress(str(path), JobState.RUNNING, reader.counts())


def switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_catalogue", Marked())
    for window in QApplication.topLevelWidgets():
        QApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def words_left(window: QWidget) -> list[str]:
    """Without the name of the table, which is data, and dates, which are not in the catalogue."""
    return [text for text in foreign(window) if not re.search(r"table\.csv|[A-Z][a-z]{2} \d+, \d{4}", text)]


async def test_a_switch_of_the_language_reaches_every_word_of_the_window(
    shown: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown() as (window, _page):
        switch(monkeypatch)
        # Some sentences are made from what the store says, a moment later.
        await asyncio.sleep(1.0)
        assert words_left(window) == []


async def test_it_reaches_a_window_whose_job_is_running_and_says_something(
    shown: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown() as (window, page):
        page.take(moving(page.path))
        await until(lambda: page.run_bar.pause_button.isVisible())
        page.remedies.apply("wait", page.overview.failures[0])
        page.filter_bar.set_filter(page.menu._table.selected_filter())
        page.side.task.change_prompt("§ {§text|5}")
        page.edits.said.emit("§")
        page.history.show()
        assert page.history.dialog is not None
        await until(lambda: page.history.dialog.pairs.table.rowCount())
        switch(monkeypatch)
        await asyncio.sleep(1.0)
        assert words_left(window) == []


ENGLISH = re.compile(r"[A-Za-z]{3,} +[a-z]{3,}")
NAMES = re.compile(r"LM Studio|Qwen \(DashScope\)|llama\.cpp / llamafile|rowmill [a-z]+")


def english(root: QWidget) -> list[str]:
    """Texts with two English words in a row, names left out."""
    found = (text for _widget, text in texts(root))
    return sorted({text for text in found if ENGLISH.search(NAMES.sub("", re.sub(r"<[^>]*>", "", text)))})


async def test_no_english_is_left_in_the_chinese_window(shown: Callable[[], Any], qapp: QApplication) -> None:
    async with shown() as (window, _page):
        i18n.set_language("zh_CN")
        speak_another_language(qapp)
        await asyncio.sleep(1.0)
        assert english(window) == []
        i18n.set_language("en")
        speak_another_language(qapp)
        assert english(window) != []
