"""A job made to harm is open, and every widget is looked at: plain text everywhere, no file and no network touched."""

from __future__ import annotations

import asyncio
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtGui import Qt as QtText
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from gui_app.engine.events import JobProgress
from gui_app.errors import StorageError
from gui_app.jobs import Cause, Counts, FieldKind, JobState, OutputField, Recipe, RowState
from gui_app.sentences import explain
from gui_app.store.claims import Outcome
from gui_app.store.edits import JobEditor
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.window.main_window import MainWindow
from tests.helpers.practice import Practice
from tests.helpers.waiting import until
from tests.store.making import Run, make_job

pytestmark = pytest.mark.timeout(200)

HIDDEN = "\u202e\u2066\u200f\u200b\x1b\x07\x00\x85"
MARK = "zzevil"
"""Stands in every hostile text, so that it can be told from our own words."""


class Trap:
    """A picture on disk and one on the network, and whether anybody fetched them."""

    def __init__(self, folder: Path) -> None:
        self.picture = folder / "trap.png"
        self.picture.write_bytes(bytes.fromhex("89504e470d0a1a0a") + b"\x00" * 64)
        self._rearm()
        self.asked: list[str] = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/trap.png"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _rearm(self) -> None:
        os.utime(self.picture, (1.0, 2.0))

    def touched(self) -> bool:
        return self.picture.stat().st_atime > 100 or bool(self.asked)

    def works(self) -> bool:
        """Whether this file system tells when a file was read."""
        self.picture.read_bytes()
        told = self.picture.stat().st_atime > 100
        self._rearm()
        return told

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def text(self) -> str:
        """Everything at once that some widget somewhere may take for more than text."""
        return (
            f"<b>{MARK}</b><img src='{self.picture.as_uri()}'><img src=\"{self.url}\"><a href='{self.url}'>x</a>"
            f"<table><tr><td>&lt;i&gt;</td></tr></table> &File && {self.picture} "
            f"\x1b[31mred\x1b]8;;{self.url}\x07 {HIDDEN}"
            f"<script>alert(1)</script><style>*{{color:red}}</style>"
        )


@pytest.fixture
def trap(tmp_path: Path, nothing_left_behind: None) -> Iterator[Trap]:
    trap = Trap(tmp_path)
    yield trap
    trap.close()


def hostile_job(folder: Path, trap: Trap) -> Path:
    text = trap.text()
    labels = (f"{MARK} <b>one</b> &A", f"{MARK} <img src='{trap.picture}'> &B\u202e")
    recipe = Recipe(
        f"{text} {{{MARK} &Column <b>x</b>}}",
        (
            OutputField(f"{MARK} &Label <i>y</i>", FieldKind.LABEL, labels, descriptions=(text, text)),
            OutputField(f"{MARK} text\u202e", FieldKind.TEXT, hint=text),
        ),
        model=text[:80],
    )
    columns = (f"{MARK} &Column <b>x</b>", text, f"{MARK}\u202e &&")
    cells = [[text, text, text] for _ in range(6)]
    cells.append(['=HYPERLINK("http://x")', f"{MARK} " + "W" * 10_000_000, text])
    job = make_job(folder / f"{MARK} &job <img src=x>.rowmill", cells, columns, name=text)
    with Run(job, recipe=recipe) as run:
        claimed = run.claim()
        first, second = (field.name for field in recipe.fields)
        outcomes = []
        for row_id in claimed:
            kind = row_id % 3
            state = (RowState.DONE, RowState.FAILED, RowState.NEEDS_REVIEW)[kind]
            cause = (None, Cause.REFUSED, Cause.OFF_LIST)[kind]
            values = {first: labels[0] if kind == 0 else None, second: text}
            outcomes.append(
                Outcome(row_id, run.version, state, cause=cause, detail=text, raw=text, values=values, model=text)
            )
        run.keep(*outcomes)
        run.writer.set_state(JobState.STOPPED, Cause.KEY_REFUSED, text)
    editor = JobEditor(job)
    editor.set_value(1, second, f"{MARK} by hand {text}")
    editor.close()
    return job


def complaints(root: QWidget) -> list[str]:
    """What is wrong with the texts of a window and of all that is in it."""
    found: list[str] = []

    def say(widget: object, where: str, text: str) -> None:
        name = widget.objectName() if hasattr(widget, "objectName") else ""
        found.append(f"{type(widget).__name__} {name} {where}: {text[:80]!r}")

    for widget in [root, *root.findChildren(QWidget)]:
        for where, text in _texts(widget):
            if MARK in text and any(odd in text for odd in HIDDEN):
                say(widget, f"{where} with hidden characters", text)
        if isinstance(widget, QLabel):
            if widget.textFormat() is not Qt.TextFormat.PlainText and QtText.mightBeRichText(widget.text()):
                say(widget, "takes its text for markup", widget.text())
            if MARK in widget.text() and widget.buddy() is not None:
                say(widget, "with a shortcut", widget.text())
        if isinstance(widget, QMessageBox) and widget.textFormat() is not Qt.TextFormat.PlainText:
            say(widget, "may take its text for markup", widget.text())
        if isinstance(widget, QTextEdit) and ("<b>" not in widget.toPlainText() and MARK in widget.toPlainText()):
            say(widget, "has lost markup", widget.toPlainText())
        if isinstance(widget, QAbstractButton | QGroupBox):
            text = widget.text() if isinstance(widget, QAbstractButton) else widget.title()
            if MARK in text and not QKeySequence.mnemonic(text).isEmpty():
                say(widget, "has a shortcut", text)
        if isinstance(widget, QTabBar):
            for at in range(widget.count()):
                if MARK in widget.tabText(at) and not QKeySequence.mnemonic(widget.tabText(at)).isEmpty():
                    say(widget, "has a shortcut", widget.tabText(at))
        tip = widget.toolTip()
        if MARK in tip and QtText.mightBeRichText(tip) and not tip.startswith("<p style='white-space: pre-wrap'>"):
            say(widget, "tooltip as markup", tip)
        for action in _actions(widget):
            if MARK in action.text() and not QKeySequence.mnemonic(action.text()).isEmpty():
                say(widget, "action with a shortcut", action.text())
        if isinstance(widget, QAbstractItemView | QComboBox) and widget.model() is not None:
            found += _complaints_of_model(widget.model(), type(widget).__name__ + " " + widget.objectName())
    return found


def _texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    yield "title", widget.windowTitle()
    yield "accessible name", widget.accessibleName()
    yield "accessible description", widget.accessibleDescription()
    yield "tooltip", widget.toolTip()
    yield "status tip", widget.statusTip()
    if isinstance(widget, QLabel | QAbstractButton):
        yield "text", widget.text()
    if isinstance(widget, QComboBox):
        yield "text", widget.currentText()
    if isinstance(widget, QLineEdit) and widget.isReadOnly():
        yield "text", widget.text()
    if isinstance(widget, QPlainTextEdit) and widget.isReadOnly():
        # The reading pane shows hidden characters as signs.
        yield "text", widget.toPlainText()


def _actions(widget: QWidget) -> list[QAction]:
    return [*widget.actions(), *(widget.actions() if isinstance(widget, QMenu) else [])]


def _complaints_of_model(model: QAbstractItemModel, where: str) -> list[str]:
    found = []
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(QModelIndex())
    for row in range(min(model.rowCount(QModelIndex()), 50)):
        for column in range(columns):
            index = model.index(row, column, QModelIndex())
            shown = index.data(Qt.ItemDataRole.DisplayRole)
            tip = index.data(Qt.ItemDataRole.ToolTipRole)
            if isinstance(shown, str) and MARK in shown and any(odd in shown for odd in HIDDEN):
                found.append(f"{where} {row},{column}: hidden characters in {shown[:60]!r}")
            if isinstance(shown, str) and len(shown) > 2_000:
                found.append(f"{where} {row},{column}: {len(shown)} characters")
            if isinstance(tip, str) and MARK in tip and QtText.mightBeRichText(tip) and "<img" in tip:
                found.append(f"{where} {row},{column}: tooltip as markup {tip[:60]!r}")
    for column in range(columns):
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            head = model.headerData(column, Qt.Orientation.Horizontal, role)
            if isinstance(head, str) and MARK in head:
                if any(odd in head for odd in HIDDEN):
                    found.append(f"{where} heading {column}: hidden characters in {head[:60]!r}")
                if role is Qt.ItemDataRole.ToolTipRole and QtText.mightBeRichText(head) and "<img" in head:
                    found.append(f"{where} heading {column}: tooltip as markup")
    return found


@contextmanager
def _no_traps(trap: Trap) -> Iterator[None]:
    if not trap.works():
        pytest.skip("this file system does not tell when a file was read")
    yield
    assert not trap.asked, f"fetched over the network: {trap.asked}"
    assert not trap.touched(), "a picture named in a text was opened"


async def look(window: MainWindow, seen: list[str]) -> None:
    """Paint all there is, then walk through it."""
    await asyncio.sleep(0.1)
    for top in QApplication.topLevelWidgets():
        if top.isVisible():
            top.grab()
            seen += complaints(top)


async def test_a_hostile_job_is_plain_text_in_every_widget(
    window: MainWindow, practice: Practice, tmp_path: Path, trap: Trap
) -> None:
    job = hostile_job(tmp_path, trap)
    seen: list[str] = []
    with _no_traps(trap):
        window.opening.open(job)
        await until(lambda: window.page is not None and window.page.model.rowCount(QModelIndex()) == 7)
        page = window.page
        assert page is not None
        await until(lambda: page.model.index(0, 0).data() not in (None, ""))
        try:
            await _walk(window, page, seen, job)
        finally:
            await window.aclose()
    assert not seen, "\n".join(sorted(set(seen)))


async def _walk(window: MainWindow, page: JobPage, seen: list[str], job: Path) -> None:
    for row in (0, 1, 2, 6):
        page.table.selectRow(row)
        await asyncio.sleep(0.1)
        for name in ("task", "model", "failures", "review"):
            page.show_page(name)
            await look(window, seen)
    for button in page.side.failures.findChildren(QAbstractButton):
        if "example" in button.objectName().lower() and button.isVisible():
            button.click()
    await look(window, seen)
    evil = page.title.label.accessibleName() + "<img src=x>" + HIDDEN
    event = JobProgress(
        job=str(job), state=JobState.STOPPED, counts=Counts(waiting=7), stopped_cause=Cause.MODEL_UNKNOWN,
        stopped_detail=evil, problem=("“{file}” is full.", {"file": evil}),
    )  # fmt: skip
    page.take(event)
    said = explain(StorageError("“{file}” is full.", file=evil))
    window.empty.show_problem(said)
    window.status.say(said)
    await look(window, seen)
    for dialog in _dialogs(window, page):
        await until(dialog)
        await look(window, seen)
        opened = dialog()
        assert opened is not None
        opened.close()
    page.table.grab()
    QApplication.sendPostedEvents()
    page.table.viewport().mapToGlobal(QPoint(5, 5))


def _dialogs(window: MainWindow, page: JobPage) -> Iterator[Callable[[], QWidget | None]]:
    def visible(kind: str) -> Callable[[], QWidget | None]:
        return lambda: next(
            (w for w in window.findChildren(QWidget) if type(w).__name__ == kind and w.isVisible()), None
        )

    window.dialogs.show_settings(page)
    yield visible("SettingsDialog")
    window.dialogs.show_export(page)
    yield visible("ExportDialog")
