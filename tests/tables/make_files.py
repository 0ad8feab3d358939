"""Workbooks written by hand, where no library would write such a file."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(path: Path, rows: str, *, strings: str = "", before: str = "", after: str = "", **parts: str) -> Path:
    """A minimal .xlsx whose one sheet, "S", holds these `<row>` elements."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'{before}<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheetData>{rows}</sheetData>{after}</worksheet>',
        )
        if strings:
            archive.writestr("xl/sharedStrings.xml", strings.replace("<sst", f'<sst xmlns="{_MAIN}"'))
        for name, contents in parts.items():
            archive.writestr(name, contents)
    return path


def text_cell(place: str, text: str) -> str:
    """A cell of a sheet's XML."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


_ODS = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"' for prefix in ("office", "table", "text")
)


def ods(path: Path, rows: str, *, manifest: str = "") -> Path:
    """A minimal .ods whose one sheet, "S", holds these `<table:table-row>` elements."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            f'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet">{manifest}</manifest:file-entry>'
            "</manifest:manifest>",
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {_ODS}><office:body><office:spreadsheet>"
            f'<table:table table:name="S">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def compound(path: Path, streams: dict[str, bytes]) -> Path:
    """An OLE compound file, as old Office programs and password-protected workbooks use it."""
    sector, free, end, table_mark = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    directory_sectors = (len(streams) + 1 + 3) // 4
    chains, data, position = [], b"", 1 + directory_sectors
    for contents in streams.values():
        contents = contents.ljust(4096, b"\0")  # smaller ones would have to go into the "mini stream"
        contents += b"\0" * (-len(contents) % sector)
        count = len(contents) // sector
        chains.append((position, count, len(contents)))
        data += contents
        position += count
    table = [table_mark] + [free] * 127
    for first, count in [(1, directory_sectors), *((first, count) for first, count, _ in chains)]:
        for number in range(first, first + count):
            table[number] = number + 1 if number < first + count - 1 else end
    entries = [_entry("Root Entry", 5, end, 0, child=1)]
    for number, (name, (first, _, size)) in enumerate(zip(streams, chains, strict=True), 1):
        entries.append(_entry(name, 2, first, size, right=number + 1 if number < len(streams) else free))
    directory = b"".join(entries).ljust(directory_sectors * sector, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + b"\xff" * 108 * 4
    path.write_bytes(header + struct.pack("<128I", *table) + directory + data)
    return path


def _entry(name: str, kind: int, first: int, size: int, *, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF) -> bytes:
    wide = name.encode("utf-16-le")
    entry = wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide) + 2, kind, 1)
    entry += struct.pack("<III", 0xFFFFFFFF, right, child) + b"\0" * 36
    return entry + struct.pack("<IQ", first, size)


def xls(path: Path, rows: list[list[str | float]], *, password: bool = False) -> Path:
    """A minimal Excel 97 workbook with one sheet, "S"."""

    def record(kind: int, contents: bytes) -> bytes:
        return struct.pack("<HH", kind, len(contents)) + contents

    def beginning(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 0, 0, 0))

    cells = b""
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            place = struct.pack("<HHH", number, column, 0)
            if isinstance(value, str):
                text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                cells += record(0x0204, place + text)
            else:
                cells += record(0x0203, place + struct.pack("<d", value))
    dimensions = record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    sheet = beginning(0x0010) + dimensions + cells + record(0x000A, b"")
    protection = record(0x002F, struct.pack("<HHH", 1, 1, 1) + b"\0" * 48) if password else b""
    codepage = record(0x0042, struct.pack("<H", 1200))
    head = beginning(0x0005) + protection + codepage
    bound_length = 4 + 4 + 2 + 2 + 1
    start = len(head) + bound_length + 4
    bound = record(0x0085, struct.pack("<IHBB", start, 0, 1, 0) + b"S")
    return compound(path, {"Workbook": head + bound + record(0x000A, b"") + sheet})
