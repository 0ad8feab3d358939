"""The page of a job in a network folder: what lies here alone is said, and a job that another computer has is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gui_app.errors import UserError
from gui_app.keys import KeyStore
from gui_app.settings import Settings
from gui_app.store.copies import job_glance
from gui_app.store.network import at_hand
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.jobs_list.job_delegate import told
from gui_app.ui.later.later import Later
from gui_app.ui.services import Services
from gui_app.worker.client import WorkerClient
from tests.helpers.waiting import until
from tests.store.making import Run
from tests.store.network.test_working_copy import ROWS, Office, answer, answers_in, office

__all__ = ["office"]


@asynccontextmanager
async def opened(job: Path, home: Path) -> AsyncIterator[JobPage]:
    services = Services(WorkerClient(), Settings(home / "settings.json"), KeyStore({}))
    later = Later(services)
    page = JobPage.of(services, job, None, later)
    page.resize(1200, 800)
    page.show()
    try:
        await until(lambda: page._started and page.model.rowCount() == ROWS)
        yield page
    finally:
        await page.aclose()
        await later.aclose()
        page.hide()
        page.deleteLater()


async def typed_and_noted(page: JobPage) -> None:
    """All that the window writes by itself after opening has been tried."""
    page.table.columnsChanged.emit()
    # What the list of models brings, for example.
    page.side.recipeChanged.emit()
    assert page._draft_timer.isActive()
    await until(lambda: not page._draft_timer.isActive())
    with pytest.raises(UserError):
        await page.link.edits.call(str)


def behind(page: JobPage) -> list[str]:
    return [text for text in page.banners.texts() if "copied back when" in text]


async def test_what_was_not_copied_back_is_said_until_it_is(
    office: Office, home: Path, qloop: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(office.job)
    answer(run, 10)
    with office.share_away():
        run.close()
        assert told(job_glance(office.job)) == "not copied back yet"
        # Rowmill was started again since, as far as anybody can tell: all is read from the copy.
        async with opened(office.job, home) as page:
            await until(lambda: behind(page))
            page.link.look()
            await until(lambda: not page.link._looking)
            await typed_and_noted(page)
            assert behind(page)
            assert not [n for n in page.banners._told if n.tone == "error"]
    monkeypatch.setattr(at_hand, "TRY_AGAIN_S", 0.05)
    async with opened(office.job, home) as page:
        await until(lambda: not behind(page))
    assert answers_in(office.job) == 10
    assert told(job_glance(office.job)) != "not copied back yet"


async def test_the_notice_goes_by_itself_once_the_share_is_back(
    office: Office, home: Path, qloop: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_hand, "TRY_AGAIN_S", 0.05)
    run = Run(office.job)
    answer(run, 10)
    with office.share_away():
        run.close()
        page_open = opened(office.job, home)
        page = await page_open.__aenter__()
        await until(lambda: behind(page))
    try:
        await until(lambda: not behind(page))
        assert answers_in(office.job) == 10
    finally:
        await page_open.__aexit__(None, None, None)


async def test_a_job_that_another_computer_has_is_read_in_peace(office: Office, home: Path, qloop: object) -> None:
    with Run(office.job) as run:
        answer(run, 3)
        with office.at("two"):
            async with opened(office.job, home) as page:
                await typed_and_noted(page)
                assert [n.tone for n in page.banners._told if "“one”" in n.text] == [""]
                assert not [n for n in page.banners._told if n.tone == "error"]
                # Only what was typed in earnest is answered.
                page.link.rename("other")
                await until(lambda: any("close the job there first" in text for text in page.banners.texts()))
                assert not [n for n in page.banners._told if n.tone == "error"]
