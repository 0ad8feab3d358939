"""What a Linux desktop is told about Rowmill: menu entry, file type, software centre, manual."""

from __future__ import annotations

import argparse
import configparser
import gzip
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from gui_app import __main__ as roles
from gui_app import __version__
from gui_app.commands.parser import command_parser
from gui_app.store.schema import APPLICATION_ID
from tests.helpers.scripts import script

ROOT = Path(__file__).resolve().parents[2]
LINUX = ROOT / "packaging" / "linux"
JOB_TYPE = "application/x-rowmill-job"
MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"
changes = script("changes.py")


def _entry() -> configparser.SectionProxy:
    read = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(LINUX / "rowmill.desktop", encoding="utf-8")
    return read["Desktop Entry"]


def _run(*command: object) -> str:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"no {command[0]} here")
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_menu_entry_starts_the_command_with_the_file_and_carries_the_windows_name():
    entry = _entry()
    assert entry["Exec"] == "rowmill %f"
    # app.py names the window after this file, so that a taskbar finds name and icon.
    assert 'setDesktopFileName("rowmill")' in (ROOT / "gui_app" / "app.py").read_text("utf-8")
    assert entry["Icon"] == entry["StartupWMClass"] == "rowmill"


def test_the_menu_entry_opens_jobs_and_is_offered_for_every_kind_of_table():
    kinds = _entry()["MimeType"].rstrip(";").split(";")
    assert kinds[0] == JOB_TYPE
    assert {"text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"} <= set(kinds)
    assert len(set(kinds)) == len(kinds)


def test_the_menu_entry_speaks_both_languages():
    entry = _entry()
    for name in ("GenericName", "Comment", "Keywords"):
        assert re.search("[\u4e00-\u9fff]", entry[f"{name}[zh_CN]"])


def test_the_menu_entry_is_valid():
    assert _run("desktop-file-validate", LINUX / "rowmill.desktop") == ""


def test_a_job_file_is_told_by_its_ending_and_by_what_is_in_it():
    kind = ET.parse(LINUX / "rowmill-job.xml").getroot()[0]
    assert kind.attrib["type"] == JOB_TYPE
    assert [glob.attrib["pattern"] for glob in kind.iter(f"{MIME}glob")] == ["*.rowmill"]
    inner = [match.attrib for match in kind.iter(f"{MIME}match")]
    # SQLite writes its application_id at byte 68, the most significant byte first.
    assert inner[1]["offset"] == "68" and inner[1]["value"].encode("ascii") == APPLICATION_ID.to_bytes(4, "big")


def test_the_metadata_names_the_menu_entry_and_tells_every_release():
    told = changes.in_metainfo((LINUX / "rowmill.metainfo.xml").read_text("utf-8"))
    root = ET.fromstring(told)
    assert root.findtext("launchable") == root.findtext("id") == "rowmill.desktop"
    assert (LINUX / "rowmill.desktop").is_file()
    versions = [release.attrib["version"] for release in root.iter("release")]
    assert versions == [release.version for release in changes.published()] and __version__ in versions
    assert all(release.find("description/ul/li") is not None for release in root.iter("release"))


def test_the_metadata_is_valid_but_for_the_address_that_the_project_does_not_have(tmp_path):
    file = tmp_path / "rowmill.metainfo.xml"
    file.write_bytes(changes.in_metainfo((LINUX / "rowmill.metainfo.xml").read_text("utf-8")))
    if shutil.which("appstreamcli") is None:
        pytest.skip("no appstreamcli here")
    told = subprocess.run(
        ["appstreamcli", "validate", "--no-net", "--no-color", str(file)], capture_output=True, text=True, check=False
    ).stdout
    faults = {line.split()[2] for line in told.splitlines() if re.match(r"[EWI]: ", line)}
    assert faults <= {"cid-desktopapp-is-not-rdns", "url-homepage-missing"}, told


def _manual() -> str:
    text = (LINUX / "rowmill.1").read_text("utf-8")
    return re.sub(r"\\f[BIPR]", "", text).replace("\\-", "-")


def _parsers() -> dict[str, argparse.ArgumentParser]:
    parser = command_parser()
    actions = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(actions.choices)


def test_the_manual_tells_every_command():
    manual, parsers = _manual(), _parsers()
    assert set(parsers) == {name for name in roles.COMMANDS if not name.startswith("-")}
    for name in parsers:
        assert re.search(rf"^\.B rowmill {name}$", manual, re.MULTILINE), f"{name} is not in the synopsis"
        assert re.search(rf"^\.B[I]? {name}\b", manual, re.MULTILINE), f"{name} is not described"


def test_the_manual_tells_every_option_and_every_provider():
    manual = _manual()
    options = {text for parser in _parsers().values() for action in parser._actions for text in action.option_strings}
    assert {option for option in options if option not in manual} == set()
    from gui_app.providers import catalog

    assert {name for name in catalog.names() if not re.search(rf"\b{name}\b", manual)} == set()


def test_the_manual_tells_every_exit_code():
    codes = re.findall(r"^\.B (\d+)$", _manual(), re.MULTILINE)
    assert codes == ["0", "2", "3", "4", "5", "130"]


def test_the_manual_can_be_set(tmp_path):
    page = tmp_path / "rowmill.1.gz"
    page.write_bytes(gzip.compress(changes.in_manual((LINUX / "rowmill.1").read_text("utf-8"))))
    told = _run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", page)
    assert f"Rowmill {__version__}" in told and "warning" not in told and "VERSION" not in told


@pytest.mark.parametrize("script", ["try-in-clean-root", "clean-root-steps", "add-to-menu"])
def test_the_scripts_are_plain_sh(script):
    _run("sh", "-n", LINUX / script)


def test_a_portable_folder_goes_into_the_menu_and_out_of_it_again(tmp_path):
    if sys.platform == "win32":
        pytest.skip("for Linux desktops")
    folder, home = tmp_path / "a folder", tmp_path / "home"
    for place, file in (
        ("applications/rowmill.desktop", "rowmill.desktop"),
        ("mime/packages/rowmill-job.xml", "rowmill-job.xml"),
        ("metainfo/rowmill.metainfo.xml", "rowmill.metainfo.xml"),
        ("icons/hicolor/16x16/apps/rowmill.png", "rowmill.desktop"),
    ):
        (folder / "share" / place).parent.mkdir(parents=True)
        shutil.copy(LINUX / file, folder / "share" / place)
    shutil.copy(LINUX / "add-to-menu", folder)
    home.mkdir()
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    subprocess.run([str(folder / "add-to-menu")], check=True, env=environment)
    entry = home / ".local/share/applications/rowmill.desktop"
    assert f'Exec="{folder}/rowmill" %f' in entry.read_text("utf-8")
    subprocess.run([str(folder / "add-to-menu"), "--remove"], check=True, env=environment)
    left = [path for path in home.rglob("*") if path.is_file() and "rowmill" in path.name]
    assert left == []
