"""What is in a package: the licences that its About page shows, the same as one text, and a bill of materials.

python packaging/bill.py FOLDER [FROZEN]

Writes `licences.json`, `third-party-licences.txt` and `bill.cdx.json` (CycloneDX 1.6). With FROZEN, the folder that
was frozen on a Debian or Ubuntu, the libraries of that system in it are listed too; a licence not found is an error.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import gui_app  # noqa: E402
from gui_app import licences  # noqa: E402
from gui_app.licences import Component  # noqa: E402

# Their licences stand under the names of the works they belong to.
OF_OTHERS = re.compile(r"libpython|libpyside6|libshiboken6|libQt6|libicu|libsqlite3|.*\.(cpython|abi3)")
_PUBLIC_DOMAIN = """\
The author disclaims copyright to this source code. In place of a legal notice, here is a blessing:

   May you do good and not evil.
   May you find forgiveness for yourself and forgive others.
   May you share freely, never taking more than you give.

All of the code and documentation in SQLite has been dedicated to the public domain by the authors. Anyone is free to
copy, modify, publish, use, compile, sell, or distribute it, for any purpose, by any means.
"""


def of_the_project() -> list[str]:
    """What the program names as its needs."""
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"])


def sqlite(folder: Path) -> Component:
    """The SQLite that is shipped: the one built for this package, or the one of this Python."""
    import sqlite3

    newer = folder / "sqlite-version.txt"
    version = newer.read_text("ascii").strip() if newer.is_file() else sqlite3.sqlite_version
    return Component("SQLite", version, "blessing", _PUBLIC_DOMAIN)


def start_program() -> Component:
    """The small program that PyInstaller puts in front: its licence allows any licence for what it starts."""
    return licences.component_of("pyinstaller")


def of_the_system(frozen: Path) -> Iterator[Component]:
    """The Debian packages whose libraries lie in a frozen folder, each once."""
    seen = set()
    for library in sorted((frozen / "_internal").glob("*.so*")):
        if library.is_symlink() or OF_OTHERS.match(library.name):
            continue
        package = _package(library.name)
        if package not in seen:
            seen.add(package)
            text = Path("/usr/share/doc", package, "copyright").read_text("utf-8")
            yield Component(package, _version(package), _licences(text), text)


def _package(library: str) -> str:
    known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    paths = [line.rsplit(" => ", 1)[1] for line in known.splitlines() if line.strip().startswith(library + " ")]
    for path in paths:
        # Debian's list has the paths from before /lib and /usr/lib became one, or those from after.
        real = str(Path(path).resolve())
        for name in dict.fromkeys((path, real, real.removeprefix("/usr"))):
            said = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True, check=False).stdout
            if said:
                return said.partition(":")[0]
    raise SystemExit(f"No package is known for {library}, so its licence is not: it cannot be shipped.")


def _version(package: str) -> str:
    asked = ["dpkg-query", "-W", "-f", "${Version}\n", package]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _licences(text: str) -> str:
    found = dict.fromkeys(re.findall(r"^License:\s*(\S.*)$", text, re.MULTILINE))
    return ", ".join(found) or "see its text"


def text_of(components: list[Component]) -> str:
    """All licences as one text, for people and for programs that look for such a file."""
    rule = "=" * 100
    parts = [f"{rule}\n{one.name} {one.version}\n{one.licence}\n{rule}\n\n{one.text.strip()}\n" for one in components]
    return "Rowmill stands on the works of others. These are their names and licences.\n\n" + "\n\n".join(parts)


def bill(components: list[Component], debian: set[str]) -> dict[str, object]:
    """A bill of materials, CycloneDX 1.6."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "rowmill",
                "name": "rowmill",
                "version": gui_app.__version__,
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": [_entry(one, one.name in debian) for one in components],
    }


def _entry(one: Component, of_debian: bool) -> dict[str, object]:
    own = {"Python": "generic/python", "Qt": "generic/qt", "SQLite": "generic/sqlite", "Lucide icons": "generic/lucide"}
    place = f"deb/debian/{one.name}" if of_debian else own.get(one.name, f"pypi/{one.name.lower().replace('_', '-')}")
    name = f"pkg:{place}@{one.version}" if one.version else f"pkg:{place}"
    return {
        "type": "library",
        "bom-ref": name,
        "name": one.name,
        "version": one.version,
        "purl": name,
        "licenses": [{"license": {"name": one.licence}}],
    }


def main(folder: Path, frozen: Path | None) -> None:
    system = list(of_the_system(frozen)) if frozen else []
    found = licences.collected(of_the_project(), [sqlite(folder), start_program(), *system])
    missing = [one.name for one in found if not one.text.strip()]
    if missing:
        raise SystemExit(f"No licence text was found for: {', '.join(missing)}")
    folder.mkdir(parents=True, exist_ok=True)
    licences.ship(found, folder / "licences.json")
    (folder / "third-party-licences.txt").write_text(text_of(found), encoding="utf-8")
    told = json.dumps(bill(found, {one.name for one in system}), indent=2, ensure_ascii=False)
    (folder / "bill.cdx.json").write_text(told + "\n", encoding="utf-8")
    print(f"{len(found)} works of others, {len(system)} of them libraries of this system")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
