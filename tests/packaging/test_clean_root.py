"""The .deb as a person gets it: into a Debian without Python, used, upgraded, removed. Minutes, and root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.long, pytest.mark.privileged]


def _newest(pattern: str) -> Path | None:
    return max(ROOT.glob(pattern), key=lambda path: path.stat().st_mtime, default=None)


@pytest.mark.timeout(2400)
def test_the_package_works_in_a_debian_without_python_and_leaves_nothing_behind(tmp_path):
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip("needs root and debootstrap")
    package = _newest("dist/*.deb")
    if package is None:
        subprocess.run(["make", "package"], cwd=ROOT, check=True)
        package = _newest("dist/*.deb")
    done = subprocess.run(
        [str(ROOT / "packaging/linux/try-in-clean-root"), str(package)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = [line for line in done.stdout.splitlines() if line.startswith("saw: ")]
    words = (
        "no Python",
        "a job of the older",
        "upgrade to",
        "rowmill run: 120 of 120",
        "menu entry",
        "removal that left",
    )
    assert [word for word in words if not any(word in line for line in seen)] == [], done.stdout
