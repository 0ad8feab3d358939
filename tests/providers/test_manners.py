"""What each model takes is found out from its refusals, and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from gui_app.jobs import Account, Cause, Question, Secret
from gui_app.providers.base import CallFailed
from gui_app.providers.catalog import open_provider
from gui_app.providers.manners import Form, Manner
from tests.helpers.fault_server import FaultServer, Say, completion, message, response

SCHEMA = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}
QUESTION = Question("model-1", "Label the row.", SCHEMA, 100, temperature=0.5)
OK = Say(completion('{"label": "good"}'))


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def refusal(message: str, status: int = 400) -> Say:
    return Say({"error": {"message": message, "type": "invalid_request_error"}}, status)


async def ask(server: FaultServer, times: int = 1, name: str = "compatible", **options: Any) -> None:
    provider = open_provider(Account(name, server.url, Secret("k")), **options)
    try:
        for _ in range(times):
            await provider.ask(QUESTION, "the row")
    finally:
        await provider.close()


def forms(server: FaultServer) -> list[str]:
    return [body.get("response_format", {}).get("type", "text") for body in server.bodies()]


async def test_a_model_without_schemas_is_asked_for_json_then_for_text_and_that_is_remembered(
    server: FaultServer,
) -> None:
    memory: dict[str, str] = {}
    server.say(
        refusal("'response_format.type' json_schema is not supported"),
        refusal("response_format json_object is not supported"),
        OK,
    )
    await ask(server, 2, memory=memory)
    assert forms(server) == ["json_schema", "json_object", "text", "text"]
    # Where the server does not hold the model to the schema, the words do.
    assert '"label"' in server.bodies()[2]["messages"][0]["content"]
    server.seen.clear()
    await ask(server, memory=memory)
    assert forms(server) == ["text"]
    assert list(memory.values()) == ["text"]


async def test_other_models_and_other_servers_are_asked_for_themselves(server: FaultServer) -> None:
    memory: dict[str, str] = {}
    server.say(refusal("json_schema is not supported"), OK)
    await ask(server, memory=memory)
    with FaultServer(OK) as other:
        await ask(other, memory=memory)
        assert forms(other) == ["json_schema"]


async def test_a_refusal_that_says_nothing_leads_down_only_until_something_worked(server: FaultServer) -> None:
    server.say(Say("", 400), OK, Say("", 400))
    provider = open_provider(Account("compatible", server.url))
    await provider.ask(QUESTION, "1")
    with pytest.raises(CallFailed) as caught:
        await provider.ask(QUESTION, "2")
    await provider.close()
    assert caught.value.cause is Cause.BAD_REQUEST
    assert forms(server) == ["json_schema", "json_object", "json_object"]


async def test_a_row_that_is_refused_in_every_form_changes_nothing(server: FaultServer) -> None:
    memory: dict[str, str] = {}
    server.say(refusal("first words about response_format"), refusal("second"), refusal("third"), OK)
    with pytest.raises(CallFailed, match="first words"):
        await ask(server, memory=memory)
    assert memory == {}
    await ask(server, memory=memory)
    assert forms(server)[-1] == "json_schema"


@pytest.mark.parametrize("status", [401, 402, 404, 429, 500, 503])
async def test_other_failures_are_not_taken_for_manners(server: FaultServer, status: int) -> None:
    server.say(Say("", status))
    with pytest.raises(CallFailed):
        await ask(server)
    assert len(server.seen) == 1


async def test_a_limit_met_on_the_way_down_is_told_and_nothing_remembered(server: FaultServer) -> None:
    memory: dict[str, str] = {}
    server.say(refusal("json_schema is not supported"), Say("", 429, {"retry-after": "3"}), OK)
    with pytest.raises(CallFailed) as caught:
        await ask(server, memory=memory)
    assert (caught.value.cause, caught.value.retry_after_s, memory) == (Cause.RATE_LIMIT, 3.0, {})


async def test_a_model_that_takes_no_temperature_gets_none_from_then_on(server: FaultServer) -> None:
    memory: dict[str, str] = {}
    server.say(refusal("Unsupported value: 'temperature' does not support 0.5 with this model."), OK)
    await ask(server, 2, memory=memory)
    assert ["temperature" in body for body in server.bodies()] == [True, False, False]
    assert forms(server) == ["json_schema"] * 3
    assert list(memory.values()) == ["json_schema no_temperature"]


async def test_openai_models_are_found_out_too(server: FaultServer) -> None:
    memory: dict[str, str] = {}
    server.say(
        refusal("Unsupported parameter: 'temperature' is not supported with this model."),
        refusal("Invalid parameter: 'text.format' of type 'json_schema' is not supported with this model."),
        Say(response("{}")),
    )
    await ask(server, 2, "openai", memory=memory)
    kinds = [body.get("text", {}).get("format", {}).get("type") for body in server.bodies()]
    assert kinds == ["json_schema", "json_schema", "json_object", "json_object"]
    assert list(memory.values()) == ["json_object no_temperature"]


async def test_anthropic_models_without_structured_output_answer_in_text(server: FaultServer) -> None:
    server.say(refusal("output_config.format: structured outputs are not supported by this model"), Say(message("{}")))
    await ask(server, 2, "anthropic")
    assert ["output_config" in body for body in server.bodies()] == [True, False, False]


async def test_a_newer_name_for_the_cap_is_learnt(server: FaultServer) -> None:
    server.say(refusal("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."), OK)
    await ask(server, 2)
    assert ["max_completion_tokens" in body for body in server.bodies()] == [False, True, True]


async def test_a_model_without_a_system_message_gets_one_message(server: FaultServer) -> None:
    server.say(refusal("System role not supported", 500), OK)
    await ask(server, 2)
    assert [len(body["messages"]) for body in server.bodies()] == [2, 1, 1]
    assert server.bodies()[1]["messages"][0]["content"].startswith("Label the row.")


async def test_many_calls_at_once_find_it_out_together(server: FaultServer) -> None:
    server.say(*[refusal("json_schema is not supported")] * 10, OK)
    memory: dict[str, str] = {}
    provider = open_provider(Account("compatible", server.url), memory=memory)
    await asyncio.gather(*(provider.ask(QUESTION, str(number)) for number in range(10)))
    await provider.close()
    assert len(server.seen) <= 30
    assert forms(server)[-1] in ("json_object", "text")


async def test_those_known_to_take_no_schema_begin_with_json(server: FaultServer) -> None:
    server.say(OK)
    await ask(server, name="deepseek")
    assert forms(server) == ["json_object"]


@pytest.mark.parametrize(
    "manner", [Manner(), Manner(Form.TEXT, False, True, False, False), Manner(Form.OBJECT, decisions=False)]
)
def test_a_manner_survives_the_memory(manner: Manner) -> None:
    assert Manner.from_text(manner.to_text()) == manner


@pytest.mark.parametrize("text", ["", "nonsense", "  ", "{}"])
def test_a_damaged_memory_is_no_memory(text: str) -> None:
    assert Manner.from_text(text) is None
