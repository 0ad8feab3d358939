"""A network folder that hangs: it is said, the window stays of use, and closing does not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from gui_app.keys import KeyStore
from gui_app.settings import Settings
from gui_app.store import network_folder
from gui_app.ui.feed import bridge, store_thread
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.jobs_list import elsewhere
from gui_app.ui.jobs_list.job_shelf import JobShelf
from gui_app.ui.later.later import Later
from gui_app.ui.services import Services
from tests.helpers.waiting import until
from tests.store.making import make_job, one_column

ROWS = one_column("a", "b", "c")


class Hanging:
    """A share that answers nobody until it is let go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "share"
        self.folder.mkdir()
        self.goes_on = threading.Event()

    def is_remote(self, where: Path) -> bool:
        if self.folder in (where, *where.parents):
            self.goes_on.wait(60)
        return False


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    share = Hanging(tmp_path)
    # Made while the share still answers.
    make_job(share.folder / "job.rowmill", ROWS)
    monkeypatch.setattr(network_folder, "is_remote", share.is_remote)
    monkeypatch.setattr(bridge, "SLOW_MS", 50)
    monkeypatch.setattr(store_thread, "GIVE_UP_S", 0.3)
    monkeypatch.setattr(elsewhere, "PATIENCE_S", 0.1)
    yield share
    share.goes_on.set()


def page_of(job: Path, home: Path) -> tuple[JobPage, Later]:
    services = Services(cast(Any, None), Settings(home / "settings.json"), KeyStore({}))
    later = Later(services)
    page = JobPage.of(services, job, None, later)
    page.resize(1200, 800)
    page.show()
    return page, later


def told(page: JobPage) -> bool:
    return any("does not answer just now" in text for text in page.banners.texts())


async def test_a_job_whose_folder_hangs_says_so_and_comes_when_the_folder_does(
    share: Hanging, home: Path, qloop: object
) -> None:
    page, later = page_of(share.folder / "job.rowmill", home)
    try:
        await until(lambda: told(page))
        share.goes_on.set()
        await until(lambda: page._started and page.model.rowCount() == len(ROWS) and not told(page))
    finally:
        await page.aclose()
        await later.aclose()
        page.hide()
        page.deleteLater()


async def test_closing_such_a_job_does_not_wait_for_its_folder(
    share: Hanging, home: Path, qloop: object, expect_log: Any
) -> None:
    page, later = page_of(share.folder / "job.rowmill", home)
    page.link.set_note("columns", {})
    await until(lambda: told(page))
    await page.aclose()
    await later.aclose()
    assert not share.goes_on.is_set()
    expect_log("does not end: what it reads does not answer")
    page.hide()
    page.deleteLater()


def test_jobs_in_other_folders_are_listed_and_new_ones_made(share: Hanging, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    make_job(jobs / "mine.rowmill", ROWS)
    far = make_job(tmp_path / "far.rowmill", ROWS)
    shelf, hanging = JobShelf(jobs), share.folder / "job.rowmill"
    for _ in range(2):
        listed = {entry.path.name: entry for entry in shelf.entries([hanging, far])}
        assert set(listed) == {"mine.rowmill", "far.rowmill", "job.rowmill"}
        assert listed["far.rowmill"].error is None
        assert "does not answer" in str(listed["job.rowmill"].error)
        # One thread waits for it, however often the list is read.
        assert sum(thread.name == "look at job.rowmill" for thread in threading.enumerate()) == 1
    share.goes_on.set()
    while {entry.path: entry for entry in shelf.entries([hanging])}[hanging].error is not None:
        pass
