"""The practice server, asked through every adapter and the real SDKs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gui_app.jobs import Account, Cause, FieldKind, OutputField, Question, Reply, Secret
from gui_app.practice.faults import Faults
from gui_app.providers.base import CallFailed, LiveProvider
from gui_app.providers.catalog import open_provider
from tests.helpers.practice import Practice

SCHEMA = {
    "type": "object",
    "properties": {"sentiment": {"type": "string", "enum": ["positive", "negative", "neutral"]}},
    "required": ["sentiment"],
    "additionalProperties": False,
}
LABELS = ("positive", "negative", "neutral")
QUESTION = Question(
    "practice-instant",
    "Label the sentiment. Answer with JSON.",
    SCHEMA,
    200,
    fields=(OutputField("sentiment", FieldKind.LABEL, LABELS),),
)
PROVIDERS = ("practice", "openai", "anthropic", "compatible")


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    with Practice(tmp_path) as running:
        yield running


def opened(name: str, practice: Practice, key: str | None = None) -> LiveProvider:
    url = practice.root_url if name == "anthropic" else practice.base_url
    return open_provider(Account(name, url, Secret(key or practice.token)))


@pytest.mark.parametrize("name", PROVIDERS)
async def test_every_adapter_gets_a_labelled_row(practice: Practice, name: str) -> None:
    provider = opened(name, practice)
    reply = await provider.ask(QUESTION, "I love it, it works perfectly.")
    await provider.close()
    assert json.loads(reply.text)["sentiment"] in LABELS
    assert reply.model
    assert reply.usage is not None
    assert reply.usage.input_tokens > 0


@pytest.mark.parametrize("name", PROVIDERS)
async def test_every_adapter_lists_the_models(practice: Practice, name: str) -> None:
    provider = opened(name, practice)
    assert "practice-instant" in [model.id for model in await provider.list_models()]
    await provider.close()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_wrong_token_is_a_refused_key(practice: Practice, name: str) -> None:
    provider = opened(name, practice, "wrong")
    with pytest.raises(CallFailed) as caught:
        await provider.ask(QUESTION, "x")
    await provider.close()
    assert caught.value.cause is Cause.KEY_REFUSED


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_unknown_model_is_named_so(practice: Practice, name: str) -> None:
    provider = opened(name, practice)
    with pytest.raises(CallFailed) as caught:
        await provider.ask(Question("no-such-model", "x", None, 100), "x")
    await provider.close()
    assert caught.value.cause is Cause.MODEL_UNKNOWN


async def test_a_confidence_comes_with_a_decision(practice: Practice) -> None:
    question = Question(**{name: getattr(QUESTION, name) for name in Question.__slots__} | {"confidence": True})
    provider = opened("practice", practice)
    reply = await provider.ask(question, "I love it, it works perfectly.")
    await provider.close()
    assert json.loads(reply.text)["sentiment"] in LABELS
    assert 0.0 <= reply.confidence["sentiment"] <= 1.0


@pytest.mark.parametrize("name", PROVIDERS)
async def test_under_many_faults_each_call_ends_as_an_answer_or_a_named_cause(practice: Practice, name: str) -> None:
    practice.set_faults(Faults(rate_limited=0.3, failing=0.2, off_list=0.1, refused=0.1, cut_off=0.1, too_long=0.1))
    provider = opened(name, practice)
    results = await asyncio.gather(
        *(provider.ask(QUESTION, f"row {number}: fine") for number in range(100)), return_exceptions=True
    )
    await provider.close()
    assert all(isinstance(result, Reply | CallFailed) for result in results)
    causes = {result.cause for result in results if isinstance(result, CallFailed)}
    assert Cause.RATE_LIMIT in causes
    assert causes <= {Cause.RATE_LIMIT, Cause.SERVER_ERROR, Cause.OVERLOADED, Cause.TOO_LONG, Cause.NETWORK}
    # One request a call: nothing is retried here.
    assert len(practice.asked()) == 100


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_network_that_goes_and_comes_back_needs_no_new_client(practice: Practice, name: str) -> None:
    provider = opened(name, practice)
    await provider.ask(QUESTION, "1")
    practice.go_away()
    with pytest.raises(CallFailed) as caught:
        await provider.ask(QUESTION, "2")
    assert caught.value.cause is Cause.NETWORK
    practice.come_back()
    await provider.ask(QUESTION, "3")
    await provider.close()
