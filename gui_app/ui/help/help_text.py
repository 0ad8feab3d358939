"""The help page's text: read from its file in the language in use, in named parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gui_app.i18n import language
from gui_app.paths import resource

_HEAD = re.compile(r"\[([a-z_]+)\] (.+)")
BULLET = "- "


@dataclass(frozen=True, slots=True)
class HelpPart:
    """One part of the page.

    Attributes:
        topic: Its name, the same in every language; what error sentences lead to.
        blocks: Paragraphs, and list items beginning with "- ".
    """

    topic: str
    title: str
    blocks: tuple[str, ...]

    def has(self, words: Sequence[str]) -> bool:
        """Whether all of these (folded) words occur in it."""
        text = "\n".join((self.title, *self.blocks)).casefold()
        return all(word in text for word in words)


def help_parts(values: Mapping[str, Sequence[str]]) -> list[HelpPart]:
    """The page in the language in use.

    Args:
        values: What stands for a `{name}`: a line that is just a name becomes as many blocks, within a line the texts
            are joined.
    """
    parts = []
    for topic, title, lines in _read(language()):
        blocks: list[str] = []
        for line in lines:
            whole = values.get(line[1:-1]) if line[:1] == "{" and line[-1:] == "}" else None
            blocks += whole if whole is not None else [_filled(line, values)]
        parts.append(HelpPart(topic, title, tuple(blocks)))
    return parts


def topics(code: str) -> list[str]:
    """The names of all parts in a language."""
    return [topic for topic, _title, _lines in _read(code)]


def _filled(line: str, values: Mapping[str, Sequence[str]]) -> str:
    for name, texts in values.items():
        line = line.replace(f"{{{name}}}", ", ".join(texts))
    return line


@lru_cache
def _read(code: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    found: list[tuple[str, str, list[str]]] = []
    for line in resource("help", f"{code}.txt").read_text("utf-8").splitlines():
        head = _HEAD.fullmatch(line)
        if head:
            found.append((head[1], head[2], []))
        elif line.strip():
            found[-1][2].append(line.strip())
    return tuple((topic, title, tuple(lines)) for topic, title, lines in found)
