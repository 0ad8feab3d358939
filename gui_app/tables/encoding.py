"""Bytes of a text file -> its encoding: byte order mark, then strict UTF-8, then chardet on the telling part."""

from __future__ import annotations

import codecs
import contextlib
import re
import unicodedata
from dataclasses import dataclass
from typing import BinaryIO

from gui_app.errors import N_, InputError

OFFERED = (
    "utf-8",
    "utf-16",
    "gb18030",
    "big5hkscs",
    "cp932",
    "euc_kr",
    "cp1252",
    "cp1250",
    "cp1251",
    "iso8859-15",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
)
"""What the window offers first; any other Python codec for text is accepted too."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: it begins with UTF-16's mark
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHECKED_BYTES = 64_000_000
_STEP_BYTES = 1_000_000
_SAMPLE_BYTES = 200_000
# In Latin writing a letter with an accent stands alone among plain ones; in other scripts they come in rows.
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_LATIN_RUN = 1.8
_LATIN = ("cp1252", "cp1250", "cp1254", "cp1257")


@dataclass(frozen=True, slots=True)
class Encoding:
    """What was found.

    Attributes:
        name: A Python codec name.
        certain: False when bytes that were not looked at could still contradict it. They are then an error, not "�".
    """

    name: str
    certain: bool = True


def detect(file: BinaryIO) -> Encoding:
    """Look at the file (its first 64 MB, if need be) from its start. Leaves the position anywhere."""
    file.seek(0)
    head = file.read(_STEP_BYTES)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name)
    wide = utf16_without_mark(head)
    if wide:
        return Encoding(wide)
    failed_at, whole = _first_byte_that_is_not_utf8(file)
    if failed_at is None:
        return Encoding("utf-8", certain=whole)
    return Encoding(_guess(file, failed_at))


def checked(name: str, file_name: str) -> str:
    """The codec's own name.

    Raises:
        InputError: Python has no such encoding for text.
    """
    try:
        found = codecs.lookup(name).name
        "a".encode(found).decode(found)
        codecs.getincrementaldecoder(found)
    except (LookupError, ValueError, UnicodeError):
        raise InputError(
            N_("“{file}” cannot be read with the encoding “{encoding}”: there is no such encoding. Choose another."),
            file=file_name,
            encoding=name[:40],
        ) from None
    return found


def utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 that does not say so: commas, digits and line ends have a zero in every second byte."""
    return _utf16_with_zeros(head[:4000]) or _utf16_in_another_script(head[:4000])


def _utf16_with_zeros(sample: bytes) -> str | None:
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) < max(2, len(sample) * 0.02) or min(even, odd) > max(even, odd) * 0.05:
        return None
    # A stray NUL in other text stands anywhere; here each line end has its own.
    ends, wide_ends = sample.count(b"\n") + sample.count(b"\r"), 0
    for end in (b"\n\0", b"\r\0") if odd > even else (b"\0\n", b"\0\r"):
        wide_ends += sample.count(end)
    if wide_ends < 0.8 * ends or (not ends and max(even, odd) < len(sample) * 0.4):
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        sample[: len(sample) // 4 * 4].decode(name)
    except UnicodeDecodeError as error:
        return name if error.reason == "unexpected end of data" else None
    return name


def _utf16_in_another_script(sample: bytes) -> str | None:
    """Chinese, for example, has few zeros, and the byte of a line end within its characters."""
    try:
        sample.replace(b"\0", b"").decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return None
    else:
        return None
    for name in ("utf-16-le", "utf-16-be"):
        with contextlib.suppress(UnicodeDecodeError):
            text = codecs.getincrementaldecoder(name)().decode(sample)
            if ("\n" in text or "\r" in text) and not any(map(_is_in_no_text, text)):
                return name
    return None


def _is_in_no_text(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs") and character not in "\t\r\n"


def _first_byte_that_is_not_utf8(file: BinaryIO) -> tuple[int | None, bool]:
    """(where, whether all of the file was looked at)."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    seen = 0
    while seen < _CHECKED_BYTES:
        block = file.read(_STEP_BYTES)
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return seen - held + error.start, False
        if not block:
            return None, True
        seen += len(block)
    return None, False


def _guess(file: BinaryIO, failed_at: int) -> str:
    import chardet  # only here: most files are UTF-8, and its models take a while to load

    # A long run of plain ASCII would tell chardet nothing: the sample begins near the first telling byte.
    file.seek(0 if failed_at < _SAMPLE_BYTES // 2 else failed_at - 2_000)
    sample = file.read(_SAMPLE_BYTES)
    if _mostly_utf8(sample):
        return "utf-8"
    sample = sample.replace(b"\0", b"")
    runs = _HIGH_BYTES.findall(sample)
    if sum(map(len, runs)) < _LATIN_RUN * len(runs):
        name = _latin(sample)
        if name:
            return name
    found = chardet.detect(sample, prefer_superset=True, compat_names=False)
    try:
        return codecs.lookup(str(found["encoding"])).name
    except LookupError:
        return "cp1252"


def _latin(sample: bytes) -> str | None:
    """Western European, unless another Latin alphabet fits clearly better. None: it is none of these."""
    import chardet

    fitting = chardet.detect_all(
        sample, ignore_threshold=True, prefer_superset=True, compat_names=False, include_encodings=_LATIN
    )
    scores = {str(one["encoding"]): float(one["confidence"] or 0) for one in fitting if one["encoding"] in _LATIN}
    if not scores:
        return None
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 1.2 * scores.get("cp1252", 0) else "cp1252"


def _mostly_utf8(sample: bytes) -> bool:
    """UTF-8 with a few damaged places: far more whole characters than broken ones."""
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for character in text if character > "\x7f") - broken
    return whole >= 20 * broken
