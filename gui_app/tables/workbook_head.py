"""A large .xlsx as a small workbook of its own, so that a preview need not load a million rows and their texts."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gui_app.tables.archive import Archive
from gui_app.tables.sheet_scan import SheetScan, scan

_STRINGS = "sharedstrings.xml"
_WORTH_BYTES = 4_000_000
_LARGEST_COPIED_BYTES = 1_000_000
_LARGEST_HEAD_BYTES = 16_000_000
_ROOT = re.compile(rb"<(\w+:)?(worksheet|sst)\b")
_SHARED = re.compile(rb"\bt=[\"']s[\"'][^<>]*>\s*<(?:\w+:)?v>\s*([0-9]+)")


@dataclass(frozen=True, slots=True)
class WorkbookHead:
    """A small workbook in memory, its sheet's XML, and what there is to know about that."""

    file: io.BytesIO
    sheet: bytes
    scan: SheetScan


def head_of_workbook(archive: Archive, sheet_part: str, rows: int) -> WorkbookHead | None:
    """The sheet's first rows with the shared strings they need; None where the sheet is small or oddly written."""
    strings_part = next((part for part in archive.parts if part.lower().endswith(_STRINGS)), None)
    strings_bytes = archive.parts[strings_part].file_size if strings_part else 0
    if archive.parts[sheet_part].file_size + strings_bytes < _WORTH_BYTES:
        return None
    sheet = _cut(archive, sheet_part, b"row>", rows)
    if sheet is None:
        return None
    contents = {sheet_part: sheet + _closing(sheet, b"sheetData") + _closing(sheet, b"worksheet")}
    if strings_part is not None:
        needed = max((int(number) for number in _SHARED.findall(sheet)), default=0) + 1
        strings = _cut(archive, strings_part, b"si>", needed)
        if strings is None:
            return None
        contents[strings_part] = strings + _closing(strings, b"sst")
    return WorkbookHead(_packed(archive, contents), sheet, scan((sheet,)))


def outline(archive: Archive, sheets: Collection[str]) -> io.BytesIO | None:
    """The workbook without its cells and their texts: enough to ask for the names of its sheets.

    Args:
        sheets: The parts with the sheets.

    Returns:
        None where the whole is small.
    """
    left_out = {part: b"" for part in archive.parts if part in sheets or part.lower().endswith(_STRINGS)}
    if sum(archive.parts[part].file_size for part in left_out) < _WORTH_BYTES:
        return None
    return _packed(archive, left_out)


def _packed(archive: Archive, contents: Mapping[str, bytes]) -> io.BytesIO:
    """A workbook of its small parts as they are and of these instead of some; without those that are empty."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as small:
        for part, info in archive.parts.items():
            if part in contents:
                if contents[part]:
                    small.writestr(part, contents[part])
            elif info.file_size <= _LARGEST_COPIED_BYTES and part.lower().endswith((".xml", ".rels")):
                small.writestr(part, b"".join(archive.unpack(part)))
    out.seek(0)
    return out


def _cut(archive: Archive, part: str, end_tag: bytes, count: int) -> bytes | None:
    """The part up to its `count`-th closing tag. None: it has fewer, or they go on beyond 16 MB."""
    closing = re.compile(rb"</(?:\w+:)?" + end_tag)
    text = bytearray()
    seen = 0
    for piece in archive.unpack(part):
        searched = max(len(text) - 40, 0)
        text += piece
        for found in closing.finditer(text, searched):
            if found.end() <= len(text) - len(piece):
                continue
            seen += 1
            if seen == count:
                return bytes(text[: found.end()])
        if len(text) > _LARGEST_HEAD_BYTES:
            return None
    return None


def _closing(text: bytes, tag: bytes) -> bytes:
    root = _ROOT.search(text)
    prefix = root[1] or b"" if root else b""
    return b"</" + prefix + tag + b">"
