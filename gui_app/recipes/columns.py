"""Guessing which column of a table holds what: the text, a reference, a language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gui_app.recipes.wording import fold

_ROWS_LOOKED_AT = 50
_LONGEST_COUNTED = 400

_NAMES = {
    "text": "text review comment content message body sentence description feedback post tweet article abstract note"
    " summary title 评论 评价 内容 文本 正文 句子 原文 描述 反馈 留言 消息 标题",
    "reference": "reference ref expected gold golden truth ground correct target solution key"
    " 参考 参考答案 标准答案 正确答案 期望",
    "answer": "answer response output reply prediction candidate completion 回答 答复 回复 输出 作答",
    "question": "question prompt query instruction 问题 题目 提问 问",
    "language": "language lang locale into 语言 语种 目标语言",
}
_LANGUAGE_NAMES = (
    "english chinese german french spanish italian portuguese russian japanese korean arabic dutch polish turkish"
    " swedish danish norwegian finnish greek czech hungarian hindi thai vietnamese indonesian ukrainian hebrew"
    " en zh de fr es it pt ru ja ko ar nl pl tr sv da no fi el cs hu hi th vi id uk he zh-cn zh-tw en-us en-gb pt-br"
    " 英语 英文 中文 汉语 德语 德文 法语 法文 西班牙语 意大利语 葡萄牙语 俄语 日语 日文 韩语 阿拉伯语 荷兰语 泰语"
    " 越南语 简体中文 繁体中文 deutsch français español italiano 日本語 한국어 simplified"
)
_LANGUAGES = frozenset(_LANGUAGE_NAMES.split())
_NO_PROSE = re.compile(r"[\d\s.,:/%+\-€$¥£()]*|https?://\S*|\S+@\S+\.\w+|[A-Za-z]{0,4}[-_]?\d[\w-]*")
# Compiled when first used: so wide a range takes as long as importing five modules.
_CHINESE = r"[\u4e00-\u9fff]"


class ColumnGuess:
    """What the columns of a table seem to hold, from their headings and some rows.

    Args:
        columns: The headings.
        sample_rows: Cells in column order; at most 50 rows are looked at.
    """

    def __init__(self, columns: Sequence[str], sample_rows: Sequence[Sequence[str]] = ()) -> None:
        self.columns = tuple(columns)
        rows = sample_rows[:_ROWS_LOOKED_AT]
        self._cells = [[row[i] for row in rows if i < len(row) and row[i].strip()] for i in range(len(self.columns))]

    def text(self, besides: Sequence[str | None] = ()) -> str | None:
        """The column with the text to work on: the longest prose, a telling heading counting as more.

        Returns:
            None only when there is no column (left).
        """
        taken = {name for name in besides if name is not None}
        left = [i for i, name in enumerate(self.columns) if name and name not in taken]
        if not left:
            return None
        return self.columns[max(left, key=lambda i: (self._prose(i), -i))]

    def named(self, role: str, besides: Sequence[str | None] = ()) -> str | None:
        """The first column whose heading says that role ("reference", "answer", "question"); None when none does."""
        words = set(_NAMES[role].split())
        for column in self.columns:
            if column not in besides and _words(column) & words:
                return column
        return None

    def language(self) -> str | None:
        """The column that names a language in each row; None when there is none."""
        by_name = self.named("language")
        for index, column in enumerate(self.columns):
            cells = self._cells[index]
            known = sum(bool(_words(cell) & _LANGUAGES) and len(cell) <= 40 for cell in cells)
            if cells and known >= 0.7 * len(cells):
                return column
            if column == by_name and (not cells or max(map(len, cells)) <= 40):
                return column
        return None

    def is_chinese(self, column: str | None) -> bool:
        """Whether most of a column's cells are written in Chinese."""
        if column is None:
            return False
        cells = self._cells[self.columns.index(column)]
        written = sum(4 * len(re.findall(_CHINESE, cell)) > len(cell) for cell in cells)
        return 2 * written > len(cells)

    def _prose(self, index: int) -> float:
        cells = self._cells[index]
        lengths = [0 if _NO_PROSE.fullmatch(c.strip()) else min(_width(c), _LONGEST_COUNTED) for c in cells]
        average = sum(lengths) / len(lengths) if lengths else 0.0
        heading, names = self.columns[index], set(_NAMES["text"].split())
        # Chinese joins words without a sign: 评价内容, 用户评论.
        told = bool(_words(heading) & names) or any(name in heading for name in names if re.match(_CHINESE, name))
        return average * (1.5 if told else 1.0) + (5.0 if told else 0.0)


def _width(text: str) -> int:
    # A Chinese character says about as much as three Latin letters.
    return len(text) + 2 * len(re.findall(_CHINESE, text[:_LONGEST_COUNTED]))


def _words(text: str) -> set[str]:
    """The words of a short text: split at everything that joins words in headings, camelCase too."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    folded = fold(spaced)
    return set(re.split(r"[\s_/().:;,|]+", folded)) | {folded}
