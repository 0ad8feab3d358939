"""Live calls by the real SDKs."""

import asyncio
import json

import anthropic
import httpx2
import openai
import pytest

from gui_app.practice.faults import Faults
from tests.practice.conftest import SENTIMENT, chat, message, respond

GOOD = "Text:\nI love it, great!"
BAD = "Text:\nawful and broken"


def test_openai_lists_the_models(practice, openai_on):
    client = openai_on(practice())
    models = client.models.list().data
    assert [model.id for model in models] == ["practice", "practice-instant", "practice-with-faults"]
    assert client.models.retrieve("practice-instant").owned_by == "practice"


def test_anthropic_lists_the_models(practice, anthropic_on):
    models = list(anthropic_on(practice()).models.list())
    assert [model.id for model in models] == ["practice", "practice-instant", "practice-with-faults"]
    assert models[0].display_name == "Practice model"
    assert models[0].created_at.year == 2026


def test_a_chat_completion_is_answered(practice, openai_on):
    reply = chat(openai_on(practice()), GOOD)
    assert json.loads(reply.choices[0].message.content) == {"sentiment": "positive"}
    assert reply.choices[0].finish_reason == "stop"
    assert reply.model == "practice"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 10


def test_a_response_is_answered(practice, openai_on):
    reply = respond(openai_on(practice()), BAD)
    assert json.loads(reply.output_text) == {"sentiment": "negative"}
    assert reply.status == "completed"
    assert reply.usage.output_tokens > 0


def test_a_message_is_answered(practice, anthropic_on):
    reply = message(anthropic_on(practice()), GOOD)
    assert json.loads(reply.content[0].text) == {"sentiment": "positive"}
    assert reply.stop_reason == "end_turn"
    assert reply.usage.input_tokens > 0


def test_both_wires_give_the_same_answer(practice, openai_on, anthropic_on):
    server = practice()
    texts = {chat(openai_on(server), BAD).choices[0].message.content, respond(openai_on(server), BAD).output_text}
    assert texts == {message(anthropic_on(server), BAD).content[0].text}


def test_decisions_have_probabilities(practice, openai_on):
    questions = [
        {
            "type": "choice",
            "name": "sentiment",
            "instructions": "What does the text say?",
            "choices": [{"value": "positive"}, {"value": "negative", "description": "complaints"}],
        },
        {"type": "score", "instructions": "How good?", "levels": [{"label": str(number)} for number in range(1, 6)]},
        {"type": "predicate", "name": "happy", "instructions": "The customer is happy."},
    ]
    decision = openai_on(practice()).decisions.create(model="practice", input=GOOD, questions=questions)
    choice, score, predicate = decision.answers
    assert choice.choice == "positive"
    assert sum(item.probability for item in choice.probabilities) == pytest.approx(1)
    assert max(item.probability for item in choice.probabilities) == pytest.approx(choice.confidence)
    assert [item.value for item in score.probabilities] == [0, 1, 2, 3, 4]
    assert score.score > 2
    assert predicate.probability > 0.5
    assert decision.usage.input_tokens > 0


@pytest.mark.parametrize("transport", ["aiohttp", "httpx2"])
async def test_many_calls_at_once_each_get_their_own_answer(practice, transport):
    server = practice(Faults(latency_ms=(0, 20)))
    http = openai.DefaultAioHttpClient() if transport == "aiohttp" else openai.DefaultAsyncHttpx2Client()
    async with openai.AsyncOpenAI(
        base_url=server.base_url, api_key=server.token, max_retries=0, http_client=http
    ) as client:

        async def one(number):
            reply = await client.chat.completions.create(
                model="practice", messages=[{"role": "user", "content": f"Text:\nrow number {number}"}]
            )
            return reply.choices[0].message.content

        replies = await asyncio.gather(*(one(number) for number in range(100)))
    assert replies == [f"[practice] row number {number}" for number in range(100)]


async def test_anthropics_async_client_works_too(practice):
    server = practice()
    async with anthropic.AsyncAnthropic(base_url=server.root_url, api_key=server.token, max_retries=0) as client:
        reply = await message(client, GOOD)
    assert json.loads(reply.content[0].text) == {"sentiment": "positive"}


def test_another_token_is_refused_in_openais_form(practice, openai_on):
    with pytest.raises(openai.AuthenticationError) as refused:
        chat(openai_on(practice(), token="not-it"), GOOD)
    assert refused.value.status_code == 401
    assert refused.value.code == "invalid_api_key"


def test_another_token_is_refused_in_anthropics_form(practice, anthropic_on):
    with pytest.raises(anthropic.AuthenticationError) as refused:
        message(anthropic_on(practice(), token="not-it"), GOOD)
    assert refused.value.type == "authentication_error"
    assert refused.value.request_id


def test_anthropics_bearer_token_is_taken_too(practice):
    server = practice()
    with anthropic.Anthropic(base_url=server.root_url, auth_token=server.token, api_key=None, max_retries=0) as client:
        assert list(client.models.list())


@pytest.mark.parametrize("path", ["/v1/models", "/practice/health", "/v1/files", "/v1/batches", "/nothing"])
def test_nothing_is_served_without_the_token(practice, path):
    assert httpx2.get(practice().root_url + path, trust_env=False).status_code == 401


def test_a_request_under_another_host_name_is_refused(practice):
    server = practice()
    headers = {"authorization": f"Bearer {server.token}", "host": "evil.example:80"}
    assert httpx2.get(f"{server.base_url}/models", headers=headers, trust_env=False).status_code == 400


def test_an_unknown_model_is_told(practice, openai_on, anthropic_on):
    server = practice()
    with pytest.raises(openai.NotFoundError) as refused:
        chat(openai_on(server), GOOD, model="gpt-none")
    assert refused.value.code == "model_not_found"
    with pytest.raises(anthropic.NotFoundError, match="claude-none"):
        message(anthropic_on(server), GOOD, model="claude-none")


def test_a_cap_on_the_reply_cuts_it_off(practice, openai_on, anthropic_on):
    server = practice()
    long = "Summarise.\n\nText:\n" + "word " * 50
    text = {"type": "object", "properties": {"s": {"type": "string"}}, "required": ["s"], "additionalProperties": False}
    reply = chat(openai_on(server), long, schema=text, max_completion_tokens=16)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 16
    reply = respond(openai_on(server), long, schema=text, max_output_tokens=16)
    assert (reply.status, reply.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert message(anthropic_on(server), long, schema=text, max_tokens=16).stop_reason == "max_tokens"


def test_a_schema_that_openai_would_refuse_is_refused(practice, openai_on):
    client = openai_on(practice())
    open_ended = {**SENTIMENT, "additionalProperties": True}
    with pytest.raises(openai.BadRequestError, match="additionalProperties"):
        chat(client, GOOD, schema=open_ended)
    with pytest.raises(openai.BadRequestError, match="required"):
        respond(client, GOOD, schema={**SENTIMENT, "required": []})


def test_a_schema_that_anthropic_would_refuse_is_refused(practice, anthropic_on):
    number = {"type": "integer", "minimum": 1}
    schema = {"type": "object", "properties": {"n": number}, "required": ["n"], "additionalProperties": False}
    with pytest.raises(anthropic.BadRequestError, match="minimum"):
        message(anthropic_on(practice()), GOOD, schema=schema)


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b"{}",
        b'{"model": "practice"}',
        b'{"model": "practice", "messages": 3}',
        b'{"model": "practice", "messages": [{"role": "user"}]}',
        b'{"model": "practice", "messages": [{"role": "user", "content": "x"}], "response_format": [1]}',
        b'{"model": "practice", "messages": [{"role": "user", "content": "x"}], "stream": true}',
        b'{"model": 3, "messages": [{"role": "user", "content": "x"}]}',
        b"[" * 100_000,
    ],
)
def test_a_request_that_makes_no_sense_gets_400(practice, body):
    server = practice()
    headers = {"authorization": f"Bearer {server.token}", "content-type": "application/json"}
    reply = httpx2.post(f"{server.base_url}/chat/completions", content=body, headers=headers, trust_env=False)
    assert reply.status_code == 400
    assert reply.json()["error"]["message"]


def test_a_prompt_beyond_the_context_is_too_long(practice, openai_on, anthropic_on):
    server = practice(Faults(context_tokens=100))
    with pytest.raises(openai.BadRequestError) as refused:
        chat(openai_on(server), "Text:\n" + "word " * 200)
    assert refused.value.code == "context_length_exceeded"
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        message(anthropic_on(server), "Text:\n" + "word " * 200)


def test_a_five_megabyte_prompt_reaches_the_rules(practice, openai_on):
    server = practice(Faults(context_tokens=10_000_000))
    reply = chat(openai_on(server), "Text:\nI love it. " + "word " * 1_000_000)
    assert json.loads(reply.choices[0].message.content) == {"sentiment": "positive"}
    assert reply.usage.prompt_tokens > 1_000_000


def test_the_journal_tells_every_request(practice, openai_on):
    server = practice()
    client = openai_on(server)
    chat(client, GOOD)
    chat(client, GOOD)
    respond(client, BAD)
    client.models.list()
    entries = server.journal()
    assert [entry.endpoint for entry in entries] == [
        "POST /v1/chat/completions",
        "POST /v1/chat/completions",
        "POST /v1/responses",
        "GET /v1/models",
    ]
    assert entries[0].prompt == GOOD
    assert server.answers(GOOD) == 2
    assert server.answers() == 3
    assert len(server.asked()) == 3
    assert all(entry.model == "practice" and entry.status == 200 for entry in server.asked())


def test_the_journal_of_the_app_holds_no_prompts(practice, openai_on):
    server = practice(prompts=False)
    chat(openai_on(server), GOOD)
    assert server.journal(prompt=GOOD)[0].prompt == ""


def test_the_journal_can_be_off(practice, openai_on):
    server = practice(journal=False)
    chat(openai_on(server), GOOD)
    assert server.journal() == []
