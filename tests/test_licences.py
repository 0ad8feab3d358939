"""What the program says of the works of others in it: nothing is missing, each with its text."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from gui_app import licences, paths
from gui_app.licences import Component

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def found() -> list[Component]:
    return licences.components()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_everything_the_program_names_as_its_need_is_in_the_list(found):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needs = [re.match(r"[\w.-]+", line) for line in project["dependencies"] if "sys_platform" not in line]
    names = {_plain(component.name) for component in found}
    assert {_plain(need[0]) for need in needs if need} <= names
    assert {"python", "qt", "lucide icons"} <= names


def test_the_needs_of_the_needs_are_in_it_but_no_tool_of_the_developers(found):
    names = {_plain(component.name) for component in found}
    assert {"pydantic", "yarl", "shiboken6"} <= names
    assert not names & {"pytest", "mypy", "ruff", "hypothesis", "uv"}


def test_each_has_a_licence_and_its_whole_text(found):
    assert [one.name for one in found if not one.licence or len(one.text) < 500] == []
    assert len({one.name for one in found}) == len(found)


def test_qt_is_used_under_the_lgpl_and_both_its_texts_are_there(found):
    text = next(one.text for one in found if one.name == "Qt")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text and "GNU GENERAL PUBLIC LICENSE" in text


def test_a_package_shows_the_list_it_brings_along(monkeypatch, tmp_path):
    brought = [Component("水", "1", "MIT", "Text of the licence")]
    licences.ship(brought, tmp_path / "licences.json")
    monkeypatch.setattr(licences, "resource", lambda *parts: tmp_path.joinpath(*parts))
    assert licences.components() == brought
    assert "水" in (tmp_path / "licences.json").read_text("utf-8")
    assert json.loads((tmp_path / "licences.json").read_text("utf-8"))[0]["licence"] == "MIT"


def test_extras_are_followed_only_where_they_are_asked_for():
    plain = {one.name for one in licences.collected(["openai"])}
    asked = {one.name for one in licences.collected(["openai[aiohttp]"])}
    assert "aiohttp" in asked - plain


def test_a_requirement_of_another_system_is_passed_over():
    names = {one.name for one in licences.collected(['nothing-of-that-name>=1; sys_platform == "win32"'])}
    assert names == {"Python", "Lucide icons", "Qt"}


def test_the_list_is_found_without_a_window():
    assert not re.search(r"^\s*(from|import) PySide6", Path(licences.__file__).read_text("utf-8"), re.MULTILINE)
    assert paths.resource("licences", "LGPL-3.0.txt").is_file()
