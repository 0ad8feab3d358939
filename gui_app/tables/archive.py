"""A workbook's ZIP archive, looked at with care before anything is unpacked: sizes, ratios, passwords, lies."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

from gui_app.errors import N_, InputError
from gui_app.tables.refusals import damaged, protected

LARGEST_BYTES = 8_000_000_000
"""Unpacked, all parts together. A sheet of 1,048,576 rows with 100 columns of short text has about 6 GB."""

_SUSPICIOUS_BYTES = 100_000_000
_LARGEST_RATIO = 250  # sheets full of the same short text reach about 60
_LARGEST_INDEX_BYTES = 16_000_000
_STEP_BYTES = 1_000_000
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


class Archive:
    """The parts of a workbook. Only those that are read are unpacked, and no further than they said they go."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Read the directory of the archive and refuse it if its contents cannot be right.

        Raises:
            InputError: Damaged, protected, or a "zip bomb".
        """
        self._file = file
        self._name = name
        try:
            with zipfile.ZipFile(file) as archive:
                self.parts = {info.filename: info for info in archive.infolist()}
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError):
            raise damaged(name) from None
        for part in self.parts.values():
            if part.flag_bits & 1:
                raise protected(name)
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise damaged(name)
        self._refuse_bomb()

    def _refuse_bomb(self) -> None:
        total = sum(part.file_size for part in self.parts.values())
        swollen = any(
            part.file_size > _SUSPICIOUS_BYTES and part.file_size > _LARGEST_RATIO * max(part.compress_size, 1)
            for part in self.parts.values()
        )
        packed = sum(part.compress_size for part in self.parts.values())
        if total > LARGEST_BYTES or swollen or (total > _SUSPICIOUS_BYTES and total > _LARGEST_RATIO * packed):
            raise self.too_large()

    def too_large(self) -> InputError:
        """The sentence for an archive that would fill the computer's memory."""
        return InputError(
            N_(
                "“{file}” would unpack to far more than a table holds and was not opened. "
                "If you trust it, open it in Excel, save the sheet as CSV and choose that file."
            ),
            file=self._name,
        )

    def unpack(self, part: str) -> Iterator[bytes]:
        """The contents of a part, in pieces of about a megabyte.

        Raises:
            InputError: It is damaged, or goes on beyond the size it declared.
        """
        info = self.parts[part]
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise damaged(self._name)
        *_, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
        position = info.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
        left, size = info.compress_size, 0
        inflate = zlib.decompressobj(-zlib.MAX_WBITS) if info.compress_type == zipfile.ZIP_DEFLATED else None
        while left > 0:
            self._file.seek(position)
            packed = self._file.read(min(left, 1 << 18))
            if not packed:
                raise damaged(self._name)
            position, left = position + len(packed), left - len(packed)
            while packed:
                try:
                    piece = inflate.decompress(packed, _STEP_BYTES) if inflate else packed
                except zlib.error:
                    raise damaged(self._name) from None
                packed = inflate.unconsumed_tail if inflate else b""
                size += len(piece)
                if size > info.file_size:
                    raise self.too_large()
                if piece:
                    yield piece

    def refuse_lies(self, part: str) -> None:
        """Unpack a part only to see that it is as large as it says."""
        for _ in self.unpack(part):
            pass

    def xml(self, part: str) -> ElementTree.Element:
        """A small part as XML. One with a document type is refused: no Office program writes such."""
        if part not in self.parts or self.parts[part].file_size > _LARGEST_INDEX_BYTES:
            raise damaged(self._name)
        text = b"".join(self.unpack(part))
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise damaged(self._name)
        try:
            return ElementTree.fromstring(text)
        except (ElementTree.ParseError, ValueError, LookupError):
            raise damaged(self._name) from None

    def sheet_parts(self) -> dict[str, str]:
        """For each sheet's name in an .xlsx: the part that holds it."""
        workbook = next((part for part in self.parts if part.lower() == "xl/workbook.xml"), None)
        workbook = workbook or next((part for part in self.parts if part.lower().endswith("workbook.xml")), "")
        folder, file = posixpath.split(workbook)
        relations = {
            element.get("Id"): posixpath.normpath(posixpath.join("/" + folder, element.get("Target") or "")).lstrip("/")
            for element in self.xml(posixpath.join(folder, "_rels", file + ".rels"))
        }
        sheets: dict[str, str] = {}
        for element in self.xml(workbook).iter():
            if _local(element.tag) == "sheet":
                relation = next((value for key, value in element.items() if _local(key) == "id"), None)
                part = relations.get(relation)
                if part is not None and part in self.parts:
                    # Of two with one name calamine reads the first.
                    sheets.setdefault(element.get("name") or "", part)
        return sheets


def _local(tag: object) -> str:
    return str(tag).rsplit("}", 1)[-1]
