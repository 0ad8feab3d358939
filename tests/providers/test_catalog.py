"""The ready providers, and which addresses may be opened."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gui_app.errors import UserError
from gui_app.jobs import Account, Cause, Question, Secret
from gui_app.providers import catalog
from gui_app.providers.base import CallFailed, CannotOpen, ModelInfo
from gui_app.providers.hosts import checked_base_url, is_loopback
from gui_app.providers.local import LocalServer, find_local
from tests.helpers.fault_server import FaultServer, Say, completion, message

QUESTION = Question("m", "x", None, 50)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def test_the_catalogue_and_the_keys_import_no_sdk() -> None:
    code = (
        "import sys, gui_app.keys, gui_app.providers.catalog, gui_app.providers.local, gui_app.providers.quiet\n"
        "heavy = {'openai', 'anthropic', 'httpx2', 'aiohttp', 'pydantic', 'keyring'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_every_entry_is_complete() -> None:
    assert catalog.names()[0] == "practice"
    assert {"openai", "anthropic", "ollama", "lmstudio", "llamacpp", "vllm", "openrouter", "deepseek", "qwen",
            "compatible"} <= set(catalog.names())  # fmt: skip
    for name in catalog.names():
        entry = catalog.entry(name)
        assert entry.title
        assert entry.suggested_concurrency >= 1
        assert entry.api in ("responses", "messages", "chat")
        assert entry.needs_key <= bool(entry.variables)
        if entry.base_url is not None:
            assert checked_base_url(entry.base_url) == entry.base_url
            assert entry.local == is_loopback(entry.base_url)
    assert [catalog.entry(name).suggested_concurrency for name in ("openai", "anthropic", "ollama")] == [20, 10, 4]
    assert [name for name in catalog.names() if catalog.entry(name).batch] == [
        "practice",
        "openai",
        "anthropic",
        "qwen",
    ]


def test_other_spellings_find_their_entry() -> None:
    assert catalog.entry("llamafile") == catalog.entry("llama.cpp") == catalog.entry("llamacpp")
    assert catalog.entry(" OpenAI ").name == "openai"


def test_an_unknown_provider_is_told_with_those_there_are() -> None:
    with pytest.raises(UserError, match=r"no provider named closedai.*openai"):
        catalog.entry("closedai")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://example.com/v1", "not encrypted"),
        ("http://192.168.1.5:11434/v1", "not encrypted"),
        ("http://127.0.0.1.evil.com/v1", "not encrypted"),
        ("http://localhost.evil.com", "not encrypted"),
        ("http://0.0.0.0:8000/v1", "not encrypted"),
        ("http://[::ffff:10.0.0.1]/v1", "not encrypted"),
        ("https://user:secret@example.com/v1", "name or password"),
        ("http://localhost@evil.com/v1", "name or password"),
        ("https://@example.com/v1", "name or password"),
        ("https://example.com/v1?key=secret", "after . or #"),
        ("https://example.com/v1#x", "after . or #"),
        ("ftp://example.com", "not an address"),
        ("file:///etc/passwd", "not an address"),
        ("example.com/v1", "not an address"),
        ("https://", "not an address"),
        ("https://example.com:99999/v1", "not an address"),
        ("https://exa mple.com/v1", "not an address"),
        ("https://example.com/\r\nX: y", "not an address"),
        ("https://[::1/v1", "not an address"),
        ("localhost:11434", "not an address"),
    ],
)
def test_addresses_that_may_not_be_used_are_refused_in_words(address: str, words: str) -> None:
    with pytest.raises(CannotOpen, match=words) as caught:
        catalog.open_provider(Account("compatible", address, Secret("sk-canary-123")))
    assert caught.value.reason is Cause.HOST_REFUSED
    assert "secret" not in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.reason, str(again)) == (caught.value.reason, str(caught.value))


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:11434/v1",
        "http://LOCALHOST./v1/",
        "http://127.0.0.1:8000",
        "http://127.1.2.3",
        "http://[::1]:1234/v1",
        "https://example.com/v1/",
        " https://例子.中国/v1 ",
        "https://10.0.0.1/v1",
    ],
)
def test_addresses_that_may_be_used_are_used_without_the_last_slash(address: str) -> None:
    assert checked_base_url(address) == address.strip().rstrip("/")


@pytest.mark.parametrize("name", ["practice", "compatible"])
def test_a_provider_without_an_address_asks_for_one(name: str) -> None:
    with pytest.raises(CannotOpen, match="needs the address of a server"):
        catalog.open_provider(Account(name))


@pytest.mark.parametrize("name", ["openai", "anthropic", "openrouter", "deepseek", "qwen"])
def test_a_missing_key_is_told_before_anything_is_sent(name: str) -> None:
    with pytest.raises(CannotOpen, match="_API_KEY") as caught:
        catalog.open_provider(Account(name))
    assert caught.value.reason is Cause.KEY_REFUSED


async def test_an_address_copied_with_v1_works_for_anthropic(server: FaultServer) -> None:
    server.say(Say(message("ok")))
    provider = catalog.open_provider(Account("anthropic", server.url + "/v1/", Secret("k")))
    await provider.ask(QUESTION, "x")
    await provider.close()
    assert server.seen[0].path == "/v1/messages"


async def test_a_compatible_server_on_this_computer_starts_slowly(server: FaultServer) -> None:
    provider = catalog.open_provider(Account("compatible", server.url))
    assert provider.suggested_concurrency == 4
    await provider.close()


async def test_models_are_listed_with_the_day_they_retire(server: FaultServer) -> None:
    server.say(
        Say({"object": "list", "data": [{"id": "a", "shutdown_date": "2027-01-14"}, {"id": "b", "shutdown_date": None},
                                         {"no": "id"}, 7]}),
    )  # fmt: skip
    provider = catalog.open_provider(Account("openai", server.url, Secret("k")))
    assert await provider.list_models() == [ModelInfo("a", retires_on="2027-01-14"), ModelInfo("b")]
    await provider.close()


async def test_anthropic_models_are_listed_page_by_page_without_retired_ones(server: FaultServer) -> None:
    first = {"id": "a", "display_name": "Model A", "lifecycle": "deprecated", "retires_at": "2026-11-30T00:00:00Z"}
    gone = {"id": "old", "display_name": "Old", "lifecycle": "retired"}
    server.say(
        Say({"data": [first, gone], "has_more": True, "last_id": "old&x"}),
        Say({"data": [{"id": "b"}], "has_more": False, "last_id": "b"}),
    )
    provider = catalog.open_provider(Account("anthropic", server.url, Secret("k")))
    assert await provider.list_models() == [ModelInfo("a", "Model A", "2026-11-30"), ModelInfo("b")]
    await provider.close()
    assert server.seen[1].query.endswith("after_id=old%26x")


@pytest.mark.parametrize("name", ["openai", "anthropic", "compatible"])
@pytest.mark.parametrize(
    ("say", "cause"),
    [
        (Say("{}"), Cause.UNREADABLE),
        (Say("<html>hello</html>"), Cause.CAPTIVE_PORTAL),
        (Say({"error": {"message": "no"}}, 401), Cause.KEY_REFUSED),
    ],
)
async def test_a_model_list_that_fails_has_a_cause(server: FaultServer, name: str, say: Say, cause: Cause) -> None:
    server.say(say)
    provider = catalog.open_provider(Account(name, server.url, Secret("k")))
    with pytest.raises(CallFailed) as caught:
        await provider.list_models()
    await provider.close()
    assert caught.value.cause is cause


async def test_servers_on_this_computer_are_found_by_asking(server: FaultServer) -> None:
    server.say(Say({"object": "list", "data": [{"id": "llama3:8b"}, {"id": "qwen3"}]}))
    with FaultServer(Say("<html>a router</html>")) as page, FaultServer(Say({"object": "list", "data": None})) as empty:
        places = [
            ("ollama", server.url + "/v1"),
            ("lmstudio", page.url + "/v1"),
            ("vllm", "http://127.0.0.1:1/v1"),
            ("llamacpp", empty.url + "/v1"),
        ]
        found = await find_local(places, timeout_s=5)
        assert found == (
            LocalServer("ollama", server.url + "/v1", ("llama3:8b", "qwen3")),
            LocalServer("llamacpp", empty.url + "/v1", ()),
        )
    assert server.seen[0].path == "/v1/models"
    assert "authorization" not in server.seen[0].headers


async def test_a_port_that_never_answers_holds_nobody_up(server: FaultServer) -> None:
    server.say(Say(wait_s=30))
    assert await find_local([("ollama", server.url)], timeout_s=0.2) == ()


async def test_a_found_server_can_be_asked(server: FaultServer) -> None:
    server.say(Say({"object": "list", "data": [{"id": "m"}]}), Say(completion("good")))
    (found,) = await find_local([("ollama", server.url + "/v1")], timeout_s=5)
    provider = catalog.open_provider(Account(found.provider, found.base_url))
    assert (await provider.ask(QUESTION, "x")).text == "good"
    await provider.close()
