"""One prompt, read once: what is the task in it, what is the row's own text, and how that text feels."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

from gui_app.practice.rules.text import READ_AT_MOST, Part, feelings, parts_of, questions_in, stems, words_of

_EXAMPLES = re.compile(r"Examples of right answers:\n.*?\nEnd of the examples\.\n*", re.DOTALL)
_TASK_START = re.compile(
    r"\W*(?:answer|assess|check|choose|classify|decide|describe|determine|does|do|evaluate|explain|extract|find|give|grade"
    r"|how|identify|is|are|was|label|list|mark|name|pick|rate|read|say|score|summari[sz]e|tag|tell|translate|what|which"
    r"|who|why|write|you|your|请|判断|翻译|总结|概括|提取|找出|给|为|将|把|根据|对|从)\b",
    re.IGNORECASE,
)


@dataclass
class Reader:
    """Every rule asks it for the view it needs; each is made once, when first asked for."""

    prompt: str
    seed: int = 0
    spoil: bool = False
    """One value is to come out wrong, so that people can learn to review."""

    @cached_property
    def shown(self) -> str:
        """As much of the prompt as is read, without a block of examples, whose texts are not this row's."""
        prompt = _EXAMPLES.sub("", self.prompt) if "Examples of right answers:" in self.prompt else self.prompt
        return prompt[:READ_AT_MOST]

    @cached_property
    def parts(self) -> list[Part]:
        """The named pieces of the prompt."""
        return parts_of(self.shown)

    @cached_property
    def _halves(self) -> tuple[str, str]:
        """The task and the row's text, as far as they can be told apart."""
        shown = self.shown
        if self.parts:
            return shown[: max(0, shown.find(self.parts[0].text))], "\n".join(part.text for part in self.parts)
        first, blank, rest = shown.partition("\n\n")
        if blank and rest.strip() and (_TASK_START.match(first) or first.rstrip().endswith(("?", "？", ":", "："))):
            return first, rest
        return questions_in(shown)

    @property
    def task(self) -> str:
        """What the prompt asks, "" where that cannot be told from the row's text."""
        return self._halves[0]

    @property
    def content(self) -> str:
        """The row's own text."""
        return self._halves[1]

    @cached_property
    def body(self) -> str:
        """The longest named piece, which is where a row's text mostly is; all of the row's text without such."""
        texts = [part.text for part in self.parts if "language" not in part.name and "语言" not in part.name]
        return max(texts, key=len, default="") or self.content

    @cached_property
    def words(self) -> list[str]:
        """The words of the row's text."""
        return words_of(self.content)

    @cached_property
    def stems(self) -> set[str]:
        """Those that carry meaning, stemmed."""
        return stems(self.words)

    @cached_property
    def task_stems(self) -> set[str]:
        """The words of the task that carry meaning, stemmed."""
        return stems(words_of(self.task))

    @cached_property
    def feelings(self) -> tuple[int, int]:
        """How many good and how many bad words the row's text has."""
        return feelings(self.content, self.words)

    @property
    def feeling(self) -> int:
        """Good words minus bad words."""
        good, bad = self.feelings
        return good - bad

    @cached_property
    def dice(self) -> int:
        """64 bits that are the same for the same seed and prompt."""
        text = f"{self.seed}\n{self.prompt}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")

    def take_spoil(self) -> bool:
        """True once, when a value is to come out wrong."""
        spoil, self.spoil = self.spoil, False
        return spoil
