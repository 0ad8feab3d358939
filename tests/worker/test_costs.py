"""What a job costs: identical rows once, the constant part of prompts cached, overnight at half price."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gui_app.jobs import Account, JobState, Lane, Options, Recipe, RunOptions, Scope, Secret
from gui_app.practice.faults import Batching, Faults
from gui_app.practice.models import PracticeModel
from gui_app.providers.catalog import open_provider
from gui_app.recipes.presets import PRESETS
from gui_app.recipes.question import build_question
from gui_app.recipes.template import Template
from gui_app.store.reading.queries import JobReader, Totals
from gui_app.worker.conductor import Conductor
from gui_app.worker.protocol import RunOrder
from tests.helpers.fault_server import FaultServer, Say, completion, message, response
from tests.helpers.overnight import make_job, own_answers, recipe, texts
from tests.helpers.practice import Practice
from tests.worker.conftest import estimate_job

WITH_BATCH_PRICE, WITHOUT = "gpt-5-mini", "gpt-4o-search-preview"
MODELS = [PracticeModel(name, name, Faults(), Batching()) for name in (WITH_BATCH_PRICE, WITHOUT)]
NOW, OVERNIGHT = RunOptions(), RunOptions(lane=Lane.OVERNIGHT)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Practice]:
    with Practice(tmp_path / "server", models=MODELS) as started:
        yield started


async def run(
    job: Path, asked: Recipe, server: Practice, options: RunOptions = NOW, scope: Scope | None = None
) -> Totals:
    conductor = Conductor(lambda progress: None)
    order = RunOrder(str(job), asked, scope=scope or Scope(), options=options, key=Secret(server.token))
    try:
        final = await (await conductor.run(order))
    finally:
        await conductor.close()
    assert final.state in (JobState.FINISHED, JobState.DRAFT)
    with closing(JobReader(job)) as reader:
        return reader.totals()


def asked_of(server: Practice, model: str, **options: bool) -> Recipe:
    return replace(recipe("openai"), model=model, base_url=server.base_url, options=Options(**options))


async def test_a_job_with_a_third_of_identical_rows_asks_and_pays_a_third_less(
    server: Practice, tmp_path: Path
) -> None:
    rows = [*texts(40), *texts(20)]
    once = make_job(tmp_path / "once.rowmill", rows)
    saving = await run(once, asked_of(server, WITH_BATCH_PRICE), server)
    each = make_job(tmp_path / "each.rowmill", rows)
    full = await run(each, asked_of(server, WITH_BATCH_PRICE, ask_identical_once=False), server)
    assert (saving.requests, saving.identical_saved, full.requests, full.identical_saved) == (40, 20, 60, 0)
    assert saving.cost_usd == pytest.approx(full.cost_usd * 2 / 3)
    assert saving.cost_usd > 0
    for job in (once, each):
        with closing(JobReader(job)) as reader:
            answers = {row.row_id: row.values["said"] for row in reader.stream()}
        assert len(answers) == 60
        assert all(answers[n] == answers[n + 40] for n in range(1, 21))


@pytest.mark.parametrize("model", [WITH_BATCH_PRICE, WITHOUT])
async def test_overnight_costs_half_for_the_same_rows_or_the_price_is_said_to_be_the_full_one(
    server: Practice, tmp_path: Path, model: str
) -> None:
    live, night = (make_job(tmp_path / f"{name}.rowmill", texts(30)) for name in ("live", "night"))
    asked = asked_of(server, model)
    await run(live, asked, server, scope=Scope(first=5))
    estimate = estimate_job(live, asked, NOW)
    assert estimate is not None
    now = await run(live, asked, server)
    overnight = await run(night, asked, server, OVERNIGHT)
    own_answers(live, 30)
    own_answers(night, 30)
    assert (now.input_tokens, now.output_tokens) == (overnight.input_tokens, overnight.output_tokens)
    share = 0.5 if model == WITH_BATCH_PRICE else 1.0
    assert overnight.cost_usd == pytest.approx(share * now.cost_usd, abs=1e-12)
    assert estimate.overnight.has_price is (model == WITH_BATCH_PRICE)
    assert estimate.overnight.high_usd == pytest.approx(share * (estimate.now.high_usd or 0), abs=1e-12)


COLUMNS = ("review", "language", "answer", "reference answer")
ROWS = (("the lamp flickers", "German", "yes", "no"), ("arrived on time, well packed", "Greek", "maybe", "certainly"))


@pytest.mark.parametrize("api", ["openai", "anthropic", "compatible"])
@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
async def test_what_is_the_same_for_all_rows_stands_in_front_of_every_request(api: str, preset: object) -> None:
    task = preset.build(COLUMNS, ROWS)  # type: ignore[attr-defined]
    asked = Recipe(task.template, task.fields, api, "model-1")
    template, question = Template(asked.template, COLUMNS), build_question(asked)
    routes = {"/responses": Say(response("{}")), "/messages": Say(message("{}")), "/completions": Say(completion("{}"))}
    with FaultServer(routes=routes) as server:
        provider = open_provider(Account(api, server.url, Secret("key")))
        for cells in ROWS:
            await provider.ask(question, template.render(cells))
        await provider.close()
        first, second = (json.dumps(seen.body, ensure_ascii=False) for seen in server.seen[-2:])
    differs = next(n for n, (one, other) in enumerate(zip(first, second, strict=False)) if one != other)
    common = first[:differs]
    constant = [question.instructions, template.constant_prefix]
    assert all(json.dumps(text, ensure_ascii=False)[1:-1].strip() in common for text in constant)
    assert "json_schema" in common
    # What follows is the rows' own, and the few words between their cells.
    of_the_row = sum(map(len, ROWS[1]))
    assert len(second) - len(common) <= of_the_row + len(task.template) - len(template.constant_prefix) + 20
    assert len(template.constant_prefix) >= len(task.template) / 2
