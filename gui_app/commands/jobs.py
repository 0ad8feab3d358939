"""`rowmill export`, `jobs`, `recipe` and `give-up`: what is done with a job that is there."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from gui_app import paths
from gui_app.commands.job_files import check_job
from gui_app.commands.overnight import given_up, what_is_out
from gui_app.commands.running import EXIT_OK
from gui_app.commands.screen import printed, progress_line, say, say_notes
from gui_app.commands.words import check_target, states_of
from gui_app.errors import N_, UsageError, UserError
from gui_app.i18n import _, number
from gui_app.jobs import EXPORT_EXTRAS, ExportOptions
from gui_app.paths import JOB_SUFFIX
from gui_app.sentences import explain, job_state_name, plain
from gui_app.store.reading.queries import JobReader
from gui_app.tables import kind_of_target
from gui_app.worker.exporting import export_job


def export(options: argparse.Namespace) -> int:
    """Write a job's rows to a file. Returns the exit code."""
    extra = frozenset(name.strip().lower() for name in options.extra.split(",") if name.strip())
    if not extra <= set(EXPORT_EXTRAS):
        raise UsageError(N_("The extra columns are state, cause, error, tokens, cost and model."))
    states = states_of(options.state)
    check_target(options.out)
    check_job(options.job)
    write_out(options.job, options.out, ExportOptions(kind=kind_of(options.out), states=states, extra=extra))
    return EXIT_OK


def write_out(job: Path, out: Path, export_options: ExportOptions, *, quiet: bool = False) -> None:
    """Export, with progress; the last line is the path of what was written."""
    with progress_line(_("{rows} rows written"), quiet=quiet) as tell:
        result = export_job(job, out, export_options, tell, lambda: False)
    say_notes(result.notes)
    if not quiet:
        print(printed(out.absolute()), flush=True)


def kind_of(out: Path) -> str:
    """The kind of export that a file's ending asks for."""
    kind = kind_of_target(out)
    return {"tsv": "csv", "jsonl": "json"}.get(kind, kind)


def give_up(options: argparse.Namespace) -> int:
    """Let go of what is out overnight and can never be fetched. Returns the exit code."""
    check_job(options.job)
    out = what_is_out(options.job)
    if not out:
        say(_("Nothing of this job is out overnight."))
        return EXIT_OK
    for sentence in out:
        say(sentence)
    if not options.yes:
        raise UsageError(
            N_(
                "These rows may be paid already, and asking them again is paid for again. To fetch them instead, use "
                "`rowmill resume`; to let go of them all the same, add --yes."
            )
        )
    say(given_up(options.job))
    return EXIT_OK


def jobs(options: argparse.Namespace) -> int:
    """List the jobs in the app's own folder. Returns the exit code."""
    found = sorted(paths.jobs_dir().glob(f"*{JOB_SUFFIX}"))
    for path in found:
        print(f"{printed(path)}\t{_at_a_glance(path)}")
    if not found:
        say(_("There are no jobs in {folder}.").format(folder=paths.jobs_dir()))
    return EXIT_OK


def _at_a_glance(path: Path) -> str:
    try:
        with closing(JobReader(path)) as reader:
            summary = reader.summary()
    except UserError as error:
        return explain(error)
    counts = summary.counts
    text = _("{done} of {rows} done, {failed} failed").format(
        done=number(counts.done), rows=number(counts.rows), failed=number(counts.failed)
    )
    return f"{job_state_name(summary.state)}\t{text}\t{plain(summary.name, 80)}"


def recipe(options: argparse.Namespace) -> int:
    """Print a job's recipe. Returns the exit code."""
    check_job(options.job)
    with closing(JobReader(options.job)) as reader:
        found = reader.draft()
    if found is None:
        raise UsageError(N_("“{file}” has no recipe yet."), file=options.job.name)
    print(found.to_json(), flush=True)
    return EXIT_OK
