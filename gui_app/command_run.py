"""One run of a job in a terminal: its progress, its end, its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path

from gui_app.engine.events import JobProgress
from gui_app.errors import UserError
from gui_app.i18n import _, duration, money
from gui_app.jobs import Account, JobState, Recipe, RunOptions, Scope
from gui_app.keys import KeyStore
from gui_app.providers import catalog
from gui_app.sentences import cause_action, cause_sentence
from gui_app.store.queries import JobReader
from gui_app.worker.conductor import Conductor
from gui_app.worker.protocol import RunOrder

OFFLINE_LIMIT_S = 600.0
"""A script should not hang for ever: after so long without a network the job stops, resumable."""

PLAIN_EVERY_S = 10.0


class Running:
    """Runs a job in this process and shows it: a bar on a terminal, lines otherwise, or JSON lines."""

    def __init__(self, job: Path, recipe: Recipe, scope: Scope, options: RunOptions, *, as_json: bool) -> None:
        self._job = job
        self._recipe = recipe
        self._scope = scope
        self._options = options
        self._json = as_json
        self._bar = not as_json and sys.stderr.isatty()
        self._shown_at = 0.0
        self._interrupted = False
        self._conductor: Conductor | None = None

    async def run(self) -> int:
        """Until the run ends. Returns the exit code."""
        self._conductor = Conductor(self._show)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, self._interrupt)
        try:
            task = await self._conductor.run(await self._order())
            final = await task
        finally:
            await self._conductor.close()
        self._end_bar()
        return self._finish(final)

    async def _order(self) -> RunOrder:
        key = None
        if self._recipe.provider != "practice":
            store = KeyStore(os.environ)
            address = catalog.address_of(Account(self._recipe.provider, self._recipe.base_url))
            found = await asyncio.to_thread(store.find, self._recipe.provider, address)
            key = found.secret if found else None
        return RunOrder(
            str(self._job.absolute()), self._recipe, self._scope, self._options, key, offline_limit_s=OFFLINE_LIMIT_S
        )

    def _interrupt(self) -> None:
        first, self._interrupted = not self._interrupted, True
        if self._conductor is not None:
            job = str(self._job.absolute())
            if first:
                print(_("Stopping: what is on its way is still stored. Press again to wait for nothing."), file=sys.stderr)
                self._conductor.pause(job)
            else:
                self._conductor.stop(job, grace_s=0.0)

    def _show(self, progress: JobProgress) -> None:
        now = time.monotonic()
        if self._json:
            if now - self._shown_at >= 1.0:
                self._shown_at = now
                print(json.dumps({"event": "progress", **_numbers(progress)}), flush=True)
        elif self._bar:
            self._draw(progress)
        elif now - self._shown_at >= PLAIN_EVERY_S:
            self._shown_at = now
            print(_line(progress), file=sys.stderr, flush=True)

    def _draw(self, progress: JobProgress) -> None:
        width = 24
        share = progress.run_finished / progress.run_rows if progress.run_rows else 1.0
        bar = "█" * int(share * width) + "░" * (width - int(share * width))
        print(f"\r\x1b[2K{bar} {_line(progress)}", end="", file=sys.stderr, flush=True)

    def _end_bar(self) -> None:
        if self._bar:
            print(file=sys.stderr)

    def _finish(self, final: JobProgress) -> int:
        rows, failed = self._rows_of_scope()
        if self._json:
            reader = JobReader(self._job)
            try:
                totals = reader.totals()
            finally:
                reader.close()
            cost = None if totals.unpriced and not totals.cost_usd else totals.cost_usd
            end = {"event": "finished", "job": str(self._job), **_numbers(final), "requests": totals.requests}
            print(json.dumps({**end, "cost_usd": cost}), flush=True)
        else:
            print(_line(final), file=sys.stderr)
            if final.stopped_cause is not None:
                print(f"{cause_sentence(final.stopped_cause)} {cause_action(final.stopped_cause)}", file=sys.stderr)
        if self._interrupted:
            return 130
        if final.state is JobState.SUBMITTED:
            return 5
        if final.stopped_cause is not None or final.state in (JobState.STOPPED, JobState.PAUSED):
            return 4
        return 3 if failed else 0

    def _rows_of_scope(self) -> tuple[int, int]:
        """(rows of the run, of which failed or still wait)."""
        from dataclasses import replace

        from gui_app.jobs import RowFilter, RowState

        reader = JobReader(self._job)
        try:
            rows = RowFilter(row_ids=self._scope.rows.row_ids)
            if self._scope.first is not None:
                rows = RowFilter(row_ids=tuple(range(1, self._scope.first + 1)))
            bad = replace(rows, states=frozenset({RowState.FAILED, RowState.WAITING, RowState.RUNNING}))
            return reader.count(rows), reader.count(bad)
        finally:
            reader.close()


def _numbers(progress: JobProgress) -> dict[str, object]:
    counts = progress.counts
    return {
        "rows": counts.rows,
        "done": counts.done,
        "failed": counts.failed,
        "needs_review": counts.needs_review,
        "waiting": counts.waiting + counts.running,
        "cost_usd": progress.cost_usd,
    }


def _line(progress: JobProgress) -> str:
    counts = progress.counts
    parts = [
        _("{finished} of {rows} rows").format(finished=counts.finished, rows=counts.rows),
        _("{n} failed").format(n=counts.failed),
        _("{n} need review").format(n=counts.needs_review),
        money(progress.cost_usd),
    ]
    if progress.eta_s is not None and progress.state is JobState.RUNNING:
        parts.append(_("{time} left").format(time=duration(progress.eta_s)))
    if progress.waiting_s > 1:
        parts.append(_("waiting {n} s, asked by the provider").format(n=int(progress.waiting_s)))
    if progress.offline_cause is not None:
        parts.append(_("offline, waiting"))
    return ", ".join(parts)


__all__ = ["Running", "UserError"]
