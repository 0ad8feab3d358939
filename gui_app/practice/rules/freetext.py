"""Free text by simple rules: a marked "translation", a first sentence, or what a pattern finds; always marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gui_app.practice.rules import words as lists
from gui_app.practice.rules.reader import Reader
from gui_app.practice.rules.text import first_sentence

MARK = "[practice]"
"""Opens every free text the practice model writes, wherever it is shown."""

_TRANSLATE = re.compile(r"translat|翻译|译成|译为|译文", re.IGNORECASE)
_SUMMARISE = re.compile(r"summar|tl;?dr|in one sentence|in two sentences|摘要|总结|概括|概述", re.IGNORECASE)
_EXPLAIN = re.compile(
    r"\b(?:reason|explain|explains|explanation|why|justify|justification)\b|理由|原因|解释", re.IGNORECASE
)
_LEAVE_EMPTY = re.compile(r"leave (?:it |them )?(?:empty|blank)|empty (?:string|text)|留空|为空|空着", re.IGNORECASE)
_SEVERAL = re.compile(r"several|separated|all of|every|each|多个|所有|分隔|；", re.IGNORECASE)
_INTO = re.compile(
    r"(?:\binto|\bto|\bin|译成|译为|翻译成|翻译为)[:：]?\s*[\"'“*]?"
    r"((?:simplified |traditional )?[a-z]+|[\u3400-\u9fff]{1,4}?[文语])",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"(?:(?:simplified|traditional) )?(?:" + "|".join(sorted(lists.LANGUAGES, key=len, reverse=True)) + ")",
    re.IGNORECASE,
)
_LANGUAGE_NAMES = {name.lower(): name for name in lists.LANGUAGES}
# What a field asks for, and the pattern that finds it. The first group is what counts, where there is one.
_FINDERS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(found))
    for asked, found in (
        (r"e-?mail|邮箱|邮件", r"[\w.+-]+@[\w-]+\.[\w.-]*\w"),
        (r"\burl|\blink|website|网址|链接", r"https?://[^\s\"'<>]+|www\.[^\s\"'<>]+"),
        (r"phone|mobile|电话|手机", r"\+?\d[\d ()-]{6,}\d"),
        (
            r"\bdates?\b|\bday\b|\bwhen\b|日期|时间",
            r"\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?|\d{1,2}月\d{1,2}日|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}"
            r"|(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|November|December)"
            r"(?: \d{1,2}\b)?(?:,? \d{4}\b)?",
        ),
        (
            r"price|amount|\bcost|total|money|金额|价格|费用",
            r"[$€£¥￥]\s?\d(?:[\d,.]*\d)?|\d(?:[\d,.]*\d)?\s?(?:万元|元|dollars|euros|pounds|USD|EUR|GBP|RMB|CNY)",
        ),
        (
            r"\bplaces?\b|address|\bcity|\bcities|country|location|\bwhere\b|地点|地址|城市|国家",
            r"(?:\bin|\bat|\bfrom|\bto|\bnear) ((?:[A-Z][a-z]+)(?: [A-Z][a-z]+)*)"
            r"|[\u4e00-\u9fff]{2,4}?(?:省|市|区|县|路|街)",
        ),
        (r"\bpeople\b|person|\bwho\b|人物|人名|姓名|\bnames?\b", r"\b[A-Z][a-z]+(?: [A-Z][a-z]+)+\b"),
        (r"order|number|\bcode\b|\bid\b|invoice|编号|单号|订单", r"#?\b[A-Z]{0,4}[-#]?\d{3,}\b"),
    )
)


@dataclass(frozen=True)
class Guess:
    """A value and how sure the rule is of it, 0 to 1."""

    value: Any
    sureness: float


@dataclass(frozen=True)
class TextSlot:
    """Free text.

    Attributes:
        name: The field's name.
        asked: What the question says about it.
        limit: The most characters it may have; None for no limit.
    """

    name: str
    asked: str
    limit: int | None = None

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        found = self._text(reader)
        text = f"{MARK} {found}" if found else ""
        if self.limit is not None and len(text) > self.limit:
            text = text[: max(1, self.limit - 1)] + "…"
        return Guess(text, 0.5)

    def _text(self, reader: Reader) -> str:
        asked = f"{self.name}\n{self.asked}"
        # Without a task of its own in the prompt, its beginning is the best place to look for one.
        task = reader.task or reader.shown[:300]
        if _TRANSLATE.search(asked) or _TRANSLATE.search(task):
            return f"{target_language(reader, task, asked)}: {reader.body.strip()}"
        if _EXPLAIN.search(asked):
            return "Told by words in common and by good and bad words, not by meaning."
        if _SUMMARISE.search(asked) or _SUMMARISE.search(task):
            return first_sentence(reader.body)
        for said in (self.name, self.asked):
            for wanted, finder in _FINDERS:
                if wanted.search(said):
                    return self._find(finder, reader, f"{asked}\n{task}")
        return first_sentence(reader.body)

    def _find(self, finder: re.Pattern[str], reader: Reader, asked: str) -> str:
        matches = dict.fromkeys(match.group(match.lastindex or 0) for match in finder.finditer(reader.content))
        found = [text.strip() for text in matches if text.strip()]
        if found:
            return "; ".join(found[:5]) if _SEVERAL.search(asked) else found[0]
        return "" if _LEAVE_EMPTY.search(asked) else first_sentence(reader.body)


def target_language(reader: Reader, task: str, asked: str) -> str:
    """The language a translation was asked into, as the prompt names it."""
    for part in reader.parts:
        if "language" in part.name or "语言" in part.name:
            return part.text.strip()[:40]
    for text in (task, asked):
        for found in _INTO.findall(text):
            last = found.lower().split()[-1]
            if last in _LANGUAGE_NAMES or not found.isascii():
                return str(found) if " " in found else _LANGUAGE_NAMES.get(last, found)
    match = _LANGUAGE.search(task) or _LANGUAGE.search(asked)
    return match.group(0) if match else "translation"
