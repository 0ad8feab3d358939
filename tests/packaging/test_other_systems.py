"""The recipes for Windows and macOS, which cannot be run where they were written: that they name what there is."""

from __future__ import annotations

import plistlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gui_app import paths
from tests.helpers.scripts import script

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
INSTALLER = (PACKAGING / "windows" / "rowmill.iss").read_text("utf-8")
SPEC = (PACKAGING / "rowmill.spec").read_text("utf-8")
bundle, version_information = script("macos/bundle.py"), script("windows/version_information.py")


def test_the_installer_names_the_programs_that_are_frozen():
    frozen = set(re.findall(r'name="(rowmill[\w-]*)", console', SPEC))
    named = set(re.findall(r"(rowmill[\w-]*)\.exe", INSTALLER))
    assert named <= {f"{name}" for name in frozen} and {"rowmill", "rowmill-window"} <= named


def test_the_window_finds_the_program_that_has_a_console_under_the_installed_name(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "rowmill-window.exe"))
    monkeypatch.setattr(paths, "_TWO_PROGRAMS", True)
    console = re.search(r'name="(rowmill)", console=True', SPEC)
    assert console
    (tmp_path / f"{console[1]}.exe").touch()
    assert paths.program() == [str(tmp_path / "rowmill.exe")]


def test_the_installer_takes_the_files_that_the_build_makes():
    made = set(re.findall(r"\{#Made\}\\([\w\\.-]+)", INSTALLER))
    assert made == {"icons\\rowmill.ico", "icons\\rowmill-file.ico", "third-party-licences.txt"}
    defined = set(re.findall(r"\{#(\w+)\}", INSTALLER)) | {"Version"}
    assert defined == set(re.findall(r"/D(\w+)=", (PACKAGING / "build").read_text("utf-8")))
    assert all((PACKAGING / "windows" / place).resolve().is_file() for place in ("../../LICENSE",))


def test_the_installer_needs_no_administrator_and_opens_jobs_and_tables():
    assert "PrivilegesRequired=lowest" in INSTALLER and "HKLM" not in INSTALLER
    assert r"Software\Classes\.rowmill" in INSTALLER
    assert {".csv", ".xlsx", ".xls", ".ods", ".tsv"} <= set(re.findall(r'ValueName: "(\.\w+)"', INSTALLER))


def test_the_installer_leaves_the_users_own_files_alone():
    removed = re.findall(r"^Type: \w+; Name: \"([^\"]+)\"", INSTALLER, re.MULTILINE)
    assert removed == [r"{app}\_internal"]
    assert "{userappdata}" not in INSTALLER and "{localappdata}" not in INSTALLER


def test_windows_is_told_the_version_in_four_numbers():
    told = version_information.information("1.20.3")
    assert "filevers=(1, 20, 3, 0)" in told and '"1.20.3"' in told
    compile(told, "version-info.txt", "eval")


def test_macos_is_told_which_files_rowmill_opens():
    told = bundle.information("1.2.3")
    plistlib.dumps(told)
    (declared,) = told["UTExportedTypeDeclarations"]
    assert declared["UTTypeTagSpecification"] == {"public.filename-extension": ["rowmill"]}
    jobs, tables = told["CFBundleDocumentTypes"]
    assert jobs["LSItemContentTypes"] == [declared["UTTypeIdentifier"]] and jobs["LSHandlerRank"] == "Owner"
    assert (
        tables["LSHandlerRank"] == "Alternate" and "public.comma-separated-values-text" in tables["LSItemContentTypes"]
    )
    assert jobs["CFBundleTypeIconFile"] in SPEC


def test_macos_gives_the_program_no_right_it_does_not_need():
    rights = plistlib.loads((PACKAGING / "macos" / "entitlements.plist").read_bytes())
    assert set(rights) == {
        "com.apple.security.cs.allow-unsigned-executable-memory",
        "com.apple.security.cs.disable-library-validation",
    }
    assert all(value is True for value in rights.values())


def test_the_disk_image_is_signed_from_the_inside_out_and_then_notarised():
    script = (PACKAGING / "macos" / "make-dmg").read_text("utf-8")
    places = [
        script.index(word) for word in ('find "$app', "MacOS/rowmill", "hdiutil create", "notarytool submit", "stapler")
    ]
    assert places == sorted(places)
    assert "entitlements.plist" in script


@pytest.mark.skipif(sys.platform == "win32", reason="a script for macOS")
def test_the_script_for_macos_is_plain_sh():
    subprocess.run(["sh", "-n", str(PACKAGING / "macos" / "make-dmg")], check=True)


def test_what_could_not_be_run_is_marked_so():
    readme = (PACKAGING / "README.md").read_text("utf-8")
    for name in ("Windows", "macOS", "GitHub"):
        assert re.search(rf"{name}[^\n]*untested", readme, re.IGNORECASE), name
