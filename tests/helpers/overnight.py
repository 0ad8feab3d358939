"""A job of a few rows, run overnight against a practice server in the test's own process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from gui_app.engine.batches.part_source import Owner
from gui_app.engine.batches.runner import Asking, OvernightRunner
from gui_app.engine.events import JobProgress
from gui_app.engine.judging import Pricing
from gui_app.jobs import (
    Account,
    FieldKind,
    Lane,
    Options,
    OutputField,
    Recipe,
    RowState,
    RunOptions,
    Scope,
    Secret,
)
from gui_app.providers import catalog
from gui_app.providers.base import BatchProvider
from gui_app.recipes.question import build_question
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.parts import PartView, parts
from gui_app.store.reading.queries import JobReader, RowView
from tests.helpers.practice import Practice

COLUMNS = ("text",)
SAID = OutputField("said", FieldKind.TEXT)
"""The practice model repeats the text it is asked about: whose answer it is can be seen."""

FREE = Pricing(lambda usage, model: 0.0, lambda prompt: 0.0)
DOLLAR = Pricing(lambda usage, model: 1.0, lambda prompt: 2.0)
"""Each answer costs a dollar, and could have cost two."""


def recipe(provider: str = "openai", *, once: bool = True) -> Recipe:
    return Recipe("{text}", (SAID,), provider, "practice", options=Options(ask_identical_once=once))


def make_job(path: Path, texts: Sequence[str]) -> Path:
    create_job(path, name=path.stem)
    with closing(RowsWriter(path)) as writer:
        writer.begin(COLUMNS, source_name="texts.csv", import_settings={})
        writer.add([((text,), "") for text in texts])
        writer.finish()
    return path


def provider_on(server: Practice, provider: str = "openai", *, settle_s: float = 0.2, **limits: Any) -> BatchProvider:
    """The real Batch API client of a provider, pointed at a practice server."""
    address = server.root_url if provider == "anthropic" else server.base_url
    found: Any = catalog.open_batch_provider(Account(provider, address, Secret(server.token)), settle_s=settle_s)
    if limits:
        found.limits = replace(found.limits, **limits)
    return found


class Overnight:
    """One run over one job; `last` is its last progress, `told` all of them."""

    def __init__(
        self,
        path: Path,
        provider: BatchProvider,
        asked: Recipe | None = None,
        *,
        collect: bool = False,
        scope: Scope | None = None,
        linger: bool = True,
        budget_usd: float | None = None,
        pricing: Pricing = FREE,
        owner: Owner | None = None,
    ) -> None:
        asked = asked or recipe()
        self.path = path
        self.told: list[JobProgress] = []
        asking = None if collect else Asking(asked, COLUMNS, build_question(asked), scope or Scope())
        self.runner = OvernightRunner(
            path,
            asking=asking,
            provider=provider,
            pricing_of=lambda _: pricing,
            owner=owner or Owner(asked.provider, "test", "k1"),
            options=RunOptions(lane=Lane.OVERNIGHT, budget_usd=budget_usd),
            on_progress=self.told.append,
            linger=linger,
            poll_s=(0.05, 0.2),
        )

    async def run(self) -> JobProgress:
        return await self.runner.run()


def rows(path: Path) -> list[RowView]:
    with closing(JobReader(path)) as reader:
        return reader.rows(reader.row_ids())


def answers(path: Path) -> dict[str, str]:
    """By the row's own text: what it was answered."""
    return {row.cells[0]: str(row.values.get("said")) for row in rows(path) if row.state is RowState.DONE}


def own_answers(path: Path, count: int) -> None:
    """Every row is done, and has the answer to its own text."""
    found = answers(path)
    assert len(found) == count
    for text, said in found.items():
        assert text in said


def states(path: Path) -> Counter[str]:
    return Counter(row.state.value for row in rows(path))


def texts(count: int) -> list[str]:
    """Texts of which none is part of another."""
    return [f"text number {n:05d}." for n in range(count)]


def paid(server: Practice) -> Counter[str]:
    """How often each prompt was answered, and so paid for, by the server's own journal."""
    return Counter(entry.prompt for entry in server.journal() if entry.endpoint == "batch" and entry.status == 200)


def parts_of(path: Path) -> list[PartView]:
    with closing(JobReader(path)) as reader:
        return parts(reader)


def attempts(path: Path) -> list[int]:
    """By row: how many attempts are on record."""
    with closing(JobReader(path)) as reader:
        return [len(reader.attempts(row_id)) for row_id in reader.row_ids()]
