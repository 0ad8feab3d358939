"""`rowmill run`, `resume` and `retry`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from gui_app import paths
from gui_app.commands.interrupting import interrupts_noted
from gui_app.commands.job_files import check_job, rows_of, was_begun
from gui_app.commands.jobs import kind_of, write_out
from gui_app.commands.native_noise import native_noise_dropped
from gui_app.commands.running import EXIT_INTERRUPTED, EXIT_SUBMITTED, Running
from gui_app.commands.screen import progress_line, say, say_notes
from gui_app.commands.words import (
    TaskWords,
    cause_of,
    check_complete,
    check_model,
    check_target,
    recipe_for,
    remember_address,
    row_range,
    run_options,
    scope_of,
    task_words,
    with_model,
)
from gui_app.errors import N_, Cancelled, RowmillError, UsageError
from gui_app.i18n import _
from gui_app.jobs import Cause, ExportOptions, Lane, Recipe, RunOptions, ScopeKind
from gui_app.paths import JOB_SUFFIX, check_not_source
from gui_app.store.carried import carried_text
from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import JobReader
from gui_app.tables import ImportSettings
from gui_app.worker.task_handle import remove_job
from gui_app.worker.tasks import import_table


def run(options: argparse.Namespace) -> int:
    """Read a table, or open a job, and run it. Returns the exit code."""
    _check_running(options)
    words = task_words(options)
    if options.file.suffix.lower() == JOB_SUFFIX:
        if (options.job, options.sheet, options.answers_from) != (None, None, None):
            raise UsageError(
                N_("“{file}” is a job already: leave --job, --sheet and --answers-from out."), file=options.file.name
            )
        check_job(options.file)
        return _run_in(options, options.file, words)
    if options.answers_from is None:
        check_complete(words)
    else:
        check_job(options.answers_from)
    check_model(options)
    if options.out is not None:
        check_not_source(options.out, options.file)
    job = _new_job(options)
    _import(options, job)
    try:
        return _run_in(options, job, words)
    except (RowmillError, KeyboardInterrupt):
        # What could not even begin leaves nothing behind.
        if not was_begun(job):
            remove_job(job)
        raise


def _check_running(options: argparse.Namespace) -> None:
    """What can be said before a table is read for minutes."""
    if options.out is not None:
        check_target(options.out)
    row_range(options.rows)
    run_options(options)


def _new_job(options: argparse.Namespace) -> Path:
    job: Path | None = options.job
    if job is None:
        return _free_job_path(options.file)
    if job.suffix.lower() != JOB_SUFFIX:
        raise UsageError(
            N_("“{file}” is no name for a job file. End it in {suffix}."), file=job.name, suffix=JOB_SUFFIX
        )
    if job.exists():
        raise UsageError(
            N_("The job “{file}” is there already. Continue it with `rowmill resume`, or name another one."),
            file=job.name,
        )
    return job


def _free_job_path(source: Path) -> Path:
    folder, stem = paths.jobs_dir(), source.stem[:100] or "job"
    number_ = 1
    while (path := folder / f"{stem}{'' if number_ == 1 else f' {number_}'}{JOB_SUFFIX}").exists():
        number_ += 1
    return path


def _import(options: argparse.Namespace, job: Path) -> None:
    try:
        with (
            native_noise_dropped(),
            interrupts_noted() as interrupted,
            progress_line(_("{rows} rows read"), quiet=options.json) as tell,
        ):
            result = import_table(
                options.file,
                job,
                ImportSettings(sheet=options.sheet),
                tell,
                interrupted,
                former=options.answers_from,
            )
    except Cancelled:
        raise KeyboardInterrupt from None
    except KeyboardInterrupt:
        # It came when the last row was just stored.
        remove_job(job)
        raise
    say_notes(result.notes)
    if result.carried is not None:
        say(carried_text(result.carried))


def _run_in(options: argparse.Namespace, job: Path, words: TaskWords) -> int:
    recipe = recipe_for(words, job)
    if recipe is None:
        check_complete(words)
        raise UsageError(N_("“{file}” has no recipe yet. Say what to do with each row."), file=job.name)
    return _carry_on(options, job, recipe, ScopeKind.REMAINING, run_options(options))


def resume(options: argparse.Namespace) -> int:
    """Continue a job, or collect what ran overnight. Returns the exit code."""
    _check_running(options)
    check_job(options.job)
    recipe, last = _last_run(options.job)
    return _carry_on(options, options.job, recipe, ScopeKind.REMAINING, run_options(options, _last_options(last)))


def _last_run(job: Path) -> tuple[Recipe, Mapping[str, Any] | None]:
    with closing(JobReader(job)) as reader:
        recipe, last = reader.draft(), reader.run()
    if recipe is None:
        raise UsageError(N_("“{file}” has not been run yet. Use `rowmill run`."), file=job.name)
    return recipe, last


def _last_options(last: Mapping[str, Any] | None) -> RunOptions:
    """How the run before went: a limit that was set still holds."""
    before = {} if last is None else dict(last.get("options") or {})
    try:
        return RunOptions(
            lane=Lane(before.get("lane", "now")),
            concurrency=None if before.get("concurrency") is None else int(before["concurrency"]),
            budget_usd=None if before.get("budget_usd") is None else float(before["budget_usd"]),
        )
    except (ValueError, TypeError):
        return RunOptions()


def retry(options: argparse.Namespace) -> int:
    """Ask the failed rows of a job again. Returns the exit code."""
    _check_running(options)
    causes = cause_of(options.cause)
    check_job(options.job)
    recipe, last = _last_run(options.job)
    chosen = run_options(options, replace(_last_options(last), lane=Lane.NOW))
    return _carry_on(options, options.job, recipe, ScopeKind.RETRY, chosen, causes)


def _carry_on(
    options: argparse.Namespace,
    job: Path,
    recipe: Recipe,
    kind: ScopeKind,
    chosen: RunOptions,
    causes: frozenset[Cause] = frozenset(),
) -> int:
    recipe, agreed = with_model(recipe, options)
    remember_address(recipe, options)
    scope = scope_of(kind, row_range(options.rows), rows_of(job), causes)
    running = Running(job, recipe, scope, chosen, as_json=options.json, agreed=agreed)
    _keep_recipe(job, recipe)
    previous = signal.getsignal(signal.SIGINT)
    try:
        code = asyncio.run(running.run())
    finally:
        signal.signal(signal.SIGINT, previous)
    if options.out is not None and code not in (EXIT_INTERRUPTED, EXIT_SUBMITTED):
        write_out(job, options.out, ExportOptions(kind=kind_of(options.out)), quiet=options.json)
    return code


def _keep_recipe(job: Path, recipe: Recipe) -> None:
    """So that `resume` knows what to do even when a new job does not get to its first row."""
    with closing(JobReader(job)) as reader:
        if reader.draft() is not None:
            return
    with closing(JobEditor(job)) as editor:
        editor.save_draft(recipe)
