"""The project around the code: locks, set-up, samples, icon."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.lock", "development.lock", "bootstrap.lock"]
posix = pytest.mark.skipif(os.name != "posix", reason="a shell script")


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _pinned(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "packaging" / lock).read_text("utf-8"), re.M))


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ;]", line, maxsplit=1)[0].lower().replace("_", "-") for line in requirements}


# -------------------------------------------------------------------- locks


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_with_hashes_and_names_no_address(lock):
    text = (ROOT / "packaging" / lock).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", re.sub(r"^\s+--hash=sha256:[0-9a-f]{64}( \\)?$", "", text, flags=re.M), re.M)
    for entry in re.split(r"\n(?=[a-z])", text.strip()):
        assert re.match(r"[a-z0-9.-]+==[^ ]+( ; .+)? \\\n    --hash=sha256:", entry), entry[:80]


def test_the_locks_hold_what_the_project_asks_for():
    project = _pyproject()
    wanted = _names(project["project"]["dependencies"])
    assert wanted <= _pinned("requirements.lock")
    assert wanted | _names(project["dependency-groups"]["dev"]) <= _pinned("development.lock")
    assert _pinned("requirements.lock") <= _pinned("development.lock")
    assert _pinned("bootstrap.lock") == {"uv"}


def test_no_linter_or_test_tool_is_a_run_time_dependency():
    # hatchling's and others' needs are fine in both; the tools themselves are for development alone.
    assert not {"ruff", "mypy", "pytest", "pytest-qt", "import-linter", "hypothesis"} & _pinned("requirements.lock")


def test_pyside6_stays_below_the_version_that_ends_the_process():
    text = (ROOT / "packaging" / "requirements.lock").read_text("utf-8")
    assert re.search(r"^pyside6-essentials==6\.11\.[3-9]", text, re.M)


def test_the_version_is_written_once():
    from gui_app import __version__

    assert "version" in _pyproject()["project"]["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


# -------------------------------------------------------------------- commands


def test_ci_runs_the_test_command_of_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make run" in readme
    assert "make test" in readme
    script = ROOT / ".ci" / "run"
    assert "make test" in script.read_text("utf-8")
    assert os.access(script, os.X_OK)


@posix
@pytest.mark.parametrize("script", ["setup.sh", "run-sample.sh", "lock.sh"])
def test_the_scripts_are_plain_sh_and_executable(script):
    path = ROOT / "packaging" / script
    assert os.access(path, os.X_OK)
    subprocess.run(["sh", "-n", str(path)], check=True)


@posix
def test_make_alone_says_what_there_is():
    if shutil.which("make") is None:
        pytest.skip("no make here")
    # Inside `make test` the outer make's own flags would be inherited.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    run = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    for target in ("run", "test", "setup", "check", "bench", "screenshots", "lock"):
        assert f"make {target} " in run.stdout


@posix
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system packages are looked for on Linux only")
@pytest.mark.parametrize("apt", ["there", "missing"])
def test_without_the_right_to_install_the_missing_packages_are_named_in_one_line(apt, tmp_path):
    # A machine with nothing on it and a user who may not change that: its commands, by the same names.
    programs = {
        "ldconfig": "exit 0",
        "dpkg-query": "exit 1",
        "id": "echo 1000",
        "sudo": "exit 1",
        "Xvfb": None,
        **({"apt-get": "echo must not be called >&2; exit 99"} if apt == "there" else {}),
    }
    for name, body in programs.items():
        if body is not None:
            (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
            (tmp_path / name).chmod(0o755)
    for name in ("sh", "uname", "dirname", "env", "mktemp", "tail", "rm", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "packaging", checkout / "packaging")
    # The script looks in /sbin too, where a real machine has its ldconfig: the pretended one comes first.
    run = subprocess.run(
        ["sh", str(checkout / "packaging" / "setup.sh"), "window"],
        capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)},
    )  # fmt: skip
    assert run.returncode == 1
    lines = [line for line in run.stderr.splitlines() if "libegl1" in line]
    assert len(lines) == 1, run.stderr
    for package in ("libglib2.0-0", "libxkbcommon0", "libxcb-cursor0"):
        assert package in lines[0]
    assert "xvfb" not in run.stderr
    assert ("sudo apt-get install -y" in lines[0]) == (apt == "there")
    assert not (checkout / ".venv").exists()


# -------------------------------------------------------------------- samples and icon


def _table(name: str) -> list[dict[str, str]]:
    with (ROOT / "resources" / "samples" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_the_reviews_have_ids_that_must_stay_text_and_both_languages():
    rows = _table("reviews.csv")
    assert len(rows) == 120
    assert [row["id"] for row in rows] == [f"{n:04d}" for n in range(1, 121)]
    assert {row["label"] for row in rows} == {"positive", "negative", "neutral"}
    assert {row["stars"] for row in rows} <= set("12345")
    assert 30 < sum(_is_chinese(row["review"]) for row in rows) < 90
    assert any("\n" in row["review"] for row in rows)
    assert len({row["review"] for row in rows}) < len(rows), "identical rows show that they are asked once"


def test_the_answers_go_from_right_to_wrong():
    rows = _table("answers.csv")
    assert len(rows) == 100
    assert list(rows[0]) == ["question", "reference", "answer", "points"]
    assert {row["points"] for row in rows} == set("12345"), "known ratings, so that the review can compare"
    assert any(row["reference"] == row["answer"] for row in rows)
    assert any(not row["answer"] for row in rows)


def test_the_sentences_name_their_language():
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_path(str(ROOT / "resources" / "samples" / "sentences.xlsx"))
    head, *rows = workbook.get_sheet_by_index(0).to_python()
    assert head == ["text", "language"]
    assert len(rows) == 100
    assert all(text and language for text, language in rows)
    assert {"Simplified Chinese", "English"} <= {str(row[1]) for row in rows}
    assert any(_is_chinese(str(row[0])) for row in rows)


def test_the_icon_is_drawn_at_16_pixels_in_its_colours(qapp):
    from PySide6.QtCore import QRectF, Qt
    from PySide6.QtGui import QColor, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(str(ROOT / "resources" / "icons" / "rowmill.svg"))
    assert renderer.isValid()
    image = QImage(16, 16, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, 16, 16))
    painter.end()
    # At 16 pixels the strokes blend into the ground: the ground is there, and something much lighter on it.
    found = [image.pixelColor(x, y) for x in range(16) for y in range(16)]
    assert any(colour.blue() > colour.red() + 80 for colour in found)
    assert any(min(colour.red(), colour.green(), colour.blue()) > 200 for colour in found)
    assert image.pixelColor(0, 0) == QColor(Qt.GlobalColor.transparent)


# -------------------------------------------------------------------- the shape of the code


def test_no_module_has_a_name_that_says_nothing():
    refused = {"utils", "util", "helpers", "helper", "manager", "core", "common", "misc"}
    assert not [path for path in (ROOT / "gui_app").rglob("*.py") if {path.stem, *path.parts} & refused]


def test_no_layout_is_asked_for_its_items():
    """See `widgets_of` in pieces/panel.py: PySide goes on standing for an item that Qt has deleted."""
    asking = re.compile(r"(?<!self\.list)(?<!self\._list)\.(itemAt|takeAt|itemAtPosition)\(")
    found = [
        path.name
        for path in (ROOT / "gui_app/ui").rglob("*.py")
        if path.name != "flow_layout.py" and asking.search(path.read_text())
    ]
    assert found == []


@pytest.mark.screen
def test_a_real_window_opens_on_a_screen_of_its_own(screen):
    code = (
        "from PySide6.QtWidgets import QApplication, QLabel; from PySide6.QtCore import QTimer; import sys\n"
        "app = QApplication([]); label = QLabel('水'); label.show()\n"
        "QTimer.singleShot(0, lambda: app.exit(7 if app.platformName() == 'xcb' else 1)); sys.exit(app.exec())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb"},
    )
    assert run.returncode == 7, run.stderr
