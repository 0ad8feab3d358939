"""Anthropic's message batches by the real SDK."""

import time

import anthropic
import pytest

from gui_app.practice.faults import Batching, Faults


def request(number, **changes):
    messages = [{"role": "user", "content": f"Text:\nrow {number}"}]
    params = {"model": "practice", "max_tokens": 100, "messages": messages}
    return {"custom_id": f"row-{number}", "params": params, **changes}


def wait(client, batch_id):
    while (batch := client.messages.batches.retrieve(batch_id)).processing_status != "ended":
        time.sleep(0.01)
    return batch


def finished(client, requests):
    batch = wait(client, client.messages.batches.create(requests=requests).id)
    return batch, list(client.messages.batches.results(batch.id))


def test_a_batch_answers_every_row_in_another_order(practice, anthropic_on):
    client = anthropic_on(practice())
    batch, results = finished(client, [request(n) for n in range(50)])
    assert batch.request_counts.succeeded == 50
    assert batch.ended_at
    ids = [result.custom_id for result in results]
    assert sorted(ids) == sorted(f"row-{n}" for n in range(50))
    assert ids != [f"row-{n}" for n in range(50)]
    for result in results:
        number = result.custom_id.removeprefix("row-")
        assert result.result.message.content[0].text == f"[practice] row {number}"
        assert result.result.message.usage.service_tier == "batch"


def test_counts_stay_zero_until_the_end(practice, anthropic_on):
    client = anthropic_on(practice(batching=Batching(seconds=0.5)))
    batch = client.messages.batches.create(requests=[request(n) for n in range(20)])
    assert (batch.processing_status, batch.request_counts.processing) == ("in_progress", 20)
    assert batch.results_url is None
    while (batch := client.messages.batches.retrieve(batch.id)).processing_status != "ended":
        assert batch.request_counts.succeeded == 0
        time.sleep(0.02)
    assert (batch.request_counts.processing, batch.request_counts.succeeded) == (0, 20)


def test_the_results_are_not_there_before_the_end(practice, anthropic_on):
    client = anthropic_on(practice(batching=Batching(seconds=3600)))
    batch = client.messages.batches.create(requests=[request(1)])
    with pytest.raises(anthropic.AnthropicError):
        client.messages.batches.results(batch.id)


def test_a_canceled_batch_says_canceling_and_keeps_what_is_finished(practice, anthropic_on):
    server = practice(batching=Batching(seconds=2.0, cancelling_s=0.3))
    client = anthropic_on(server)
    batch = client.messages.batches.create(requests=[request(n) for n in range(100)])
    while not server.journal(batch_id=batch.id):
        time.sleep(0.02)
    batch = client.messages.batches.cancel(batch.id)
    assert batch.processing_status == "canceling"
    assert batch.cancel_initiated_at
    batch = wait(client, batch.id)
    kinds = [result.result.type for result in client.messages.batches.results(batch.id)]
    assert 0 < kinds.count("succeeded") == batch.request_counts.succeeded < 100
    assert kinds.count("canceled") == batch.request_counts.canceled == 100 - kinds.count("succeeded")


def test_rows_end_in_all_four_ways(practice, anthropic_on):
    client = anthropic_on(practice(Faults(too_long=0.2), Batching(expired=0.3, errored=0.2)))
    batch, results = finished(client, [request(n) for n in range(80)])
    kinds = [result.result.type for result in results]
    counts = batch.request_counts
    assert (counts.succeeded, counts.errored, counts.expired) == tuple(
        kinds.count(kind) for kind in ("succeeded", "errored", "expired")
    )
    assert min(counts.succeeded, counts.errored, counts.expired) > 0
    errors = {result.result.error.error.type for result in results if result.result.type == "errored"}
    assert errors == {"invalid_request_error", "api_error"}


def test_a_row_that_cannot_be_read_is_an_error_of_that_row(practice, anthropic_on):
    bad = request(2, params={"model": "practice", "max_tokens": 10, "messages": [], "temperature": 1})
    _, results = finished(anthropic_on(practice()), [request(1), bad])
    kinds = {result.custom_id: result.result.type for result in results}
    assert kinds == {"row-1": "succeeded", "row-2": "errored"}


def test_batches_are_listed_newest_first_in_pages(practice, anthropic_on):
    client = anthropic_on(practice())
    made = [client.messages.batches.create(requests=[request(n)]).id for n in range(5)]
    assert [batch.id for batch in client.messages.batches.list(limit=2)] == made[::-1]


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [request(1), request(1)],
        [request(1, custom_id="has space")],
        [request(1, custom_id="x" * 65)],
        [request(1, params=None)],
    ],
)
def test_a_batch_that_makes_no_sense_is_refused_as_a_whole(practice, anthropic_on, requests, tmp_path):
    client = anthropic_on(practice())
    with pytest.raises(anthropic.BadRequestError):
        client.messages.batches.create(requests=requests)
    assert list(client.messages.batches.list()) == []
    assert list((tmp_path / "practice" / "batches").iterdir()) == []


def test_long_requests_are_taken_apart_wherever_their_pieces_end(practice, anthropic_on):
    texts = {f"row-{n}": '长文本 with "quotes" and ] } \\ ' * (n * 700) + f"end {n}" for n in range(1, 40)}
    requests = [
        request(n, params={**request(n)["params"], "messages": [{"role": "user", "content": texts[f"row-{n}"]}]})
        for n in range(1, 40)
    ]
    server = practice()
    batch, results = finished(anthropic_on(server), requests)
    assert len(results) == 39
    assert {entry.custom_id: entry.prompt for entry in server.journal(batch_id=batch.id)} == texts


def test_an_ended_batch_can_be_deleted(practice, anthropic_on, tmp_path):
    client = anthropic_on(practice())
    batch, _ = finished(client, [request(1)])
    assert client.messages.batches.delete(batch.id).id == batch.id
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve(batch.id)
    assert list((tmp_path / "practice" / "batches").iterdir()) == []


def test_a_running_batch_cannot_be_deleted(practice, anthropic_on):
    client = anthropic_on(practice(batching=Batching(seconds=3600)))
    batch = client.messages.batches.create(requests=[request(1)])
    with pytest.raises(anthropic.BadRequestError):
        client.messages.batches.delete(batch.id)


def test_a_create_whose_reply_is_lost_has_happened(practice, anthropic_on):
    client = anthropic_on(practice(batching=Batching(lost_creates=1)))
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.batches.create(requests=[request(7)])
    (batch,) = client.messages.batches.list()
    wait(client, batch.id)
    assert [result.custom_id for result in client.messages.batches.results(batch.id)] == ["row-7"]


def test_a_download_can_break_half_way(practice, anthropic_on):
    client = anthropic_on(practice(batching=Batching(cut_downloads=1)))
    batch = wait(client, client.messages.batches.create(requests=[request(n) for n in range(20)]).id)
    with pytest.raises(Exception, match=r"(?i)incomplete|closed|peer|end"):
        list(client.messages.batches.results(batch.id))
    assert len(list(client.messages.batches.results(batch.id))) == 20


def test_a_batch_outlives_its_server(practice, anthropic_on):
    first = practice(batching=Batching(seconds=1.0))
    batch = anthropic_on(first).messages.batches.create(requests=[request(n) for n in range(100)])
    first.stop()
    client = anthropic_on(practice())
    batch = wait(client, batch.id)
    results = list(client.messages.batches.results(batch.id))
    assert sorted(result.custom_id for result in results) == sorted(f"row-{n}" for n in range(100))


def test_batches_of_one_wire_are_not_seen_by_the_other(practice, anthropic_on, openai_on):
    server = practice()
    batch, _ = finished(anthropic_on(server), [request(1)])
    assert list(openai_on(server).batches.list()) == []
    with pytest.raises(Exception, match="No batch found"):
        openai_on(server).batches.retrieve(batch.id)
