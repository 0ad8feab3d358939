"""The first call to an address is made by its SDK; the later ones go out in the same envelope."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import pytest
from openai import AsyncOpenAI

from gui_app.jobs import Account, Question, Reply, Secret
from gui_app.providers.base import CallFailed, LiveProvider
from gui_app.providers.catalog import open_provider
from gui_app.providers.door import Door
from gui_app.providers.transport import PLACEHOLDER, Envelope, GuardedClient, GuardedTransport
from tests.helpers.fault_server import FaultServer, Say, completion, message, response

KEY = "sk-canary-0123456789abcdef"
NAMES = ("openai", "anthropic", "compatible")
SUCCESS = {"openai": response("ok"), "anthropic": message("ok"), "compatible": completion("ok")}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def question(model: str = "model-1") -> Question:
    return Question(model, "Label the row.", None, 100)


def opened(name: str, server: FaultServer) -> LiveProvider:
    return open_provider(Account(name, server.url, Secret(KEY)))


def door_to(server: FaultServer) -> tuple[Door, list[str]]:
    """A door, and the addresses of the calls that its SDK makes."""
    made: list[str] = []

    class Counting(AsyncOpenAI):
        async def _prepare_request(self, request: httpx2.Request) -> None:
            made.append(request.url.path)

    http = GuardedClient(GuardedTransport(server.url, Secret(KEY)))
    client = Counting(api_key=PLACEHOLDER, base_url=server.url, max_retries=0, http_client=http)
    return Door(client, http, Secret(KEY)), made


@pytest.mark.parametrize("name", NAMES)
async def test_a_later_row_goes_out_as_the_sdk_would_send_it(server: FaultServer, name: str) -> None:
    server.say(Say(SUCCESS[name]))
    later, first = opened(name, server), opened(name, server)
    await later.ask(question(), "another row")
    await later.ask(question(), "the row")
    await first.ask(question(), "the row")
    await later.close()
    await first.close()
    _, in_the_envelope, by_the_sdk = server.seen
    assert in_the_envelope == by_the_sdk
    assert KEY in " ".join(in_the_envelope.headers.values())


@pytest.mark.parametrize("name", NAMES)
async def test_each_row_s_answer_is_that_of_its_own_body(server: FaultServer, name: str) -> None:
    server.say(Say(SUCCESS[name]))
    provider = opened(name, server)
    await asyncio.gather(*(provider.ask(question(f"model-{n}"), f"row {n}") for n in range(30)))
    await provider.close()
    sent = sorted((seen.body["model"], str(seen.body)) for seen in server.seen)
    assert len(sent) == 30
    assert all(f"row {model.removeprefix('model-')}'" in body for model, body in sent)


async def test_of_many_calls_at_once_the_sdk_makes_one(server: FaultServer) -> None:
    server.say(Say({"x": 1}))
    door, made = door_to(server)
    await asyncio.gather(*(door.post("/responses", {"n": n}) for n in range(20)))
    await door.close()
    assert made == ["/responses"]
    assert sorted(seen.body["n"] for seen in server.seen) == list(range(20))


async def test_each_address_has_an_envelope_of_its_own(server: FaultServer) -> None:
    server.say(Say({"x": 1}))
    door, made = door_to(server)
    for path in ("/responses", "/decisions", "/responses", "/decisions"):
        await door.post(path, {})
    await door.close()
    assert [seen.path for seen in server.seen] == ["/responses", "/decisions"] * 2
    assert made == ["/responses", "/decisions"]


async def test_the_sdk_makes_the_error_of_a_later_call_and_sends_nothing(server: FaultServer) -> None:
    server.say(Say({"x": 1}), Say({"error": {"message": "slower"}}, 429, {"retry-after": "3"}), Say({"x": 2}))
    door, made = door_to(server)
    await door.post("/responses", {})
    with pytest.raises(CallFailed, match="slower") as caught:
        await door.post("/responses", {})
    assert caught.value.retry_after_s == 3.0
    assert (await door.post("/responses", {}))[0] == {"x": 2}
    await door.close()
    assert made == ["/responses"] * 2
    assert len(server.seen) == 3


async def test_a_request_with_a_number_of_its_own_is_always_made_by_the_sdk(server: FaultServer) -> None:
    server.say(Say({"x": 1}))
    http = GuardedClient(GuardedTransport(server.url, Secret(KEY)))

    class Numbering(AsyncOpenAI):
        def __init__(self) -> None:
            super().__init__(api_key=PLACEHOLDER, base_url=server.url, max_retries=0, http_client=http)
            self._idempotency_header = "Idempotency-Key"

    door = Door(Numbering(), http, Secret(KEY))
    for _ in range(3):
        await door.post("/responses", {})
    await door.close()
    assert len({seen.headers["idempotency-key"] for seen in server.seen}) == 3


async def test_a_first_call_that_is_given_up_keeps_nobody_waiting(server: FaultServer) -> None:
    server.say(Say({"x": 1}))
    door, _ = door_to(server)
    first = asyncio.create_task(door.post("/responses", {"n": 1}))
    second = asyncio.create_task(door.post("/responses", {"n": 2}))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second)[0] == {"x": 1}
    assert (await door.post("/responses", {"n": 3}))[0] == {"x": 1}
    await asyncio.gather(first, return_exceptions=True)
    await door.close()
    assert [seen.body["n"] for seen in server.seen] == [2, 3]


async def test_an_envelope_does_not_show_the_key(server: FaultServer) -> None:
    server.say(Say({"x": 1}))
    door, _ = door_to(server)
    await door.post("/responses", {})
    (envelope,) = door._envelopes.values()
    await door.close()
    assert isinstance(envelope, Envelope) and KEY in str(envelope.headers)
    assert KEY not in repr(envelope)


async def test_a_later_reply_is_read_like_the_first(server: FaultServer) -> None:
    server.say(Say(response("one")), Say(response("two"), headers={"x-ratelimit-remaining-requests": "7"}))
    provider = opened("openai", server)
    replies = [await provider.ask(question(), "row") for _ in range(2)]
    await provider.close()
    assert [reply.text for reply in replies] == ["one", "two"]
    assert isinstance(replies[1], Reply) and replies[1].limits is not None
    assert replies[1].limits.requests_remaining == 7
