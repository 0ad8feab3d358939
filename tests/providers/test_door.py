"""A row's call is what the provider's SDK would make of it, and so is its failure; no row waits for the SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from gui_app.jobs import Account, Question, Reply, Secret
from gui_app.providers.anthropic import anthropic_door
from gui_app.providers.base import CallFailed, LiveProvider
from gui_app.providers.catalog import open_provider
from gui_app.providers.door import Door
from gui_app.providers.mapping import failure_of
from gui_app.providers.openai import openai_door
from tests.helpers.fault_server import FaultServer, Say, Seen, completion, message, response

KEY = "sk-canary-0123456789abcdef"
NAMES = ("openai", "anthropic", "compatible")
SUCCESS = {"openai": response("ok"), "anthropic": message("ok"), "compatible": completion("ok")}
MODELS = {"data": [{"id": "model-1", "object": "model"}]}
DOORS = {"openai": (openai_door, "/responses"), "anthropic": (anthropic_door, "/v1/messages")}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def question(model: str = "model-1") -> Question:
    return Question(model, "Label the row.", None, 100)


def opened(name: str, server: FaultServer) -> LiveProvider:
    return open_provider(Account(name, server.url, Secret(KEY)))


def client_of(door: Door) -> Any:
    """The SDK's own client, as the door makes it."""
    return door._make_client(door._transport)


def told_apart(seen: Seen) -> tuple[Any, ...]:
    # What an SDK tells its maker about this computer and itself is none of the server's business.
    own = {name: value for name, value in seen.headers.items() if not name.startswith("x-stainless-")}
    return seen.path, seen.body, {**own, "user-agent": ""}


@pytest.mark.parametrize("key", [Secret(KEY), None])
@pytest.mark.parametrize("name", DOORS)
async def test_a_row_goes_out_as_the_sdk_would_send_it(server: FaultServer, name: str, key: Secret | None) -> None:
    server.say(Say({"x": 1}))
    make, path = DOORS[name]
    door = make(server.url, key)
    await door.post(path, {"b": "ü"}, after={"a": [1, None]})
    await client_of(door).post(path, cast_to=httpx2.Response, body={"a": [1, None], "b": "ü"})
    await door.close()
    ours, the_sdk_s = server.seen
    assert told_apart(ours) == told_apart(the_sdk_s)
    assert (KEY in " ".join(ours.headers.values())) == (key is not None)
    assert "x-stainless-os" in the_sdk_s.headers
    assert not any(name.startswith("x-stainless") for name in ours.headers)


def test_anthropic_itself_is_called_as_its_sdk_calls_it() -> None:
    door = anthropic_door("https://api.anthropic.com", Secret(KEY))
    sent = {name.lower() for name in door._transport.envelope("POST", "/v1/messages", door._headers).headers}
    own = {name.lower() for name in client_of(door).default_headers if not name.lower().startswith("x-stainless-")}
    assert sent - {"accept-encoding"} == own
    assert "x-api-key" not in sent and "authorization" in sent


ERRORS = [
    Say({"error": {"message": "slower", "code": "rate_limit_exceeded"}}, 429, {"retry-after": "3"}),
    Say({"type": "error", "error": {"type": "overloaded_error", "message": "full"}}, 529),
    Say({"error": "just words", "message": "others"}, 400),
    Say({"error": {"message": "no", "type": "invalid_request_error"}, "type": "error"}, 400),
    Say({"code": "DataInspectionFailed", "message": "no"}, 400),
    Say({"detail": [{"loc": ["body"], "msg": "bad"}]}, 422),
    Say([{"error": {"message": "in a list", "code": 404}}], 404),
    Say("plain words", 500, {"content-type": "text/plain"}),
    Say("<html><title>Bad gateway</title></html>", 502, {"content-type": "text/html"}),
    Say("", 503),
    Say("[1, 2", 400),
    Say('"just text"', 418),
    Say("null", 401),
    Say("gone", 302, {"location": "https://elsewhere.example/"}),
]


@pytest.mark.parametrize("said", ERRORS, ids=lambda said: f"{said.status}-{str(said.body)[:20]}")
@pytest.mark.parametrize("name", DOORS)
async def test_a_refused_row_fails_as_the_sdk_s_error_tells(server: FaultServer, name: str, said: Say) -> None:
    server.say(said)
    make, path = DOORS[name]
    door = make(server.url, Secret(KEY))
    with pytest.raises(CallFailed) as ours:
        await door.post(path, {})
    with pytest.raises(Exception) as raised:
        await client_of(door).post(path, cast_to=httpx2.Response, body={})
    await door.close()
    theirs = failure_of(raised.value, Secret(KEY))
    for part in ("cause", "detail", "retry_after_s", "limits", "status", "usage", "line_dead", "cut_off"):
        assert getattr(ours.value, part) == getattr(theirs, part), part
    assert len(server.seen) == 2


async def test_a_server_that_is_not_there_fails_as_the_sdk_s_error_tells() -> None:
    with FaultServer() as gone:
        url = gone.url
    door = openai_door(url, Secret(KEY))
    with pytest.raises(CallFailed) as ours:
        await door.post("/responses", {})
    with pytest.raises(Exception) as raised:
        await client_of(door).post("/responses", cast_to=httpx2.Response, body={})
    await door.close()
    theirs = failure_of(raised.value, Secret(KEY))
    assert (ours.value.cause, ours.value.detail) == (theirs.cause, theirs.detail)


@pytest.mark.parametrize("name", NAMES)
async def test_each_row_s_answer_is_that_of_its_own_body(server: FaultServer, name: str) -> None:
    server.say(Say(SUCCESS[name]))
    provider = opened(name, server)
    await asyncio.gather(*(provider.ask(question(f"model-{n}"), f"row {n}") for n in range(30)))
    await provider.close()
    sent = sorted((seen.body["model"], str(seen.body)) for seen in server.seen)
    assert len(sent) == 30
    assert all(f"row {model.removeprefix('model-')}'" in body for model, body in sent)


async def test_each_address_has_an_envelope_of_its_own(server: FaultServer) -> None:
    server.say(Say({"x": 1}))
    door = openai_door(server.url, Secret(KEY))
    for path in ("/responses", "/decisions", "/responses", "/decisions"):
        await door.post(path, {})
    await door.close()
    assert [seen.path for seen in server.seen] == ["/responses", "/decisions"] * 2


@pytest.mark.parametrize("name", NAMES)
async def test_the_models_are_asked_for_by_the_sdk(server: FaultServer, name: str) -> None:
    server.say(Say(MODELS))
    provider = opened(name, server)
    assert [model.id for model in await provider.list_models()] == ["model-1"]
    await provider.close()
    (seen,) = server.seen
    assert seen.headers["x-stainless-lang"] == "python"
    assert KEY in " ".join(seen.headers.values())


@pytest.mark.parametrize("name", NAMES)
def test_no_row_waits_until_an_sdk_is_imported(server: FaultServer, name: str) -> None:
    server.say(Say(SUCCESS[name]))
    code = (
        "import asyncio, sys\n"
        "from gui_app.jobs import Account, Question, Secret\n"
        "from gui_app.providers.catalog import open_provider\n"
        "async def main():\n"
        f"    provider = open_provider(Account({name!r}, {server.url!r}, Secret('sk-canary')))\n"
        "    schema = {'type': 'object', 'properties': {'a': {'type': 'string'}}, 'required': ['a']}\n"
        "    await provider.ask(Question('m', 'x', schema, 100), 'row')\n"
        "    await provider.close()\n"
        "asyncio.run(main())\n"
        "print({'openai', 'anthropic', 'httpx2', 'pydantic'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"
    assert len(server.seen) == 1


async def test_an_envelope_does_not_show_the_key(server: FaultServer) -> None:
    server.say(Say({"x": 1}))
    door = openai_door(server.url, Secret(KEY))
    await door.post("/responses", {})
    (envelope,) = door._envelopes.values()
    await door.close()
    assert KEY in str(envelope.headers)
    assert KEY not in repr(envelope)


async def test_a_later_reply_is_read_like_the_first(server: FaultServer) -> None:
    server.say(Say(response("one")), Say(response("two"), headers={"x-ratelimit-remaining-requests": "7"}))
    provider = opened("openai", server)
    replies = [await provider.ask(question(), "row") for _ in range(2)]
    await provider.close()
    assert [reply.text for reply in replies] == ["one", "two"]
    assert isinstance(replies[1], Reply) and replies[1].limits is not None
    assert replies[1].limits.requests_remaining == 7
