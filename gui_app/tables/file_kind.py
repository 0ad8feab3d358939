"""The first bytes of a file -> what it is, whatever its name says; and the sentence for what is no table."""

from __future__ import annotations

import codecs
import json
import re
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from gui_app.errors import N_, InputError
from gui_app.tables.encoding import utf16_without_mark
from gui_app.tables.refusals import protected


class FileKind(StrEnum):
    """What Rowmill can open."""

    TEXT = "text"
    XLSX = "xlsx"
    ODS = "ods"
    XLS = "xls"


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PDF = N_("“{file}” is a PDF document, not a table. Copy its table into Excel, save it as .xlsx and choose that file.")
_PICTURE = N_("“{file}” is a picture, film or sound, not a table. Choose a CSV, Excel or OpenDocument table.")
_PACKED = N_("“{file}” is a compressed file. Unpack it and choose the CSV or Excel file inside.")
_PARQUET = N_("“{file}” is a Parquet or Arrow file. Rowmill reads CSV and Excel: convert it to one of these first.")
_DATABASE = N_(
    "“{file}” is a database or a Rowmill job, not a table. Open a job from the jobs list, or choose a CSV file."
)
_DOCUMENT = N_("“{file}” is a document or a presentation, not a table. Copy its table into Excel and save it there.")
_BINARY = N_("“{file}” is not a table but binary data. Choose a CSV, Excel (.xlsx, .xls) or OpenDocument (.ods) file.")
_OTHERS = (
    (b"SQLite format 3\0", _DATABASE),
    (b"%PDF", _PDF),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"RIFF", _PICTURE),
    (b"\x1f\x8b", _PACKED),
    (b"BZh", _PACKED),
    (b"\xfd7zXZ", _PACKED),
    (b"7z\xbc\xaf", _PACKED),
    (b"Rar!", _PACKED),
    (b"PAR1", _PARQUET),
    (b"ARROW1", _PARQUET),
    (b"\x7fELF", _BINARY),
    (b"MZ\x90", _BINARY),
    (b"{\\rtf", _DOCUMENT),
)
_MAIL_AND_WEB = re.compile(
    # The first as Excel itself saves a "single file web page".
    rb"\s*(?:MIME-Version: *1|(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta|div)\b)",
    re.I | re.S,
)
_XML = re.compile(rb"\s*<\?xml\b", re.I)
_TEXT_CONTROL = frozenset(b"\t\n\r\x0b\x0c\x1b\x1a\x00")


def kind_of(file: BinaryIO, path: Path, *, said_text: bool = False) -> FileKind:
    """Look at the file's content; its name only serves the sentences.

    Args:
        said_text: The user chose an encoding, so what looks like nothing known is text.

    Raises:
        InputError: It is empty, or something that is no table, or a kind of workbook Rowmill does not read.
    """
    file.seek(0)
    head = file.read(8192)
    name = path.name
    if not head:
        raise InputError(N_("“{file}” is empty (0 bytes). Choose a file with at least one row."), file=name)
    if head.startswith(_ZIP):
        return _kind_of_zip(file, name)
    if head.startswith(_OLE):
        return _kind_of_ole(file, name)
    _refuse_known(head, name)
    _refuse_markup(head, name)
    if not said_text and _looks_binary(head):
        raise InputError(_BINARY, file=name)
    _refuse_json(head, path)
    return FileKind.TEXT


def _kind_of_zip(file: BinaryIO, name: str) -> FileKind:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype")[:200] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, EOFError):
        raise InputError(
            N_("“{file}” is damaged: it begins like an Excel file, but is cut off or changed. Get a fresh copy of it."),
            file=name,
        ) from None
    lowered = {member.lower() for member in names}
    if "xl/workbook.xml" in lowered:
        return FileKind.XLSX
    if "content.xml" in lowered and b"spreadsheet" in mimetype:
        return FileKind.ODS
    if "xl/workbook.bin" in lowered:
        raise InputError(
            N_(
                "“{file}” is an Excel binary workbook (.xlsb). Open it in Excel, save it as .xlsx and choose that file."
            ),
            file=name,
        )
    if "[content_types].xml" in lowered and any(member.endswith("workbook.xml") for member in lowered):
        return FileKind.XLSX
    if "index/document.iwa" in lowered:
        raise InputError(
            N_("“{file}” is an Apple Numbers file. Export it from Numbers as Excel or CSV and choose that file."),
            file=name,
        )
    if any(member.startswith(("word/", "ppt/")) for member in lowered) or b"opendocument" in mimetype:
        raise InputError(_DOCUMENT, file=name)
    raise InputError(
        N_("“{file}” is a ZIP archive, not a table. Unpack it and choose the CSV or Excel file inside."), file=name
    )


def _kind_of_ole(file: BinaryIO, name: str) -> FileKind:
    file.seek(0)
    data = file.read(64_000_000)
    if _wide("EncryptedPackage") in data:
        raise protected(name)
    if _wide("Workbook") in data or _wide("Book") in data:
        return FileKind.XLS
    raise InputError(
        N_("“{file}” is an older Office file, but not an Excel workbook. Choose a CSV, Excel or OpenDocument table."),
        file=name,
    )


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def _refuse_known(head: bytes, name: str) -> None:
    for magic, sentence in _OTHERS:
        if head.startswith(magic):
            raise InputError(sentence, file=name)


def _refuse_markup(head: bytes, name: str) -> None:
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        plain = head.replace(b"\0", b"")[2:]
    if _MAIL_AND_WEB.match(plain) or (_XML.match(plain) and b"<html" in plain.lower()):
        raise InputError(
            N_("“{file}” is a web page (HTML), not a table. Open it in Excel, save it as .xlsx and choose that file."),
            file=name,
        )
    if _XML.match(plain):
        raise InputError(
            N_("“{file}” is an XML file, not a table. Open it in Excel, save it as .xlsx and choose that file."),
            file=name,
        )


def _refuse_json(head: bytes, path: Path) -> None:
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first_line = plain.split(b"\n", 1)[0].strip()
    found = path.suffix.lower() in (".json", ".jsonl", ".ndjson") and plain[:1] in (b"{", b"[")
    found = found or re.match(rb"\[\s*\{\s*\"", plain) is not None
    if not found and first_line.startswith(b"{"):
        try:
            found = isinstance(json.loads(first_line), dict)
        except (ValueError, RecursionError):
            found = False
    if found:
        raise InputError(
            N_("“{file}” is a JSON file. Rowmill reads CSV and Excel: convert it to one of these first."),
            file=path.name,
        )


def _looks_binary(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return False
    if utf16_without_mark(head):
        return False
    if head.count(0) > len(head) * 0.9:
        return True  # a file whose blocks were never written, after a crash
    control = sum(1 for byte in head if byte < 32 and byte not in _TEXT_CONTROL)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return control > len(head) * 0.3
    except UnicodeDecodeError:
        pass
    return control > max(len(head) * 0.02, 3)
