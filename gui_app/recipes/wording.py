"""How a model's words are compared: case, width, quotes and outer punctuation set aside, meaning never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from gui_app.jobs import Cause, FieldValue

_STRAIGHTEN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ′´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\x00", None),
    }
)
# A sign, a dot, a question mark or a comparison changes the meaning ("-1", ".5", "spam?", "<5"): those stay.
_OPENING = " \t\r\n\"'`*_([{「『《【•·"
_CLOSING = " \t\r\n\"'`*_)]}」』》】.,;:!。、…"
_BULLET = re.compile(r"^[-*+•·]\s+")
_ENUMERATED = re.compile(r"^\(?(?:\d{1,2}|[a-z])[.)]\s+")
_SPLIT_AFTER_FIRST = re.compile(
    r"\n|[.!;。！；]\s|[。！；]|\s[-–—]{1,3}\s|[(（]|[,，]\s?(?=because\b|since\b|as\b|因为|由于)"
)
_DOUBT = re.compile(
    r"\b(?:not|no|nor|never|neither|cannot|wait|however|but|although|though|maybe|perhaps|possibly|probably|unsure"
    r"|uncertain|unclear|actually|instead|rather|or|if|unless)\b|n't\b|[不没非但或]|可能|也许|然而|其实",
)
_NOUNS = (
    *("label", "labels", "tag", "tags", "answer", "category", "categories", "class", "classification", "result"),
    *("output", "response", "rating", "score", "value", "sentiment", "topic", "topics"),
    *("标签", "答案", "类别", "分类", "结果", "评分", "分数", "得分", "回答", "情感", "评级", "主题"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a field has no value, or one that a person should look at.

    Attributes:
        value: Kept although it failed a check (text that is too long); None otherwise.
    """

    cause: Cause
    detail: str
    value: FieldValue = None


def fold(text: str) -> str:
    """One spelling for what reads the same: NFKC width and form, case, straight quotes, single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_STRAIGHTEN)
        text = unicodedata.normalize("NFKC", text.casefold())
    elif "\x00" in text:
        text = text.replace("\x00", "")
    return " ".join(text.casefold().split())


def bare(folded: str) -> str:
    """A folded text without its bullet, quotes, brackets, emphasis and closing punctuation."""
    text = _BULLET.sub("", folded).lstrip(_OPENING).rstrip(_CLOSING)
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    return text


def short(value: object, limit: int = 80) -> str:
    """A few words of data for a `detail`: on one line, controls made visible, cut with an ellipsis."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text[: limit * 4].split())
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text) or '""'
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Lead:
    """The words models put before an answer: "Label: x", "The sentiment is x", "2) x".

    Args:
        names: Names of the field, counted among the words that may stand before a colon.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        nouns = sorted({fold(name) for name in (*names, *_NOUNS)} - {""}, key=len, reverse=True)
        noun = "|".join(re.escape(text) for text in nouns)
        self._said = re.compile(
            r"^[\"'`*_#(\[ ]{0,6}(?:(?:the|my|its|this|your|a)\s+)?(?:(?:final|correct|best|right|overall)\s+)?"
            rf"(?:{noun})(?:\s+(?:of|for)\s+(?:this|the)\s+\w+)?[\"'`*_)\] ]{{0,6}}"
            r"(?::|=|->|→|\s+is(?:\s*:|\s)|是:?|为:?)\s*"
        )
        self._it_is = re.compile(r"^(?:it\s+is|it's|this\s+is|that\s+is|这是|它是)\s*:?\s*")

    def strip(self, folded: str) -> str:
        """The folded text after such words; unchanged where there are none. What is left is checked in full."""
        for pattern in (self._said, self._it_is, _ENUMERATED):
            rest = pattern.sub("", folded, count=1)
            if rest != folded and rest:
                return rest
        return folded


def first_statement(text: str) -> tuple[str, str]:
    """Text up to its first line end, full stop, dash or bracket, and what follows; ("", "") when it has none."""
    match = _SPLIT_AFTER_FIRST.search(text.strip())
    if match is None or match.start() == 0:
        return "", ""
    text = text.strip()
    return text[: match.start()], text[match.end() :]


def casts_doubt(text: str) -> bool:
    """Whether words after an answer may take it back or weigh it ("but", "not", "或"): then nothing is taken."""
    return _DOUBT.search(fold(text)) is not None
