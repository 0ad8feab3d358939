"""Imports and exports in processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from gui_app.errors import Cancelled, ExportError, InputError, InternalError
from gui_app.jobs import ExportOptions, RowState
from gui_app.store.reading.queries import JobReader
from gui_app.tables import Cell, ImportSettings, save_table
from gui_app.worker.client import TaskHandle, WorkerClient
from gui_app.worker.protocol import TaskProgress
from tests.helpers.terminal import COLUMNS, REVIEWS, many_reviews, read_csv, write_reviews


async def _all(handle: TaskHandle) -> list[TaskProgress]:
    return [progress async for progress in handle]


def rows_in(job: Path) -> list[tuple[str, ...]]:
    reader = JobReader(job)
    try:
        return [row.cells for row in reader.stream()]
    finally:
        reader.close()


async def test_a_table_is_read_into_a_job_with_its_first_rows_soon_and_its_progress_told(tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", many_reviews(60_000)), tmp_path / "a.rowmill"
    client = WorkerClient()
    handle = client.import_table(source, job)
    told = await _all(handle)
    result = await handle.result()
    assert result.rows == 60_000
    ready = next(progress for progress in told if progress.ready)
    assert ready.rows < 60_000
    assert told[-1].done == told[-1].total == source.stat().st_size
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)
    assert rows_in(job) == many_reviews(60_000)
    await client.close()


async def test_what_is_read_can_be_exported_again_cell_by_cell(tmp_path):
    source, job, out = write_reviews(tmp_path / "in.csv"), tmp_path / "a.rowmill", tmp_path / "out.csv"
    client = WorkerClient()
    await client.import_table(source, job).result()
    result = await client.export(job, out, ExportOptions(kind="csv", protect=False)).result()
    assert result.rows == 5
    assert not result.notes
    assert read_csv(out) == [list(COLUMNS), *(list(row) for row in REVIEWS)]
    result = await client.export(job, out, ExportOptions(kind="csv", states=frozenset({RowState.DONE}))).result()
    assert result.rows == 0
    assert read_csv(out) == [list(COLUMNS)]
    await client.close()


async def test_what_is_wrong_with_a_file_crosses_the_pipe_as_a_sentence(tmp_path):
    client = WorkerClient()
    for name, data in {
        "empty.csv": b"",
        "binary.csv": bytes(range(256)) * 40,
        "fake.xlsx": b"PK\x03\x04 nothing",
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as refused:
            await client.import_table(tmp_path / name, tmp_path / "a.rowmill").result()
        assert name in str(refused.value)
        assert not (tmp_path / "a.rowmill").exists()
    await client.import_table(write_reviews(tmp_path / "in.csv"), tmp_path / "b.rowmill").result()
    with pytest.raises(ExportError):
        await client.export(tmp_path / "b.rowmill", tmp_path, ExportOptions(kind="csv")).result()
    await client.close()


async def _first(handle: TaskHandle) -> TaskProgress:
    async for progress in handle:
        if progress.ready:
            return progress
    raise AssertionError("it ended at once")


async def test_a_cancelled_import_leaves_no_half_job(tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", many_reviews(400_000)), tmp_path / "a.rowmill"
    client = WorkerClient()
    handle = client.import_table(source, job)
    await _first(handle)
    handle.cancel()
    with pytest.raises(Cancelled):
        await handle.result()
    assert [path.name for path in tmp_path.glob("a.*")] == []
    await client.close()


async def test_an_import_cancelled_while_its_table_is_opened_ends_without_opening_it(tmp_path):
    rows: list[list[Cell]] = [[f"text {number}", number] for number in range(20_000)]
    save_table(tmp_path / "in.xlsx", ["text", "number"], rows)
    client = WorkerClient()
    handle = client.import_table(tmp_path / "in.xlsx", tmp_path / "a.rowmill")
    while handle.pid is None:
        await asyncio.sleep(0.001)
    handle.cancel()
    told = await _all(handle)
    with pytest.raises(Cancelled):
        await handle.result()
    assert told == []
    assert [path.name for path in tmp_path.glob("a.*")] == []
    await client.close()


async def test_a_job_that_another_import_was_making_goes_with_the_one_that_took_it_over(tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", many_reviews(300_000)), tmp_path / "a.rowmill"
    client = WorkerClient()
    first = client.import_table(source, job)
    await _first(first)
    second = client.import_table(source, job, ImportSettings(separator=";"))
    while second.pid is None:
        await asyncio.sleep(0.001)
    second.cancel()
    for handle in (first, second):
        with pytest.raises(Cancelled):
            await handle.result()
    assert [path.name for path in tmp_path.glob("a.*")] == []
    await client.close()


async def test_a_killed_import_leaves_no_half_job(tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", many_reviews(400_000)), tmp_path / "a.rowmill"
    client = WorkerClient()
    handle = client.import_table(source, job)
    await _first(handle)
    assert handle.pid is not None
    os.kill(handle.pid, signal.SIGKILL)
    with pytest.raises(InternalError):
        await handle.result()
    assert [path.name for path in tmp_path.glob("a.*")] == []
    await client.close()


async def test_an_import_that_replaces_another_keeps_the_same_job_file(tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", many_reviews(300_000)), tmp_path / "a.rowmill"
    client = WorkerClient()
    first = client.import_table(source, job)
    await _first(first)
    number = job.stat().st_ino
    # As the window does it when a setting is changed meanwhile.
    first.cancel()
    second = client.import_table(source, job, ImportSettings(separator=";"))
    with pytest.raises(Cancelled):
        await first.result()
    assert (await second.result()).rows == 300_000
    assert job.stat().st_ino == number
    assert rows_in(job)[0] == ("1,Item 1 is terrible,",)
    await client.close()


async def test_a_cancelled_export_leaves_the_older_file_as_it_was(tmp_path):
    source, job, out = (
        write_reviews(tmp_path / "in.csv", many_reviews(200_000)),
        tmp_path / "a.rowmill",
        tmp_path / "o.csv",
    )
    client = WorkerClient()
    await client.import_table(source, job).result()
    out.write_text("older")
    handle = client.export(job, out, ExportOptions(kind="csv"))
    async for _progress in handle:
        handle.cancel()
        break
    with pytest.raises(Cancelled):
        await handle.result()
    assert out.read_text() == "older"
    assert not list(tmp_path.glob(".*.part"))
    await client.close()


async def test_closing_the_client_cancels_what_is_being_read(tmp_path):
    source, job = write_reviews(tmp_path / "in.csv", many_reviews(400_000)), tmp_path / "a.rowmill"
    client = WorkerClient()
    handle = client.import_table(source, job)
    await _first(handle)
    await client.close()
    with pytest.raises(Cancelled):
        await handle.result()
    assert not job.exists()


async def test_a_task_cancelled_before_it_began_does_nothing(tmp_path):
    client = WorkerClient()
    handle = client.import_table(write_reviews(tmp_path / "in.csv"), tmp_path / "a.rowmill")
    handle.cancel()
    assert await _all(handle) == []
    with pytest.raises(Cancelled):
        await handle.result()
    await asyncio.sleep(0)
    await client.close()
