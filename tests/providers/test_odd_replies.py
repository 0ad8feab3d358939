"""Whatever JSON comes back is read or refused by cause; nothing else ever leaves an adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui_app.jobs import Finish, Reply
from gui_app.providers import anthropic, compatible, decisions, headers, mapping, openai
from gui_app.providers.base import CallFailed
from tests.providers.test_decisions import LABEL, SCORE, YES, question

NAMES = (
    ("output content type text refusal status error incomplete_details reason usage input_tokens model code message ")
    + ("choices finish_reason delta stop_reason prompt_tokens input_tokens_details cached_tokens details error_code ")
    + ("answers name choice confidence probability probabilities label data id")
).split()
WORDS = (
    "output_text",
    "refusal",
    "incomplete",
    "failed",
    "text",
    "length",
    "choice",
    "score",
    "predicate",
    "mood",
    "3",
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
    | st.just(429)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=15,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8)
ASKED = decisions.asked_fields(question(LABEL, YES, SCORE))


def read_decision(data: Mapping[str, Any], _headers: Mapping[str, str]) -> Reply:
    return decisions.as_reply(decisions.decided_of(data, ASKED, None))


@pytest.mark.parametrize("read", [openai.reply_of, compatible.reply_of, anthropic.reply_of, read_decision])
@settings(max_examples=50, deadline=None)
@given(data=OBJECTS)
def test_any_object_is_a_reply_or_a_failure(
    read: Callable[[Mapping[str, Any], Mapping[str, str]], Reply], data: dict[str, Any]
) -> None:
    try:
        reply = read(data, {})
    except CallFailed:
        return
    assert isinstance(reply.text, str)
    assert isinstance(reply.finish, Finish)
    assert all(0.0 <= share <= 1.0 for share in reply.confidence.values())


@settings(max_examples=50, deadline=None)
@given(data=OBJECTS, read=st.sampled_from([openai.models_of, anthropic.models_of]))
def test_any_object_is_a_list_of_models_or_a_failure(data: dict[str, Any], read: Any) -> None:
    try:
        assert all(isinstance(model.id, str) for model in read(data))
    except CallFailed:
        pass


@settings(deadline=None)
@given(status=st.integers(100, 999), body=JSON, values=st.lists(st.text(max_size=20), min_size=8, max_size=8))
def test_any_error_body_and_any_header_have_a_cause(status: int, body: Any, values: list[str]) -> None:
    names = ("retry-after", "retry-after-ms", "date", "location", "x-ratelimit-reset-requests",
             "x-ratelimit-remaining-requests", "anthropic-ratelimit-tokens-remaining",
             "anthropic-ratelimit-tokens-reset")  # fmt: skip
    failed = mapping.failure_of_status(status, body, dict(zip(names, values, strict=True)))
    assert len(failed.detail) <= 300
    assert failed.detail.isprintable()
    assert failed.retry_after_s is None or failed.retry_after_s >= 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("6m0s", 360), ("1h2m3s", 3723), ("120ms", 0.12), ("7.66s", 7.66), ("12", 12), ("-5", 0),
     ("soon", None), ("1x", None), ("", None)],
)  # fmt: skip
def test_the_spellings_of_a_reset_are_read(text: str, seconds: float | None) -> None:
    limits = headers.rate_limits({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": text})
    assert limits is not None
    assert limits.requests_reset_s == (None if seconds is None else pytest.approx(seconds))


def test_a_plain_family_of_headers_is_read_with_an_epoch_in_milliseconds() -> None:
    told = {
        "date": "Sun, 06 Nov 2033 08:49:37 GMT",
        "x-ratelimit-limit": "20",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "2014879787000",
    }
    limits = headers.rate_limits(told)
    assert limits is not None
    assert (limits.requests_limit, limits.requests_remaining, limits.requests_reset_s) == (20, 0, 10.0)


def test_what_a_proxy_is_called_with_stays_out_of_the_details() -> None:
    assert mapping.plain_detail("407 at http://me:secret@proxy:3128/x") == "407 at http://proxy:3128/x"
