"""A confidence for each answer, from OpenAI decisions, and none where a model has none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from gui_app.jobs import Account, Cause, FieldKind, Finish, OutputField, Question, Reply, Secret
from gui_app.providers.base import CallFailed
from gui_app.providers.catalog import open_provider
from tests.helpers.fault_server import FaultServer, Say, response

LABEL = OutputField("mood", FieldKind.LABEL, ("good", "bad"), ("is happy", ""), hint="how it sounds")
YES = OutputField("urgent", FieldKind.YES_NO)
SCORE = OutputField("stars", FieldKind.NUMBER, minimum=1, maximum=5)
TEXT = OutputField("reason", FieldKind.TEXT)
USAGE = {
    "input_tokens": 50,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 53,
}
MOOD = {"type": "choice", "name": "mood", "choice": "bad", "confidence": 0.8, "probabilities": []}
URGENT = {"type": "predicate", "name": "urgent", "probability": 0.1}
STARS = {
    "type": "score",
    "name": "stars",
    "score": 2.6,
    "confidence": 0.6,
    "probabilities": [
        {"value": 0, "label": "1", "probability": 0.1},
        {"value": 2, "label": "3", "probability": 0.6},
        {"value": 3, "label": "4", "probability": 0.3},
    ],
}


def question(*fields: OutputField, confidence: bool = True, keys: tuple[str, ...] = ()) -> Question:
    properties = {key: {"type": "string"} for key in keys or [field.name for field in fields]}
    return Question("gpt-6-luna", "Answer.", {"properties": properties}, 100, fields=fields, confidence=confidence)


def decision(*answers: Any) -> Say:
    return Say({"model": "gpt-6-luna", "answers": list(answers), "usage": USAGE})


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


async def ask(server: FaultServer, *questions: Question, **options: Any) -> list[Reply]:
    provider = open_provider(Account("openai", server.url, Secret("k")), **options)
    try:
        return [await provider.ask(item, "the row") for item in questions]
    finally:
        await provider.close()


async def test_label_yes_no_and_number_come_with_a_confidence(server: FaultServer) -> None:
    from openai.types.decision_create_params import DecisionCreateParams

    server.say(decision(MOOD, URGENT, STARS))
    (reply,) = await ask(server, question(LABEL, YES, SCORE))
    assert json.loads(reply.text) == {"mood": "bad", "urgent": False, "stars": 3}
    assert reply.confidence == {"mood": 0.8, "urgent": 0.9, "stars": 0.6}
    assert reply.usage is not None
    # What a decision puts out is free.
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (50, 0)
    body = server.seen[0].body
    TypeAdapter(DecisionCreateParams).validate_python(body)
    assert server.seen[0].path == "/decisions"
    assert body["questions"][0]["choices"] == [{"value": "good", "description": "is happy"}, {"value": "bad"}]
    assert [level["label"] for level in body["questions"][2]["levels"]] == ["1", "2", "3", "4", "5"]


async def test_nothing_is_decided_unless_the_user_asks_for_it(server: FaultServer) -> None:
    server.say(Say(response("{}")))
    (reply,) = await ask(server, question(LABEL, confidence=False))
    assert [seen.path for seen in server.seen] == ["/responses"]
    assert reply.confidence == {}


async def test_text_is_written_and_the_rest_decided(server: FaultServer) -> None:
    server.say(decision(MOOD), Say(response('{"reason": "it rattles", "mood": "good"}')))
    (reply,) = await ask(server, question(TEXT, LABEL))
    assert json.loads(reply.text) == {"reason": "it rattles", "mood": "bad"}
    assert reply.confidence == {"mood": 0.8}
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (80, 8)


async def test_written_text_that_is_no_json_gets_no_confidence(server: FaultServer) -> None:
    server.say(decision(MOOD), Say(response("I would rather not")))
    (reply,) = await ask(server, question(TEXT, LABEL))
    assert (reply.text, reply.confidence) == ("I would rather not", {})


async def test_fields_with_other_keys_in_the_reply_keep_their_names_for_the_confidence(server: FaultServer) -> None:
    server.say(decision(MOOD | {"name": "field_1"}))
    (reply,) = await ask(server, question(OutputField("情感", FieldKind.LABEL, ("good", "bad")), keys=("field_1",)))
    assert json.loads(reply.text) == {"field_1": "bad"}
    assert reply.confidence == {"情感": 0.8}


@pytest.mark.parametrize("refused", [Say("", 404), Say({"error": {"message": "not for this model"}}, 400)])
async def test_a_model_without_decisions_answers_plainly_and_is_not_asked_again(
    server: FaultServer, refused: Say
) -> None:
    memory: dict[str, str] = {}
    server.say(refused, Say(response("{}")))
    replies = await ask(server, question(LABEL), question(LABEL), memory=memory)
    assert [seen.path for seen in server.seen] == ["/decisions", "/responses", "/responses"]
    assert all(reply.confidence == {} for reply in replies)
    await ask(server, question(LABEL), memory=memory)
    assert server.seen[-1].path == "/responses"
    assert len(server.seen) == 4


async def test_an_unknown_model_is_not_taken_for_one_without_decisions(server: FaultServer) -> None:
    memory: dict[str, str] = {}
    server.say(Say("", 404))
    with pytest.raises(CallFailed) as caught:
        await ask(server, question(LABEL), memory=memory)
    assert caught.value.cause is Cause.MODEL_UNKNOWN
    assert memory == {}


async def test_fields_that_cannot_be_decided_are_asked_plainly(server: FaultServer) -> None:
    server.say(Say(response("{}")))
    wide = OutputField("percent", FieldKind.NUMBER, minimum=0, maximum=100)
    broken = OutputField("share", FieldKind.NUMBER, minimum=0, maximum=1, whole=False)
    several = OutputField("topics", FieldKind.LABELS, ("a", "b"))
    endless = OutputField("one", FieldKind.LABEL, tuple(str(number) for number in range(300)))
    await ask(server, question(TEXT, wide, broken, several, endless, OutputField("n", FieldKind.NUMBER)))
    assert [seen.path for seen in server.seen] == ["/responses"]


async def test_a_refused_field_is_missing_and_all_refused_is_a_refusal(server: FaultServer) -> None:
    no = {"type": "refusal", "name": None}
    server.say(decision(no, URGENT), decision(no, no))
    some, none = await ask(server, question(LABEL, YES), question(LABEL, YES))
    assert (json.loads(some.text), some.finish) == ({"urgent": False}, Finish.COMPLETE)
    assert some.confidence == {"urgent": 0.9}
    assert (none.text, none.finish, none.confidence) == ("", Finish.REFUSED, {})


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [URGENT],
        [MOOD, URGENT],
        [MOOD | {"confidence": None}],
        [MOOD | {"confidence": float("nan")}],
        [MOOD | {"name": "other"}],
        ["good"],
        [None],
    ],
)
async def test_decisions_that_do_not_fit_are_unreadable(server: FaultServer, answers: list[Any]) -> None:
    server.say(Say(json.dumps({"model": "m", "answers": answers, "usage": USAGE})))
    with pytest.raises(CallFailed) as caught:
        await ask(server, question(LABEL))
    assert caught.value.cause is Cause.UNREADABLE
    assert caught.value.usage is not None


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_other_failures_of_decisions_are_failures(server: FaultServer, status: int) -> None:
    server.say(Say("", status))
    with pytest.raises(CallFailed):
        await ask(server, question(LABEL))
    assert len(server.seen) == 1
