"""Every body that goes out holds against what the providers themselves publish about their APIs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gui_app.jobs import Account, FieldKind, OutputField, Question, Recipe, Secret
from gui_app.jobs import Options as RecipeOptions
from gui_app.providers.base import CallFailed
from gui_app.providers.catalog import open_batch_provider, open_provider
from gui_app.recipes.question import build_question
from tests.helpers.fault_server import FaultServer, Say, completion, message, response

PUBLISHED = {
    name: json.loads((Path(__file__).parent / "published" / f"{name}.json").read_text("utf-8"))
    for name in ("openai", "anthropic")
}

FIELDS = (
    OutputField("好不好", FieldKind.LABEL, ("good", "bad", "不好"), hint="how it sounds"),
    OutputField("topics", FieldKind.LABELS, ("price", "quality")),
    OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5),
    OutputField("share", FieldKind.NUMBER, minimum=0.5, maximum=0.75, whole=False),
    OutputField("ok", FieldKind.YES_NO),
    OutputField("reason", FieldKind.TEXT, max_characters=80),
)
QUESTIONS = {
    "every kind of field": FIELDS,
    "one label": FIELDS[:1],
    "one text": FIELDS[-1:],
    # So many that the instructions are long enough to be marked for caching.
    "very many labels": (OutputField("label", FieldKind.LABEL, tuple(f"label number {n}" for n in range(400))),),
}


def question(name: str, **options: Any) -> Question:
    return build_question(Recipe("{a}", QUESTIONS[name], model="model-1", options=RecipeOptions(**options)))


def check(api: str, part: str, body: Mapping[str, Any]) -> None:
    """The body is as described, and holds nothing that is not."""
    described = PUBLISHED[api]
    schema = {**described, "$ref": f"#/$defs/{part}"}
    jsonschema.Draft202012Validator(schema).validate(body)
    assert set(body) <= names_in(described["$defs"], described["$defs"][part])


def names_in(parts: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    """The properties of an object that may be described in several pieces."""
    if "$ref" in schema:
        schema = parts[schema["$ref"].removeprefix("#/$defs/")]
    found = set(schema.get("properties", ()))
    for piece in schema.get("allOf", ()):
        found |= names_in(parts, piece)
    return found


@pytest.fixture
def server() -> Iterator[FaultServer]:
    routes = {
        "/responses": Say(response("{}")),
        "/messages": Say(message("{}")),
        "/completions": Say(completion("{}")),
        "/files": Say({"id": "file-1"}),
        "/batches": Say({"id": "batch-1", "status": "validating", "processing_status": "in_progress"}),
    }
    with FaultServer(routes=routes) as running:
        yield running


LIVE = [
    ("openai", "openai", "CreateResponse"),
    ("compatible", "openai", "CreateChatCompletionRequest"),
    ("deepseek", "openai", "CreateChatCompletionRequest"),
    ("anthropic", "anthropic", "CreateMessageParams"),
]


@pytest.mark.parametrize("asked", QUESTIONS)
@pytest.mark.parametrize(("name", "api", "part"), LIVE)
async def test_live_bodies_are_as_published(server: FaultServer, name: str, api: str, part: str, asked: str) -> None:
    provider = open_provider(Account(name, server.url, Secret("sk-1")))
    for options in ({}, {"temperature": 0.0}, {"max_output_tokens": 16}):
        await provider.ask(question(asked, **options), "the row\n{with braces} “and” 中文")
    await provider.close()
    assert len(server.seen) == 3
    for body in server.bodies():
        check(api, part, body)


@pytest.mark.parametrize(("name", "api", "part"), LIVE)
async def test_bodies_in_every_lower_manner_are_as_published(name: str, api: str, part: str) -> None:
    refusals = [
        "Unsupported value: 'temperature'",
        "Use max_completion_tokens instead of max_tokens",
        "system messages are not supported",
        "response_format json_schema text.format output_config is not supported",
        "response_format json_object text.format is not supported",
    ]
    asked = []
    # Each refusal alone, and all of them one after the other.
    for script in [*([words] for words in refusals), refusals]:
        with FaultServer([Say({"error": {"message": words}}, 400) for words in script]) as server:
            provider = open_provider(Account(name, server.url, Secret("sk-1")))
            with pytest.raises(CallFailed):
                await provider.ask(question("every kind of field", temperature=0.5), "the row")
            await provider.close()
            asked += server.bodies()
    for body in asked:
        check(api, part, body)
    # What a model refuses does change what it is asked.
    assert len({json.dumps(body, sort_keys=True) for body in asked}) > 1


@pytest.mark.parametrize(("name", "part"), [("openai", "CreateResponse"), ("qwen", "CreateChatCompletionRequest")])
async def test_an_overnight_part_for_openai_is_as_published(server: FaultServer, name: str, part: str) -> None:
    provider = open_batch_provider(Account(name, server.url, Secret("sk-1")))
    lines = [provider.request(question(asked), f"row-{n}", "the row") for n, asked in enumerate(QUESTIONS)]
    body = b"\n".join(lines) + b"\n"
    file_id = await provider.upload(io.BytesIO(body), len(body), "nonce", lambda sent: None)
    await provider.create(file_id, io.BytesIO(body), len(body), "nonce", lambda sent: None)
    await provider.close()
    upload, create = server.seen
    form = message_from_bytes(b"content-type: " + upload.headers["content-type"].encode() + b"\r\n\r\n" + upload.body)
    parts = {piece.get_param("name", header="content-disposition"): piece for piece in form.get_payload()}  # type: ignore[union-attr]
    file = parts["file"].get_payload(decode=True)  # type: ignore[union-attr]
    check("openai", "CreateFileRequest", {"purpose": parts["purpose"].get_payload(), "file": file.decode()})  # type: ignore[union-attr]
    assert file == body
    for line in file.splitlines():
        item = json.loads(line)
        assert (set(item), item["method"]) == ({"custom_id", "method", "url", "body"}, "POST")
        check("openai", part, item["body"])
    check("openai", "CreateBatch", create.body)
    assert {item["url"] for item in map(json.loads, file.splitlines())} == {create.body["endpoint"]}


async def test_an_overnight_part_for_anthropic_is_as_published(server: FaultServer) -> None:
    provider = open_batch_provider(Account("anthropic", server.url, Secret("sk-1")))
    before, between, after = provider.limits.frame
    items = [provider.request(question(asked), f"row-{n}", "the row") for n, asked in enumerate(QUESTIONS)]
    body = before + between.join(items) + after
    await provider.create("", io.BytesIO(body), len(body), "nonce", lambda sent: None)
    await provider.close()
    check("anthropic", "CreateMessageBatchParams", server.seen[0].body)
    assert len(server.seen[0].body["requests"]) == len(QUESTIONS)


@pytest.mark.parametrize(
    ("api", "part", "body"),
    [
        ("openai", "CreateResponse", {"model": "m", "input": "x", "max_output_tokens": 15}),
        ("openai", "CreateResponse", {"model": "m", "input": "x", "max_tokens": 50}),
        ("openai", "CreateResponse", {"model": "m", "input": "x", "text": {"format": {"type": "json_schema"}}}),
        ("openai", "CreateChatCompletionRequest", {"model": "m", "messages": []}),
        ("openai", "CreateBatch", {"input_file_id": "f", "endpoint": "/v1/responses", "completion_window": "1h"}),
        ("anthropic", "CreateMessageParams", {"model": "m", "messages": [{"role": "user", "content": "x"}]}),
        ("anthropic", "CreateMessageParams", {"model": "m", "max_tokens": 5, "messages": [], "temperature": 2}),
        ("anthropic", "CreateMessageBatchParams", {"requests": []}),
    ],
)
def test_the_descriptions_do_refuse_what_is_wrong(api: str, part: str, body: dict[str, Any]) -> None:
    with pytest.raises((jsonschema.ValidationError, AssertionError)):
        check(api, part, body)
