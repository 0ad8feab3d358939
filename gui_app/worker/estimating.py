"""What the rows that still wait will cost and take, from the rows tried so far. Blocks: not on the window's thread."""

from __future__ import annotations

import hashlib
import itertools
import math
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gui_app import pricing
from gui_app.jobs import Lane, Question, Recipe, RowFilter, RowState, RunOptions, Usage
from gui_app.pricing import Estimate, TriedRow, estimate_tokens
from gui_app.pricing.prices import typed_table
from gui_app.providers import catalog
from gui_app.providers.hosts import is_loopback
from gui_app.recipes.question import build_question
from gui_app.recipes.template import Template
from gui_app.store.reading.queries import AttemptView, JobReader

MOST_TRIED = 200
SAMPLE_ROWS = 2_000
SAMPLE_FOR_S = 1.0
"""Rows of megabytes are not all read: a sample ends here."""

LOOKED_AT = 1_000
TELLING = 200
"""So many calls of one run tell how many are out at once; its beginning, with fewer, does not."""

LIKELY_AT_ONCE = 200
"""Few accounts allow more calls at once, though the pace goes further where they do."""

PAUSED_S = 30.0
"""Between the end of a call and the sending of the next one, it was paused."""

_ANSWERED = frozenset({RowState.DONE, RowState.NEEDS_REVIEW, RowState.FAILED})
_GROUP = 100


def estimate_from(
    reader: JobReader, recipe: Recipe | None = None, options: RunOptions | None = None
) -> Estimate | None:
    """The range for the waiting rows of a job, in money and minutes, for both lanes.

    Identical rows count once where the recipe asks them once. Of very many rows a sample is looked at; a prompt met
    there only once then stands for as many different ones as there may be, so the money is never told too low.

    Args:
        recipe: As it would be sent; None: the job's own draft.
        options: Speed and a typed price; None: automatic, and the catalogue's price.

    Returns:
        None when nothing waits, or no row was answered with this very recipe and model.

    Raises:
        JobFileError, StorageError: The job cannot be read.
        Cancelled: The reader was interrupted.
    """
    recipe = recipe or reader.draft()
    options = options or RunOptions()
    if recipe is None:
        return None
    version = next((item.version for item in reader.recipe_versions() if item.recipe.hash == recipe.hash), None)
    waiting = reader.row_ids(RowFilter(states=frozenset({RowState.WAITING})))
    if version is None or not waiting:
        return None
    columns = reader.columns()
    template, question = Template(recipe.template, columns), build_question(recipe)
    tried, answered = _tried(reader, template, question, version)
    if not tried:
        return None
    coming = _look_at(reader, template, waiting, recipe.options.ask_identical_once, answered)
    typed = options.price
    return pricing.estimate(
        tried,
        rows=len(waiting),
        requests=coming.requests,
        mean_prompt_tokens=coming.mean_tokens + estimate_tokens(question.instructions),
        prices=pricing.price_of(recipe.provider, recipe.model, base_url=recipe.base_url)
        if typed is None
        else typed_table(typed),
        concurrency=_concurrency(reader, recipe, options, version),
    )


def _concurrency(reader: JobReader, recipe: Recipe, options: RunOptions, version: int) -> tuple[int, int]:
    """Fewest and most calls at once: as the job's last run has shown, or what "Automatic" starts at and may reach."""
    if options.concurrency is not None:
        return options.concurrency, options.concurrency
    entry = catalog.entry(recipe.provider)
    local = entry.local or (recipe.base_url is not None and is_loopback(recipe.base_url))
    start = 4 if local and not entry.local else entry.suggested_concurrency
    reached = _reached(reader, version)
    if reached is not None:
        return reached, reached
    # One computer is no faster for being asked more at once, and the pace finds that out.
    return (max(1, start // 2), start) if local else (start, min(LIKELY_AT_ONCE, catalog.most_concurrency(entry.name)))


def _reached(reader: JobReader, version: int) -> int | None:
    """How many calls were out at once, on average, lately; None where too few, or those of a fixed number, tell it."""
    run = reader.run()
    if run is None or run["options"].get("concurrency") is not None:
        return None
    # Newest first, and none from before a pause.
    times = reader.call_times(version, LOOKED_AT)
    lately = [*itertools.takewhile(lambda pair: pair[0][0] - pair[1][1] < PAUSED_S, itertools.pairwise(times))]
    if len(lately) < TELLING:
        return None
    calls = [call for call, _ in lately]
    out_s = math.fsum(ended - sent for sent, ended in calls)
    # Little's law: what is out on average is the time all calls took, over the time they took together.
    span_s = max(ended for _, ended in calls) - min(sent for sent, _ in calls)
    return max(1, round(out_s / span_s)) if span_s > 0 else None


# -- the rows tried ----------------------------------------------------------------------------------


def _tried(
    reader: JobReader, template: Template, question: Question, version: int
) -> tuple[list[TriedRow], set[bytes]]:
    """The rows answered by this version, spread over all of them, and the digests of their prompts."""
    ids = reader.row_ids(RowFilter(states=_ANSWERED))
    step = max(1, len(ids) // MOST_TRIED)
    instructions = estimate_tokens(question.instructions)
    tried: list[TriedRow] = []
    prompts: set[bytes] = set()
    for row in reader.rows(ids[::step], full=True):
        if row.version != version or row.source_row_id is not None:
            continue
        # How long a call takes is told by live ones alone: overnight it is the whole batch that takes hours.
        attempts = [a for a in reader.attempts(row.row_id) if a.version == version and a.lane is Lane.NOW]
        if not attempts:
            continue
        usages = tuple(usage for attempt in attempts if (usage := _usage(attempt)) is not None)
        if row.state is RowState.FAILED and not usages:
            continue
        prompt = template.render(row.cells)
        prompts.add(_digest(prompt))
        seconds = math.fsum(_seconds(attempt) for attempt in attempts)
        tried.append(TriedRow(instructions + estimate_tokens(prompt), usages, seconds))
    return tried, prompts


def _usage(attempt: AttemptView) -> Usage | None:
    usage = attempt.usage
    return None if usage is None or not (usage.input_tokens or usage.output_tokens) else usage


def _seconds(attempt: AttemptView) -> float:
    if attempt.sent_at is None or attempt.ended_at is None:
        return 0.0
    return max(0.0, attempt.ended_at - attempt.sent_at)


# -- the rows to come --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Coming:
    requests: int
    mean_tokens: float


def _look_at(
    reader: JobReader, template: Template, waiting: Sequence[int], once: bool, answered: set[bytes]
) -> _Coming:
    """Sizes and repetitions of the prompts to come, from a sample spread at random over all waiting rows."""
    if len(waiting) <= SAMPLE_ROWS:
        chosen = list(waiting)
    else:
        chosen = random.Random(len(waiting)).sample(waiting, SAMPLE_ROWS)
    until = time.monotonic() + SAMPLE_FOR_S
    tokens: list[int] = []
    seen: Counter[bytes] = Counter()
    looked = blank = free = 0
    for first in range(0, len(chosen), _GROUP):
        for row in reader.rows(chosen[first : first + _GROUP], full=True):
            looked += 1
            prompt = template.render(row.cells)
            if Template.is_blank(prompt) or template.cells_are_blank(row.cells):
                blank += 1  # Never sent.
                continue
            digest = _digest(prompt)
            if once and digest in answered:
                free += 1  # Gets the answer that is there.
                continue
            seen[digest] += 1
            if seen[digest] == 1 or not once:
                tokens.append(estimate_tokens(prompt))
        if time.monotonic() > until:
            break
    asked = looked - blank - free
    share = len(waiting) / max(1, looked)
    requests = _distinct(seen.values(), share) if once else asked * share
    mean = math.fsum(tokens) / len(tokens) if tokens else 0.0
    return _Coming(min(len(waiting), round(requests)), mean)


def _distinct(times: Iterable[int], share: float) -> float:
    """How many different prompts there are, from how often each was met in a sample of one row in `share`."""
    counted = Counter("once" if n == 1 else "more" for n in times)
    return counted["more"] + counted["once"] * share


def _digest(prompt: str) -> bytes:
    return hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=16).digest()
