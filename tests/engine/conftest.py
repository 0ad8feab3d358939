"""What the engine's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gui_app.engine import retry
from gui_app.store.copies import check_job


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "job.rowmill"


@pytest.fixture(autouse=True)
def every_job_holds_together(tmp_path: Path) -> Iterator[None]:
    """Whatever a test did, its job file is whole and its counts are right."""
    yield
    for file in tmp_path.glob("*.rowmill"):
        check_job(file)


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits before another attempt are hundredths of a second."""
    monkeypatch.setattr(retry.delay, "__kwdefaults__", {"start_s": 0.01, "cap_s": 0.02})
    monkeypatch.setattr(retry, "REFUSED_START_S", 0.001)
