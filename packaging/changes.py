"""Reads CHANGELOG.md for those who tell the releases: software centres, the manual, Debian's own list."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gui_app import __version__  # noqa: E402

_HEADING = re.compile(r"^## \[(?P<version>[^]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?\s*$")


@dataclass(frozen=True)
class Release:
    """One version: `date` "" while it is not out; `entries` as sentences, without line breaks."""

    version: str
    date: str
    entries: tuple[str, ...]


def releases(text: str | None = None) -> list[Release]:
    """All of them, newest first."""
    found: list[tuple[str, str, list[str]]] = []
    for line in (text if text is not None else (ROOT / "CHANGELOG.md").read_text("utf-8")).splitlines():
        heading = _HEADING.match(line)
        if heading:
            found.append((heading["version"], heading["date"] or "", []))
        elif found and line.startswith("- "):
            found[-1][2].append(line[2:].strip())
        elif found and line.startswith("  ") and found[-1][2]:
            found[-1][2][-1] += " " + line.strip()
    return [Release(version, date, tuple(entries)) for version, date, entries in found]


def published() -> list[Release]:
    """Those that are out."""
    return [release for release in releases() if release.date]


def current_date() -> str:
    """The day of the version that is being packaged; of the newest one, where the list does not name it yet."""
    return next((one.date for one in published() if one.version == __version__), published()[0].date)


def in_metainfo(template: str) -> bytes:
    """The metadata for software centres, with the releases."""
    lines = "\n".join(_as_xml(release) for release in published())
    return template.replace("<releases/>", f"<releases>\n{lines}\n  </releases>").encode("utf-8")


def _as_xml(release: Release) -> str:
    entries = "\n".join(f"          <li>{escape(entry.replace('`', ''))}</li>" for entry in release.entries)
    return f"""\
    <release version="{release.version}" date="{release.date}">
      <description>
        <ul>
{entries}
        </ul>
      </description>
    </release>"""


def in_manual(template: str) -> bytes:
    """The man page, with version and date."""
    return template.replace('"DATE"', f'"{current_date()}"').replace("VERSION", __version__).encode("utf-8")


def debian() -> str:
    """Debian's form of the list."""
    return "\n".join(_as_debian(release) for release in published())


def _as_debian(release: Release) -> str:
    day = datetime.strptime(release.date, "%Y-%m-%d").replace(tzinfo=UTC)
    entries = "\n".join(f"  * {entry}" for entry in release.entries)
    sign = f" -- The Rowmill authors <rowmill@localhost.invalid>  {format_datetime(day)}"
    return f"rowmill ({release.version}) stable; urgency=medium\n\n{entries}\n\n{sign}\n"


if __name__ == "__main__":
    # The notes of the version being packaged, for a release page.
    print("\n".join(f"- {entry}" for one in releases() if one.version == __version__ for entry in one.entries))
