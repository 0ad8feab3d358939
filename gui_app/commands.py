"""The headless commands: the same engine and the same job files, from a terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gui_app import __version__, paths
from gui_app.command_run import Running
from gui_app.errors import N_, Cancelled, JobFileError, RecipeError, UsageError, UserError
from gui_app.i18n import _
from gui_app.jobs import (
    Cause,
    ExportOptions,
    Lane,
    Recipe,
    RowFilter,
    RowState,
    RunOptions,
    Scope,
    ScopeKind,
)
from gui_app.providers import catalog
from gui_app.recipes.fieldspec import parse_fields
from gui_app.recipes.presets import preset
from gui_app.sentences import explain, job_state_name
from gui_app.store.job_file import open_checked
from gui_app.store.queries import JobReader
from gui_app.tables import ImportSettings, kind_of_target
from gui_app.worker.tasks import export_job, import_table

EXIT_OK, EXIT_USAGE, EXIT_FAILED, EXIT_STOPPED, EXIT_SUBMITTED, EXIT_INTERRUPTED = 0, 2, 3, 4, 5, 130

COMMANDS = ("run", "resume", "retry", "export", "jobs", "recipe")


class _Parser(argparse.ArgumentParser):
    """Speaks through our errors, so that all bad usage ends in one sentence and code 2."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(N_("{problem}. See `rowmill {command} --help`."), problem=message, command=self.prog.split()[-1])


def main(arguments: Sequence[str]) -> int:
    """Carry out a command line. Returns the exit code."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.carry_out(options))
    except (UserError, Cancelled) as error:
        print(explain(error), file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; say nothing more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="rowmill", description=_("Ask a language model about every row of a spreadsheet."))
    parser.add_argument("--version", action="version", version=f"Rowmill {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    run = commands.add_parser("run", help=_("read a table (or open a job), run it, and export it"))
    run.add_argument("file", type=Path, metavar="FILE")
    task = run.add_mutually_exclusive_group()
    task.add_argument("--preset", metavar="NAME", help=_("label, rate, translate, extract, summarise or ask"))
    task.add_argument("--prompt", metavar="TEXT", help=_("the prompt, with {column} places"))
    task.add_argument("--recipe", type=Path, metavar="RECIPE.json")
    run.add_argument("--field", action="append", default=[], metavar="SPEC", help='"name=label:a|b", "n=number:1..5"')
    run.add_argument("--sheet", metavar="NAME", help=_("the sheet of a workbook"))
    run.add_argument("--job", type=Path, metavar="JOB.rowmill")
    _add_model(run)
    _add_running(run)
    run.set_defaults(carry_out=_run)

    resume = commands.add_parser("resume", help=_("continue a job, or collect what ran overnight"))
    resume.add_argument("job", type=Path, metavar="JOB")
    _add_running(resume)
    resume.set_defaults(carry_out=_resume)

    retry = commands.add_parser("retry", help=_("ask the failed rows of a job again"))
    retry.add_argument("job", type=Path, metavar="JOB")
    retry.add_argument("--cause", metavar="NAME", help=", ".join(cause.value for cause in Cause))
    _add_model(retry)
    _add_running(retry)
    retry.set_defaults(carry_out=_retry)

    export = commands.add_parser("export", help=_("write a job's rows to a file"))
    export.add_argument("job", type=Path, metavar="JOB")
    export.add_argument("out", type=Path, metavar="OUT")
    export.add_argument("--state", metavar="STATE,...", help=_("only rows in these states, such as done"))
    export.add_argument("--with", dest="extra", default="", metavar="NAME,...", help="state, cause, error, tokens, cost, model")
    export.set_defaults(carry_out=_export)

    jobs = commands.add_parser("jobs", help=_("list the jobs in the app's own folder"))
    jobs.set_defaults(carry_out=_jobs)

    recipe = commands.add_parser("recipe", help=_("print a job's recipe as JSON"))
    recipe.add_argument("job", type=Path, metavar="JOB")
    recipe.set_defaults(carry_out=_recipe)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", metavar="NAME", help=", ".join(catalog.names()))
    parser.add_argument("--base-url", metavar="URL")
    parser.add_argument("--model", metavar="NAME")


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lane", choices=[lane.value for lane in Lane])
    parser.add_argument("--concurrency", metavar="auto|N")
    parser.add_argument("--budget", metavar="USD", help=_("spending limit of the job"))
    parser.add_argument("--rows", metavar="1-100", help=_("only these rows"))
    parser.add_argument("--out", type=Path, metavar="OUT.xlsx|.csv|.json")
    parser.add_argument("--json", action="store_true", help=_("one JSON object a line"))


def _run(options: argparse.Namespace) -> int:
    if options.out is not None:
        kind_of_target(options.out)
    if options.file.suffix.lower() == ".rowmill":
        job, made = options.file, False
        _check_job(job)
    else:
        job, made = options.job or _new_job_path(options.file), True
        if job.exists():
            raise UsageError(
                N_("The job “{file}” is there already. Continue it with `rowmill resume`, or name another one."),
                file=job.name,
            )
    run_options = _run_options(options)
    if made:
        _check_task_given(options)
        import_table(options.file, job, ImportSettings(sheet=options.sheet), lambda _: None, lambda: False)
    try:
        recipe = _recipe_for(options, job)
        if options.field and not (options.prompt or options.preset or made):
            recipe = replace(recipe, fields=parse_fields(options.field))
        return _carry_on(options, job, recipe, _scope(options, ScopeKind.REMAINING), run_options)
    except (RecipeError, UsageError):
        if made and not _was_sent(job):
            job.unlink(missing_ok=True)
        raise


def _check_task_given(options: argparse.Namespace) -> None:
    if not (options.preset or options.prompt or options.recipe):
        raise UsageError(N_("Say what to do with each row: --preset NAME, --prompt TEXT or --recipe FILE."))
    if options.prompt and not options.field:
        raise UsageError(N_('Say what to answer with --field, for example --field "sentiment=label:positive|negative".'))


def _resume(options: argparse.Namespace) -> int:
    _check_job(options.job)
    reader = JobReader(options.job)
    try:
        recipe, last = reader.draft(), reader.run()
    finally:
        reader.close()
    if recipe is None or last is None:
        raise UsageError(N_("“{file}” has not been run yet. Use `rowmill run`."), file=options.job.name)
    run_options = _run_options(options, RunOptions(lane=Lane(last["options"].get("lane", "now"))))
    if run_options.budget_usd is None:
        run_options = replace(run_options, budget_usd=last["options"].get("budget_usd"))
    return _carry_on(options, options.job, recipe, _scope(options, ScopeKind.REMAINING), run_options)


def _retry(options: argparse.Namespace) -> int:
    _check_job(options.job)
    causes: frozenset[Cause] = frozenset()
    if options.cause:
        try:
            causes = frozenset({Cause(options.cause)})
        except ValueError:
            raise UsageError(
                N_("There is no cause “{name}”. Choose one of {known}."),
                name=options.cause,
                known=", ".join(cause.value for cause in Cause),
            ) from None
    recipe = _recipe_for(options, options.job)
    scope = _scope(options, ScopeKind.RETRY)
    scope = replace(scope, rows=replace(scope.rows, causes=causes))
    return _carry_on(options, options.job, recipe, scope, _run_options(options))


def _carry_on(
    options: argparse.Namespace, job: Path, recipe: Recipe, scope: Scope, run_options: RunOptions
) -> int:
    running = Running(job, recipe, scope, run_options, as_json=options.json)
    previous = signal.getsignal(signal.SIGINT)
    try:
        code = asyncio.run(running.run())
    finally:
        signal.signal(signal.SIGINT, previous)
    if options.out is not None and code != EXIT_INTERRUPTED:
        export_job(job, options.out, ExportOptions(kind=_kind(options.out)), lambda _: None, lambda: False)
        if not options.json:
            print(options.out.absolute())
    return code


def _export(options: argparse.Namespace) -> int:
    _check_job(options.job)
    states = frozenset(_state(name) for name in (options.state or "").split(",") if name.strip())
    extra = frozenset(name.strip() for name in options.extra.split(",") if name.strip())
    try:
        export_options = ExportOptions.from_dict(
            {**ExportOptions(kind=_kind(options.out), states=states).to_dict(), "extra": sorted(extra)}
        )
    except ValueError:
        raise UsageError(N_("The extra columns are state, cause, error, tokens, cost and model.")) from None
    result = export_job(options.job, options.out, export_options, lambda _: None, lambda: False)
    for sentence, details in result.notes:
        print(_(sentence).format(**details), file=sys.stderr)
    print(options.out.absolute())
    return EXIT_OK


def _kind(out: Path) -> str:
    return {"tsv": "csv", "jsonl": "json"}.get(kind_of_target(out), kind_of_target(out))


def _state(name: str) -> RowState:
    try:
        return RowState(name.strip().replace("_", " "))
    except ValueError:
        raise UsageError(
            N_("There is no state “{name}”. Choose from {known}."),
            name=name.strip()[:40],
            known=", ".join(state.value for state in RowState),
        ) from None


def _jobs(options: argparse.Namespace) -> int:
    found = sorted(paths.jobs_dir().glob("*.rowmill"))
    for path in found:
        try:
            reader = JobReader(path)
        except JobFileError as error:
            print(f"{path}\t{explain(error)}")
            continue
        try:
            summary = reader.summary()
        finally:
            reader.close()
        counts = summary.counts
        print(
            f"{path}\t{job_state_name(summary.state)}\t"
            + _("{done} of {rows} done, {failed} failed").format(
                done=counts.done, rows=counts.rows, failed=counts.failed
            )
        )
    if not found:
        print(_("There are no jobs in {folder}.").format(folder=paths.jobs_dir()), file=sys.stderr)
    return EXIT_OK


def _recipe(options: argparse.Namespace) -> int:
    _check_job(options.job)
    reader = JobReader(options.job)
    try:
        recipe = reader.draft()
    finally:
        reader.close()
    if recipe is None:
        raise UsageError(N_("“{file}” has no recipe yet."), file=options.job.name)
    print(recipe.to_json())
    return EXIT_OK


# -- from arguments to nouns -------------------------------------------------------------------------


def _check_job(job: Path) -> None:
    open_checked(job, read_only=True).close()


def _was_sent(job: Path) -> bool:
    reader = JobReader(job)
    try:
        return reader.summary().sent
    finally:
        reader.close()


def _new_job_path(source: Path) -> Path:
    folder = paths.jobs_dir()
    number = 1
    while (path := folder / f"{source.stem}{'' if number == 1 else f' {number}'}.rowmill").exists():
        number += 1
    return path


def _recipe_for(options: argparse.Namespace, job: Path) -> Recipe:
    reader = JobReader(job)
    try:
        columns, draft = reader.columns(), reader.draft()
        sample = [row.cells for row in reader.rows(range(1, 51))]
    finally:
        reader.close()
    recipe = draft
    if getattr(options, "recipe", None):
        recipe = Recipe.from_json(_read_recipe(options.recipe))
    elif getattr(options, "preset", None):
        task = preset(options.preset).build(columns, sample, translate=_)
        fields = parse_fields(options.field) if options.field else task.fields
        recipe = Recipe(task.template, fields, preset=options.preset)
    elif getattr(options, "prompt", None):
        recipe = Recipe(options.prompt, parse_fields(options.field))
    if recipe is None:
        raise UsageError(N_("Say what to do with each row: --preset NAME, --prompt TEXT or --recipe FILE."))
    return _with_model(recipe, options)


def _read_recipe(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            N_("The recipe “{file}” cannot be read ({reason})."), file=path.name, reason=type(error).__name__
        ) from None


def _with_model(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    provider = options.provider or recipe.provider
    entry = catalog.entry(provider)
    other = entry.name != recipe.provider
    model = options.model or ("" if other else recipe.model) or entry.first_model or ""
    base_url = options.base_url or (None if other else recipe.base_url)
    if base_url and not options.base_url and recipe.base_url:
        # An address that came in a file is not consent to send a key there.
        raise UsageError(
            N_("This recipe names its own address, {url}. If you trust it, repeat it as --base-url."), url=base_url
        )
    return recipe.with_model(entry.name, model, base_url)


def _run_options(options: argparse.Namespace, base: RunOptions | None = None) -> RunOptions:
    run_options = base or RunOptions()
    if options.lane:
        run_options = replace(run_options, lane=Lane(options.lane))
    if options.concurrency and options.concurrency != "auto":
        run_options = replace(run_options, concurrency=_number(options.concurrency, "--concurrency", 1, 1000))
    if options.budget is not None:
        try:
            budget = float(options.budget)
            if not 0 < budget < 1e9:
                raise ValueError
        except ValueError:
            raise UsageError(
                N_("The spending limit “{value}” is not an amount. Write US dollars, such as 2.50."),
                value=options.budget[:40],
            ) from None
        run_options = replace(run_options, budget_usd=budget)
    return run_options


def _number(text: str, name: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise UsageError(
            N_("{option} is “auto” or a number from {low} to {high}, not “{value}”."),
            option=name,
            low=low,
            high=high,
            value=text[:40],
        )
    return int(text)


def _scope(options: argparse.Namespace, kind: ScopeKind) -> Scope:
    if not options.rows:
        return Scope(kind)
    first, _dash, last = options.rows.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()) or (_dash and not last):
        raise UsageError(N_("“{value}” is not a range of rows. Write it like 1-100."), value=options.rows[:40])
    low, high = int(first), int(last or first)
    if low < 1 or high < low:
        raise UsageError(N_("“{value}” is not a range of rows. Write it like 1-100."), value=options.rows[:40])
    if low == 1:
        return Scope(kind, first=high)
    return Scope(kind, RowFilter(row_ids=tuple(range(low, min(high, low + 2_000_000) + 1))))
