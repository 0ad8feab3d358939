"""The overnight lane from the command line against a batch server that is not ours, and seen by the providers' SDKs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.batch_server import KEY, BatchServer, batch_server
from tests.helpers.terminal import Done, read_csv, rowmill

APIS = ("openai", "anthropic", "qwen")
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "qwen": "DASHSCOPE_API_KEY"}


def address(server: BatchServer, api: str) -> str:
    return server.root if api == "anthropic" else f"{server.root}/v1"


def table(folder: Path, rows: int) -> Path:
    path = folder / "in.csv"
    path.write_text("text\n" + "".join(f"row number {n:03} 很好\n" for n in range(1, rows + 1)), "utf-8")
    return path


def submitted(server: BatchServer, api: str, folder: Path, rows: int) -> Done:
    return rowmill(
        "run", table(folder, rows), "--prompt", "{text}", "--field", "said=text", "--provider", api, "--model", "m-1",
        "--base-url", address(server, api), "--lane", "overnight", "--job", folder / "j.rowmill", "--json",
        env={KEYS[api]: KEY},
    )  # fmt: skip


def resumed(server: BatchServer, api: str, folder: Path, *words: str | Path) -> Done:
    return rowmill(
        "resume", folder / "j.rowmill", "--base-url", address(server, api), "--json", *words, env={KEYS[api]: KEY}
    )


def own_answers(out: Path, rows: int) -> None:
    lines = read_csv(out)[1:]
    assert len(lines) == rows
    for text, said in lines:
        assert text in said


@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_submitted_collected_and_exported_with_each_row_paid_once(api, tmp_path):
    with batch_server(looks=2) as server:
        first = submitted(server, api, tmp_path, 30)
        assert (first.code, first.last["waiting"]) == (5, 30)
        assert f"30 rows are out overnight with {api} {address(server, api)}. Ready by " in first.err
        assert "tomorrow at the latest. The results are kept until " in first.err
        last = resumed(server, api, tmp_path, "--out", tmp_path / "o.csv")
        assert (last.code, last.last["done"], last.last["requests"]) == (0, 30, 30)
        own_answers(tmp_path / "o.csv", 30)
        assert sorted(server.paid.values()) == [1] * 30
        assert len(server.batches) == 1
        seen_by_the_sdk(server, api, 30)


def test_what_cannot_be_fetched_is_given_up_only_when_it_is_said_twice(tmp_path):
    job = tmp_path / "j.rowmill"
    with batch_server(looks=9) as server:
        assert submitted(server, "openai", tmp_path, 5).code == 5
    asked = rowmill("give-up", job)
    assert asked.code == 2
    assert "5 rows are out overnight" in asked.err and "may be paid already" in asked.err
    sure = rowmill("give-up", job, "--yes")
    assert sure.code == 0
    assert "5 rows wait again" in sure.err
    assert "Nothing of this job" in rowmill("give-up", job).err


@pytest.mark.long
@pytest.mark.parametrize("api", APIS)
def test_what_expired_there_is_asked_again_by_the_next_resume(api, tmp_path):
    with batch_server(looks=3, unreached=("-3", "-7")) as server:
        assert submitted(server, api, tmp_path, 10).code == 5
        codes = []
        while (found := resumed(server, api, tmp_path, "--out", tmp_path / "o.csv")).code == 5:
            codes.append(found.code)
            assert len(codes) < 6
        assert (found.code, found.last["done"], found.last["waiting"]) == (4, 8, 2)
        server.unreached = ()
        while (found := resumed(server, api, tmp_path, "--out", tmp_path / "o.csv")).code == 5:
            codes.append(found.code)
            assert len(codes) < 12
        assert (found.code, found.last["done"]) == (0, 10)
        own_answers(tmp_path / "o.csv", 10)
        assert sorted(server.paid.values()) == [1] * 10


def seen_by_the_sdk(server: BatchServer, api: str, rows: int) -> None:
    """The server is what the provider's own SDK takes for one, and nothing of a row is in our ids."""
    answers: dict[str, Any] = {}
    if api == "anthropic":
        import anthropic

        with anthropic.Anthropic(api_key=KEY, base_url=server.root, max_retries=0) as client:
            (batch,) = list(client.messages.batches.list())
            assert batch.request_counts.succeeded == rows
            for line in client.messages.batches.results(batch.id):
                assert line.result.type == "succeeded"
                (block,) = line.result.message.content
                assert block.type == "text"
                answers[line.custom_id] = block.text
    else:
        import openai

        with openai.OpenAI(api_key=KEY, base_url=f"{server.root}/v1", max_retries=0) as openai_client:
            (found,) = list(openai_client.batches.list())
            assert (found.status, found.request_counts and found.request_counts.completed) == ("completed", rows)
            assert found.output_file_id is not None
            for text in openai_client.files.content(found.output_file_id).text.splitlines():
                item = json.loads(text)
                answers[item["custom_id"]] = item["response"]
    assert len(answers) == rows
    assert not any("row" in custom_id or "很好" in custom_id for custom_id in answers)
