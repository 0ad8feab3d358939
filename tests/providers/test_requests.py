"""What is sent: the right body, to the right place, with nothing of the environment in it."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter

from gui_app.jobs import Account, FieldKind, OutputField, Question, Secret
from gui_app.providers.base import LiveProvider
from gui_app.providers.catalog import open_provider
from gui_app.providers.quiet import quiet_sdk_logs
from tests.helpers.fault_server import FaultServer, Say, completion, message, response

KEY = "sk-canary-0123456789abcdef"
SCHEMA = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["good", "bad"], "description": "one of them"},
        "reason": {"type": "string", "maxLength": 80},
        "title": {"type": "integer", "enum": [1, 2]},
    },
    "required": ["label", "reason", "title"],
    "additionalProperties": False,
}
QUESTION = Question(
    "model-1", "Label the row.", SCHEMA, 100, fields=(OutputField("label", FieldKind.LABEL, ("good", "bad")),)
)
NAMES = ("openai", "anthropic", "compatible")


@pytest.fixture
def server() -> Iterator[FaultServer]:
    routes = {
        "/responses": Say(response('{"label": "good"}')),
        "/messages": Say(message('{"label": "good"}')),
        "/completions": Say(completion('{"label": "good"}')),
        "/models": Say({"object": "list", "data": []}),
    }
    with FaultServer(routes=routes) as running:
        yield running


def opened(name: str, server: FaultServer, path: str = "", **options: Any) -> LiveProvider:
    return open_provider(Account(name, server.url + path, Secret(KEY)), **options)


async def sent(name: str, server: FaultServer, question: Question = QUESTION, prompt: str = "the row") -> Any:
    provider = opened(name, server)
    await provider.ask(question, prompt)
    await provider.close()
    return server.seen[-1].body


def check_against(params: Any, body: Mapping[str, Any]) -> None:
    """The body holds only what the SDK's own parameter type knows, each of the right type."""
    known = {name for kind in params.__mro__ for name in getattr(kind, "__annotations__", {})}
    assert set(body) <= known
    TypeAdapter(params).validate_python(body)


async def test_a_body_for_openai_is_what_its_sdk_describes(server: FaultServer) -> None:
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

    body = await sent("openai", server)
    check_against(ResponseCreateParamsNonStreaming, body)
    assert server.seen[-1].path == "/responses"
    assert body["store"] is False
    assert body["instructions"] == "Label the row."
    assert body["input"] == "the row"
    assert body["max_output_tokens"] == 100
    assert body["text"]["format"]["strict"] is True
    assert "temperature" not in body
    assert "logprobs" not in str(body)
    # Strict mode refuses lengths; a field that happens to be called "title" stays.
    assert body["text"]["format"]["schema"]["properties"]["reason"] == {"type": "string"}
    assert body["text"]["format"]["schema"]["properties"]["title"] == {"type": "integer", "enum": [1, 2]}


async def test_a_body_for_anthropic_is_what_its_sdk_describes(server: FaultServer) -> None:
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

    body = await sent("anthropic", server)
    check_against(MessageCreateParamsNonStreaming, body)
    assert server.seen[-1].path == "/v1/messages"
    assert body["messages"] == [{"role": "user", "content": "the row"}]
    assert (body["system"], body["max_tokens"]) == ("Label the row.", 100)
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert "maxLength" not in body["output_config"]["format"]["schema"]["properties"]["reason"]


async def test_a_body_for_compatible_servers_is_what_the_sdk_describes(server: FaultServer) -> None:
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

    body = await sent("compatible", server)
    check_against(CompletionCreateParamsNonStreaming, body)
    assert server.seen[-1].path == "/chat/completions"
    assert body["messages"] == [
        {"role": "system", "content": "Label the row."},
        {"role": "user", "content": "the row"},
    ]
    assert body["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize("name", NAMES)
async def test_without_a_schema_none_is_sent(server: FaultServer, name: str) -> None:
    body = await sent(name, server, Question("m", "Translate.", None, 2000))
    assert not {"text", "output_config", "response_format"} & set(body)


@pytest.mark.parametrize("name", ["openai", "compatible"])
async def test_a_temperature_is_sent_when_the_user_asks_for_one(server: FaultServer, name: str) -> None:
    assert (await sent(name, server, Question("m", "x", None, 50, temperature=0.0)))["temperature"] == 0.0


async def test_anthropic_gets_no_temperature_because_it_takes_none(server: FaultServer) -> None:
    assert "temperature" not in await sent("anthropic", server, Question("m", "x", None, 50, temperature=0.5))


async def test_a_tiny_cap_is_raised_to_what_openai_accepts(server: FaultServer) -> None:
    assert (await sent("openai", server, Question("m", "x", None, 4)))["max_output_tokens"] == 16


async def test_long_instructions_are_marked_for_anthropics_cache(server: FaultServer) -> None:
    body = await sent("anthropic", server, Question("m", "Read this. " * 1000, None, 50))
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize("name", NAMES)
async def test_any_text_goes_out_whole(server: FaultServer, name: str) -> None:
    prompt = 'quotes " \\ {braces} 情感 \N{PILE OF POO} \x00 \u202e' + "长" * 100_000
    assert prompt in find_strings(await sent(name, server, prompt=prompt))


@pytest.mark.parametrize("name", NAMES)
async def test_half_a_surrogate_does_not_stop_a_row(server: FaultServer, name: str) -> None:
    assert "a?b" in find_strings(await sent(name, server, prompt="a\ud83db"))


def find_strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for part in value.values() for text in find_strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in find_strings(part)]
    return []


HOSTILE = {
    "OPENAI_BASE_URL": "https://evil.invalid/v1",
    "ANTHROPIC_BASE_URL": "https://evil.invalid",
    "OPENAI_API_KEY": "sk-from-the-environment",
    "OPENAI_ADMIN_KEY": "sk-admin-from-the-environment",
    "OPENAI_ORG_ID": "org-from-the-environment",
    "OPENAI_PROJECT_ID": "project-from-the-environment",
    "OPENAI_WEBHOOK_SECRET": "from-the-environment",
    "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer from-the-environment\nX-Extra: from-the-environment",
    "ANTHROPIC_API_KEY": "sk-from-the-environment",
    "ANTHROPIC_AUTH_TOKEN": "from-the-environment",
    "ANTHROPIC_CUSTOM_HEADERS": "Authorization: Bearer from-the-environment\nX-Api-Key: from-the-environment",
    "ANTHROPIC_PROFILE": "from-the-environment",
}


@pytest.mark.parametrize("name", NAMES)
async def test_the_environment_cannot_redirect_a_key_or_add_one(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for variable, value in HOSTILE.items():
        monkeypatch.setenv(variable, value)
    await sent(name, server)
    headers = server.seen[-1].headers
    assert KEY in " ".join(headers.values())
    assert "from-the-environment" not in " ".join([*headers, *headers.values()])
    assert not {"openai-organization", "openai-project", "x-extra", "cookie"} & set(headers)


@pytest.mark.parametrize("name", ["openai", "compatible"])
async def test_the_key_goes_to_its_server(server: FaultServer, name: str) -> None:
    await sent(name, server)
    assert server.seen[-1].headers["authorization"] == f"Bearer {KEY}"


async def test_the_key_goes_to_servers_that_speak_anthropic_s_api_in_the_sdk_s_way_and_in_the_older_one(
    server: FaultServer,
) -> None:
    await sent("anthropic", server)
    headers = server.seen[-1].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["x-api-key"] == KEY
    assert headers["anthropic-version"]


def test_anthropic_itself_gets_the_key_as_its_sdk_sends_it_and_no_other_way() -> None:
    from gui_app.providers.anthropic import anthropic_door

    own = anthropic_door("https://api.anthropic.com", Secret(KEY))._client.default_headers
    assert "X-Api-Key" not in own and str(own["Authorization"]).startswith("Bearer ")


async def test_without_a_key_no_authorization_is_sent(server: FaultServer) -> None:
    provider = open_provider(Account("ollama", server.url))
    await provider.ask(QUESTION, "x")
    await provider.close()
    assert "authorization" not in server.seen[-1].headers


@pytest.mark.parametrize("name", NAMES)
async def test_a_refused_call_is_sent_once(server: FaultServer, name: str) -> None:
    provider = opened(name, server)
    for end in ("/responses", "/messages", "/completions"):
        server._scripts[end] = [Say("", 503, {"retry-after": "0"})]
    with pytest.raises(Exception, match="overloaded"):
        await provider.ask(QUESTION, "x")
    await provider.close()
    assert len(server.seen) == 1


async def test_cookies_are_not_kept(server: FaultServer) -> None:
    server._scripts["/responses"] = [Say(response("ok"), headers={"Set-Cookie": "a=b; Path=/"})]
    provider = opened("openai", server)
    await provider.ask(QUESTION, "1")
    await provider.ask(QUESTION, "2")
    await provider.close()
    assert all("cookie" not in seen.headers for seen in server.seen)


@pytest.mark.parametrize("name", NAMES)
async def test_no_log_record_holds_a_prompt_or_a_key(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    logging.getLogger("openai._base_client").setLevel(logging.DEBUG)
    logging.getLogger("httpx2").setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        quiet_sdk_logs()
        await sent(name, server, prompt="a very secret row")
    for record in caplog.records:
        assert "secret row" not in record.getMessage()
        assert "canary" not in record.getMessage()
        assert record.name.partition(".")[0] not in ("openai", "anthropic", "httpx2", "httpcore2")


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_no_log_variable_makes_the_sdks_talk(name: str) -> None:
    code = (
        "import logging\n"
        "from gui_app.jobs import Account, Secret\n"
        "from gui_app.providers.catalog import open_provider\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        f"open_provider(Account({name!r}, 'https://example.com/v1', Secret('sk-canary')))\n"
        "for name in ('openai', 'anthropic', 'httpx2', 'openai._base_client', 'anthropic._base_client'):\n"
        "    print(name, logging.getLogger(name).getEffectiveLevel())\n"
    )
    environment = {**os.environ, "OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert set(re.findall(r" (\d+)$", done.stdout, re.MULTILINE)) == {"30"}
    assert "canary" not in done.stderr
