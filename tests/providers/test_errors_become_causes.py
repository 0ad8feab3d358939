"""Whatever a server or a network does becomes one named cause, through the real SDKs."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from gui_app.engine.retry import STOPS_THE_JOB
from gui_app.jobs import Account, Cause, Finish, Question, RateLimits, Reply, Secret
from gui_app.providers.base import CallFailed, LiveProvider
from gui_app.providers.catalog import open_provider
from tests.helpers.fault_server import FaultServer, Say, completion, message, response

QUESTION = Question("model-1", "Label the row.", None, 100)
CANARY = "sk-canary-0123456789abcdef"
NAMES = ("openai", "anthropic", "compatible")
SUCCESS = {"openai": response("ok"), "anthropic": message("ok"), "compatible": completion("ok")}
SUCCESS_OF = {"openai": response, "anthropic": message, "compatible": completion}


def opened(name: str, server: FaultServer | str, **options: Any) -> LiveProvider:
    url = server if isinstance(server, str) else server.url
    return open_provider(Account(name, url, Secret(CANARY)), **options)


EARLIER = pytest.mark.parametrize("earlier", [0, 1], ids=["the first row", "a later row"])
"""A provider's first call is made by its SDK; the later ones go out in the envelope that it made."""


async def asked(name: str, server: FaultServer | str, *, earlier: int = 0, **options: Any) -> Reply:
    provider = opened(name, server, **options)
    try:
        for number in range(earlier):
            assert (await provider.ask(QUESTION, f"row {number}")).text == "ok"
        return await provider.ask(QUESTION, "the row")
    finally:
        await provider.close()


async def failure(name: str, server: FaultServer | str, **options: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await asked(name, server, **options)
    return caught.value


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def openai_error(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic_error(kind: str, message: str, code: str | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"type": kind, "message": message}
    if code:
        error["details"] = {"error_code": code}
    return {"type": "error", "error": error}


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (401, openai_error("Incorrect API key provided", "invalid_api_key"), Cause.KEY_REFUSED),
        (401, "no", Cause.KEY_REFUSED),
        (402, openai_error("pay first"), Cause.BALANCE_GONE),
        (403, openai_error("not for you"), Cause.NO_PERMISSION),
        (403, openai_error("no access to model", "model_not_found"), Cause.MODEL_UNKNOWN),
        (404, openai_error("The model `x` does not exist", "model_not_found"), Cause.MODEL_UNKNOWN),
        (404, "404 page not found", Cause.MODEL_UNKNOWN),
        (400, openai_error("Model Not Exist"), Cause.MODEL_UNKNOWN),
        (400, openai_error("too long", "context_length_exceeded"), Cause.TOO_LONG),
        (400, openai_error("This model's maximum context length is 8192 tokens"), Cause.TOO_LONG),
        (400, anthropic_error("invalid_request_error", "prompt is too long: 210000 tokens > 200000"), Cause.TOO_LONG),
        (400, {"error": {"code": 400, "message": "the request exceeds the available context size"}}, Cause.TOO_LONG),
        (413, "Request Entity Too Large", Cause.TOO_LONG),
        (
            429,
            openai_error("Request too large for gpt-x on tokens per min (TPM)", "rate_limit_exceeded"),
            Cause.TOO_LONG,
        ),
        (429, openai_error("Rate limit reached", "rate_limit_exceeded", "requests"), Cause.RATE_LIMIT),
        (429, "slow down", Cause.RATE_LIMIT),
        (429, openai_error("You exceeded your current quota", "insufficient_quota"), Cause.BALANCE_GONE),
        (429, anthropic_error("rate_limit_error", "over", "enforced_spend_limit_reached"), Cause.BALANCE_GONE),
        (429, anthropic_error("rate_limit_error", "over", "contract_spend_limit_reached"), Cause.BALANCE_GONE),
        (429, anthropic_error("rate_limit_error", "slower"), Cause.RATE_LIMIT),
        (402, anthropic_error("billing_error", "no", "linked_organization_spend_limit_reached"), Cause.BALANCE_GONE),
        (400, anthropic_error("invalid_request_error", "Your credit balance is too low"), Cause.BALANCE_GONE),
        (400, anthropic_error("invalid_request_error", "You have reached your API usage limits."), Cause.BALANCE_GONE),
        (403, {"code": "AllocationQuota.FreeTierOnly", "message": "used up"}, Cause.BALANCE_GONE),
        (400, {"code": "DataInspectionFailed", "message": "may contain inappropriate content"}, Cause.CONTENT_FILTER),
        (400, openai_error("The response was filtered", "content_filter"), Cause.CONTENT_FILTER),
        (400, openai_error("Unknown thing"), Cause.BAD_REQUEST),
        (400, None, Cause.BAD_REQUEST),
        (400, "[1, 2", Cause.BAD_REQUEST),
        (400, '"just text"', Cause.BAD_REQUEST),
        (422, {"detail": [{"loc": ["body", "x"], "msg": "bad"}]}, Cause.BAD_REQUEST),
        (418, "teapot", Cause.BAD_REQUEST),
        (407, "proxy", Cause.PROXY),
        (408, "", Cause.DEADLINE),
        (409, "", Cause.SERVER_ERROR),
        (410, "", Cause.MODEL_UNKNOWN),
        (500, openai_error("oh"), Cause.SERVER_ERROR),
        (502, "<html><head><title>502 Bad Gateway</title></head></html>", Cause.SERVER_ERROR),
        (503, "", Cause.OVERLOADED),
        (504, "", Cause.SERVER_ERROR),
        (511, "<html>log in</html>", Cause.CAPTIVE_PORTAL),
        (520, "", Cause.SERVER_ERROR),
        (529, anthropic_error("overloaded_error", "Overloaded"), Cause.OVERLOADED),
        (200, "{}", Cause.UNREADABLE),
        (200, "[]", Cause.UNREADABLE),
        (200, "null", Cause.UNREADABLE),
        (200, "", Cause.UNREADABLE),
        (200, '"words"', Cause.UNREADABLE),
        (200, '{"output": [', Cause.UNREADABLE),
        (200, "[" * 100_000, Cause.UNREADABLE),
        (200, b"\xff\xfe\x00", Cause.UNREADABLE),
        (200, "<!DOCTYPE html><html><title>Hotel WiFi</title></html>", Cause.CAPTIVE_PORTAL),
        (200, "\n <HTML>log in</HTML>", Cause.CAPTIVE_PORTAL),
        (204, "", Cause.UNREADABLE),
        (200, {"error": {"message": "slower", "code": 429}}, Cause.RATE_LIMIT),
        (200, {"error": {"message": "down", "code": 502}}, Cause.SERVER_ERROR),
        (200, {"error": {"message": "gone", "code": "insufficient_quota"}}, Cause.BALANCE_GONE),
    ],
)
@pytest.mark.parametrize("name", NAMES)
@EARLIER
async def test_every_answer_of_a_server_has_its_cause(
    server: FaultServer, name: str, status: int, body: Any, cause: Cause, earlier: int
) -> None:
    server.say(*[Say(SUCCESS[name])] * earlier, Say("" if body is None else body, status))
    failed = await failure(name, server, earlier=earlier)
    assert failed.cause is cause, failed.detail
    assert failed.status == status
    assert len(server.seen) == 1 + earlier
    assert len(failed.detail) <= 300


@pytest.mark.parametrize("name", NAMES)
@EARLIER
async def test_no_error_holds_the_key(server: FaultServer, name: str, earlier: int) -> None:
    words = f"Incorrect API key provided: {CANARY}. Bearer {CANARY} \u202e\x00\x1b[31m" + "x" * 1000
    wrong = Say(openai_error(words, "invalid_api_key"), 401, {"x-echo": CANARY})
    server.say(*[Say(SUCCESS[name])] * earlier, wrong)
    failed = await failure(name, server, earlier=earlier)
    everything = repr([failed, failed.__dict__, failed.__cause__, failed.__context__, failed.args, str(failed)])
    assert "canary" not in everything
    assert failed.__cause__ is None
    assert failed.__context__ is None
    assert len(failed.detail) == 300
    assert failed.detail.isprintable()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1000000000"}, 1e9),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "tomorrow, perhaps"}, None),
        ({"retry-after": "Wed, 99 Foo 2026 00:00:00 GMT"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
async def test_the_wish_to_wait_is_read_however_odd(
    server: FaultServer, name: str, headers: dict[str, str], wait_s: float | None
) -> None:
    server.say(Say(openai_error("slower"), 429, headers))
    assert (await failure(name, server)).retry_after_s == wait_s


@pytest.mark.parametrize(("offset_s", "wait_s"), [(30, 30.0), (-3600, 0.0)])
async def test_a_date_to_wait_for_is_told_by_the_servers_clock(
    server: FaultServer, offset_s: int, wait_s: float
) -> None:
    clock = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    later = clock + timedelta(seconds=offset_s)
    headers = {"Date": format_datetime(clock, usegmt=True), "Retry-After": format_datetime(later, usegmt=True)}
    server.say(Say("", 503, headers))
    assert (await failure("openai", server)).retry_after_s == wait_s


async def test_limits_are_read_from_openai_headers_of_replies_and_errors(server: FaultServer) -> None:
    headers = {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "1m30s",
        "x-ratelimit-limit-tokens": "200000",
        "x-ratelimit-remaining-tokens": "199000",
        "x-ratelimit-reset-tokens": "120ms",
    }
    server.say(Say(response("ok"), headers=headers), Say(openai_error("slower"), 429, headers))
    reply, failed = await asked("openai", server), await failure("openai", server)
    assert reply.limits == failed.limits
    assert reply.limits is not None
    assert (reply.limits.requests_limit, reply.limits.requests_remaining, reply.limits.requests_reset_s) == (
        500,
        499,
        90,
    )
    assert (reply.limits.tokens_limit, reply.limits.tokens_remaining) == (200_000, 199_000)
    assert reply.limits.tokens_reset_s == pytest.approx(0.12)


async def test_limits_are_read_from_anthropic_headers_input_and_output_apart(server: FaultServer) -> None:
    clock = datetime(2031, 5, 6, 7, 8, 0, tzinfo=UTC)
    headers = {"Date": format_datetime(clock, usegmt=True)}
    for kind, limit, remaining, reset in (
        ("requests", "50", "49", "2031-05-06T07:08:02Z"),
        ("tokens", "1000", "900", "2031-05-06T07:08:01Z"),
        ("input-tokens", "800", "700", "2031-05-06T07:08:10Z"),
        ("output-tokens", "100", "5", "2031-05-06T07:08:30+00:00"),
    ):
        name = f"anthropic-ratelimit-{kind}"
        headers |= {f"{name}-limit": limit, f"{name}-remaining": remaining, f"{name}-reset": reset}
    server.say(Say(message("ok"), headers=headers))
    assert (await asked("anthropic", server)).limits == RateLimits(50, 49, 2.0, 800, 700, 10.0, 100, 5, 30.0)
    # Older accounts are told all tokens together.
    for name in [name for name in headers if "put-tokens" in name]:
        del headers[name]
    server.say(Say(message("ok"), headers=headers))
    assert (await asked("anthropic", server)).limits == RateLimits(50, 49, 2.0, 1000, 900, 1.0)


@pytest.mark.parametrize("value", ["-1", "many", "1e400", "", "NaN"])
async def test_odd_limits_are_no_limits(server: FaultServer, value: str) -> None:
    headers = {f"x-ratelimit-{part}-requests": value for part in ("limit", "remaining", "reset")}
    server.say(Say(completion("ok"), headers=headers))
    limits = (await asked("compatible", server)).limits
    assert limits is None or (limits.requests_limit is None and limits.requests_remaining is None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "say",
    [Say(drop_after=0), Say(drop_after=5), Say(raw=b""), Say(raw=b"SSH-2.0-OpenSSH_9\r\n"), Say(raw=b"HTTP/1.1 200 O")],
    ids=["no answer", "half a body", "closed", "not HTTP", "half a header"],
)
@EARLIER
async def test_a_connection_that_breaks_is_the_network(server: FaultServer, name: str, say: Say, earlier: int) -> None:
    server.say(*[Say(SUCCESS[name])] * earlier, say if say.drop_after != 5 else Say(SUCCESS[name], drop_after=5))
    assert (await failure(name, server, earlier=earlier)).cause is Cause.NETWORK
    assert len(server.seen) == 1 + earlier


@pytest.mark.parametrize("name", NAMES)
async def test_a_port_where_nobody_listens_is_the_network(name: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        failed = await failure(name, f"http://127.0.0.1:{free.getsockname()[1]}")
    assert failed.cause is Cause.NETWORK
    assert "refused" in failed.detail.lower() or "connect" in failed.detail.lower()


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_that_does_not_exist_is_dns(name: str) -> None:
    assert (await failure(name, "https://nowhere.invalid/v1")).cause is Cause.DNS


@pytest.mark.parametrize("name", NAMES)
async def test_a_server_that_speaks_no_tls_is_tls(server: FaultServer, name: str) -> None:
    assert (await failure(name, server.url.replace("http:", "https:"))).cause is Cause.TLS


@pytest.mark.parametrize("name", NAMES)
async def test_a_certificate_nobody_signed_is_tls(name: str, certificate: tuple[str, str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with FaultServer(Say(SUCCESS[name]), ssl_context=context) as server:
        assert (await failure(name, server)).cause is Cause.TLS
        assert server.seen == []
        trusting = ssl.create_default_context(cafile=certificate[0])
        assert (await asked(name, server, ssl_context=trusting)).text == "ok"


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:1", "http://nowhere.invalid:8080", "socks5://127.0.0.1:1", "127.0.0.1:1"]
)
async def test_a_proxy_that_is_not_there_is_the_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    assert (await failure("openai", "https://nowhere.invalid/v1")).cause is Cause.PROXY


async def test_a_proxy_that_refuses_is_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(Say("", 407)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        assert (await failure("anthropic", "https://nowhere.invalid")).cause is Cause.PROXY


async def test_loopback_never_goes_through_a_proxy(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    server.say(Say(response("ok")))
    assert (await asked("openai", server)).text == "ok"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@EARLIER
async def test_a_redirect_is_refused_and_the_key_stays(
    server: FaultServer, name: str, status: int, earlier: int
) -> None:
    with FaultServer(Say(SUCCESS[name])) as other:
        server.say(*[Say(SUCCESS[name])] * earlier, Say("", status, {"Location": f"{other.url}/v1/responses"}))
        failed = await failure(name, server, earlier=earlier)
        assert failed.cause is Cause.HOST_REFUSED
        assert other.url in failed.detail
        assert other.seen == []
        assert len(server.seen) == 1 + earlier


@pytest.mark.parametrize("name", NAMES)
@EARLIER
async def test_a_reply_that_was_cut_off_may_be_paid_for_and_one_that_never_began_is_not(
    server: FaultServer, name: str, earlier: int
) -> None:
    for drop_after, begun in ((10, True), (0, False)):
        server.say(*[Say(SUCCESS[name])] * earlier, Say(SUCCESS[name], drop_after=drop_after))
        failed = await failure(name, server, earlier=earlier)
        assert (failed.cause, failed.cut_off) == (Cause.NETWORK, begun)


BROKEN = {
    "something behind the reply": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}and more of it\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a piece of no size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    "no HTTP": b"hello, this is no HTTP\r\n\r\n",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", BROKEN)
async def test_an_answer_in_broken_http_may_be_paid_for(server: FaultServer, name: str, what: str) -> None:
    server.say(Say(raw=BROKEN[what]))
    failed = await failure(name, server)
    assert (failed.cause, failed.cut_off) == (Cause.NETWORK, True)


@pytest.mark.parametrize("name", NAMES)
@EARLIER
async def test_a_status_that_leads_nowhere_fails_the_row_and_not_the_job(
    server: FaultServer, name: str, earlier: int
) -> None:
    server.say(*[Say(SUCCESS[name])] * earlier, Say("", 304))
    failed = await failure(name, server, earlier=earlier)
    assert failed.cause not in STOPS_THE_JOB


@pytest.mark.parametrize("name", NAMES)
@EARLIER
async def test_a_key_that_comes_back_in_an_answer_is_kept_nowhere(server: FaultServer, name: str, earlier: int) -> None:
    echo = SUCCESS_OF[name](f"the key is {CANARY}, isn't it")
    server.say(*[Say(SUCCESS[name])] * earlier, Say({**echo, "model": CANARY}))
    reply = await asked(name, server, earlier=earlier)
    assert reply.text == "the key is ***, isn't it"
    assert CANARY not in repr(reply)


async def test_a_short_word_that_stands_in_for_a_key_is_no_secret(server: FaultServer) -> None:
    provider = open_provider(Account("compatible", server.url, Secret("ollama")))
    server.say(Say(completion("ollama is a program")))
    try:
        assert (await provider.ask(QUESTION, "the row")).text == "ollama is a program"
    finally:
        await provider.close()


@pytest.mark.parametrize("name", NAMES)
@EARLIER
async def test_a_huge_error_page_is_cut(server: FaultServer, name: str, earlier: int) -> None:
    server.say(*[Say(SUCCESS[name])] * earlier, Say("<html><title>Oh no</title>" + "x" * 10_000_000, 500))
    failed = await failure(name, server, earlier=earlier)
    assert (failed.cause, failed.detail) == (Cause.SERVER_ERROR, "Oh no")


@pytest.mark.parametrize("name", NAMES)
@EARLIER
async def test_a_reply_larger_than_any_model_writes_is_unreadable(server: FaultServer, name: str, earlier: int) -> None:
    server.say(*[Say(SUCCESS[name])] * earlier, Say('{"x": "' + "x" * 9_000_000 + '"}'))
    assert (await failure(name, server, earlier=earlier)).cause is Cause.UNREADABLE


@pytest.mark.parametrize("name", NAMES)
async def test_packed_replies_are_read_and_packed_bombs_are_not(server: FaultServer, name: str) -> None:
    packed, bomb = zlib.compressobj(wbits=31), zlib.compressobj(wbits=31)
    good = packed.compress(json.dumps(SUCCESS[name]).encode()) + packed.flush()
    bad = bomb.compress(b" " * 50_000_000) + bomb.flush()
    gzip = {"Content-Encoding": "gzip"}
    server.say(Say(good, headers=gzip), Say(bad, headers=gzip), Say(b"no gzip", headers=gzip))
    assert (await asked(name, server)).text == "ok"
    assert (await failure(name, server)).cause is Cause.UNREADABLE
    assert (await failure(name, server)).cause in (Cause.UNREADABLE, Cause.NETWORK)
    assert server.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("name", NAMES)
async def test_a_deadline_around_a_call_ends_it_however_slowly_it_drips(server: FaultServer, name: str) -> None:
    server.say(Say(SUCCESS[name], byte_every_s=0.01), Say(SUCCESS[name]))
    provider = opened(name, server)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await provider.ask(QUESTION, "the row")
    assert (await provider.ask(QUESTION, "the row")).text == "ok"
    await provider.close()


@pytest.mark.parametrize("name", NAMES)
async def test_a_cancelled_call_leaves_the_others_alone(server: FaultServer, name: str) -> None:
    server.say(Say(SUCCESS[name], wait_s=0.2))
    provider = opened(name, server)
    calls = [asyncio.create_task(provider.ask(QUESTION, str(number))) for number in range(10)]
    await asyncio.sleep(0.1)
    for call in calls[::2]:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert all(isinstance(result, Reply) for result in results[1::2])
    await provider.close()


@pytest.mark.parametrize("name", NAMES)
async def test_a_provider_that_was_closed_answers_with_a_failure(server: FaultServer, name: str) -> None:
    provider = opened(name, server)
    await provider.close()
    await provider.close()
    with pytest.raises(CallFailed):
        await provider.ask(QUESTION, "the row")
    assert server.seen == []


@pytest.mark.parametrize(
    ("name", "body", "text", "finish"),
    [
        ("openai", response(""), "", Finish.COMPLETE),
        ("openai", response("half", status="incomplete", incomplete_details={"reason": "max_output_tokens"}), "half",
         Finish.CUT_OFF),
        ("openai", response("", status="incomplete", incomplete_details={"reason": "content_filter"}), "",
         Finish.CONTENT_FILTER),
        ("openai", response("", status="incomplete", incomplete_details=None), "", Finish.CUT_OFF),
        ("openai", response("", output=[{"content": [{"type": "refusal", "refusal": "No."}]}]), "No.", Finish.REFUSED),
        ("openai", response("", output=[]), "", Finish.COMPLETE),
        ("openai", response("", output=[None, 3, {"content": None}, {"content": [None, {"type": "output_text"}]}]), "",
         Finish.COMPLETE),
        ("compatible", completion(""), "", Finish.COMPLETE),
        ("compatible", completion(None), "", Finish.COMPLETE),
        ("compatible", completion("half", "length"), "half", Finish.CUT_OFF),
        ("compatible", completion("", "content_filter"), "", Finish.CONTENT_FILTER),
        ("compatible", completion(None, refusal="No."), "No.", Finish.REFUSED),
        ("compatible", completion("<think>\nhm, positive?</think>\n\nnegative"), "negative", Finish.COMPLETE),
        ("compatible", completion("<think>\nhm, pos", "length"), "", Finish.CUT_OFF),
        ("compatible", completion([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab",  # type: ignore[arg-type]
         Finish.COMPLETE),
        ("anthropic", message(""), "", Finish.COMPLETE),
        ("anthropic", message("half", "max_tokens"), "half", Finish.CUT_OFF),
        ("anthropic", message("half", "model_context_window_exceeded"), "half", Finish.CUT_OFF),
        ("anthropic", message("", "refusal"), "", Finish.REFUSED),
        ("anthropic", message("", content=[]), "", Finish.COMPLETE),
    ],
)  # fmt: skip
async def test_how_a_reply_ended_is_told(
    server: FaultServer, name: str, body: dict[str, Any], text: str, finish: Finish
) -> None:
    server.say(Say(body))
    reply = await asked(name, server)
    assert (reply.text, reply.finish, reply.model) == (text, finish, "model-1")
    assert reply.usage is not None


@pytest.mark.parametrize("name", NAMES)
async def test_missing_or_odd_usage_is_survived(server: FaultServer, name: str) -> None:
    body = SUCCESS[name] | {"usage": None}
    server.say(Say(body), Say(body | {"usage": {"input_tokens": -3, "prompt_tokens": "many", "output_tokens": 1e99}}))
    assert (await asked(name, server)).usage is None
    usage = (await asked(name, server)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (0, 0)


async def test_cached_and_reasoning_tokens_are_counted(server: FaultServer) -> None:
    server.say(Say(response("ok")), Say(message("ok")))
    usage = (await asked("openai", server)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.cached_input_tokens, usage.cache_write_tokens) == (30, 10, 4)
    assert (usage.output_tokens, usage.reasoning_tokens) == (8, 3)
    usage = (await asked("anthropic", server)).usage
    assert usage is not None
    # Anthropic tells cached tokens apart; the noun has them inside.
    assert (usage.input_tokens, usage.cached_input_tokens, usage.cache_write_tokens) == (35, 10, 5)


async def test_a_failed_response_is_a_failure_with_its_cost(server: FaultServer) -> None:
    server.say(Say(response("", status="failed", error={"code": "server_error", "message": "oh"})))
    failed = await failure("openai", server)
    assert failed.cause is Cause.SERVER_ERROR
    assert failed.usage is not None
    assert failed.usage.input_tokens == 30
