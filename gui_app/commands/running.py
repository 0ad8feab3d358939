"""One run of a job in a terminal: its progress, its end, its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import replace
from pathlib import Path

from gui_app.commands.overnight import what_is_out
from gui_app.commands.screen import Screen, line_of, numbers, quoted
from gui_app.engine.events import JobProgress
from gui_app.errors import UserError
from gui_app.i18n import _
from gui_app.jobs import Account, Cause, Counts, JobState, Recipe, RunOptions, Scope, Secret
from gui_app.keys import KeyStore
from gui_app.providers import catalog
from gui_app.providers.base import CannotOpen
from gui_app.sentences import explain, explain_cause
from gui_app.settings import CONCURRENCY, Settings
from gui_app.store.reading.queries import JobReader
from gui_app.worker.conductor import Conductor
from gui_app.worker.protocol import RunOrder

OFFLINE_LIMIT_S = 600.0
"""A script should not hang for ever: after so long without a network the job stops, resumable."""

TERM_GRACE_S = 10.0
"""Whoever sends SIGTERM sends SIGKILL after a while."""

EXIT_OK, EXIT_FAILED, EXIT_STOPPED, EXIT_SUBMITTED, EXIT_INTERRUPTED = 0, 3, 4, 5, 130


class Running:
    """Runs a job in this process and shows it: a bar on a terminal, lines otherwise, or JSON lines.

    Args:
        agreed: The recipe's address was agreed to, so the provider's usual key may go there.
    """

    def __init__(
        self, job: Path, recipe: Recipe, scope: Scope, options: RunOptions, *, as_json: bool, agreed: bool = False
    ) -> None:
        self._job = job.absolute()
        self._recipe = recipe
        self._scope = scope
        self._options = options
        self._agreed = agreed
        self._screen = Screen(as_json=as_json)
        self._interrupted = 0
        self._conductor = Conductor(self._screen.show)
        self._running = False
        self._main: asyncio.Task[int] | None = None

    async def run(self) -> int:
        """Until the run ends. Returns the exit code.

        Raises:
            UserError: It cannot run at all; nothing was sent.
        """
        self._main = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number_, grace_s in ((signal.SIGINT, None), (signal.SIGTERM, TERM_GRACE_S)):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number_, self._interrupt, grace_s)
        try:
            return await self._run()
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
            return self._finish(None)
        finally:
            await self._conductor.close()

    async def _run(self) -> int:
        self._screen.say_first(self._recipe, self._job)
        try:
            task = await self._conductor.run(await self._order())
        except CannotOpen as error:
            if error.reason is not Cause.KEY_REFUSED:
                raise
            # The job is there and can go on once there is a key.
            self._screen.say(explain(error))
            return self._finish(None)
        self._running = True
        if self._interrupted:
            self._conductor.pause(str(self._job))
        try:
            final = await task
        except UserError as error:
            self._screen.say(explain(error))
            return self._finish(None)
        return self._finish(final)

    async def _order(self) -> RunOrder:
        key: Secret | None = None
        ceiling = Settings.load().get(CONCURRENCY).get(self._recipe.provider)
        if self._recipe.provider != "practice":
            store = KeyStore(os.environ)
            address = catalog.address_of(Account(self._recipe.provider, self._recipe.base_url))
            found = await asyncio.to_thread(store.find, self._recipe.provider, address, typed=self._agreed)
            key = found.secret if found else None
        return RunOrder(
            str(self._job),
            self._recipe,
            self._scope,
            replace(self._options, ceiling=ceiling),
            key,
            offline_limit_s=OFFLINE_LIMIT_S,
            # What is out overnight is collected by `resume`: a script should not wait a day.
            linger=False,
        )

    # -- signals ---------------------------------------------------------------------------------

    def _interrupt(self, grace_s: float | None) -> None:
        self._interrupted += 1
        job = str(self._job)
        if not self._running:
            # Nothing is on its way yet.
            if self._main is not None:
                self._main.cancel()
        elif self._interrupted == 1:
            self._screen.say(_("Stopping: what is on its way is still stored. Press Ctrl+C again to wait for nothing."))
            self._conductor.pause(job)
            if grace_s is not None:
                asyncio.get_running_loop().call_later(grace_s, self._let_go)
        else:
            self._let_go()
            # A third one ends the program where it stands; what was out is then shown as unknown.
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def _let_go(self) -> None:
        self._conductor.stop(str(self._job), grace_s=0.0)

    # -- the end ---------------------------------------------------------------------------------

    def _finish(self, final: JobProgress | None) -> int:
        """Say how it ended. `final` is None when there was no run, or it broke."""
        self._screen.end_bar()
        reader = JobReader(self._job)
        try:
            counts, totals = reader.counts(), reader.totals()
            # Without a run of its own, the rows asked for are those that the command named: they still wait.
            asked = Counts(waiting=1) if final is None else reader.run_counts()
        finally:
            reader.close()
        cost_usd = None if totals.unpriced else totals.cost_usd
        code = self._exit_code(final, asked)
        if self._screen.as_json:
            end = {"event": "finished", "job": str(self._job), **numbers(counts), "requests": totals.requests}
            self._screen.print_json({**end, "cost_usd": cost_usd})
        elif final is not None:
            self._screen.say(line_of(final))
        if final is not None and final.stopped_cause is not None and code == EXIT_STOPPED:
            # What the server said, such as where it lies now: without it, nobody can tell what to change.
            self._screen.say(explain_cause(final.stopped_cause, final.stopped_detail))
        if code == EXIT_SUBMITTED:
            for sentence in what_is_out(self._job):
                self._screen.say(sentence)
        if code in (EXIT_STOPPED, EXIT_INTERRUPTED, EXIT_SUBMITTED):
            self._screen.say(_("Continue with: {command}").format(command=f"rowmill resume {quoted(self._job)}"))
        elif code == EXIT_FAILED:
            self._screen.say(
                _("Ask the failed rows again with: {command}").format(command=f"rowmill retry {quoted(self._job)}")
            )
        return code

    def _exit_code(self, final: JobProgress | None, asked: Counts) -> int:
        if final is not None and final.state is JobState.SUBMITTED:
            return EXIT_SUBMITTED
        if asked.waiting or asked.running:
            return EXIT_INTERRUPTED if self._interrupted else EXIT_STOPPED
        return EXIT_FAILED if asked.failed else EXIT_OK
