"""A job that is closed is one file: nothing of it is left beside it, to be missed when it is copied or mailed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import JobReader
from gui_app.ui.feed.bridge import JobLink
from tests.helpers.waiting import until
from tests.store.making import make_job, one_column


async def test_the_threads_of_a_job_close_its_file_one_after_the_other(
    tmp_path: Path, qloop: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_job(tmp_path / "job.rowmill", one_column("a", "b"))
    closing, most = [0], [0]
    turn = threading.Lock()
    together = threading.Event()

    for kind in (JobReader, JobEditor):
        close = kind.close

        def slowly(store: JobReader | JobEditor, close: object = close) -> None:
            with turn:
                closing[0] += 1
                most[0] = max(most[0], closing[0])
                if closing[0] > 1:
                    together.set()
            # Long enough for another one to come.
            together.wait(0.2)
            assert callable(close)
            close(store)
            with turn:
                closing[0] -= 1

        monkeypatch.setattr(kind, "close", slowly)
    link = JobLink()
    seen: list[object] = []
    link.overviewChanged.connect(seen.append)
    link.begin(path, lambda _reader: None)
    link.pages.ask(lambda reader: reader.rows([1]), seen.append)
    link.set_note("typed", 1)
    await until(lambda: len(seen) == 2)
    await link.aclose()
    assert most == [1]
    assert [file.name for file in tmp_path.glob("job.rowmill*")] == ["job.rowmill"]
