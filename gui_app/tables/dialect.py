"""Text of a delimited file -> its separator and quoting, found by reading a sample strictly with each candidate."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

SEPARATORS = (",", ";", "\t", "|")
MOST_RECORDS = 2000
LARGEST_CELL = 128_000_000
"""Characters of one cell. Beyond it lies a quote that was never closed."""

_NO_SEPARATOR = "\x00"  # NULs never reach the reader, so with this one the whole line is one cell
_SEP_LINE = re.compile(r"\"?sep=(?P<separator>[^\r\n])\"?[,; \t]*(?:\r\n|\r|\n|\Z)", re.IGNORECASE)
_TYPED = re.compile(r"\s*(?:[-+]?[\d.,]*\d%?|\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*)?\s*", re.ASCII)


class RowReader(Protocol):
    """What `csv.reader` gives."""

    @property
    def line_num(self) -> int:
        """Lines read so far."""

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a line becomes cells. See `ImportSettings` for what "" means."""

    separator: str = ","
    quote: str = '"'
    escape: str = ""

    def reader(self, lines: Iterable[str], *, strict: bool = True) -> RowReader:
        """Python's reader for this dialect. Strict: a quote in the wrong place is a `csv.Error`."""
        if csv.field_size_limit() != LARGEST_CELL:
            csv.field_size_limit(LARGEST_CELL)
        return csv.reader(
            lines,
            delimiter=self.separator or _NO_SEPARATOR,
            quotechar=self.quote or None,
            escapechar=self.escape or None,
            doublequote=True,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            strict=strict,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a sample: its lines (from 1, inclusive) and its cells. None: quotes in the wrong place."""

    first_line: int
    last_line: int
    cells: list[str] | None


def records(text: str, dialect: Dialect, *, whole: bool) -> list[Record]:
    """The first records of the sample, read strictly; blank lines left out.

    Args:
        whole: The text is the whole file. Otherwise its last record may be cut, and is left out.
    """
    reader = dialect.reader(io.StringIO(text, newline=""))
    found: list[Record] = []
    while len(found) < MOST_RECORDS:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            found.append(Record(first, reader.line_num, None))
            continue
        if cells:
            found.append(Record(first, reader.line_num, cells))
    else:
        return found
    if not whole and len(found) > 1:
        del found[-1]
    return found


def sep_line(text: str) -> tuple[str, int] | None:
    """Excel's own first line `sep=;`: the separator, and how many characters the line takes."""
    found = _SEP_LINE.match(text)
    return (found["separator"], found.end()) if found else None


def detect(
    text: str, *, whole: bool, fixed: Dialect | None = None, unfixed: str = "sqe", prose: bool = False
) -> Dialect:
    """The dialect under which the sample looks most like a table.

    Args:
        fixed: Parts already chosen by the user.
        unfixed: Which parts are to be detected: "s"eparator, "q"uote, "e"scape.
        prose: The file's name does not claim that it is a table (.txt): uneven lines are then whole cells.
    """
    fixed = fixed or Dialect()
    scored: list[tuple[_Score, Dialect]] = []
    for candidates in _candidates(text, fixed, unfixed):
        scored += [(_score(records(text, one, whole=whole), one), one) for one in candidates]
        leading, _ = max(scored, key=_value)
        if leading.width > 1 and not leading.wrong and leading.share > 0.8:
            break  # even rows and no quote in the wrong place: other ways of quoting need not be tried
    best_score, best = max(scored, key=_value)
    if not best.quote and "q" in unfixed:
        best_score, best = _quoted_all_the_same(text, scored, best.separator) or (best_score, best)
    if "s" not in unfixed:
        return best
    if best_score.width <= 1:
        return Dialect("" if _separators_in_prose(scored) else ",", best.quote, best.escape)
    if best_score.share < 0.6 and (prose or best_score.first_width == 1):
        return Dialect("", best.quote, best.escape)
    return best


@dataclass(frozen=True, slots=True)
class _Score:
    value: float
    width: int
    share: float
    first_width: int
    widest: int
    wrong: float
    wrong_records: int


def _candidates(text: str, fixed: Dialect, unfixed: str) -> Iterator[list[Dialect]]:
    """All separators with the usual quoting, then with the others that the text may use."""
    quotes = [fixed.quote]
    if "q" in unfixed:
        quotes = ['"']
        if '"' in text:
            quotes.append("")
        elif re.search(r"(?:^|[,;\t|])'[^'\n]*'(?:[,;\t|\r\n]|$)", text, re.MULTILINE):
            quotes.insert(0, "'")
    pairs = [(quote, fixed.escape) for quote in quotes]
    if "e" in unfixed and quotes[0] and "\\" + quotes[0] in text:
        pairs.insert(1, (quotes[0], "\\"))
    for quote, escape in pairs:
        yield [Dialect(one, quote, escape) for one in (SEPARATORS if "s" in unfixed else (fixed.separator,))]


def _score(found: list[Record], dialect: Dialect) -> _Score:
    read = [record.cells for record in found if record.cells is not None]
    if not read:
        return _Score(-1.0, 1, 0.0, 1, 1, 1.0, len(found))
    widths = Counter(map(len, read))
    width = max(widths, key=lambda one: (widths[one], one))
    share = widths[width] / len(found)
    cells = list(itertools.islice(itertools.chain.from_iterable(read), 5000))
    typed = sum(1 for cell in cells if _TYPED.fullmatch(cell[:40])) / len(cells)
    prose = sum(1 for cell in cells if cell[:1] == " ") / len(cells)
    # The share of even rows decides; the rest settles ties, such as "1,5;2,5" that splits evenly either way.
    value = share**2 + 0.1 * typed - 0.2 * prose + (0.05 if dialect.separator == "\t" else 0.0)
    if width == 1:
        value = 0.05 * share
    wrong = 1 - len(read) / len(found)
    value -= wrong * 0.5 + (0.0 if dialect.quote == '"' and not dialect.escape else 0.02)
    return _Score(value, width, share, len(read[0]), max(widths), wrong, len(found) - len(read))


def _value(pair: tuple[_Score, Dialect]) -> float:
    return pair[0].value


def _quoted_all_the_same(
    text: str, scored: list[tuple[_Score, Dialect]], separator: str
) -> tuple[_Score, Dialect] | None:
    """The reading with quotes where some cells are quoted as they should be: then a quote that is never closed is a
    fault of the file, to be told with its line, and no reason to take all of them for text."""
    with_quotes = [pair for pair in scored if pair[1].quote and pair[1].separator == separator]
    if not with_quotes:
        return None
    score, dialect = max(with_quotes, key=_value)
    well = sum(1 for _ in itertools.islice(_quoted_cell(dialect).finditer(text), MOST_RECORDS))
    return (score, dialect) if well and well >= score.wrong_records else None


def _quoted_cell(dialect: Dialect) -> re.Pattern[str]:
    quote, separator = re.escape(dialect.quote), re.escape(dialect.separator or _NO_SEPARATOR)
    escaped = f"|{re.escape(dialect.escape)}." if dialect.escape else ""
    inside = f"(?:[^{quote}{re.escape(dialect.escape)}]|{quote}{quote}{escaped})*+"
    return re.compile(f"(?:^|(?<={separator})){quote}{inside}{quote}(?={separator}|[\\r\\n]|\\Z)", re.M | re.S)


def _separators_in_prose(scored: list[tuple[_Score, Dialect]]) -> bool:
    return any(score.widest > 1 and dialect.separator != "\t" for score, dialect in scored)


def begins_with_quote(text: str, dialect: Dialect) -> bool:
    """Some cell does."""
    return re.search(f"(?:^|{re.escape(dialect.separator)}){re.escape(dialect.quote)}", text, re.M) is not None


def where_quote_opened(text: str, dialect: Dialect) -> tuple[int, int]:
    """In a record with quotes in the wrong place: the line and cell (from 1) whose quote is not closed well."""
    line, cell, position = 1, 1, 0
    opened = (1, 1)
    cell_end = re.compile("[\r\n" + re.escape(dialect.separator or _NO_SEPARATOR) + "]")
    while position < len(text):
        begins = position
        if dialect.quote and text.startswith(dialect.quote, position):
            opened = (line, cell)
            closed = _closing_quote(text, position + 1, dialect)
            if closed is None:
                return opened
            position = closed
        found = cell_end.search(text, position)
        position = found.end() if found else len(text)
        if text[position - 1] == "\r" and text.startswith("\n", position):
            position += 1
        line += count_lines(text[begins:position])
        cell = 1 if text[position - 1] in "\r\n" else cell + 1
    return opened


def _closing_quote(text: str, position: int, dialect: Dialect) -> int | None:
    """Just behind the quote that closes the cell; None when there is none, or text follows it."""
    while (found := text.find(dialect.quote, position)) >= 0:
        before = text[position:found]
        escapes = len(before) - len(before.rstrip(dialect.escape)) if dialect.escape else 0
        if escapes % 2:
            position = found + 1
        elif text.startswith(dialect.quote, found + 1):
            position = found + 2
        else:
            following = text[found + 1 : found + 2]
            return found + 1 if following in ("", "\r", "\n", dialect.separator) else None
    return None


def count_lines(text: str) -> int:
    """Line ends of any of the three kinds."""
    if "\r" not in text:
        return text.count("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")
