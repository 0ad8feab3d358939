"""Faults as the real SDKs see them."""

import json
import time

import anthropic
import httpx2
import openai
import pytest

from gui_app.practice.faults import Fate, Faults
from tests.practice.conftest import chat, message, respond

TEXT = "Text:\nI love it, great!"


def test_a_rate_limited_prompt_is_answered_the_next_time(practice, openai_on):
    server = practice(Faults(rate_limited=1.0, retry_after_s=0.25))
    client = openai_on(server)
    with pytest.raises(openai.RateLimitError) as refused:
        chat(client, TEXT)
    assert refused.value.code == "rate_limit_exceeded"
    assert refused.value.response.headers["retry-after-ms"] == "250"
    assert refused.value.response.headers["retry-after"] == "1"
    chat(client, TEXT)
    assert [entry.status for entry in server.asked()] == [429, 200]


def test_after_an_answer_the_fault_strikes_anew(practice, openai_on):
    client = openai_on(practice(Faults(failing=1.0)))
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            chat(client, TEXT)
        chat(client, TEXT)


def test_times_says_how_often_a_fault_strikes(practice, anthropic_on):
    server = practice(Faults(overloaded=1.0, times=3))
    client = anthropic_on(server)
    for _ in range(3):
        with pytest.raises(anthropic.InternalServerError) as refused:
            message(client, TEXT)
        assert refused.value.status_code == 529
    message(client, TEXT)


def test_a_stubborn_fault_outlasts_five_attempts(practice, openai_on):
    client = openai_on(practice(Faults(stubborn=1.0)))
    for _ in range(6):
        with pytest.raises(openai.InternalServerError):
            chat(client, TEXT)
    chat(client, TEXT)


def test_attempts_are_remembered_over_a_restart(practice, openai_on, tmp_path):
    with pytest.raises(openai.InternalServerError):
        chat(openai_on(first := practice(Faults(failing=1.0, times=2))), TEXT)
    first.stop()
    client = openai_on(practice(Faults(failing=1.0, times=2)))
    with pytest.raises(openai.InternalServerError):
        chat(client, TEXT)
    chat(client, TEXT)


def test_a_dropped_connection_brings_no_reply(practice, openai_on, anthropic_on):
    server = practice(Faults(dropped=1.0))
    with pytest.raises(openai.APIConnectionError):
        chat(openai_on(server), TEXT)
    chat(openai_on(server), TEXT)
    with pytest.raises(anthropic.APIConnectionError):
        message(anthropic_on(server), TEXT)
    assert [entry.status for entry in server.asked()] == [0, 200, 0]


def test_a_page_instead_of_json(practice, openai_on):
    with pytest.raises(openai.InternalServerError) as refused:
        chat(openai_on(practice(Faults(html=1.0))), TEXT)
    assert refused.value.status_code == 502
    assert "<html>" in str(refused.value.body)


def test_broken_json_under_status_200(practice, openai_on):
    with pytest.raises(json.JSONDecodeError):
        chat(openai_on(practice(Faults(malformed=1.0))), TEXT)


def test_a_hanging_call_lasts_until_the_client_gives_up(practice, openai_on):
    server = practice(Faults(hanging=1.0))
    with pytest.raises(openai.APITimeoutError):
        chat(openai_on(server, timeout=0.2), TEXT)
    chat(openai_on(server), TEXT)


def test_a_server_with_hanging_calls_stops_at_once(practice, openai_on):
    server = practice(Faults(hanging=1.0))
    with pytest.raises(openai.APITimeoutError):
        chat(openai_on(server, timeout=0.05), TEXT)
    server.stop()


def test_a_refusal_in_each_wire(practice, openai_on, anthropic_on):
    server = practice(Faults(refused=1.0))
    choice = chat(openai_on(server), TEXT).choices[0]
    assert choice.message.content is None
    assert choice.message.refusal
    part = respond(openai_on(server), TEXT).output[0].content[0]
    assert part.type == "refusal"
    reply = message(anthropic_on(server), TEXT)
    assert (reply.stop_reason, reply.content) == ("refusal", [])
    questions = [{"type": "predicate", "instructions": "It is good."}]
    decision = openai_on(server).decisions.create(model="practice", input=TEXT, questions=questions)
    assert decision.answers[0].type == "refusal"


def test_a_content_filter_in_each_wire(practice, openai_on, anthropic_on):
    server = practice(Faults(filtered=1.0))
    assert chat(openai_on(server), TEXT).choices[0].finish_reason == "content_filter"
    assert respond(openai_on(server), TEXT).incomplete_details.reason == "content_filter"
    assert message(anthropic_on(server), TEXT).stop_reason == "refusal"


def test_a_cut_off_answer_in_each_wire(practice, openai_on, anthropic_on):
    server = practice(Faults(cut_off=1.0))
    choice = chat(openai_on(server), TEXT).choices[0]
    assert choice.finish_reason == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(choice.message.content)
    assert respond(openai_on(server), TEXT).status == "incomplete"
    assert message(anthropic_on(server), TEXT).stop_reason == "max_tokens"


def test_an_off_list_label_keeps_the_form_of_the_reply(practice, openai_on):
    reply = json.loads(chat(openai_on(practice(Faults(off_list=1.0))), TEXT).choices[0].message.content)
    assert reply["sentiment"] not in ("positive", "negative", "neutral")


def test_too_long_empty_and_without_usage(practice, openai_on):
    server = practice(Faults(by_word={"LONG": Fate.TOO_LONG, "EMPTY": Fate.EMPTY, "FREE": Fate.NO_USAGE}))
    client = openai_on(server)
    with pytest.raises(openai.BadRequestError) as refused:
        chat(client, "LONG")
    assert refused.value.code == "context_length_exceeded"
    assert chat(client, "EMPTY").choices[0].message.content == ""
    assert chat(client, "FREE").usage is None
    assert [entry.fate for entry in server.asked()] == ["too_long", "empty", "no_usage"]


def test_the_balance_can_run_out(practice, openai_on, anthropic_on):
    server = practice(Faults(balance_gone_after=2))
    client = openai_on(server)
    chat(client, TEXT)
    chat(client, TEXT)
    with pytest.raises(openai.RateLimitError) as refused:
        chat(client, TEXT)
    assert refused.value.code == "insufficient_quota"
    with pytest.raises(anthropic.RateLimitError) as limited:
        message(anthropic_on(server), TEXT)
    assert limited.value.error_code == "enforced_spend_limit_reached"


def test_the_key_can_be_withdrawn(practice, openai_on):
    client = openai_on(practice(Faults(key_refused_after=1)))
    chat(client, TEXT)
    with pytest.raises(openai.AuthenticationError):
        chat(client, TEXT)


def test_a_rate_is_kept_and_told_in_headers(practice, openai_on, anthropic_on):
    server = practice(Faults(requests_per_second=0.01, burst=2, limit_headers=True))
    raw = openai_on(server).chat.completions.with_raw_response.create(
        model="practice", messages=[{"role": "user", "content": TEXT}]
    )
    assert raw.headers["x-ratelimit-limit-requests"] == "2"
    assert raw.headers["x-ratelimit-remaining-requests"] == "1"
    chat(openai_on(server), TEXT)
    with pytest.raises(openai.RateLimitError) as refused:
        chat(openai_on(server), TEXT)
    assert float(refused.value.response.headers["retry-after-ms"]) > 50_000
    server.set_faults(Faults(requests_per_second=0.01, burst=2, limit_headers=True))
    raw = anthropic_on(server).messages.with_raw_response.create(
        model="practice", max_tokens=10, messages=[{"role": "user", "content": TEXT}]
    )
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "1"


def test_faults_can_be_changed_while_it_runs(practice, openai_on):
    server = practice(Faults(failing=1.0, times=1000))
    client = openai_on(server)
    with pytest.raises(openai.InternalServerError):
        chat(client, TEXT)
    server.set_faults()
    chat(client, TEXT)


def test_the_network_can_go_and_come_back(practice, openai_on):
    server = practice()
    client = openai_on(server)
    chat(client, TEXT)
    server.go_away()
    with pytest.raises(openai.APIConnectionError):
        chat(client, TEXT)
    port = server.port
    server.come_back()
    assert server.port == port
    chat(client, TEXT)


def test_a_slow_call_takes_its_time(practice, openai_on):
    client = openai_on(practice(Faults(latency_ms=(150, 150))))
    started = time.monotonic()
    chat(client, TEXT)
    assert time.monotonic() - started >= 0.15


def test_the_apps_models_behave_as_they_are_named(practice, openai_on):
    server = practice(real=True)
    chat(openai_on(server), TEXT, model="practice")
    assert server.asked()[0].seconds >= 0.3
    assert chat(openai_on(server), TEXT, model="practice-instant").model == "practice-instant"


def test_a_client_that_leaves_early_disturbs_nobody(practice, openai_on):
    server = practice(Faults(latency_ms=(100, 100)))
    with pytest.raises(openai.APITimeoutError):
        chat(openai_on(server, timeout=0.02), TEXT)
    headers = {"authorization": f"Bearer {server.token}"}
    assert httpx2.get(f"{server.base_url}/models", headers=headers, trust_env=False).status_code == 200
