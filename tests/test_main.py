"""The program's one door, and what every role gets before anything else."""

from __future__ import annotations

import subprocess
import sys

import pytest

SMALL = """
import resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
from gui_app.__main__ import main
try:
    main({arguments!r})
except SystemExit:
    pass
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def _files_after(arguments: list[str]) -> int:
    ran = subprocess.run(
        [sys.executable, "-c", SMALL.format(arguments=arguments)], capture_output=True, text=True, check=True
    )
    return int(ran.stdout.split()[-1])


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of open files")
def test_a_program_that_may_hardly_open_files_gets_enough_for_all_its_calls() -> None:
    assert _files_after(["--version"]) >= 4096
    assert _files_after(["/no/such/file"]) == 256, "only what makes calls needs them"
