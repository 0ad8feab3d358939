"""What the store's tests share: job files in the test's own folder, closed at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from gui_app.store.copies import check_job
from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import JobReader
from tests.store.making import Edit, Read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "job.rowmill"


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def read(path: Path, opened: ExitStack) -> Read:
    """`read()`: a reader of the test's job, closed at the test's end."""
    return lambda: opened.enter_context(closing(JobReader(path)))


@pytest.fixture
def edit(path: Path, opened: ExitStack) -> Edit:
    return lambda: opened.enter_context(closing(JobEditor(path)))


@pytest.fixture
def spoils() -> None:
    """Asked for by tests that damage job files themselves."""


@pytest.fixture(autouse=True)
def every_job_holds_together(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Whatever a test did through the store, its file is whole and its counts are right."""
    yield
    if "spoils" not in request.fixturenames:
        for file in tmp_path.glob("*.rowmill"):
            check_job(file)
