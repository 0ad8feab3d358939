"""OpenAI's batches by the real SDK."""

import io
import json
import time

import openai
import pytest

from gui_app.practice.faults import Batching, Faults
from gui_app.practice.openai_batches import MOST_REQUESTS

ENDS = ("completed", "failed", "expired", "cancelled")
SLOW = Batching(seconds=3600, cancelling_s=0)


def line(number, endpoint="/v1/chat/completions", **changes):
    body = {"model": "practice", "messages": [{"role": "user", "content": f"Text:\nrow {number}"}]}
    if endpoint == "/v1/responses":
        body = {"model": "practice", "input": f"Text:\nrow {number}"}
    return {"custom_id": f"row-{number}", "method": "POST", "url": endpoint, "body": body, **changes}


def upload(client, lines, purpose="batch"):
    data = lines if isinstance(lines, bytes) else b"".join(json.dumps(item).encode() + b"\n" for item in lines)
    return client.files.create(file=("rows.jsonl", io.BytesIO(data)), purpose=purpose)


def create(client, lines, endpoint="/v1/chat/completions", **options):
    file = upload(client, lines)
    return client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **options)


def wait(client, batch_id, *states):
    while (batch := client.batches.retrieve(batch_id)).status not in (states or ENDS):
        assert batch.status not in ENDS, batch
        time.sleep(0.01)
    return batch


def contents(client, file_id):
    return [json.loads(text) for text in client.files.content(file_id).text.splitlines()] if file_id else []


def finished(client, lines, **options):
    batch = wait(client, create(client, lines, **options).id)
    return batch, contents(client, batch.output_file_id), contents(client, batch.error_file_id)


@pytest.mark.parametrize("endpoint", ["/v1/chat/completions", "/v1/responses"])
def test_a_batch_answers_every_row_in_another_order(practice, openai_on, endpoint):
    client = openai_on(practice())
    batch, output, errors = finished(client, [line(n, endpoint) for n in range(50)], endpoint=endpoint)
    assert batch.status == "completed"
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (50, 50, 0)
    assert batch.error_file_id is None
    assert errors == []
    ids = [item["custom_id"] for item in output]
    assert sorted(ids) == sorted(f"row-{n}" for n in range(50))
    assert ids != [f"row-{n}" for n in range(50)]
    for item in output:
        assert item["error"] is None
        assert item["response"]["status_code"] == 200
        number = item["custom_id"].removeprefix("row-")
        assert f"[practice] row {number}" in json.dumps(item["response"]["body"])
    assert batch.usage.total_tokens > 0


def test_files_can_be_listed_read_and_deleted(practice, openai_on):
    client = openai_on(practice())
    file = upload(client, [line(1)])
    assert (file.purpose, file.filename, file.status) == ("batch", "rows.jsonl", "processed")
    assert client.files.retrieve(file.id).bytes == file.bytes
    assert json.loads(client.files.content(file.id).text)["custom_id"] == "row-1"
    assert [item.id for item in client.files.list(purpose="batch")] == [file.id]
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.content(file.id)
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve("file-../../server.json")


def test_batches_are_listed_newest_first_in_pages_with_their_metadata(practice, openai_on):
    client = openai_on(practice(batching=SLOW))
    made = [create(client, [line(n)], metadata={"rowmill": f"part-{n}"}).id for n in range(5)]
    listed = list(client.batches.list(limit=2))
    assert [batch.id for batch in listed] == made[::-1]
    assert listed[0].metadata == {"rowmill": "part-4"}


def test_a_batch_goes_through_its_stages_while_its_counts_grow(practice, openai_on):
    client = openai_on(practice(batching=Batching(seconds=1.0)))
    batch = create(client, [line(n) for n in range(200)])
    assert batch.status == "validating"
    counts = []
    while (batch := client.batches.retrieve(batch.id)).status not in ENDS:
        counts.append(batch.request_counts.completed)
        assert batch.output_file_id is None
        time.sleep(0.02)
    assert counts == sorted(counts)
    assert any(0 < count < 200 for count in counts)
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    assert batch.expires_at == batch.created_at + 86_400


def test_a_cancelled_batch_says_cancelling_and_keeps_what_is_finished(practice, openai_on):
    client = openai_on(practice(batching=Batching(seconds=2.0, cancelling_s=0.3)))
    batch = create(client, [line(n) for n in range(100)])
    while not client.batches.retrieve(batch.id).request_counts.completed:
        time.sleep(0.02)
    assert client.batches.cancel(batch.id).status == "cancelling"
    assert client.batches.retrieve(batch.id).status == "cancelling"
    batch = wait(client, batch.id, "cancelled")
    output, errors = contents(client, batch.output_file_id), contents(client, batch.error_file_id)
    assert 0 < len(output) == batch.request_counts.completed < 100
    assert {item["error"]["code"] for item in errors} == {"batch_cancelled"}
    assert all(item["response"] is None for item in errors)
    assert len(output) + len(errors) == 100
    assert client.batches.cancel(batch.id).status == "cancelled"


def test_what_a_cancelled_batch_did_not_reach_can_be_silent(practice, openai_on):
    client = openai_on(practice(batching=Batching(seconds=3600, silent_cancel=True)))
    batch = create(client, [line(n) for n in range(5)])
    client.batches.cancel(batch.id)
    batch = wait(client, batch.id, "cancelled")
    assert (batch.output_file_id, batch.error_file_id) == (None, None)


def test_a_finished_batch_cannot_be_cancelled(practice, openai_on):
    client = openai_on(practice())
    batch, _, _ = finished(client, [line(1)])
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(batch.id)


def test_rows_that_are_not_reached_in_time_expire(practice, openai_on):
    client = openai_on(practice(batching=Batching(expired=0.4)))
    batch, output, errors = finished(client, [line(n) for n in range(50)])
    assert batch.status == "expired"
    assert batch.expired_at
    assert 0 < len(output) < 50
    assert {item["error"]["code"] for item in errors} == {"batch_expired"}
    assert len(output) + len(errors) == 50


def test_the_window_of_a_batch_ends_it(practice, openai_on):
    client = openai_on(practice(batching=Batching(seconds=4, window_s=0.2)))
    batch, output, errors = finished(client, [line(n) for n in range(5)])
    assert (batch.status, len(output), len(errors)) == ("expired", 0, 5)


def test_all_rows_failed_gives_no_output_file(practice, openai_on):
    client = openai_on(practice(batching=Batching(errored=1.0)))
    batch, _, errors = finished(client, [line(n) for n in range(5)])
    assert (batch.status, batch.output_file_id, batch.request_counts.failed) == ("completed", None, 5)
    assert {item["response"]["status_code"] for item in errors} == {500}
    assert all(item["response"]["body"]["error"]["message"] for item in errors)


def test_an_error_can_come_with_a_null_response(practice, openai_on):
    _, _, errors = finished(openai_on(practice(batching=Batching(null_response=1.0))), [line(1)])
    assert errors[0]["response"] is None
    assert errors[0]["error"]["code"] == "server_error"


def test_duplicate_missing_unknown_and_stringified_lines(practice, openai_on):
    batching = Batching(duplicated=0.3, missing=0.3, string_body=0.3, unknown_ids=2)
    _, output, _ = finished(openai_on(practice(batching=batching)), [line(n) for n in range(60)])
    ids = [item["custom_id"] for item in output]
    sent = {f"row-{n}" for n in range(60)}
    assert len(set(ids) - sent) == 2
    assert sent - set(ids)
    assert any(ids.count(name) == 2 for name in ids)
    assert any(isinstance(item["response"]["body"], str) for item in output)


def test_faults_of_answers_hold_in_batches(practice, openai_on):
    server = practice(Faults(failing=0.3, too_long=0.3, refused=0.4))
    batch, output, errors = finished(openai_on(server), [line(n) for n in range(60)])
    assert {item["response"]["status_code"] for item in errors} == {400, 500}
    assert all(item["response"]["body"]["choices"][0]["message"]["refusal"] for item in output)
    assert batch.request_counts.failed == len(errors) > 10


def test_a_failing_row_is_answered_in_the_next_batch(practice, openai_on):
    client = openai_on(practice(Faults(failing=1.0)))
    assert len(finished(client, [line(1)])[2]) == 1
    assert len(finished(client, [line(1)])[1]) == 1


@pytest.mark.parametrize(
    "batching", [Batching(errored=1.0), Batching(null_response=1.0), Batching(expired=1.0), Batching(missing=1.0)]
)
def test_a_row_that_came_back_without_an_answer_is_answered_in_the_next_batch(practice, openai_on, batching):
    client = openai_on(practice(batching=batching))
    assert len(finished(client, [line(1)])[1]) == 0
    assert len(finished(client, [line(1)])[1]) == 1


def test_a_row_the_wire_cannot_read_is_an_error_of_that_row(practice, openai_on):
    broken = line(2, body={"model": "practice", "messages": []})
    batch, output, errors = finished(openai_on(practice()), [line(1), broken])
    assert [item["custom_id"] for item in output] == ["row-1"]
    assert [(item["custom_id"], item["response"]["status_code"]) for item in errors] == [("row-2", 400)]
    assert batch.status == "completed"


def test_an_unknown_model_is_an_error_of_each_row(practice, openai_on):
    lines = [line(n, body={**line(n)["body"], "model": "gpt-none"}) for n in range(3)]
    _, _, errors = finished(openai_on(practice()), lines)
    assert {item["response"]["body"]["error"]["code"] for item in errors} == {"model_not_found"}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (b"not json\n", "invalid_json_line"),
        (b"\n", "empty_file"),
        ([line(1), line(1)], "duplicate_custom_id"),
        ([line(1, url="/v1/responses")], "invalid_url"),
        ([line(1, method="GET")], "invalid_method"),
        ([line(1, custom_id="")], "missing_required_parameter"),
        ([line(1), line(2, body={"model": "practice-instant", "messages": []})], "mismatched_model"),
    ],
)
def test_an_input_file_that_makes_no_sense_fails_the_batch(practice, openai_on, lines, code):
    client = openai_on(practice())
    batch = wait(client, create(client, lines).id)
    assert batch.status == "failed"
    assert batch.errors.data[0].code == code


def test_too_many_requests_fail_the_batch(practice, openai_on):
    client = openai_on(practice())
    data = b"".join(json.dumps(line(n)).encode() + b"\n" for n in range(MOST_REQUESTS + 1))
    batch = wait(client, create(client, data).id)
    assert (batch.status, batch.errors.data[0].code) == ("failed", "too_many_tasks")


def test_more_waiting_tokens_than_allowed_fail_the_batch_after_it_was_made(practice, openai_on):
    client = openai_on(practice(batching=Batching(seconds=4, enqueued_tokens=300)))
    first = create(client, [line(n) for n in range(5)])
    wait(client, first.id, "in_progress")
    second = wait(client, create(client, [line(n) for n in range(5)]).id)
    assert (second.status, second.errors.data[0].code) == ("failed", "token_limit_exceeded")
    client.batches.cancel(first.id)
    wait(client, first.id, "cancelled")
    third = create(client, [line(n) for n in range(5)])
    wait(client, third.id, "in_progress")


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "/v1/embeddings"},
        {"completion_window": "1h"},
        {"metadata": {"key": "x" * 513}},
        {"input_file_id": "file-000000000000000000000000"},
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(practice, openai_on, change):
    client = openai_on(practice())
    options = {"endpoint": "/v1/responses", "completion_window": "24h", "input_file_id": upload(client, [line(1)]).id}
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)):
        client.batches.create(**{**options, **change})
    assert list(client.batches.list()) == []


def test_a_file_for_another_purpose_makes_no_batch(practice, openai_on):
    client = openai_on(practice())
    file = upload(client, [line(1)], purpose="user_data")
    with pytest.raises(openai.BadRequestError):
        client.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")


def test_a_create_whose_reply_is_lost_is_found_by_its_metadata(practice, openai_on):
    client = openai_on(practice(batching=Batching(lost_creates=1)))
    file = upload(client, [line(1)])
    options = {"input_file_id": file.id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    with pytest.raises(openai.APIConnectionError):
        client.batches.create(**options, metadata={"rowmill": "nonce-1"})
    assert [batch.metadata["rowmill"] for batch in client.batches.list()] == ["nonce-1"]


def test_a_new_batch_can_be_hidden_at_first(practice, openai_on):
    client = openai_on(practice(batching=Batching(hidden_gets=2)))
    batch = create(client, [line(1)])
    for _ in range(2):
        with pytest.raises(openai.NotFoundError):
            client.batches.retrieve(batch.id)
    assert client.batches.retrieve(batch.id).id == batch.id


def test_an_upload_and_a_download_can_break(practice, openai_on):
    client = openai_on(practice(batching=Batching(lost_uploads=1, cut_downloads=1)))
    with pytest.raises(openai.APIConnectionError):
        upload(client, [line(1)])
    batch = wait(client, create(client, [line(n) for n in range(20)]).id)
    with pytest.raises(openai.APIConnectionError):
        client.files.content(batch.output_file_id)
    assert len(contents(client, batch.output_file_id)) == 20


@pytest.mark.parametrize("stage", ["validating", "in_progress"])
def test_a_batch_outlives_its_server(practice, openai_on, stage):
    first = practice(batching=Batching(seconds=1.0))
    client = openai_on(first)
    batch = create(client, [line(n) for n in range(100)])
    wait(client, batch.id, stage)
    token, port = first.token, first.port
    first.stop()
    client = openai_on(practice(token=token, port=port))
    batch = wait(client, batch.id)
    output = contents(client, batch.output_file_id)
    assert sorted(item["custom_id"] for item in output) == sorted(f"row-{n}" for n in range(100))


def test_a_cancelled_batch_outlives_its_server_with_the_rows_it_had(practice, openai_on):
    first = practice(batching=Batching(seconds=1.5, cancelling_s=1.0))
    client = openai_on(first)
    batch = create(client, [line(n) for n in range(100)])
    while not client.batches.retrieve(batch.id).request_counts.completed:
        time.sleep(0.02)
    done = client.batches.cancel(batch.id).request_counts.completed
    first.stop()
    client = openai_on(practice())
    batch = wait(client, batch.id)
    assert batch.status == "cancelled"
    assert len(contents(client, batch.output_file_id)) == done


def test_a_finished_batch_is_there_after_a_restart(practice, openai_on):
    first = practice()
    batch, output, _ = finished(openai_on(first), [line(n) for n in range(10)])
    first.stop()
    client = openai_on(practice())
    assert client.batches.retrieve(batch.id) == batch
    assert contents(client, batch.output_file_id) == output


def test_the_journal_has_every_row_of_a_batch_once(practice, openai_on):
    server = practice()
    batch, _, _ = finished(openai_on(server), [line(n) for n in range(30)])
    rows = server.journal(batch_id=batch.id)
    assert sorted(entry.custom_id for entry in rows) == sorted(f"row-{n}" for n in range(30))
    assert server.answers("Text:\nrow 7") == 1


def test_live_calls_are_answered_while_a_large_batch_is_worked_on(practice, openai_on):
    server = practice()
    client = openai_on(server)
    batch = create(client, [line(n) for n in range(3000)])
    lively = 0
    while client.batches.retrieve(batch.id).status not in ENDS:
        client.chat.completions.create(model="practice", messages=[{"role": "user", "content": "hi"}])
        lively += 1
    assert lively > 3
