"""Bytes of a text file -> lines for the csv reader, at the speed of C and in the memory of one block."""

from __future__ import annotations

import codecs
import io
import itertools
import operator
from collections import deque
from collections.abc import Callable, Iterator
from typing import BinaryIO

from gui_app.tables.dialect import count_lines

BLOCK_BYTES = 256 * 1024
_SPLITS_TOO = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Where `str.splitlines` ends a line and a CSV file does not."""


class LineFeed:
    """The lines of a file, handed on block by block, with those since the last mark kept at hand.

    The csv reader asks for one line at a time and never reads ahead, so after each batch of rows `mark` can say
    "up to here all is well", and `since_mark` gives back the text of a record that turned out to be wrong.

    Attributes:
        lines_before: Tells how many lines were handed on; asked only when there is something to report.
        bytes_read: So far, of the file.
        nul_characters: How many were removed, and `nul_line`: where the first was.
        broken_characters: How many places were no text in this encoding, and `broken_line`: where the first was.
    """

    def __init__(self, file: BinaryIO, encoding: str, *, strict: bool) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("strict" if strict else "replace")
        self._kept: deque[tuple[list[str], Iterator[str]]] = deque()
        self._marked_at = 0
        self.lines_before: Callable[[], int] = lambda: 0
        self.bytes_read = 0
        self.nul_characters = 0
        self.nul_line = 0
        self.broken_characters = 0
        self.broken_line = 0

    def __iter__(self) -> Iterator[str]:
        return itertools.chain.from_iterable(self._blocks())

    def mark(self) -> None:
        """What was handed on so far is not needed any more."""
        while len(self._kept) > 1:
            self._kept.popleft()
        if self._kept:
            self._marked_at = _handed_on(*self._kept[0])

    @property
    def blocks_since_mark(self) -> int:
        """How many blocks the lines handed on since the last mark lie in, roughly."""
        return len(self._kept)

    def since_mark(self) -> list[str]:
        """The lines handed on since the last mark."""
        lines: list[str] = []
        for number, (block, rest) in enumerate(self._kept):
            lines += block[self._marked_at if number == 0 else 0 : _handed_on(block, rest)]
        return lines

    def _blocks(self) -> Iterator[Iterator[str]]:
        for text in self._texts():
            if any(character in text for character in _SPLITS_TOO):
                # Universal line ends, untranslated: cells keep the line ends they have.
                block = list(io.StringIO(text, newline=""))
            else:
                block = text.splitlines(keepends=True)  # twice as fast
            lines = iter(block)
            if not self._kept:
                self._marked_at = 0
            self._kept.append((block, lines))
            yield lines

    def _texts(self) -> Iterator[str]:
        """The decoded text in pieces that end where a line ends."""
        started: list[str] = []  # pieces of a line that is longer than a block
        at_start = True
        while True:
            data = self._file.read(BLOCK_BYTES)
            self.bytes_read += len(data)
            text = self._clean(self._decoder.decode(data, final=not data))
            if at_start and text:
                text, at_start = text.removeprefix("\ufeff"), False
            if not data:
                rest = "".join([*started, text])
                if rest:
                    yield rest
                return
            end = _end_of_last_line(text)
            if text and not end and started and started[-1].endswith("\r") and not text.startswith("\n"):
                yield "".join(started)
                started = [text]
            elif not end:
                started.append(text)
            else:
                yield "".join([*started, text[:end]])
                started = [text[end:]]

    def _clean(self, text: str) -> str:
        if "\ufffd" in text:
            self.broken_line = self.broken_line or self._line_of(text, "\ufffd")
            self.broken_characters += text.count("\ufffd")
        if "\0" in text:
            self.nul_line = self.nul_line or self._line_of(text, "\0")
            self.nul_characters += text.count("\0")
            text = text.replace("\0", "")
        return text

    def _line_of(self, text: str, character: str) -> int:
        return self.lines_before() + count_lines(text[: text.index(character)]) + 1


def _handed_on(block: list[str], rest: Iterator[str]) -> int:
    return len(block) - operator.length_hint(rest)


def _end_of_last_line(text: str) -> int:
    """Where the last whole line ends. A "\\r" at the very end does not count: its "\\n" may be still to come."""
    end = text.rfind("\n") + 1
    return end or text.rfind("\r", 0, max(len(text) - 1, 0)) + 1
