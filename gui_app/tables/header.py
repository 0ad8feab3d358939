"""The first rows of a table -> where it begins, and whether its first row holds the column names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NUMBER_OR_DATE = re.compile(
    r"[-+]?[$€£¥]?\d[\d\s.,']*(?:[eE][-+]?\d+)?\s?[%€$£]?"
    r"|\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T ].*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?:[T ].*)?"
    r"|\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?"
    r"|(?i:true|false|yes|no|null|nan|n/a)"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_USUAL = re.compile(
    r"(?:.*[_\s])?(?:id|ids|no|nr|num|number|name|names|text|texts|label|labels|comment|comments|review|reviews|title|"
    r"question|answer|reference|date|time|category|class|type|score|rating|value|content|body|message|sentence|source|"
    r"target|language|lang|url|link|email|user|author|price|amount|count|index|key|code|description|summary|status|"
    r"sentiment|country|city|address|phone|product|order|input|output|prompt|response|"
    r"编号|序号|评论|内容|标签|标题|姓名|名称|日期|时间|类别|分类|文本|问题|答案|评分|分数|状态|语言|备注|描述)",
    re.IGNORECASE,
)
_LONGEST_PREAMBLE = 30


def rows_above(rows: Sequence[Sequence[str]]) -> int:
    """How many rows lie above the table: titles, dates of a report, notes; 0 nearly always.

    Such a row has one cell where the table has several, and the row that follows the last of them is complete.
    """
    widths = Counter(len(row) for row in rows)
    width = max(widths, key=lambda one: (widths[one], one)) if rows else 0
    if width < 2 or len(rows) < 3:
        return 0
    above = 0
    while above < min(len(rows) - 2, _LONGEST_PREAMBLE) and _is_title(rows[above], width):
        above += 1
    first = rows[above]
    complete = len(first) >= width and all(cell.strip() for cell in first[:width])
    return above if complete else 0


def _is_title(row: Sequence[str], width: int) -> bool:
    filled = sum(1 for cell in row if cell.strip())
    # Excel pads the lines of a preamble to the table's width. In a table of two columns, though, a row with
    # one filled cell is as likely a row with an empty one.
    return filled <= 1 and (len(row) < width or width >= 3)


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds names rather than data. Where nothing speaks against it: yes."""
    first, body = rows[0], rows[1:201]
    if not body:
        return not any(_is_data(cell) for cell in first)
    votes = _vote_on_row(first)
    for position, heading in enumerate(first):
        column = [row[position] for row in body if position < len(row) and row[position].strip()]
        votes += _vote_on_column(heading.strip(), column)
    return votes >= 0


def _is_data(cell: str) -> bool:
    return cell.startswith(("{", "[")) or bool(_NUMBER_OR_DATE.fullmatch(cell.strip()))


def _vote_on_row(first: Sequence[str]) -> float:
    filled = [cell.strip() for cell in first if cell.strip()]
    if not filled:
        return -1.0
    repeated = len(filled) - len(set(filled))
    blank = len(first) - len(filled)
    return -0.5 * repeated - 0.2 * blank * (blank > 1)


def _vote_on_column(heading: str, column: Sequence[str]) -> float:
    if not heading or not column:
        return 0.0
    if _is_data(heading):
        return -0.2 if _YEAR.fullmatch(heading) else -1.5
    vote = 0.0
    if _USUAL.fullmatch(heading):
        vote += 1.0
    if sum(map(_is_data, column)) >= 0.8 * len(column):
        vote += 1.5
    if heading in (cell.strip() for cell in column):
        vote -= 1.5
    if len(heading) > 60:
        vote -= 1.0
    elif len(heading) * 3 < sum(map(len, column)) / len(column):
        vote += 0.5
    return vote
