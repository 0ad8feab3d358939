"""Jobs in real network folders that two computers mount: one runs, the other is told; the share goes and returns."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.engine.events import JobProgress
from gui_app.errors import JobInUse
from gui_app.jobs import JobState, RunOptions, Scope
from gui_app.practice.faults import Faults
from gui_app.store import network_folder
from gui_app.store.copies import check_job, job_glance
from gui_app.store.edits import JobEditor
from gui_app.store.network import at_hand, copy_back
from gui_app.store.reading.queries import JobReader
from tests.end_to_end.test_kill_loop import check, filled_job, kill_loop
from tests.end_to_end.window_stand_in import RECIPE
from tests.helpers.shares import SHARES, Share
from tests.helpers.terminal import expected_label, many_reviews, practice_in, write_reviews
from tests.store.making import Run, done, one_column
from tests.store.making import make_job as make_small_job
from tests.worker.conftest import labels, working

pytestmark = [pytest.mark.privileged, pytest.mark.timeout(180)]

ROWS = 300


@pytest.fixture(params=SHARES)
def share(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Share]:
    share = SHARES[request.param](tmp_path)
    try:
        yield share
    finally:
        share.close()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# rclone goes on showing another computer's deleted files for a while, and its exclusive creating is none.
@pytest.mark.parametrize("share", ["sshfs", "smb"], indirect=True)
def test_one_computer_works_and_the_other_looks_then_the_other_way_round(share, tmp_path, monkeypatch):
    one, two = share.mount(tmp_path / "one"), share.mount(tmp_path / "two")
    assert network_folder.is_remote(one) and network_folder.is_remote(two)

    def sit_at(computer: str) -> None:
        monkeypatch.setenv("ROWMILL_HOME", str(tmp_path / f"home of {computer}"))
        monkeypatch.setattr(socket, "gethostname", lambda: computer)

    sit_at("one")
    make_small_job(one / "job.rowmill", one_column(*map(str, range(40))))
    run = Run(one / "job.rowmill")
    run.keep(*(done(row_id, run.version) for row_id in run.claim(15)))
    copy_back.copy_back(one / "job.rowmill", run.writer.path)
    sit_at("two")
    assert job_glance(two / "job.rowmill").counts.done == 15
    assert job_glance(two / "job.rowmill").owner == "one"
    with pytest.raises(JobInUse, match="“one” since"):
        Run(two / "job.rowmill")
    with pytest.raises(JobInUse):
        JobEditor(two / "job.rowmill")
    sit_at("one")
    run.close()
    assert files(share.folder) == ["job.rowmill"]
    sit_at("two")
    with Run(two / "job.rowmill") as later, closing(JobReader(two / "job.rowmill")) as reader:
        assert later.lost == 0
        assert len(later.answer_all()) == 25
        assert reader.counts().done == 40
    sit_at("one")
    assert job_glance(one / "job.rowmill").counts.done == 40
    check_job(one / "job.rowmill")
    # What lies at the server is one closed file that any computer can read by itself.
    check_job(share.folder / "job.rowmill")
    assert files(share.folder) == ["job.rowmill"]


async def test_a_share_that_is_gone_in_mid_run_is_brought_up_to_date_when_it_returns(
    share, tmp_path, home, monkeypatch
):
    monkeypatch.setattr(at_hand, "TRY_AGAIN_S", 0.0)
    folder = share.mount(tmp_path / "office")
    source, job = write_reviews(tmp_path / "reviews.csv", many_reviews(ROWS)), folder / "job.rowmill"
    with practice_in(home, Faults(latency_ms=(60, 120))) as practice:
        async with working() as (client, watch):
            await client.import_table(source, job).result()
            await client.run(job, RECIPE, Scope(), RunOptions(concurrency=4))
            while practice.answers() < ROWS // 4:
                await asyncio.sleep(0.01)
            share.cut(folder)
            final = await watch.end_of(job)
            assert final.state is JobState.FINISHED and final.counts.done == ROWS
            told = [event.problem for event in watch.events if isinstance(event, JobProgress) and event.problem]
            assert told and "is away" in told[-1][0]
            # Here it is all to be seen, and there nothing was written where the share had been.
            assert labels(job) == {n: expected_label(n) for n in range(1, ROWS + 1)}
            assert not folder.exists() or files(folder) == []
        assert len(practice.asked()) == ROWS
    assert share.mount(tmp_path / "office") == folder
    assert labels(job) == {n: expected_label(n) for n in range(1, ROWS + 1)}
    assert files(folder) == files(share.folder) == ["job.rowmill"]
    assert job_glance(share.folder / "job.rowmill").counts.done == ROWS
    check_job(share.folder / "job.rowmill")


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("share", ["sshfs", "smb"], indirect=True)
def test_killed_at_random_moments_a_job_on_a_share_loses_nothing_and_pays_for_nothing_twice(share, tmp_path, home):
    folder, rows, kills = share.mount(tmp_path / "office"), 900, 20
    job = filled_job(folder / "kill.rowmill", rows)
    with practice_in(home, Faults(latency_ms=(30, 90))) as practice:
        killed, shown = kill_loop(job, kills, random.Random(kills))
        # The worker of the last window has copied it back before it ended.
        assert files(share.folder) == ["kill.rowmill"]
        twice = check(share.folder / "kill.rowmill", rows, shown, practice)
    # What was on its way at a kill, and what had come back in the tenth of a second before and was not stored yet.
    assert sum(killed.values()) == kills and twice <= kills * 20 and len(shown) > rows // 3
    print(f"{kills} kills ({dict(killed)}), {len(shown)} rows shown as done, {twice} requests sent twice")
