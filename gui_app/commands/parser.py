"""The command line: its commands, options and help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn, TypeAlias

from gui_app import __version__
from gui_app.commands import jobs, run
from gui_app.errors import N_, UsageError
from gui_app.i18n import _
from gui_app.jobs import EXPORT_EXTRAS, Cause, Lane
from gui_app.providers import catalog

_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


class _Parser(argparse.ArgumentParser):
    """Speaks through our errors, so that all bad usage ends in one sentence and code 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            N_("{problem}. See `{command} --help`."), problem=message[:1].upper() + message[1:], command=self.prog
        )


def command_parser() -> argparse.ArgumentParser:
    """Of the whole command line. The `carry_out` of what it reads does the work and returns the exit code."""
    parser = _Parser(
        prog="rowmill",
        description=_("Ask a language model about every row of a spreadsheet."),
        epilog=_("Without a command, or with a file alone, the window opens."),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Rowmill {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_run, _add_resume, _add_retry, _add_export, _add_give_up, _add_jobs, _add_recipe):
        add(commands)
    return parser


def _add_run(commands: _Commands) -> None:
    command = commands.add_parser(
        "run", help=_("read a table (or open a job), run it, and export it"), allow_abbrev=False
    )
    command.add_argument("file", type=Path, metavar="FILE")
    task = command.add_mutually_exclusive_group()
    task.add_argument("--preset", metavar="NAME", help=_("label, rate, translate, extract, summarise or ask"))
    task.add_argument("--prompt", metavar="TEXT", help=_("the prompt, with {column} places"))
    task.add_argument("--recipe", type=Path, metavar="RECIPE.json", help=_("as `rowmill recipe` prints it"))
    command.add_argument(
        "--field", action="append", default=[], metavar="SPEC", help='"name=label:a|b", "n=number:1..5"'
    )
    command.add_argument("--sheet", metavar="NAME", help=_("the sheet of a workbook"))
    command.add_argument(
        "--answers-from",
        type=Path,
        metavar="JOB.rowmill",
        help=_("the job of a former version of FILE: rows that are the same keep their answers"),
    )
    command.add_argument("--job", type=Path, metavar="JOB.rowmill", help=_("where the job file is made"))
    _add_model(command)
    _add_running(command)
    command.set_defaults(carry_out=run.run)


def _add_resume(commands: _Commands) -> None:
    command = commands.add_parser("resume", help=_("continue a job, or collect what ran overnight"), allow_abbrev=False)
    command.add_argument("job", type=Path, metavar="JOB")
    command.add_argument("--base-url", metavar="URL", help=_("agrees to the server that the job names"))
    _add_running(command)
    command.set_defaults(carry_out=run.resume)


def _add_retry(commands: _Commands) -> None:
    command = commands.add_parser("retry", help=_("ask the failed rows of a job again"), allow_abbrev=False)
    command.add_argument("job", type=Path, metavar="JOB")
    command.add_argument("--cause", metavar="NAME", help=", ".join(cause.value for cause in Cause))
    _add_model(command)
    _add_running(command)
    command.set_defaults(carry_out=run.retry)


def _add_export(commands: _Commands) -> None:
    command = commands.add_parser("export", help=_("write a job's rows to a file"), allow_abbrev=False)
    command.add_argument("job", type=Path, metavar="JOB")
    command.add_argument("out", type=Path, metavar="OUT")
    command.add_argument("--state", metavar="STATE,...", help=_("only rows in these states, such as done"))
    command.add_argument("--with", dest="extra", default="", metavar="NAME,...", help=", ".join(EXPORT_EXTRAS))
    command.set_defaults(carry_out=jobs.export)


def _add_give_up(commands: _Commands) -> None:
    command = commands.add_parser(
        "give-up", help=_("let go of what is out overnight and can never be fetched"), allow_abbrev=False
    )
    command.add_argument("job", type=Path, metavar="JOB")
    command.add_argument("--yes", action="store_true", help=_("really: those rows may be paid already"))
    command.set_defaults(carry_out=jobs.give_up)


def _add_jobs(commands: _Commands) -> None:
    command = commands.add_parser("jobs", help=_("list the jobs in the app's own folder"), allow_abbrev=False)
    command.set_defaults(carry_out=jobs.jobs)


def _add_recipe(commands: _Commands) -> None:
    command = commands.add_parser("recipe", help=_("print a job's recipe as JSON"), allow_abbrev=False)
    command.add_argument("job", type=Path, metavar="JOB")
    command.set_defaults(carry_out=jobs.recipe)


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
