"""The window beside a real share whose server has stopped answering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gui_app.ui.feed import bridge, store_thread
from gui_app.ui.jobs_list import elsewhere
from gui_app.ui.window.main_window import MainWindow
from tests.helpers.shares import SHARES
from tests.helpers.waiting import until
from tests.store.making import make_job, one_column

pytestmark = [pytest.mark.privileged, pytest.mark.timeout(120)]


async def test_another_job_is_opened_and_the_window_closed_while_a_share_hangs(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    monkeypatch.setattr(bridge, "SLOW_MS", 300)
    monkeypatch.setattr(store_thread, "GIVE_UP_S", 1.0)
    monkeypatch.setattr(elsewhere, "PATIENCE_S", 0.5)
    share = SHARES["sshfs"](tmp_path)
    office, table = share.mount(tmp_path / "office"), tmp_path / "table.csv"
    table.write_text("text\none\ntwo\n")
    try:
        far = make_job(office / "far.rowmill", one_column("a", "b"))
        share.hang(office, True)
        window.opening.open(far)
        page = window.page
        assert page is not None and page.path == far
        await until(lambda: any("does not answer just now" in text for text in page.banners.texts()))
        window.opening.open(table)
        await until(lambda: window.page is not page and window.page is not None and window.page.model.rowCount() == 2)
        await until(lambda: any(entry.path == far and entry.error is not None for entry in window.jobs.entries()))
        await window.aclose()
        expect_log("does not end: what it reads does not answer")
    finally:
        share.hang(office, False)
        share.close()
