"""Practice servers for the tests of the overnight lane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gui_app.practice.faults import Batching, Faults
from tests.engine.batches.nights import Start
from tests.helpers.practice import Practice


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Start]:
    started: list[Practice] = []

    def start(batching: Batching | None = None, faults: Faults | None = None) -> Practice:
        started.append(Practice(tmp_path / f"server{len(started)}", faults, batching).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()
