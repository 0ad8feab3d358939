"""A large .xlsx once more, in memory and as packed as it was, so that calamine goes through its sheet only once.

calamine reads a sheet's cells, and then reads it all again for its merged cells, which stand behind the rows: nearly
half of its time. Here they are put before the sheet's own XML, where the second reading finds them and ends. A deflate
stream may be put together from two, so nothing is unpacked or packed for it but these few bytes.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable

from python_calamine import CalamineWorkbook

from gui_app.tables.archive import Archive
from gui_app.tables.sheet_scan import SheetScan

_STRINGS = "sharedstrings.xml"
_SMALL_BYTES = 100_000
_WORTH_BYTES = 1_000_000
_LARGEST_PACKED_BYTES = 64_000_000
_LARGEST_BYTES = 0xF0000000  # ZIP64 would be another format

_AFTER_ROWS = re.compile(rb"</(?:\w+:)?sheetData>(.*)</(?:\w+:)?worksheet>\s*", re.DOTALL)
_MERGED = re.compile(rb"<((?:\w+:)?)mergeCells\b[^<>]*(?<!/)>(?:(?!mergeCells)[^!?])*</\1mergeCells>")
_NONE_MERGED = b"<mergeCells></mergeCells>"
_OTHER_ENCODING = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"'](?!utf-8)", re.IGNORECASE)

_HEAD = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_NEEDED_VERSION, _NAMES_ARE_UTF8, _FIRST_DAY = 20, 0x800, 0x21


def outline(archive: Archive, sheets: Iterable[str]) -> CalamineWorkbook | None:
    """The workbook without its cells: enough to ask for the names of its sheets. None: it is large without them too."""
    parts = [part for part in _needed(archive, sheets) if not part.lower().endswith(_STRINGS)]
    if _too_large(archive, parts):
        return None
    return CalamineWorkbook.from_filelike(_zip(archive, parts))


def with_merged_first(
    archive: Archive, sheet_part: str, sheets: Iterable[str], found: SheetScan
) -> CalamineWorkbook | None:
    """The workbook with all that is needed for one sheet; None where this is not worth it or might not be the same.

    Args:
        found: What `scan` found in the sheet, which has been unpacked to its end.
    """
    merged = _merged(found)
    parts = [*_needed(archive, sheets), sheet_part]
    if (
        merged is None
        or sheet_part not in archive.intact
        or archive.parts[sheet_part].file_size < _WORTH_BYTES
        or _too_large(archive, parts)
    ):
        return None
    return CalamineWorkbook.from_filelike(_zip(archive, parts, {sheet_part: merged}))


def _needed(archive: Archive, sheets: Iterable[str]) -> list[str]:
    """What calamine reads beside a sheet, and other small parts; not what pivot tables and drawings are made of."""
    left_out = set(sheets)
    return [
        part
        for part, info in archive.parts.items()
        if part.lower().endswith((".xml", ".rels"))
        and part not in left_out
        and (info.compress_size <= _SMALL_BYTES or part.lower().endswith((_STRINGS, "styles.xml", "workbook.xml")))
    ]


def _too_large(archive: Archive, parts: Iterable[str]) -> bool:
    sizes = [archive.parts[part] for part in parts]
    return sum(info.compress_size for info in sizes) > _LARGEST_PACKED_BYTES or any(
        info.file_size > _LARGEST_BYTES for info in sizes
    )


def _merged(found: SheetScan) -> bytes | None:
    """The element with the merged cells, or an empty one. None: whether there is one cannot be told for sure."""
    after = _AFTER_ROWS.fullmatch(found.end)
    if after is None or b"mergeCell" in found.beginning or _OTHER_ENCODING.search(found.beginning):
        return None
    if b"mergeCell" not in after[1]:
        return _NONE_MERGED
    only = _MERGED.search(after[1])
    return only[0] if only and after[1].count(b"mergeCells") == 2 else None


def _zip(archive: Archive, parts: Iterable[str], before: dict[str, bytes] | None = None) -> io.BytesIO:
    """These parts as they lie in the archive. Checksums are not made anew: calamine reads no part to its end."""
    file, entries = io.BytesIO(), []
    for part in parts:
        info, start = archive.parts[part], (before or {}).get(part, b"")
        packed = archive.packed(part)
        head = _deflated(start) if start and info.compress_type == zipfile.ZIP_DEFLATED else start
        name = part.encode()
        what = (_NAMES_ARE_UTF8, info.compress_type, 0, _FIRST_DAY, info.CRC,
                len(head) + len(packed), len(start) + info.file_size, len(name))  # fmt: skip
        entries.append(
            _ENTRY.pack(b"PK\1\2", _NEEDED_VERSION, _NEEDED_VERSION, *what, 0, 0, 0, 0, 0, file.tell()) + name
        )
        file.write(_HEAD.pack(b"PK\3\4", _NEEDED_VERSION, *what, 0) + name + head)
        file.write(packed)
    directory, at = b"".join(entries), file.tell()
    file.write(directory + _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), at, 0))
    file.seek(0)
    return file


def _deflated(start: bytes) -> bytes:
    """Ends on a whole byte, and says that more follows."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(start) + deflate.flush(zlib.Z_SYNC_FLUSH)
