"""The works of others that Rowmill stands on: their names, versions, licences and licence texts. No window in it.

A package brings the list along, made when it was built. A checkout has its libraries installed beside it and asks them.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from gui_app.paths import resource

_SHIPPED = "licences.json"
_TEXT_NAMES = ("licen", "copying", "notice")
_REQUIREMENT = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?:\[(?P<extras>[^]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
# What the newer metadata says in one word, for the distributions that only have a line of the old list.
_CLASSIFIED = {"MIT License": "MIT", "Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause"}
# The wheels of Qt hold no licence text: the licence that it is used under here.
_QT = ("PySide6_Essentials", "shiboken6")
_QT_LICENCE = "LGPL-3.0-only"


@dataclass(frozen=True, slots=True)
class Component:
    """One work of somebody else.

    Attributes:
        version: "" when it has none.
        licence: An SPDX expression where it is known, else its own words.
        text: Whole, with the names of the holders.
    """

    name: str
    version: str
    licence: str
    text: str


def components() -> list[Component]:
    """Everything in this program that others made, by name. Reads many files: not on the window's thread."""
    shipped = resource(_SHIPPED)
    if shipped.is_file():
        return [Component(**entry) for entry in json.loads(shipped.read_text("utf-8"))]
    return collected(_requirements())


def collected(requirements: Iterable[str], more: Iterable[Component] = ()) -> list[Component]:
    """The libraries behind some requirements and all that those need, as installed here, with Qt, Python and the icons.

    Args:
        requirements: As in a project's own list: "openai[aiohttp]>=3".
        more: What only a package holds, such as libraries of the system it was built on.
    """
    return sorted([*_own(), *_distributions(requirements), *more], key=lambda component: component.name.casefold())


def component_of(name: str) -> Component:
    """One distribution that is installed here.

    Raises:
        importlib.metadata.PackageNotFoundError: It is not.
    """
    return _component(metadata.distribution(name))


def ship(found: Sequence[Component], target: Path) -> None:
    """Write the list as a package brings it along."""
    target.write_text(json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _requirements() -> list[str]:
    try:
        return metadata.requires("rowmill") or []
    except metadata.PackageNotFoundError:
        import tomllib

        project = tomllib.loads((resource().parent / "pyproject.toml").read_text("utf-8"))
        return list(project["project"]["dependencies"])


def _own() -> Iterator[Component]:
    texts = resource("licences")
    icons = resource("icons", "LICENSE")
    yield Component("Python", platform.python_version(), "PSF-2.0", (texts / "PSF-2.0.txt").read_text("utf-8"))
    yield Component("Lucide icons", "", "ISC AND MIT", icons.read_text("utf-8"))
    # Found by name, so that nothing here has to import Qt.
    yield Component("Qt", metadata.version(_QT[0]), _QT_LICENCE, _qt_text())


def _qt_text() -> str:
    texts = resource("licences")
    return "\n\n".join((texts / name).read_text("utf-8") for name in ("Qt.txt", "LGPL-3.0.txt", "GPL-3.0.txt"))


def _distributions(requirements: Iterable[str]) -> Iterator[Component]:
    waiting, seen = list(requirements), set[str]()
    while waiting:
        found = _REQUIREMENT.match(waiting.pop())
        if found is None:
            continue
        name = re.sub(r"[-_.]+", "-", found["name"]).lower()
        extras = {extra.strip() for extra in (found["extras"] or "").split(",")}
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # Needed on another system, or by another Python.
        waiting += [need for need in distribution.requires or () if _is_asked(need, extras)]
        if name not in seen:
            seen.add(name)
            yield _component(distribution)


def _is_asked(requirement: str, extras: set[str]) -> bool:
    wanted = _EXTRA.findall(requirement)
    return not wanted or bool(extras.intersection(wanted))


def _component(distribution: metadata.Distribution) -> Component:
    name = distribution.name
    if name in _QT:
        return Component(name, distribution.version, _QT_LICENCE, _qt_text())
    texts = [file.read_text("utf-8") for file in distribution.files or () if _is_licence(file)]
    return Component(name, distribution.version, _licence(distribution), "\n\n".join(text.strip() for text in texts))


def _is_licence(file: metadata.PackagePath) -> bool:
    in_metadata = any(part.endswith(".dist-info") for part in file.parts)
    return in_metadata and any(word in file.name.lower() for word in _TEXT_NAMES)


def _licence(distribution: metadata.Distribution) -> str:
    about = distribution.metadata
    said = about.get_all("License-Expression") or about.get_all("License")
    if said and said[0].strip():
        return str(said[0]).strip().splitlines()[0]
    classified = [
        line.rsplit(" :: ", 1)[-1] for line in about.get_all("Classifier") or () if line.startswith("License")
    ]
    return " OR ".join(_CLASSIFIED.get(name, name) for name in classified)
