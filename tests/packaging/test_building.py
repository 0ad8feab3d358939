"""What goes into a package and what stays out: icons, libraries, licences, version, lock."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import shiboken6

from gui_app import __version__, licences
from tests.helpers.scripts import script

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
bill, changes = script("bill.py"), script("changes.py")
newer_sqlite, trimming = script("newer_sqlite.py"), script("trimming.py")

# -------------------------------------------------------------------- the version, in one place


def test_the_version_stands_in_one_file():
    told = subprocess.run(
        ["git", "grep", "-lF", f'"{__version__}"'], cwd=ROOT, capture_output=True, text=True, check=False
    )
    files = [file for file in told.stdout.split() if not file.endswith(".lock") and not file.startswith("tests/")]
    assert files in ([], ["gui_app/__init__.py"]), "git may be missing in an unpacked tree"


def test_the_changelog_tells_the_version_in_the_agreed_form():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    found = changes.releases(text)
    assert __version__ in {release.version for release in found}
    assert all(release.date for release in found if release.version != "Unreleased")
    groups = set(re.findall(r"^### (.*)$", text, re.MULTILINE))
    assert groups <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    dates = [release.date for release in changes.published()]
    assert dates == sorted(dates, reverse=True)


def test_an_entry_of_several_lines_is_one_sentence():
    (release,) = changes.releases("# x\n\n## [1.0.0] - 2026-01-02\n\n### Added\n\n- One\n  sentence.\n- Two.\n")
    assert release == changes.Release("1.0.0", "2026-01-02", ("One sentence.", "Two."))


# -------------------------------------------------------------------- PySide's own files


def test_pyside_finds_its_own_files_compiled_beside_itself(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PACKAGING / "qt_support.py", tmp_path / "made"], check=True, timeout=60)
    made = sorted(path.relative_to(tmp_path / "made") for path in (tmp_path / "made").rglob("*") if path.is_file())
    assert {path.suffix for path in made} == {".pyc"}
    shutil.copytree(Path(shiboken6.__file__).parent, tmp_path / "packed" / "shiboken6")
    shutil.copytree(tmp_path / "made" / "files.dir", tmp_path / "packed" / "shiboken6" / "files.dir")
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import shiboken6.Shiboken, sys; print(sys.modules['shibokensupport.signature'].__file__)",
        ],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "packed")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.strip()
    assert told == str(
        tmp_path / "packed" / "shiboken6" / "files.dir" / "shibokensupport" / "signature" / "__init__.pyc"
    )


# -------------------------------------------------------------------- what stays out


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6\\plugins\\platforms\\qwindows.dll", True),
        ("PySide6/Qt/plugins/platforms/libqcocoa.dylib", True),
        ("PySide6/Qt/plugins/platforms/libqeglfs.so", False),
        ("PySide6/Qt/plugins/sqldrivers/libqsqlite.so", False),
        ("PySide6/Qt/plugins/imageformats/libqsvg.so", True),
        ("PySide6/Qt/plugins/imageformats/libqpdf.so", False),
        ("PySide6/Qt/translations/qtbase_zh_CN.qm", True),
        ("PySide6/Qt/translations/qtbase_de.qm", False),
        ("PySide6/Qt/qml/QtQuick/libqtquick2plugin.so", False),
        ("babel/locale-data/zh_Hans_CN.dat", True),
        ("babel/locale-data/en_GB.dat", True),
        ("babel/locale-data/fr.dat", False),
        ("libstdc++.so.6", False),
        ("gui_app/resources/icons/play.svg", True),
    ],
)
def test_parts_of_qt_that_nobody_needs_and_other_languages_stay_out(place, wanted):
    assert trimming.is_wanted(place) is wanted


def test_libraries_that_only_an_unwanted_plugin_needed_go_with_it():
    needs = {
        "/qxcb": ["/gui", "/glib"],
        "/qpdf": ["/pdf"],
        "/pdf": ["/gui", "/png"],
        "/glib": ["/pcre"],
        "/gui": ["/core"],
    }
    entries = [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", "/qxcb", "BINARY"),
        ("PySide6/Qt/plugins/imageformats/libqpdf.so", "/qpdf", "BINARY"),
        ("libPdf.so.6", "/pdf", "BINARY"),
        ("libpng.so.6", "/png", "BINARY"),
        ("libGui.so.6", "/gui", "BINARY"),
        ("libCore.so.6", "/core", "BINARY"),
        ("libglib-2.0.so.0", "/glib", "BINARY"),
        ("libpcre.so", "/pcre", "BINARY"),
        ("libpython3.so", "/python", "BINARY"),
        ("links/libPdf.so", "libPdf.so.6", "SYMLINK"),
        ("links/libGui.so", "libGui.so.6", "SYMLINK"),
        ("gui_app/resources/x.svg", "/x", "DATA"),
    ]
    left = [entry[0] for entry in trimming.trimmed(entries, lambda file: needs.get(file, []))]
    assert left == [
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "libGui.so.6",
        "libCore.so.6",
        "libpython3.so",
        "links/libGui.so",
        "gui_app/resources/x.svg",
    ]


# -------------------------------------------------------------------- what goes in


def test_the_bill_of_materials_names_every_work_once_with_its_licence():
    found = [*licences.components(), licences.Component("libxcb1", "1.15-1", "Expat", "text")]
    made = json.loads(json.dumps(bill.bill(found, {"libxcb1"})))
    assert made["bomFormat"] == "CycloneDX" and made["specVersion"] == "1.6"
    assert made["metadata"]["component"]["version"] == __version__
    places = [entry["purl"] for entry in made["components"]]
    assert len(set(places)) == len(found)
    assert "pkg:deb/debian/libxcb1@1.15-1" in places
    assert any(place.startswith("pkg:pypi/openai@") for place in places)
    assert all(entry["licenses"][0]["license"]["name"] for entry in made["components"])


def test_the_text_of_all_licences_holds_each():
    found = licences.components()
    text = bill.text_of(found)
    assert all(one.text.strip() in text and f"{one.name} {one.version}" in text for one in found)


def test_the_build_asks_for_what_the_program_needs_and_a_freezer():
    lock = (PACKAGING / "build.lock").read_text("utf-8")
    program = (PACKAGING / "requirements.lock").read_text("utf-8")
    pinned = re.compile(r"^([\w.-]+==\S+)", re.MULTILINE)
    assert set(pinned.findall(program)) <= set(pinned.findall(lock))
    assert "pyinstaller==" in lock and "pytest==" not in lock
    assert "://" not in lock and "index" not in re.sub(r"--hash=\S+", "", lock)
    for block in re.split(r"\n(?=\w)", lock):
        assert "--hash=sha256:" in block or not block.strip(), block


def test_the_freezer_takes_the_compiled_translations_and_the_data_of_the_prices():
    spec = (PACKAGING / "rowmill.spec").read_text("utf-8")
    assert 'copy_metadata("genai_prices")' in spec and '".po"' in spec
    compile(spec, "rowmill.spec", "exec")


def test_an_sqlite_with_the_wal_fault_is_replaced_on_linux(monkeypatch):
    monkeypatch.setattr(newer_sqlite.sys, "platform", "linux")
    monkeypatch.setattr(newer_sqlite.sqlite3, "sqlite_version_info", (3, 40, 1))
    assert newer_sqlite.is_needed()
    monkeypatch.setattr(newer_sqlite.sqlite3, "sqlite_version_info", (3, 51, 3))
    assert not newer_sqlite.is_needed()


def test_a_source_that_is_not_the_pinned_one_is_refused(tmp_path):
    (tmp_path / "sqlite3.c").write_text("int main;")
    with pytest.raises(SystemExit, match="not what was pinned"):
        newer_sqlite.source(tmp_path)


# -------------------------------------------------------------------- the drawings


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([sys.executable, str(PACKAGING / "drawings.py"), str(folder)], check=True, env=environment)
    return folder


def _size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_every_size_of_both_icons_is_drawn(drawn):
    for name in ("rowmill", "rowmill-file"):
        for size in (16, 22, 24, 32, 48, 64, 128, 256, 512):
            assert _size((drawn / f"{name}-{size}.png").read_bytes()) == (size, size)


def test_windows_icon_file_holds_the_sizes_it_says(drawn):
    content = (drawn / "rowmill.ico").read_bytes()
    _zero, kind, count = struct.unpack("<HHH", content[:6])
    assert (kind, count) == (1, 7)
    for at in range(count):
        width, _h, _c, _r, _p, bits, length, start = struct.unpack("<BBBBHHII", content[6 + 16 * at : 22 + 16 * at])
        assert _size(content[start : start + length])[0] == (width or 256) and bits == 32


def test_apples_icon_file_is_as_long_as_it_says(drawn):
    content = (drawn / "rowmill-file.icns").read_bytes()
    assert content[:4] == b"icns" and struct.unpack(">I", content[4:8])[0] == len(content)
    at, kinds = 8, []
    while at < len(content):
        kind, length = struct.unpack(">4sI", content[at : at + 8])
        _size(content[at + 8 : at + length])
        kinds.append(kind)
        at += length
    assert b"ic08" in kinds and b"ic09" in kinds


def test_a_job_file_can_be_told_from_the_program_at_16_pixels(drawn, qapp):
    from PySide6.QtGui import QImage

    program, job = (QImage(str(drawn / f"{name}-16.png")) for name in ("rowmill", "rowmill-file"))
    different = sum(program.pixel(x, y) != job.pixel(x, y) for x in range(16) for y in range(16))
    assert different > 100
