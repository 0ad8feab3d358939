"""The headless commands: the same engine and the same job files, from a terminal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from gui_app import __version__, i18n, paths
from gui_app.command_overnight import given_up, what_is_out
from gui_app.command_run import EXIT_INTERRUPTED, EXIT_OK, EXIT_SUBMITTED, Running, say_no_more
from gui_app.command_words import (
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
    states_of,
    task_words,
    with_model,
)
from gui_app.errors import N_, Cancelled, RowmillError, UsageError, UserError
from gui_app.i18n import _, number
from gui_app.jobs import EXPORT_EXTRAS, Cause, ExportOptions, Lane, Recipe, RunOptions, ScopeKind
from gui_app.logs import log_to_file
from gui_app.paths import JOB_SUFFIX
from gui_app.providers import catalog
from gui_app.providers.quiet import quiet_sdk_logs
from gui_app.sentences import explain, filled, job_state_name, plain
from gui_app.settings import LANGUAGE, Settings
from gui_app.store.carried import carried_text
from gui_app.store.edits import JobEditor
from gui_app.store.job_file import open_checked
from gui_app.store.queries import JobReader
from gui_app.tables import ImportSettings, kind_of_target
from gui_app.worker.exporting import export_job
from gui_app.worker.protocol import TaskProgress
from gui_app.worker.task_handle import remove_job
from gui_app.worker.tasks import import_table

log = logging.getLogger(__name__)

EXIT_USAGE, EXIT_OURS = 2, 70


class _Parser(argparse.ArgumentParser):
    """Speaks through our errors, so that all bad usage ends in one sentence and code 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            N_("{problem}. See `{command} --help`."), problem=message[:1].upper() + message[1:], command=self.prog
        )


def main(arguments: Sequence[str]) -> int:
    """Carry out a command line. Returns the exit code."""
    i18n.set_language(Settings.load().get(LANGUAGE))
    log_file = log_to_file("command")
    quiet_sdk_logs()
    _write_anything()
    try:
        options = _parser().parse_args(arguments)
        with _term_interrupts():
            return int(options.carry_out(options))
    except (UserError, Cancelled) as error:
        _say(explain(error))
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        say_no_more()
        return EXIT_OK
    except Exception as error:
        log.exception("a command failed")
        _say(explain(error))
        if log_file is not None:
            _say(_("The log file: {file}").format(file=log_file))
        return EXIT_OURS


@contextlib.contextmanager
def _term_interrupts() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl+C does: half a job or half an export is removed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _write_anything() -> None:
    """File names may hold what the terminal's encoding has no character for."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            unicode = (stream.encoding or "").lower().replace("-", "") == "utf8"
            reconfigure(errors="surrogateescape" if unicode and os.name == "posix" else "backslashreplace")


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def _say_notes(notes: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    for sentence, details in notes:
        _say(filled(sentence, dict(details)))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rowmill",
        description=_("Ask a language model about every row of a spreadsheet."),
        epilog=_("Without a command, or with a file alone, the window opens."),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Rowmill {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help=_("read a table (or open a job), run it, and export it"), allow_abbrev=False)
    run.add_argument("file", type=Path, metavar="FILE")
    task = run.add_mutually_exclusive_group()
    task.add_argument("--preset", metavar="NAME", help=_("label, rate, translate, extract, summarise or ask"))
    task.add_argument("--prompt", metavar="TEXT", help=_("the prompt, with {column} places"))
    task.add_argument("--recipe", type=Path, metavar="RECIPE.json", help=_("as `rowmill recipe` prints it"))
    run.add_argument("--field", action="append", default=[], metavar="SPEC", help='"name=label:a|b", "n=number:1..5"')
    run.add_argument("--sheet", metavar="NAME", help=_("the sheet of a workbook"))
    run.add_argument(
        "--answers-from",
        type=Path,
        metavar="JOB.rowmill",
        help=_("the job of a former version of FILE: rows that are the same keep their answers"),
    )
    run.add_argument("--job", type=Path, metavar="JOB.rowmill", help=_("where the job file is made"))
    _add_model(run)
    _add_running(run)
    run.set_defaults(carry_out=_run)

    resume = commands.add_parser("resume", help=_("continue a job, or collect what ran overnight"), allow_abbrev=False)
    resume.add_argument("job", type=Path, metavar="JOB")
    resume.add_argument("--base-url", metavar="URL", help=_("agrees to the server that the job names"))
    _add_running(resume)
    resume.set_defaults(carry_out=_resume)

    retry = commands.add_parser("retry", help=_("ask the failed rows of a job again"), allow_abbrev=False)
    retry.add_argument("job", type=Path, metavar="JOB")
    retry.add_argument("--cause", metavar="NAME", help=", ".join(cause.value for cause in Cause))
    _add_model(retry)
    _add_running(retry)
    retry.set_defaults(carry_out=_retry)

    export = commands.add_parser("export", help=_("write a job's rows to a file"), allow_abbrev=False)
    export.add_argument("job", type=Path, metavar="JOB")
    export.add_argument("out", type=Path, metavar="OUT")
    export.add_argument("--state", metavar="STATE,...", help=_("only rows in these states, such as done"))
    export.add_argument("--with", dest="extra", default="", metavar="NAME,...", help=", ".join(EXPORT_EXTRAS))
    export.set_defaults(carry_out=_export)

    give_up = commands.add_parser(
        "give-up", help=_("let go of what is out overnight and can never be fetched"), allow_abbrev=False
    )
    give_up.add_argument("job", type=Path, metavar="JOB")
    give_up.add_argument("--yes", action="store_true", help=_("really: those rows may be paid already"))
    give_up.set_defaults(carry_out=_give_up)

    jobs = commands.add_parser("jobs", help=_("list the jobs in the app's own folder"), allow_abbrev=False)
    jobs.set_defaults(carry_out=_jobs)

    recipe = commands.add_parser("recipe", help=_("print a job's recipe as JSON"), allow_abbrev=False)
    recipe.add_argument("job", type=Path, metavar="JOB")
    recipe.set_defaults(carry_out=_recipe)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", metavar="NAME", help=", ".join(catalog.names()))
    parser.add_argument("--base-url", metavar="URL")
    parser.add_argument("--model", metavar="NAME")


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lane", choices=[lane.value for lane in Lane])
    parser.add_argument("--concurrency", metavar="auto|N", help=_("most calls at the same time"))
    parser.add_argument("--budget", metavar="USD", help=_("spending limit of the job"))
    parser.add_argument("--rows", metavar="1-100", help=_("only these rows"))
    parser.add_argument("--out", type=Path, metavar="OUT.xlsx|.csv|.json")
    parser.add_argument("--json", action="store_true", help=_("one JSON object a line"))


# -- run, resume, retry ------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    _check_running(options)
    words = task_words(options)
    if options.file.suffix.lower() == JOB_SUFFIX:
        if (options.job, options.sheet, options.answers_from) != (None, None, None):
            raise UsageError(
                N_("“{file}” is a job already: leave --job, --sheet and --answers-from out."), file=options.file.name
            )
        _check_job(options.file)
        return _run_in(options, options.file, words)
    if options.answers_from is None:
        check_complete(words)
    else:
        _check_job(options.answers_from)
    check_model(options)
    job = _new_job(options)
    _import(options, job)
    try:
        return _run_in(options, job, words)
    except (RowmillError, KeyboardInterrupt):
        # What could not even begin leaves nothing behind.
        if not _was_begun(job):
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
    with _progress_line(_("{rows} rows read"), quiet=options.json) as tell:
        result = import_table(
            options.file,
            job,
            ImportSettings(sheet=options.sheet),
            tell,
            lambda: False,
            former=options.answers_from,
        )
    _say_notes(result.notes)
    if result.carried is not None:
        _say(carried_text(result.carried))


@contextlib.contextmanager
def _progress_line(text: str, *, quiet: bool) -> Iterator[Callable[[TaskProgress], None]]:
    """A line on a terminal that counts rows, for what takes longer than a moment."""
    shown = False
    last = time.monotonic()

    def tell(progress: TaskProgress) -> None:
        nonlocal shown, last
        if not quiet and sys.stderr.isatty() and time.monotonic() - last > 0.3:
            shown, last = True, time.monotonic()
            print(f"\r\x1b[2K{text.format(rows=number(progress.rows))}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if shown:
            print(file=sys.stderr)


def _run_in(options: argparse.Namespace, job: Path, words: TaskWords) -> int:
    recipe = recipe_for(words, job)
    if recipe is None:
        check_complete(words)
        raise UsageError(N_("“{file}” has no recipe yet. Say what to do with each row."), file=job.name)
    return _carry_on(options, job, recipe, ScopeKind.REMAINING, run_options(options))


def _resume(options: argparse.Namespace) -> int:
    _check_running(options)
    _check_job(options.job)
    reader = JobReader(options.job)
    try:
        recipe, last = reader.draft(), reader.run()
    finally:
        reader.close()
    if recipe is None:
        raise UsageError(N_("“{file}” has not been run yet. Use `rowmill run`."), file=options.job.name)
    return _carry_on(options, options.job, recipe, ScopeKind.REMAINING, run_options(options, _last_options(last)))


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


def _retry(options: argparse.Namespace) -> int:
    _check_running(options)
    causes = cause_of(options.cause)
    _check_job(options.job)
    reader = JobReader(options.job)
    try:
        recipe, last = reader.draft(), reader.run()
    finally:
        reader.close()
    if recipe is None:
        raise UsageError(N_("“{file}” has not been run yet. Use `rowmill run`."), file=options.job.name)
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
    scope = scope_of(kind, row_range(options.rows), _rows_of(job), causes)
    running = Running(job, recipe, scope, chosen, as_json=options.json, agreed=agreed)
    _keep_recipe(job, recipe)
    previous = signal.getsignal(signal.SIGINT)
    try:
        code = asyncio.run(running.run())
    finally:
        signal.signal(signal.SIGINT, previous)
    if options.out is not None and code not in (EXIT_INTERRUPTED, EXIT_SUBMITTED):
        _write_out(job, options.out, ExportOptions(kind=_kind(options.out)), quiet=options.json)
    return code


def _keep_recipe(job: Path, recipe: Recipe) -> None:
    """So that `resume` knows what to do even when a new job does not get to its first row."""
    reader = JobReader(job)
    try:
        if reader.draft() is not None:
            return
    finally:
        reader.close()
    editor = JobEditor(job)
    try:
        editor.save_draft(recipe)
    finally:
        editor.close()


# -- export, jobs, recipe ----------------------------------------------------------------------------


def _export(options: argparse.Namespace) -> int:
    extra = frozenset(name.strip().lower() for name in options.extra.split(",") if name.strip())
    if not extra <= set(EXPORT_EXTRAS):
        raise UsageError(N_("The extra columns are state, cause, error, tokens, cost and model."))
    states = states_of(options.state)
    check_target(options.out)
    _check_job(options.job)
    _write_out(options.job, options.out, ExportOptions(kind=_kind(options.out), states=states, extra=extra))
    return EXIT_OK


def _write_out(job: Path, out: Path, export_options: ExportOptions, *, quiet: bool = False) -> None:
    with _progress_line(_("{rows} rows written"), quiet=quiet) as tell:
        result = export_job(job, out, export_options, tell, lambda: False)
    _say_notes(result.notes)
    if not quiet:
        print(out.absolute(), flush=True)


def _kind(out: Path) -> str:
    kind = kind_of_target(out)
    return {"tsv": "csv", "jsonl": "json"}.get(kind, kind)


def _give_up(options: argparse.Namespace) -> int:
    _check_job(options.job)
    out = what_is_out(options.job)
    if not out:
        _say(_("Nothing of this job is out overnight."))
        return EXIT_OK
    for sentence in out:
        _say(sentence)
    if not options.yes:
        raise UsageError(
            N_(
                "These rows may be paid already, and asking them again is paid for again. To fetch them instead, use "
                "`rowmill resume`; to let go of them all the same, add --yes."
            )
        )
    _say(given_up(options.job))
    return EXIT_OK


def _jobs(options: argparse.Namespace) -> int:
    found = sorted(paths.jobs_dir().glob(f"*{JOB_SUFFIX}"))
    for path in found:
        print(f"{path}\t{_at_a_glance(path)}")
    if not found:
        _say(_("There are no jobs in {folder}.").format(folder=paths.jobs_dir()))
    return EXIT_OK


def _at_a_glance(path: Path) -> str:
    try:
        reader = JobReader(path)
        try:
            summary = reader.summary()
        finally:
            reader.close()
    except UserError as error:
        return explain(error)
    counts = summary.counts
    text = _("{done} of {rows} done, {failed} failed").format(
        done=number(counts.done), rows=number(counts.rows), failed=number(counts.failed)
    )
    return f"{job_state_name(summary.state)}\t{text}\t{plain(summary.name, 80)}"


def _recipe(options: argparse.Namespace) -> int:
    _check_job(options.job)
    reader = JobReader(options.job)
    try:
        recipe = reader.draft()
    finally:
        reader.close()
    if recipe is None:
        raise UsageError(N_("“{file}” has no recipe yet."), file=options.job.name)
    print(recipe.to_json(), flush=True)
    return EXIT_OK


# -- job files ---------------------------------------------------------------------------------------


def _check_job(job: Path) -> None:
    open_checked(job, read_only=True).close()


def _was_begun(job: Path) -> bool:
    """A run has taken the job, or stopped for want of a key."""
    try:
        reader = JobReader(job)
    except UserError:
        return False
    try:
        return reader.summary().sent or reader.run() is not None
    finally:
        reader.close()


def _rows_of(job: Path) -> int:
    reader = JobReader(job)
    try:
        return reader.counts().rows
    finally:
        reader.close()
