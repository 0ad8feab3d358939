"""The Batch APIs at the border: streamed both ways, guarded, and every error a cause."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gui_app.errors import UserError
from gui_app.jobs import Account, Cause, Question, Secret
from gui_app.providers import catalog
from gui_app.providers.base import BatchPhase, BatchProvider, CallFailed, NotSent

KEY = "sk-very-secret-0123456789"
QUESTION = Question("m-1", "Say it.", None, 50)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """A real server on loopback; yields its root address."""
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def opened(api: str, root: str) -> AsyncIterator[BatchProvider]:
    address = root if api == "anthropic" else f"{root}/v1"
    provider = catalog.open_batch_provider(Account(api, address, Secret(KEY)))
    try:
        yield provider
    finally:
        await provider.close()


async def results_of(api: str, body: bytes, folder: Path) -> list[Any]:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith(("/content", "/results")):
            return web.Response(body=body)
        status = {"id": "b", "status": "completed", "processing_status": "ended", "output_file_id": "f"}
        return web.json_response(status)

    async with server(handler) as root, opened(api, root) as provider:
        return [result async for result in provider.results(await provider.status("b"), folder)]


def lines(*items: Any) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


async def test_a_batch_is_uploaded_and_created_with_our_mark_and_no_foreign_header(monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
    seen: list[tuple[str, bytes, dict[str, str]]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append((request.path, await request.read(), dict(request.headers)))
        return web.json_response(
            {"id": "file-1" if request.path.endswith("files") else "batch-1", "status": "validating"}
        )

    told: list[int] = []
    async with server(handler) as root, opened("openai", root) as provider:
        line = provider.request(QUESTION, "n-1", "Hello \ud800 {world}")
        body = io.BytesIO(line)
        file_id = await provider.upload(body, len(line), "n", told.append)
        status = await provider.create(file_id, body, len(line), "n", told.append)
    assert (file_id, status.batch_id, status.phase) == ("file-1", "batch-1", BatchPhase.WORKING)
    assert told == [len(line)]
    (path, upload, headers), (_, create, _) = seen
    assert path == "/v1/files"
    assert line in upload and b'name="purpose"\r\n\r\nbatch' in upload
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert not any("org" in name.lower() for name in headers)
    assert int(headers["Content-Length"]) == len(upload)
    assert json.loads(create) == {
        "input_file_id": "file-1",
        "endpoint": "/v1/responses",
        "completion_window": "24h",
        "metadata": {"rowmill": "n"},
    }
    asked = json.loads(line)
    assert asked["custom_id"] == "n-1"
    assert asked["body"]["store"] is False


async def test_a_compatible_host_is_asked_for_chat_completions():
    async with opened("qwen", "http://127.0.0.1:9") as provider:
        line = json.loads(provider.request(QUESTION, "n-1", "Hello"))
    assert line["url"] == "/v1/chat/completions"
    assert line["body"]["messages"][-1] == {"role": "user", "content": "Hello"}


async def test_anthropics_batch_is_one_body():
    seen: list[Any] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append((await request.json(), request.headers["x-api-key"]))
        return web.json_response({"id": "msgbatch_1", "processing_status": "in_progress"})

    async with server(handler) as root, opened("anthropic", root) as provider:
        head, between, tail = provider.limits.frame
        items = between.join(provider.request(QUESTION, f"n-{n}", f"Hello {n}") for n in (1, 2))
        body = io.BytesIO(head + items + tail)
        await provider.create("", body, len(body.getvalue()), "n", lambda _: None)
    ((body_seen, key),) = seen
    assert [item["custom_id"] for item in body_seen["requests"]] == ["n-1", "n-2"]
    assert key == KEY


async def test_anthropics_batches_have_the_key_and_the_version_that_live_calls_have():
    asked: list[dict[str, str]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append({name.lower(): value for name, value in request.headers.items()})
        return web.json_response({"data": [], "has_more": False, "id": "b", "processing_status": "in_progress"})

    async with server(handler) as root:
        async with opened("anthropic", root) as batches:
            await batches.status("b")
        live = catalog.open_provider(Account("anthropic", root, Secret(KEY)))
        await live.list_models()
        await live.close()
    names = ("authorization", "x-api-key", "anthropic-version")
    of_batches, of_live = ({name: headers.get(name) for name in names} for headers in (asked[0], asked[-1]))
    assert of_batches == of_live
    assert of_batches["authorization"] == f"Bearer {KEY}"


async def test_results_of_every_kind_become_a_reply_a_cause_or_nothing(tmp_path):
    answer = {"output": [{"content": [{"type": "output_text", "text": "yes"}]}], "model": "m", "status": "completed"}
    found = await results_of(
        "openai",
        lines(
            {"custom_id": "a", "response": {"status_code": 200, "body": answer}},
            {"custom_id": "b", "response": {"status_code": 200, "body": json.dumps(answer)}},
            {"custom_id": "c", "response": None, "error": {"code": "batch_expired", "message": "late"}},
            {"custom_id": "d", "response": None, "error": {"code": "server_error", "message": "oh"}},
            {"custom_id": "e", "response": None},
            {
                "custom_id": "f",
                "response": {"status_code": 400, "body": {"error": {"code": "context_length_exceeded"}}},
            },
            {"custom_id": "g", "response": {"status_code": 429, "body": {"error": {"code": "insufficient_quota"}}}},
            {"custom_id": "h", "response": {"status_code": 200, "body": "no json"}},
            {"custom_id": "i", "response": {"status_code": 200, "body": None}},
            {"custom_id": 7},
            "nonsense",
        ),
        tmp_path,
    )
    told = {r.custom_id: r.reply.text if r.reply else r.failure.cause if r.failure else None for r in found}
    assert told == {
        "a": "yes",
        "b": "yes",
        "c": None,
        "d": Cause.SERVER_ERROR,
        "e": Cause.SERVER_ERROR,
        "f": Cause.TOO_LONG,
        "g": Cause.BALANCE_GONE,
        "h": Cause.UNREADABLE,
        "i": Cause.UNREADABLE,
    }


async def test_anthropics_results_of_every_kind(tmp_path):
    def error(kind: str) -> dict[str, Any]:
        return {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": "no"}}}

    message = {"content": [{"type": "text", "text": "yes"}], "model": "m", "stop_reason": "end_turn"}
    found = await results_of(
        "anthropic",
        lines(
            {"custom_id": "a", "result": {"type": "succeeded", "message": message}},
            {"custom_id": "b", "result": {"type": "expired"}},
            {"custom_id": "c", "result": {"type": "canceled"}},
            {"custom_id": "d", "result": error("invalid_request_error")},
            {"custom_id": "e", "result": error("api_error")},
            {"custom_id": "f", "result": {"type": "succeeded"}},
        ),
        tmp_path,
    )
    told = {r.custom_id: r.reply.text if r.reply else r.failure.cause if r.failure else None for r in found}
    assert told == {
        "a": "yes",
        "b": None,
        "c": None,
        "d": Cause.BAD_REQUEST,
        "e": Cause.SERVER_ERROR,
        "f": Cause.SERVER_ERROR,
    }


async def test_half_a_line_is_an_error_and_not_the_end(tmp_path):
    with pytest.raises(CallFailed) as caught:
        await results_of("anthropic", lines({"custom_id": "a", "result": {"type": "expired"}}) + b'{"custom', tmp_path)
    assert caught.value.cause is Cause.UNREADABLE


@pytest.mark.parametrize("word", ["completed", "expired", "cancelled", "failed"])
async def test_the_ends_of_an_openai_batch(word):
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": "b", "status": word, "output_file_id": "o", "error_file_id": None})

    async with server(handler) as root, opened("openai", root) as provider:
        status = await provider.status("b")
    assert status.phase is BatchPhase.ENDED
    assert status.results == ("o",)
    assert (status.failure is not None) == (word == "failed")


@pytest.mark.parametrize(("api", "word"), [("openai", "cancelling"), ("anthropic", "canceling")])
async def test_cancelling_is_a_phase_of_its_own(api, word):
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": "b", "status": word, "processing_status": word})

    async with server(handler) as root, opened(api, root) as provider:
        assert (await provider.status("b")).phase is BatchPhase.CANCELLING


async def test_the_list_is_read_page_by_page_and_no_further_than_asked():
    asked: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.query_string)
        page = len(asked)
        data = [{"id": f"b{page}-{n}", "created_at": 1000 - page * 100 - n} for n in range(2)]
        return web.json_response({"data": data, "has_more": True})

    async with server(handler) as root, opened("openai", root) as provider:
        found = [status.batch_id async for status in provider.list_recent(750)]
    assert found == ["b1-0", "b1-1", "b2-0", "b2-1"]
    assert asked == ["limit=100", "limit=100&after=b1-1", "limit=100&after=b2-1"]


@pytest.mark.parametrize("api", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("status", "cause"),
    [(401, Cause.KEY_REFUSED), (429, Cause.RATE_LIMIT), (500, Cause.SERVER_ERROR), (302, Cause.HOST_REFUSED)],
)
async def test_every_refusal_has_its_cause_and_shows_no_key(api, status, cause):
    async def handler(request: web.Request) -> web.StreamResponse:
        await request.read()
        headers = {"Location": "http://elsewhere.example/"}
        return web.json_response({"error": {"message": f"you sent {KEY}"}}, status=status, headers=headers)

    async with server(handler) as root, opened(api, root) as provider:
        with pytest.raises(CallFailed) as caught:
            await provider.create("f", io.BytesIO(b"{}"), 2, "n", lambda _: None)
    assert (caught.value.cause, caught.value.status) == (cause, status)
    assert KEY not in caught.value.detail and KEY not in repr(caught.value.__context__)


async def test_no_connection_is_known_to_have_sent_nothing():
    async with opened("openai", "http://127.0.0.1:9") as provider:
        with pytest.raises(NotSent):
            await provider.create("f", io.BytesIO(b""), 0, "n", lambda _: None)


async def test_a_broken_connection_may_have_sent_it():
    async def handler(request: web.Request) -> web.StreamResponse:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with server(handler) as root, opened("openai", root) as provider:
        with pytest.raises(CallFailed) as caught:
            await provider.create("f", io.BytesIO(b""), 0, "n", lambda _: None)
    assert not isinstance(caught.value, NotSent)
    assert caught.value.status is None


@pytest.mark.parametrize("name", ["ollama", "deepseek", "compatible"])
def test_a_provider_without_batches_says_so(name):
    with pytest.raises(UserError, match="no overnight lane"):
        catalog.open_batch_provider(Account(name, "http://127.0.0.1:9/v1", Secret(KEY)))
