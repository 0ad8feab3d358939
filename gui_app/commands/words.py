"""From the words of a command line to the nouns: recipe, scope, options. Refuses in sentences."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path

from gui_app.errors import N_, ExportError, RecipeError, StorageError, UsageError
from gui_app.i18n import _
from gui_app.jobs import Account, Cause, Lane, OutputField, Recipe, RowFilter, RowState, RunOptions, Scope, ScopeKind
from gui_app.providers import catalog
from gui_app.providers.hosts import is_loopback
from gui_app.recipes.fieldspec import parse_fields
from gui_app.recipes.presets import preset
from gui_app.settings import BASE_URLS, Settings
from gui_app.store.reading.queries import JobReader
from gui_app.tables import kind_of_target

MOST_AT_ONCE = 500
MOST_ROWS_NAMED = 2_000_000


@dataclass(frozen=True, slots=True)
class TaskWords:
    """What a command line says about the task, checked as far as it can be without the table.

    Attributes:
        recipe: From --recipe; None without it.
        fields: From --field; () without any.
    """

    preset: str = ""
    prompt: str = ""
    recipe: Recipe | None = None
    fields: tuple[OutputField, ...] = ()

    @property
    def is_given(self) -> bool:
        """The command line says what is to be done, and need not fall back on a job's own recipe."""
        return bool(self.preset or self.prompt or self.recipe is not None)


def task_words(options: argparse.Namespace) -> TaskWords:
    """Read --preset, --prompt, --recipe and --field.

    Raises:
        UsageError, RecipeError: They cannot be followed.
    """
    fields = parse_fields(options.field) if options.field else ()
    if options.preset is not None:
        return TaskWords(preset=preset(options.preset).id, fields=fields)
    if options.prompt is not None:
        if not options.prompt.strip():
            raise UsageError(N_("The prompt is empty. Write what should be done with each row after --prompt."))
        return TaskWords(prompt=options.prompt, fields=fields)
    if options.recipe is not None:
        return TaskWords(recipe=Recipe.from_json(_read_recipe(options.recipe)), fields=fields)
    return TaskWords(fields=fields)


def check_complete(words: TaskWords) -> None:
    """A new job needs a whole task.

    Raises:
        UsageError: There is none, or it does not say what to answer.
    """
    if not words.is_given:
        raise UsageError(N_("Say what to do with each row: --preset NAME, --prompt TEXT or --recipe FILE."))
    if words.prompt and not words.fields:
        raise UsageError(
            N_("Say what to answer with --field, for example --field {example}."),
            example='"sentiment=label:positive|negative"',
        )


def _read_recipe(path: Path) -> str:
    try:
        if path.stat().st_size > 2_000_000:
            raise RecipeError(N_("This recipe is too large to be one. A recipe file has at most 1 MB."))
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(N_("The recipe “{file}” was not found. Check its name and folder."), file=path.name) from None
    except UnicodeDecodeError:
        raise UsageError(
            N_("“{file}” is not a recipe: it is not text. Save the recipe again from its job."), file=path.name
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(
            N_("The recipe “{file}” cannot be read ({reason})."),
            file=path.name,
            reason=getattr(error, "strerror", None) or type(error).__name__,
        ) from None


def recipe_for(words: TaskWords, job: Path) -> Recipe | None:
    """The recipe for a job's table: as the words say, else as the job has it. None when neither says anything."""
    reader = JobReader(job)
    try:
        columns, draft = reader.columns(), reader.draft()
        sample = [row.cells for row in reader.rows(range(1, 51))]
    finally:
        reader.close()
    recipe = words.recipe or draft
    if words.preset:
        task = preset(words.preset).build(columns, sample, translate=_)
        recipe = Recipe(task.template, task.fields, preset=words.preset)
    elif words.prompt:
        recipe = Recipe(words.prompt, draft.fields if draft is not None else ())
        if not words.fields and not recipe.fields:
            check_complete(words)
    if recipe is not None and words.fields:
        recipe = replace(recipe, fields=words.fields)
    if recipe is not None and (words.preset or words.prompt) and draft is not None:
        # Another task for the same model, unless the command names one.
        recipe = recipe.with_model(draft.provider, draft.model, draft.base_url)
    return recipe


def with_model(recipe: Recipe, options: argparse.Namespace) -> tuple[Recipe, bool]:
    """The recipe for the provider, model and address that the command names.

    Returns:
        The recipe, and whether its address was agreed to: typed now, or typed on this computer before.

    Raises:
        UsageError: The address came in a file and nobody has agreed to it.
        UserError: There is no such provider, or the address cannot be used.
    """
    provider = getattr(options, "provider", None) or recipe.provider
    entry = catalog.entry(provider)
    other = entry.name != catalog.entry(recipe.provider).name
    typed: str | None = getattr(options, "base_url", None)
    base_url = typed or (None if other else recipe.base_url)
    chosen = getattr(options, "model", None)
    model = chosen or ("" if other else recipe.model) or entry.first_model or ""
    if entry.name == "practice":
        if typed:
            raise UsageError(N_("The practice model has no address. Leave --base-url out, or choose another provider."))
        return recipe.with_model(entry.name, model), False
    agreed = bool(typed)
    if base_url:
        # Also says what is wrong with an address before anything is read or sent.
        catalog.address_of(Account(entry.name, base_url))
        if not typed and base_url != entry.base_url:
            agreed = Settings.load().get(BASE_URLS).get(entry.name) == base_url
            if not agreed and not is_loopback(base_url):
                # An address that came in a file is not consent to send a key there.
                raise UsageError(
                    N_("This recipe names its own address, {url}. If you trust it, repeat it as --base-url."),
                    url=base_url,
                )
    else:
        catalog.address_of(Account(entry.name, None))
    return recipe.with_model(entry.name, model, base_url), agreed


def check_model(options: argparse.Namespace) -> None:
    """Say what is wrong with --provider and --base-url before a long import, not after.

    Raises:
        UserError: As `with_model`.
    """
    if options.provider or (options.base_url and options.answers_from is None):
        provider = catalog.entry(options.provider or "practice").name
        if provider != "practice" and (options.base_url or provider != "compatible"):
            catalog.address_of(Account(provider, options.base_url))


def remember_address(recipe: Recipe, options: argparse.Namespace) -> None:
    """Typing an address is consent, which `resume` can go by."""
    if getattr(options, "base_url", None) and recipe.base_url:
        settings = Settings.load()
        settings.set(BASE_URLS, settings.get(BASE_URLS) | {recipe.provider: recipe.base_url})
        try:
            settings.save()
        except StorageError:
            pass  # It will be asked for again.


def run_options(options: argparse.Namespace, base: RunOptions | None = None) -> RunOptions:
    """--lane, --concurrency and --budget.

    Args:
        base: What holds where the command says nothing.

    Raises:
        UsageError: A value is out of its limits.
    """
    chosen = base or RunOptions()
    if options.lane:
        chosen = replace(chosen, lane=Lane(options.lane))
    if options.concurrency == "auto":
        chosen = replace(chosen, concurrency=None)
    elif options.concurrency is not None:
        chosen = replace(chosen, concurrency=_number(options.concurrency, "--concurrency", 1, MOST_AT_ONCE))
    if options.budget is not None:
        chosen = replace(chosen, budget_usd=_amount(options.budget))
    return chosen


def _amount(text: str) -> float:
    try:
        amount = float(text.strip().removeprefix("$"))
    except ValueError:
        amount = math.nan
    if not 0 < amount < 1e9:
        raise UsageError(
            N_("The spending limit “{value}” is not an amount. Write US dollars, such as 2.50."), value=text[:40]
        )
    return amount


def _number(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not low <= int(text[:10]) <= high:
        raise UsageError(
            N_("{option} is “auto” or a number from {low} to {high}, not “{value}”."),
            option=name,
            low=low,
            high=high,
            value=text[:40],
        )
    return int(text)


def row_range(text: str | None) -> tuple[int, int] | None:
    """--rows: the first and last row, counted from 1. None: all rows.

    Raises:
        UsageError: It is no range.
    """
    if text is None:
        return None
    first, dash, last = (part.strip() for part in text.partition("-"))
    numbers = (first, last) if dash else (first,)
    if all(part.isascii() and part.isdecimal() and len(part) < 16 for part in numbers):
        low, high = int(numbers[0]), int(numbers[-1])
        if 1 <= low <= high:
            return low, high
    raise UsageError(N_("“{value}” is not a range of rows. Write it like 1-100."), value=text[:40])


def scope_of(kind: ScopeKind, rows: tuple[int, int] | None, total: int, causes: frozenset[Cause]) -> Scope:
    """What a run is to ask.

    Args:
        total: How many rows the job has.

    Raises:
        UsageError: The range lies behind the last row, or names more rows than can be named.
    """
    wanted = RowFilter(causes=causes)
    if rows is None:
        return Scope(kind, wanted)
    low, high = rows[0], min(rows[1], total)
    if low > total:
        raise UsageError(N_("The table has {total} rows, so there is no row {row}."), total=total, row=low)
    if low == 1:
        return Scope(kind, wanted, first=high)
    if high - low >= MOST_ROWS_NAMED:
        raise UsageError(N_("A range holds at most {most} rows. Write a smaller one."), most=MOST_ROWS_NAMED)
    return Scope(kind, replace(wanted, row_ids=tuple(range(low, high + 1))))


def cause_of(name: str | None) -> frozenset[Cause]:
    """--cause.

    Raises:
        UsageError: There is none of that name.
    """
    if name is None:
        return frozenset()
    try:
        return frozenset({Cause(name.strip().lower().replace("-", "_").replace(" ", "_"))})
    except ValueError:
        known = ", ".join(cause.value for cause in Cause)
        raise UsageError(
            N_("There is no cause “{name}”. Choose one of {known}."), name=name[:40], known=known
        ) from None


def states_of(text: str | None) -> frozenset[RowState]:
    """--state: names with commas between them, "needs review" also as needs-review or needs_review.

    Raises:
        UsageError: There is no such state.
    """
    return frozenset(_state(name) for name in (text or "").split(",") if name.strip())


def _state(name: str) -> RowState:
    try:
        return RowState(" ".join(name.strip().lower().replace("_", " ").replace("-", " ").split()))
    except ValueError:
        known = ", ".join(state.value for state in RowState)
        raise UsageError(
            N_("There is no state “{name}”. Choose from {known}."), name=name.strip()[:40], known=known
        ) from None


def check_target(out: Path) -> None:
    """Whether an export could be written there: better known before a run of hours than after.

    Raises:
        ExportError, StorageError: Why not.
    """
    kind_of_target(out)
    # Not by Path's own questions, which raise for a name that is too long: the export itself says so.
    if os.path.isdir(out):
        raise ExportError(N_("“{file}” is a folder. Choose a file name inside it."), file=out.name)
    folder = out.absolute().parent
    if not os.path.isdir(folder):
        raise StorageError(
            N_("“{file}” cannot be written: its folder is not there. Choose another folder, and export again."),
            file=out.name,
        )
    if not os.access(folder, os.W_OK) or (os.path.exists(out) and not os.access(out, os.W_OK)):
        raise StorageError(
            N_("“{file}” cannot be written: it or its folder is read-only. Choose another place."), file=out.name
        )


__all__ = [
    "TaskWords", "cause_of", "check_complete", "check_model", "check_target", "recipe_for",
    "remember_address", "row_range", "run_options", "scope_of", "states_of", "task_words", "with_model",
]  # fmt: skip
