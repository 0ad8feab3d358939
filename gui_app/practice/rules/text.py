"""Reading a prompt the simple way: its words, its named parts, its sentences, its size."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gui_app.practice.rules.words import BAD, BAD_ZH, GOOD, GOOD_ZH, NOT, STOP

READ_AT_MOST = 20_000
"""Characters of a prompt the rules look at: a 5 MB cell must not hold the server up."""

_WORD = re.compile(
    r"[a-z0-9à-öø-ÿ\u0370-\u052f\u0590-\u06ff]+(?:['\u2019][a-z]+)?|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_HEAD = re.compile(
    r"^[ \t#*>-]*([^\s:：<>{}\[\]\"'.,;!?。，！？][^:：\n<>{}\"]{0,38}?)[ \t*]*[:：](?!//)[ \t]*", re.MULTILINE
)
_RANGE_IN_HEAD = re.compile(r"\d.*\d")
_TAGGED = re.compile(r"<([\w-]{1,40})>\s*(.*?)\s*</\1>", re.DOTALL)
_FENCED = re.compile(r"(```+|\"\"\"|~~~+)(?:\w*\n)?(.*?)\1", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_ZH = re.compile(
    "|".join(
        f"(?P<{name}>{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})"
        for name, words in (("bad", BAD_ZH), ("good", GOOD_ZH))
    )
)


@dataclass(frozen=True, slots=True)
class Part:
    """One named piece of a prompt, e.g. "Review: ..." or "<review>...</review>". `name` is in lower case."""

    name: str
    text: str


def words_of(text: str) -> list[str]:
    """Its words in order, in lower case. Chinese, Japanese and Korean runs come as pairs of characters."""
    words: list[str] = []
    for word in _WORD.findall(text[:READ_AT_MOST].lower()):
        if word[0] < "\u3040":
            words.append(word.replace("'", "").replace("\u2019", ""))
        elif len(word) < 3:
            words.append(word)
        else:
            words.extend(word[at : at + 2] for at in range(len(word) - 1))
    return words


def stem(word: str) -> str:
    """A word without its commonest English endings, so that "refunds" meets "refunded"."""
    if word[0] >= "\u3040" or len(word) < 5:
        return word[:-1] if len(word) == 4 and word.endswith("s") and not word.endswith("ss") else word
    for ending in ("ing", "ies", "ed", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)]
    return word


def stems(words: Iterable[str]) -> set[str]:
    """The distinct words that carry meaning, stemmed."""
    return {stem(word) for word in words if word not in STOP}


def parts_of(prompt: str) -> list[Part]:
    """The named pieces of a prompt, in order; empty when it has none."""
    prompt = prompt[:READ_AT_MOST]
    if "</" in prompt:
        tagged = [Part(name.lower(), text) for name, text in _TAGGED.findall(prompt) if text]
        if tagged:
            return tagged
    heads = [head for head in _HEAD.finditer(prompt) if _names_a_piece(head, prompt)]
    parts: list[Part] = []
    for at, head in enumerate(heads):
        end = heads[at + 1].start() if at + 1 < len(heads) else len(prompt)
        body = prompt[head.end() : end].strip().strip("\"'`\u201c\u201d")
        # "Answer:" at the very end invites the model to speak: it names no piece.
        if body:
            parts.append(Part(head.group(1).strip().lower(), body))
    if parts:
        return parts
    return [Part("", body.strip()) for _, body in _FENCED.findall(prompt) if body.strip()]


def _names_a_piece(head: re.Match[str], prompt: str) -> bool:
    """Whether words before a colon are a heading: alone on their line, or few. "Rate from 1 to 5: 1 = bad" is none."""
    name = head.group(1)
    if _RANGE_IN_HEAD.search(name):
        return False
    alone = head.end() >= len(prompt) or prompt[head.end()] == "\n"
    return alone or (name.count(" ") < 3 and (name.isascii() or len(name) <= 12))


def without_lists(text: str, labels: Iterable[str]) -> str:
    """The text without the sentences that name two or more of the labels: those are the task, not the row."""
    lowered = [label.lower() for label in labels]
    kept = []
    for sentence in _SENTENCE_END.split(text):
        low = sentence.lower()
        if sum(label in low for label in lowered) < 2:
            kept.append(sentence)
    return " ".join(kept)


def first_sentence(text: str, limit: int = 200) -> str:
    """The first sentence that has words in it, cut to `limit` characters."""
    for sentence in _SENTENCE_END.split(text[:READ_AT_MOST]):
        if _WORD.search(sentence.lower()):
            return sentence.strip()[:limit]
    return text.strip()[:limit]


def feelings(text: str, words: Iterable[str] | None = None) -> tuple[int, int]:
    """How many good and how many bad words a text has; a "not" shortly before an English one turns it round.

    Args:
        words: Its words, where they are known already.
    """
    counts = [0, 0]
    turned = 0
    for word in words_of(text) if words is None else words:
        bad = word in BAD
        if bad or word in GOOD:
            counts[bad != bool(turned)] += 1
            turned = 0
        elif turned:
            turned -= 1
        if word in NOT:
            turned = 3
    if not text.isascii():
        for match in _ZH.finditer(text[:READ_AT_MOST]):
            counts[match.lastgroup == "bad"] += 1
    return counts[0], counts[1]


def questions_in(text: str) -> tuple[str, str]:
    """The sentences that ask something, and the rest; ("", text) when nothing asks, or nothing else is there."""
    asking: list[str] = []
    rest: list[str] = []
    for sentence in _SENTENCE_END.split(text[:READ_AT_MOST]):
        (asking if sentence.rstrip().endswith(("?", "？")) else rest).append(sentence)
    others = " ".join(rest).strip()
    return (" ".join(asking), others) if asking and others else ("", text)


def tokens_of(text: str) -> int:
    """About how many tokens a text has: a quarter of its UTF-8 bytes.

    English comes out at four characters a token and Chinese at four thirds, near what tokenizers give.
    """
    return len(text.encode("utf-8", "surrogatepass")) // 4 + 1
