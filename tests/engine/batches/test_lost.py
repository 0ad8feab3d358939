"""A part whose batch's id was never received: found, held, or shown never to have been made; never guessed."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from gui_app.engine.batches.lost import LostBatches, Verdict
from gui_app.jobs import Cause
from gui_app.providers.base import (
    BatchLimits,
    BatchPhase,
    BatchProvider,
    BatchResult,
    BatchStatus,
    CallFailed,
)
from gui_app.store.parts import PartState, PartView

WORKING, ENDED = BatchPhase.WORKING, BatchPhase.ENDED
LONG_AGO = 10_000.0


class Listed:
    """A provider that only lists batches, and their results by id; None: gone."""

    def __init__(
        self, statuses: Sequence[BatchStatus], results: dict[str, list[str] | None] | None = None, *, uploads: bool
    ) -> None:
        self.limits = BatchLimits(100, 10_000, settle_s=60.0)
        self.uploads = uploads
        self._statuses = statuses
        self._results = results or {}
        self.read: list[str] = []

    async def list_recent(self, since: float) -> AsyncGenerator[BatchStatus, None]:
        for status in self._statuses:
            yield status

    async def results(self, status: BatchStatus, folder: Path) -> AsyncGenerator[BatchResult, None]:
        self.read.append(status.batch_id)
        found = self._results[status.batch_id]
        if found is None:
            raise CallFailed(Cause.MODEL_UNKNOWN, status=404)
        for custom_id in found:
            yield BatchResult(custom_id)


def part(*, age_s: float = LONG_AGO, file_id: str | None = None) -> PartView:
    values: dict[str, Any] = dict.fromkeys(PartView.__dataclass_fields__)
    values |= {"part_id": 1, "nonce": "abc", "state": PartState.SENDING, "rows": 5, "file_id": file_id}
    return PartView(**(values | {"created_at": time.time() - age_s}))


def batch(batch_id: str, phase: BatchPhase, total: int = 5, **more: str) -> BatchStatus:
    return BatchStatus(batch_id, phase, "", total=total, **cast(Any, more))


async def verdict(tmp_path: Path, listed: Listed, sought: PartView, known: frozenset[str] = frozenset()) -> Any:
    found = await LostBatches(cast(BatchProvider, listed), tmp_path).find(sought, known)
    return found.batch_id if isinstance(found, BatchStatus) else found


async def test_without_its_uploaded_body_none_was_made(tmp_path):
    assert await verdict(tmp_path, Listed([], uploads=True), part(age_s=0)) is Verdict.NEVER_MADE


async def test_our_mark_or_our_file_tells_at_once(tmp_path):
    listed = Listed([batch("x", WORKING, nonce="other"), batch("b", WORKING, nonce="abc", file_id="f")], uploads=True)
    assert await verdict(tmp_path, listed, part(file_id="f")) == "b"
    listed = Listed([batch("x", WORKING, file_id="g"), batch("b", WORKING, file_id="f")], uploads=True)
    assert await verdict(tmp_path, listed, part(file_id="f")) == "b"


@pytest.mark.parametrize(("age_s", "expected"), [(1.0, Verdict.HOLD), (LONG_AGO, Verdict.NEVER_MADE)])
@pytest.mark.parametrize("uploads", [True, False])
async def test_what_is_in_no_list_is_held_until_it_would_have_to_be_there(tmp_path, uploads, age_s, expected):
    listed = Listed([batch("x", WORKING, total=7)], uploads=uploads)
    assert await verdict(tmp_path, listed, part(age_s=age_s, file_id="f")) is expected


@pytest.mark.parametrize("total", [5, 0])
async def test_one_of_our_size_or_not_counted_yet_is_waited_for(tmp_path, total):
    assert await verdict(tmp_path, Listed([batch("x", WORKING, total)], uploads=False), part()) is Verdict.HOLD


async def test_one_that_has_ended_is_told_by_its_ids_even_behind_strangers(tmp_path):
    listed = Listed(
        [batch("x", ENDED), batch("b", ENDED)], {"x": ["zzz-1"], "b": ["stranger", "abc-3", "abc-1"]}, uploads=False
    )
    assert await verdict(tmp_path, listed, part()) == "b"


async def test_the_batches_of_others_are_ruled_out_once(tmp_path):
    listed = Listed([batch("x", ENDED)], {"x": ["zzz-1", "abcd-1"]}, uploads=False)
    lost = LostBatches(cast(BatchProvider, listed), tmp_path)
    assert await lost.find(part(), frozenset()) is Verdict.NEVER_MADE
    assert await lost.find(part(), frozenset()) is Verdict.NEVER_MADE
    assert listed.read == ["x"]


async def test_the_batches_of_our_other_parts_are_none_of_it(tmp_path):
    listed = Listed([batch("x", WORKING)], uploads=False)
    assert await verdict(tmp_path, listed, part(), frozenset({"x"})) is Verdict.NEVER_MADE


async def test_one_whose_results_are_gone_may_have_been_ours_and_is_not_sent_again_silently(tmp_path):
    listed = Listed([batch("x", ENDED)], {"x": None}, uploads=False)
    assert await verdict(tmp_path, listed, part()) is Verdict.GONE
