"""Imports and exports: long, hungry, and each in a process of its own, which a bad file may take down alone."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gui_app.errors import N_, Cancelled, ExportError, InputError, UserError
from gui_app.jobs import ExportOptions, Recipe
from gui_app.logs import log_to_file
from gui_app.paths import name_for_job
from gui_app.recipes.template import Template
from gui_app.store.carry import FormerJob, create_successor
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.tables import ImportSettings, open_table
from gui_app.worker import pipes, protocol
from gui_app.worker.exporting import export_job
from gui_app.worker.filling import fill
from gui_app.worker.protocol import TaskProgress, TaskResult
from gui_app.worker.task_handle import remove_job

log = logging.getLogger(__name__)

Progress = Callable[[TaskProgress], None]
IsCancelled = Callable[[], bool]


def import_table(
    source: Path,
    job: Path,
    settings: ImportSettings,
    progress: Progress,
    cancelled: IsCancelled,
    *,
    own: bool = False,
    keep: IsCancelled = lambda: False,
    former: Path | None = None,
    opened: Callable[[], None] = lambda: None,
) -> TaskResult:
    """Read a table into a job file, which is made when it is not there.

    A job that is made here and not finished is removed again.

    Args:
        own: The job was made for this import, even where it is there already.
        keep: Asked when the import fails: True leaves the job, because another import takes it over.
        former: The job of a former version of this table: rows that hold the same keep their answers, and a job
            that is made here has its name and task. It stays as it is.
        opened: Told when the table is open, before anything is written.

    Raises:
        InputError: The table cannot be read.
        JobFileError: The job has already sent rows, or the answers of the former one cannot be kept.
        JobInUse: Somebody runs the former one.
        StorageError, Cancelled.
    """
    with contextlib.ExitStack() as open_things:
        table = open_things.enter_context(open_table(source, settings))
        opened()
        held = None
        if former is not None:
            held = open_things.enter_context(contextlib.closing(FormerJob(former, columns_in_prompt)))
        if not job.exists():
            if former is None:
                create_job(job, name=name_for_job(source))
            else:
                create_successor(job, former)
            own = True
        try:
            return _fill(job, table, progress, cancelled, held)
        except BaseException:
            if own and not keep():
                remove_job(job)
            raise


def columns_in_prompt(recipe: Recipe, columns: Sequence[str]) -> list[tuple[int, str]]:
    """Where a recipe puts which columns of a table into its prompt."""
    return [(place.start, place.name) for place in Template(recipe.template, columns).places() if place.known]


def _fill(
    job: Path, table: Any, progress: Progress, cancelled: IsCancelled, former: FormerJob | None = None
) -> TaskResult:
    writer = RowsWriter(job)
    try:
        writer.begin(
            table.columns,
            source_name=table.name,
            import_settings=table.settings.to_dict(),
            renamed=table.renamed,
            sheets=table.sheets,
        )
        rows = fill(writer, table, progress, cancelled)
        carried = writer.finish(table.warnings, former)
        return TaskResult(rows, tuple(table.warnings), carried)
    except BaseException:
        writer.close()
        raise


class _Opening:
    """The opening of a table, which may take seconds and which nothing but the end of the process interrupts."""

    def __init__(self, is_left: IsCancelled, keep: IsCancelled) -> None:
        self._is_left, self._keep = is_left, keep
        self._turn = threading.Lock()
        self._job_to_remove: Path | None = None
        self._under_way = False

    def begin(self, job_to_remove: Path | None) -> None:
        with self._turn:
            self._under_way, self._job_to_remove = True, job_to_remove
        self.end_when_left()

    def over(self) -> None:
        with self._turn:
            self._under_way = False

    def end_when_left(self) -> None:
        """End the process if nobody waits for it any more and it has not begun to write."""
        with self._turn:
            if not self._under_way or not self._is_left():
                return
            if self._job_to_remove is not None and not self._keep():
                remove_job(self._job_to_remove)
            os._exit(1)


def main() -> int:
    """`rowmill task`: one import or export, ordered by a line on standard input. Returns the exit code."""
    # A Ctrl+C in a terminal reaches the whole group; the window decides what is cancelled.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)
    log_to_file("task")
    out = pipes.own_output()
    gone, keep = threading.Event(), threading.Event()
    opening = _Opening(gone.is_set, keep.is_set)
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, lambda *_: gone.set())
    orders: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def watch() -> None:
        for line in pipes.lines(0):
            orders.put(line)
            if (protocol.load(line) or {}).get("do") == "keep":
                keep.set()
        orders.put(None)
        # The end of standard input is the wish to cancel; a window that died says the same.
        gone.set()
        opening.end_when_left()

    threading.Thread(target=watch, name="rowmill-orders", daemon=True).start()
    order = protocol.load(orders.get() or b"")
    if order is None:
        return 2
    try:
        result = _carry_out(order, lambda progress: _say(out, _told(progress)), gone.is_set, keep.is_set, opening)
    except (UserError, Cancelled) as error:
        _say(out, {"error": protocol.error_to_dict(error)})
    except MemoryError:
        _say(out, {"error": protocol.error_to_dict(_too_large(order))})
    except Exception as error:
        log.exception("a task failed: %s", order.get("do"))
        _say(out, {"error": protocol.error_to_dict(error)})
    else:
        notes = [[sentence, _plain(details)] for sentence, details in result.notes]
        carried = None if result.carried is None else result.carried.to_dict()
        _say(out, {"result": [result.rows, notes, carried]})
        return 0
    return 1


def _carry_out(
    order: Mapping[str, Any], tell: Progress, cancelled: IsCancelled, keep: IsCancelled, opening: _Opening
) -> TaskResult:
    if order["do"] == "import":
        settings = ImportSettings.from_dict(order["settings"])
        source, job, own = Path(order["source"]), Path(order["job"]), bool(order.get("own"))
        former = Path(order["former"]) if order.get("former") else None
        opening.begin(job if own else None)
        return import_table(
            source, job, settings, tell, cancelled, own=own, keep=keep, former=former, opened=opening.over
        )
    options = ExportOptions.from_dict(order["options"])
    return export_job(Path(order["job"]), Path(order["target"]), options, tell, cancelled)


def _too_large(order: Mapping[str, Any]) -> InputError | ExportError:
    if order["do"] == "import":
        return InputError(
            N_("“{file}” needs more memory than this computer has free. Close other programs, or split the file."),
            file=Path(order["source"]).name,
        )
    return ExportError(N_("There is not enough free memory for this export. Close other programs, or export as CSV."))


def _told(progress: TaskProgress) -> dict[str, Any]:
    return {"progress": [progress.done, progress.total, progress.rows, progress.ready]}


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, str | int | float | bool | type(None)) else str(v) for k, v in details.items()}


def _say(out: int, message: Mapping[str, Any]) -> None:
    # With nobody left to listen, the end of standard input cancels.
    with contextlib.suppress(OSError):
        pipes.write(out, protocol.dump(message))
