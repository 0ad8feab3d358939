"""The pictures of what is seldom seen: settings, menus, refused files, stopped jobs, nights, small dialogs.

A part of `make screenshots`. States that take a key, a bill or a broken network are told to the page as the worker
would tell them.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from screenshots import Tour

FIRST = 18
"""The number of the first of these pictures."""

MESSY = "编号;产品;评价;评价;\n" + "".join(f"{i:04};水壶;烧水很快，声音也小;5;\n" for i in range(40)) + "0041;台灯\n"


class Corners:
    """Goes on where the tour ends, in the same window."""

    def __init__(self, tour: Tour, folder: Path) -> None:
        self.tour, self.window, self.folder = tour, tour.window, folder
        folder.mkdir()

    async def walk(self) -> None:
        """Every corner in turn."""
        for part in (
            self.settings,
            self.files,
            self.task,
            self.menus,
            self.models,
            self.stops,
            self.states,
            self.questions,
            self.queue,
            self.night,
            self.broken,
        ):
            await part()

    # What is seen without a job

    async def settings(self) -> None:
        """Each page but the first."""
        self.window.jobs.archive_button.setChecked(False)
        self.window.show_settings()
        dialog = self.window.dialogs._settings_dialog
        assert dialog is not None
        for at, page in enumerate(("keys", "speed", "privacy", "about")):
            dialog.show_page(page)
            await asyncio.sleep(0.5)
            await self.small(f"{FIRST + at}-settings-{page}")
        dialog.close()

    async def files(self) -> None:
        """A file held over the window, one that is refused, and one with faults and choices."""
        window = self.window
        window.empty.away.hide()
        window.show_empty()
        window.empty.drop.set_over(True)
        await self.small("22-file-held")
        window.empty.drop.set_over(False)
        refused = self.folder / "prices.xlsx"
        refused.write_bytes(b"%PDF-1.7\n" + bytes(range(256)))
        window.open_file(refused)
        await self.tour.until(lambda: bool(window.empty.problem()))
        await self.tour.picture("23-file-refused")
        window.empty.show_problem("")
        messy = self.folder / "评价.csv"
        messy.write_bytes(MESSY.encode("gb18030"))
        window.open_file(messy)
        await self.tour.until(lambda: window.page is not None and window.page.model.rowCount() == 41)
        page = window.page
        assert page is not None
        await asyncio.sleep(1.0)
        await self.tour.picture("24-import-choices", ready=page.import_line.encoding.showPopup)

    # One job

    async def job(self, at: int = 0) -> Any:
        """A new job from a sample."""
        from gui_app.ui.samples import SAMPLES

        before = self.window.page
        self.window.opening.start_job(SAMPLES[at].path, SAMPLES[at])
        await self.tour.until(lambda: self.window.page not in (None, before) and self._is_ready())
        await asyncio.sleep(1.0)
        return self.window.page

    def _is_ready(self) -> bool:
        page = self.window.page
        return page is not None and page.run_bar.run_button.isEnabled() and page.model.rowCount() >= 100

    def _columns(self) -> tuple[str, str]:
        """The product and the review, as the sample of this language calls them."""
        columns = self.window.page.overview.summary.columns  # type: ignore[union-attr]
        return columns[1], columns[2]

    async def task(self) -> None:
        """Each kind of result column, and what is wrong with one."""
        from PySide6.QtWidgets import QScrollArea

        from gui_app.jobs import FieldKind, OutputField

        page = await self.job()
        product, review = self._columns()
        page.side.task.change_prompt(f"{{{product}}}?\n{{{review}s}}")
        page.side.task.fields.set_fields(
            [
                OutputField("sentiment", FieldKind.LABEL, ("positive",)),
                OutputField("topics", FieldKind.LABELS, ("price", "quality", "service"), ("what it costs",)),
                OutputField("score", FieldKind.NUMBER, minimum=5, maximum=1),
                OutputField("again", FieldKind.YES_NO),
                OutputField("summary", FieldKind.TEXT, max_characters=200, hint="One plain sentence."),
            ]
        )
        await asyncio.sleep(0.5)
        bar = page.side.task.findChild(QScrollArea).verticalScrollBar()
        await self.tour.picture("25-results", ready=lambda: bar.setValue(0))
        await self.small("26-results-below", ready=lambda: bar.setValue(round(0.45 * bar.maximum())))
        await self.small("27-results-end", ready=lambda: bar.setValue(bar.maximum()))

    async def menus(self) -> None:
        """Menus, as they open, of a job that was tried."""
        from PySide6.QtCore import QPoint
        from PySide6.QtWidgets import QComboBox

        page = await self.job()
        page.run_bar.try_button.click()
        await self.tour.until(lambda: page.overview.summary.counts.finished == 5 and not page.is_moving())
        await asyncio.sleep(1.0)
        bar, table = page.run_bar, page.table
        await self.small("28-menu-run", ready=bar._run_split.more.click)
        await self.small("29-menu-try", ready=bar._try_split.more.click)
        await self.small("30-menu-task", ready=page.side.task.menu.open_menu)
        await self.small("31-menu-columns", ready=page._show_columns)
        table.setCurrentIndex(page.model.index(1, 5))
        at = table.visualRect(table.currentIndex()).center()
        await self.small("32-menu-row", ready=lambda: page.menu.popup(table.viewport().mapToGlobal(at)))
        path = page.path
        menu: list[Any] = []

        def open_job_menu() -> None:
            menu[:] = [self.window.jobs.menu(path)]
            menu[0].popup(self.window.jobs.list.viewport().mapToGlobal(QPoint(60, 40)))

        await self.small("33-menu-job", ready=open_job_menu)
        box: QComboBox = page.side.task.findChild(QComboBox, "presetBox")
        await self.small("34-tasks", ready=box.showPopup)

    async def models(self) -> None:
        """A provider that wants a key, and a server of one's own with a price that is not known."""
        page = self.window.page
        assert page is not None
        page.show_page("model")
        model = page.side.model
        box = model.provider_box
        box.setCurrentIndex(box.findData("openai"))
        await asyncio.sleep(2.0)
        model.model_box.setEditText("gpt-5-mini")
        model.run_part.budget_edit.setText("2.50")
        await asyncio.sleep(1.5)
        await self.small("35-model-key")
        box.setCurrentIndex(box.findData("compatible"))
        model.address_edit.setText("http://example.com/v1")
        model.model_box.setEditText("my-model")
        model.run_part.budget_edit.setText("2,50")
        model.run_part._more.button.click()
        await asyncio.sleep(2.0)
        await self.small("36-model-own")

    # States

    async def stops(self) -> None:
        """Jobs that stop by themselves: the key is refused, the limit reached, nothing usable comes."""
        with _provider() as address:
            for name, answers in (
                ("37-stopped-key", "refused"),
                ("38-stopped-limit", "dear"),
                ("39-paused-by-itself", "nonsense"),
            ):
                page = await self.job()
                model, field = page.side.model, page.side.task.recipe().fields[0]
                box = model.provider_box
                box.setCurrentIndex(box.findData("compatible"))
                _Answers.text = json.dumps({field.name: field.labels[0] if answers == "dear" else None})
                model.address_edit.setText(f"{address}/{answers}/v1")
                model.model_box.setEditText("my-model")
                if answers == "dear":
                    # The price is asked for once it is known that nobody knows it.
                    await self.tour.until(partial(model.run_part.input_price_edit.isVisibleTo, model.run_part))
                    model.run_part.budget_edit.setText("2.50")
                    model.run_part.input_price_edit.setText("500")
                    model.run_part.output_price_edit.setText("900")
                await self.tour.until(page.run_bar.run_button.isEnabled)
                page.run_bar.run_button.click()
                await self.tour.until(partial(_has_stopped, page))
                await asyncio.sleep(1.0)
                await self.tour.picture(name, small=answers != "refused")

    async def states(self) -> None:
        """A job that has no network, waits, pauses, cannot store: as the worker would tell the page."""
        from gui_app.engine.events import JobProgress
        from gui_app.jobs import Cause, Counts, JobState

        page = await self.job()
        page.show_page("task")
        moving = JobProgress(
            str(page.path),
            JobState.RUNNING,
            Counts(waiting=58, running=8, done=50, needs_review=1, failed=3),
            run_rows=120,
            run_finished=54,
            rows_per_minute=212.0,
            eta_s=17.0,
            cost_usd=0.0421,
            projected_usd=0.0936,
            concurrency=8,
            in_flight=8,
        )
        full = "The disk that holds “{file}” is full. Free some space, then continue: nothing is lost."
        for name, event in (
            ("40-offline", replace(moving, state=JobState.OFFLINE, offline_cause=Cause.NETWORK)),
            ("41-waiting", replace(moving, waiting_s=34.0, slowed=True)),
            ("42-pausing", replace(moving, state=JobState.PAUSING)),
            ("43-disk-full", replace(moving, problem=(full, {"file": page.path.name}))),
        ):
            page.take(event)
            await asyncio.sleep(0.3)
            await self.tour.picture(name, ready=partial(page.take, event), small=name != "40-offline")

    async def questions(self) -> None:
        """What is asked, in the language of its moment, and what is told at the foot."""
        window, page = self.window, await self.job(1)
        page.run_bar.run_button.click()
        await self.tour.until(lambda: page.overview.summary.counts.waiting == 0 and not page.is_moving())
        await asyncio.sleep(1.0)
        await self.tour.question("44-again", page.doing.run_again, small=True)
        page.show_page("failures")
        await self.small("45-no-failures")
        page.filter_bar.search.setText("nothing has this")
        await asyncio.sleep(1.0)
        await self.tour.picture("46-nothing-found")
        page.filter_bar.search.clear()
        await asyncio.sleep(0.5)
        await self.exported(page)
        await self.dialog("47-go-to-row", lambda: window.dialogs.ask_row(page), "goToDialog")
        await self.dialog("48-rename", lambda: window.library._ask_name(page.path), "renameDialog")
        await self.dialog(
            "49-template",
            lambda: page.side.task.own.ask_to_keep(page.side.task.recipe(), "Stars"),
            "templateNameDialog",
        )

    async def exported(self, page: Any) -> None:
        """What is said after an export."""
        from PySide6.QtWidgets import QLineEdit, QPushButton

        window = self.window
        window.dialogs.show_export(page)
        export = window.dialogs._export
        assert export is not None
        form: Any = export.dialog
        form.findChild(QLineEdit, "exportPathEdit").setText(str(self.folder / "answers.xlsx"))
        form.findChild(QPushButton, "startExportButton").click()
        await self.tour.until(form.findChild(QPushButton, "openExportedFileButton").isVisible)
        await self.small("55-exported")
        await export.aclose()

    async def dialog(self, name: str, ask: Callable[[], object], found: str) -> None:
        """A small dialog."""
        from PySide6.QtWidgets import QDialog

        ask()
        await self.tour.until(lambda: self.window.findChild(QDialog, found) is not None)
        await self.small(name)
        dialog = self.window.findChild(QDialog, found)
        assert dialog is not None
        dialog.reject()
        await self.tour.until(lambda: self.window.findChild(QDialog, found) is None)

    async def queue(self) -> None:
        """A job that waits for its turn behind one that runs, and one that was deleted."""
        window, waits = self.window, await self.job(2)
        first = await self.job(1)
        first.side.model.run_part.speed_box.setEditText("1")
        first.run_bar.run_button.click()
        await self.tour.until(first.is_moving)
        window.show_job(waits.path)
        await self.tour.until(self._is_ready)
        page = window.page
        assert page is not None
        page._run("queued")
        await self.tour.until(lambda: bool(window.later.queue.order))
        await asyncio.sleep(0.5)
        await self.tour.picture("50-queue")
        window.later.queue.hold()
        await self.small("51-queue-held")
        window.later.queue.remove(page.path)
        window.library._delete(window.jobs.entries()[-1].path)
        await asyncio.sleep(0.5)
        await self.small("52-deleted")
        await window._services.worker.stop(first.path)
        window.status.dismiss()

    async def night(self) -> None:
        """Rows that are out overnight, with the practice provider whose nights are short."""
        page = await self.job()
        page.show_page("model")
        from gui_app.jobs import Lane

        page.side.model.run_part.choose_lane(Lane.OVERNIGHT)
        page.run_bar.run_button.click()
        await self.tour.until(lambda: page.overview.summary.state == "submitted")
        await asyncio.sleep(0.5)
        await self.tour.picture("53-overnight")

    async def broken(self) -> None:
        """A job file that is damaged, one of a newer version, and what is told of them."""
        window = self.window
        jobs = Path(window.jobs.entries()[0].path).parent
        whole = jobs / "damaged.rowmill"
        shutil.copyfile(window.jobs.entries()[-1].path, whole)
        whole.write_bytes(whole.read_bytes()[:3000] + bytes(9000))
        window.library.refresh()
        await asyncio.sleep(1.0)
        window.show_job(whole)
        await asyncio.sleep(1.5)
        await self.tour.picture("54-damaged")

    async def small(self, name: str, **more: Any) -> None:
        """A picture at 1280x800 alone: what it shows is as large in any window."""
        await self.tour.picture(name, small=True, **more)


def _has_stopped(page: Any) -> bool:
    return page.overview.summary.stopped_cause is not None


class _Answers(BaseHTTPRequestHandler):
    """A provider that refuses every key, or is dear, or answers with nothing of use: told by the address."""

    text = ""

    def do_GET(self) -> None:
        """The list of models."""
        self._send(200, {"data": [{"id": "my-model"}]})

    def do_POST(self) -> None:
        """One row."""
        self.rfile.read(int(self.headers["Content-Length"]))
        if "refused" in self.path:
            self._send(401, {"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}})
            return
        said = {"role": "assistant", "content": self.text}
        used = {"prompt_tokens": 90, "completion_tokens": 12, "total_tokens": 102}
        choice = {"index": 0, "message": said, "finish_reason": "stop"}
        self._send(
            200, {"id": "1", "object": "chat.completion", "model": "my-model", "choices": [choice], "usage": used}
        )

    def log_message(self, *_args: object) -> None:
        """Nothing."""

    def _send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def _provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
