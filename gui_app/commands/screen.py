"""What a command says: sentences on standard error, results and JSON lines on standard output."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gui_app.engine.events import JobProgress
from gui_app.errors import UserError
from gui_app.i18n import _, duration, money, ngettext, number
from gui_app.jobs import Counts, JobState, Recipe
from gui_app.sentences import filled, plain
from gui_app.store.reading.queries import JobReader
from gui_app.worker.protocol import TaskProgress

PLAIN_EVERY_S = 10.0
JSON_EVERY_S = 1.0
BAR_CELLS = 24
_LONGEST_PATH = 4096


def say_no_more() -> None:
    """Nobody reads standard output any more. What is left in its buffer would fail the program at its exit (120)."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Screen:
    """What is written while a job runs. A screen that is gone holds up no job."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._bar = not as_json and sys.stderr.isatty()
        self._drawn = False
        self._shown_at = time.monotonic() if not as_json else 0.0
        self._problem = ""

    def say(self, text: str) -> None:
        """A sentence for people, on standard error."""
        self.end_bar()
        with contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)

    def say_first(self, recipe: Recipe, job: Path) -> None:
        """What is worth knowing before anything is sent."""
        if not self.as_json:
            self.say(_("Job: {file}").format(file=shown(job)))
        if recipe.provider == "practice":
            self.say(_("These answers are made up by the built-in practice model."))
        with contextlib.suppress(UserError):
            reader = JobReader(job)
            try:
                unknown = reader.summary().unknown_sent
            finally:
                reader.close()
            if unknown:
                text = ngettext(
                    "{count} row was sent before and its reply never came: it is sent again, and may be paid twice.",
                    "{count} rows were sent before and their replies never came: they are sent again, "
                    "and may be paid twice.",
                    unknown,
                )
                self.say(text.format(count=number(unknown)))

    def print_json(self, message: dict[str, object]) -> None:
        """One line on standard output. Whoever read it may have gone; the job goes on."""
        try:
            print(json.dumps(message), flush=True)
        except (OSError, ValueError):
            say_no_more()

    def show(self, progress: JobProgress) -> None:
        """A run's progress, as often as the reader can use it."""
        now = time.monotonic()
        if self.as_json:
            if now - self._shown_at >= JSON_EVERY_S:
                self._shown_at = now
                self.print_json({"event": "progress", **numbers(progress.counts), "cost_usd": progress.cost_usd})
        elif self._bar:
            self._draw(progress)
        elif now - self._shown_at >= PLAIN_EVERY_S and progress.run_finished < progress.run_rows:
            self._shown_at = now
            self.say(line_of(progress))
        problem = "" if progress.problem is None else filled(progress.problem[0], dict(progress.problem[1]))
        if problem != self._problem:
            self._problem = problem
            if problem:
                self.say(problem)

    def _draw(self, progress: JobProgress) -> None:
        share = progress.run_finished / progress.run_rows if progress.run_rows else 1.0
        full = min(BAR_CELLS, int(share * BAR_CELLS))
        columns = shutil.get_terminal_size().columns
        # Cut, because a line that wraps cannot be drawn over. East Asian characters take two places.
        text = _cut(f"{'█' * full}{'░' * (BAR_CELLS - full)} {line_of(progress)}", columns - 1)
        with contextlib.suppress(OSError, ValueError):
            print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)
        self._drawn = True

    def end_bar(self) -> None:
        """Leave the line of the bar."""
        if self._drawn:
            self._drawn = False
            with contextlib.suppress(OSError, ValueError):
                print(file=sys.stderr)


def _cut(text: str, width: int) -> str:
    used = 0
    for at, character in enumerate(text):
        used += 2 if ord(character) >= 0x2E80 else 1
        if used > max(width, 20):
            return text[:at]
    return text


def shown(path: Path) -> str:
    """A path for people: what would move the cursor, or turn the writing around, is seen and not done."""
    return plain(str(path), _LONGEST_PATH)


def printed(path: Path) -> str:
    """A path on standard output: as it is for a program that reads it, and as people see it on a screen."""
    return shown(path) if sys.stdout.isatty() else str(path)


def quoted(path: Path) -> str:
    """A path as it is typed in a shell."""
    import shlex

    text = str(path)
    if all(plain(character) == character for character in text if character != " "):
        return shlex.quote(text)
    return f"$'{''.join(map(_typed, text))}'"


def _typed(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character == " " or plain(character) == character:
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def numbers(counts: Counts) -> dict[str, object]:
    """The counts of a JSON line."""
    return {
        "rows": counts.rows,
        "done": counts.done,
        "failed": counts.failed,
        "needs_review": counts.needs_review,
        "waiting": counts.waiting + counts.running,
    }


def line_of(progress: JobProgress) -> str:
    """How far a run is, in one line."""
    counts = progress.counts
    parts = [
        _("{finished} of {rows} rows").format(finished=number(counts.finished), rows=number(counts.rows)),
        _("{n} failed").format(n=number(counts.failed)),
        _("{n} need review").format(n=number(counts.needs_review)),
        money(progress.cost_usd),
    ]
    if progress.eta_s is not None and progress.state is JobState.RUNNING:
        parts.append(_("{time} left").format(time=duration(progress.eta_s)))
    if progress.waiting_s > 1:
        parts.append(_("waiting {n} s, asked by the provider").format(n=int(progress.waiting_s)))
    elif progress.slowed:
        parts.append(_("slowed down by the provider"))
    if progress.offline_cause is not None:
        parts.append(_("offline, waiting"))
    return ", ".join(parts)


def say(text: str) -> None:
    """A sentence for people, on standard error."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def say_notes(notes: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """What an import or export has to tell, on standard error."""
    for sentence, details in notes:
        say(filled(sentence, dict(details)))


@contextlib.contextmanager
def progress_line(text: str, *, quiet: bool) -> Iterator[Callable[[TaskProgress], None]]:
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
