"""Where files lie."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from gui_app import paths
from gui_app.errors import StorageError
from gui_app.sentences import explain

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="as Linux has it")


def test_with_a_home_everything_lies_in_it(home):
    assert paths.data_dir() == home
    assert paths.jobs_dir() == home / "jobs"
    assert paths.log_dir() == home / "logs"
    assert paths.config_file() == home / "settings.json"
    assert paths.runtime_dir() == home / "run"


def test_folders_are_made_and_the_settings_file_is_not(home):
    assert not home.exists()
    folders = paths.data_dir(), paths.jobs_dir(), paths.log_dir(), paths.runtime_dir()
    assert all(folder.is_dir() for folder in folders)
    assert not paths.config_file().exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_nobody_else_reads_the_runtime_folder(home):
    home.mkdir()
    (home / "run").mkdir(mode=0o755)
    assert stat.S_IMODE(paths.runtime_dir().stat().st_mode) == 0o700


@linux
def test_without_a_home_the_systems_own_places_are_used(monkeypatch, tmp_path):
    monkeypatch.delenv("ROWMILL_HOME")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert paths.data_dir() == tmp_path / "share" / "Rowmill"
    assert paths.config_file() == tmp_path / "config" / "Rowmill" / "settings.json"
    assert paths.log_dir().is_relative_to(tmp_path / "state")
    # No XDG_RUNTIME_DIR on servers and in containers: no guess, no warning.
    assert paths.runtime_dir() == tmp_path / "share" / "Rowmill" / "run"
    (tmp_path / "user").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "user"))
    assert paths.runtime_dir() == tmp_path / "user" / "rowmill"


def test_a_folder_that_cannot_be_made_is_said_in_words(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ROWMILL_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(StorageError) as caught:
        paths.jobs_dir()
    assert "cannot use its own folder" in explain(caught.value)
    assert "ROWMILL_HOME" in explain(caught.value)


def test_resources_are_found_in_a_checkout():
    assert paths.resource("samples", "reviews.csv").is_file()
    assert paths.resource("icons", "rowmill.svg").is_file()
    assert not paths.resource("nothing", "here").exists()


def test_a_checkout_starts_itself_through_its_python(monkeypatch):
    assert paths.program() == [sys.executable, "-m", "gui_app"]


def test_a_package_starts_itself_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "rowmill"))
    assert paths.program() == [str(tmp_path / "rowmill")]


def test_on_windows_the_window_starts_its_roles_with_the_program_that_has_a_console(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "rowmill-window.exe"))
    monkeypatch.setattr(paths, "_TWO_PROGRAMS", True)
    assert paths.program() == [str(tmp_path / "rowmill-window.exe")], "a single program is its own"
    (tmp_path / "rowmill.exe").touch()
    assert paths.program() == [str(tmp_path / "rowmill.exe")]


def test_a_relative_home_does_not_move_with_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROWMILL_HOME", "mine")
    assert paths.data_dir() == Path(tmp_path / "mine")
    assert paths.data_dir().is_absolute()


ODD_NAMES = {
    "reviews.v2.csv": ("reviews.v2", "reviews.v2"),
    "..csv": ("..csv", "rowmill"),
    "...csv": ("...csv", "rowmill"),
    ".csv": (".csv", "csv"),
    " .csv": (".csv", "rowmill"),
    "line\nbreak\there.csv": ("line\nbreak\there", "line break here"),
    "评" * 83 + ".csv": ("评" * 83, "评" * 50),
    "🎉.csv": ("🎉.csv", "🎉"),
}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_odd_name_of_a_table_gives_its_job_and_its_export_one_that_can_be_read(name: str) -> None:
    job, export = paths.name_for_job(Path(name)), paths.name_for_export(name)
    assert (job, export) == ODD_NAMES[name]
    assert len(f".{export} with answers.xlsx.tmp-12345678".encode()) <= 255
