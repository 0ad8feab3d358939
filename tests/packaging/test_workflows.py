"""The workflows: that they can be read, call what there is, and may do no more than they need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in WORKFLOWS.glob("*.yml"))


def _read(name: str) -> dict[Any, Any]:
    read = yaml.safe_load((WORKFLOWS / name).read_text("utf-8"))
    assert isinstance(read, dict)
    return read


def _steps(name: str) -> list[dict[str, Any]]:
    return [step for job in _read(name)["jobs"].values() for step in job.get("steps", ())]


def test_there_is_one_for_changes_and_one_for_releases():
    assert {"ci.yml", "release.yml"} <= set(NAMES)
    # YAML 1.1 takes a bare `on` for true.
    assert _read("release.yml")[True] == {"push": {"tags": ["v*"]}}
    assert "pull_request" in _read("ci.yml")[True]


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_may_read_and_only_the_publishing_job_may_write(name):
    read = _read(name)
    assert read["permissions"] == {"contents": "read"}
    assert [job for job, what in read["jobs"].items() if "permissions" in what] in ([], ["publish"])


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_calls_only_what_there_is(name):
    called = {job["uses"] for job in _read(name)["jobs"].values() if "uses" in job}
    assert all((ROOT / use).is_file() for use in called)
    words = " ".join(str(step.get("run", "")) for step in _steps(name))
    files = re.findall(r"\b(?:packaging|resources)/[\w./-]*[\w-]", words)
    assert all((ROOT / file).exists() for file in files), files
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake (\w+)", words)) <= targets


@pytest.mark.parametrize("name", NAMES)
def test_every_action_has_a_version_and_comes_from_a_known_publisher(name):
    used = [str(step["uses"]) for step in _steps(name) if "uses" in step]
    assert all(re.fullmatch(r"(actions|astral-sh)/[\w-]+@v\d+", use) for use in used), used


def test_tests_and_packages_cover_three_systems():
    jobs = _read("tests.yml")["jobs"]
    systems = [jobs["linux"]["runs-on"], *jobs["elsewhere"]["strategy"]["matrix"]["system"]]
    assert [name.partition("-")[0] for name in systems] == ["ubuntu", "windows", "macos"]
    built = {
        entry["name"].partition("-")[0]
        for entry in _read("packages.yml")["jobs"]["build"]["strategy"]["matrix"]["include"]
    }
    assert built == {"linux", "windows", "macos"}


def test_a_release_waits_for_tests_packages_and_the_right_version_and_is_a_draft():
    jobs = _read("release.yml")["jobs"]
    assert set(jobs["publish"]["needs"]) == {"version", "tests", "packages"}
    words = " ".join(str(step.get("run", "")) for step in jobs["publish"]["steps"])
    assert "--draft" in words and "SHA256SUMS" in words
    assert "GITHUB_REF_NAME" in str(jobs["version"]["steps"])


def test_the_package_is_tried_in_a_clean_root():
    words = " ".join(str(step.get("run", "")) for step in _steps("packages.yml"))
    assert "packaging/linux/try-in-clean-root" in words
