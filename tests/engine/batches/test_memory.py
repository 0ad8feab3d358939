"""120,000 rows overnight: parts within the limits, memory flat."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from gui_app.practice.faults import Batching
from gui_app.store.reading.queries import JobReader
from tests.engine.batches.test_killed import Killed
from tests.helpers.overnight import make_job, parts_of
from tests.helpers.practice import Practice

FEW, MANY = 20_000, 120_000
ALLOWED_MB = 20.0
"""How much more the many may take than the few. Their requests alone are about 100 MB."""


def text(number: int) -> str:
    return f"text number {number:06d}. " + "It goes on for a while, as texts do. " * 6


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_120000_rows_go_out_in_parts_and_come_back_with_memory_flat(tmp_path: Path, api: str) -> None:
    taken_mb = {}
    with closing(Killed()) as runs:
        for count in (FEW, MANY):
            # A row's own number is in its answer: shuffled results must land on their rows.
            job = make_job(tmp_path / f"{count}.rowmill", [text(number) for number in range(count)])
            report = tmp_path / f"{count}.txt"
            with Practice(tmp_path / f"server{count}", batching=Batching(seconds=0.2), prompts=False) as server:
                assert runs.run(server, job, api, limits={}, report=str(report)) == "finished"
            taken_mb[count] = float(report.read_text())
            check(job, count)
            print(f"{api}: {count} rows in {[part.rows for part in parts_of(job)]}, {taken_mb[count]:.0f} MB")
    assert taken_mb[MANY] - taken_mb[FEW] < ALLOWED_MB, taken_mb
    limit = 190_000_000 if api == "openai" else 16_000_000
    parts = parts_of(tmp_path / f"{MANY}.rowmill")
    assert sum(part.rows for part in parts) == MANY
    assert all(part.rows <= 50_000 and part.size_bytes <= limit for part in parts)


def check(job: Path, count: int) -> None:
    with closing(JobReader(job)) as reader:
        assert reader.counts().done == count
        assert reader.totals().requests == reader.totals().cost_usd == count
        ids = reader.row_ids()
        for begin in range(0, count, 5_000):
            for row in reader.rows(ids[begin : begin + 5_000]):
                assert row.cells[0][:19] in str(row.values["said"])
