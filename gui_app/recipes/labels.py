"""Labels out of a model's words: matched against the list, or named as a problem. Never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gui_app.jobs import Cause
from gui_app.recipes.wording import Lead, Problem, bare, casts_doubt, first_statement, fold, short

_WORD = "0-9a-z\u00c0-\u024f\u0370-\u052f"
_BETWEEN = r"\s*(?:[,;、|/&+]|\band\b|和|与|及|以及)\s*"
_NONE_OF_THEM = frozenset(
    ("none", "none of them", "none of these", "none of the above", "n/a", "[]", "无", "没有", "以上都不是")
)


class LabelList:
    """The labels of one field, ready to be found in replies.

    A text is compared whole, in three steps: as it is, folded (case, width, quotes, spaces), and bare
    (outer punctuation gone). A step that fits two labels fits none.

    Args:
        labels: In the user's order.
        names: Names of the field ("sentiment: positive").
        aliases: Other spellings and the label they mean.
    """

    def __init__(
        self, labels: Sequence[str], names: Sequence[str] = (), aliases: Mapping[str, str] | None = None
    ) -> None:
        self.labels = tuple(dict.fromkeys(labels))
        self._lead = Lead(names)
        spellings = {label: label for label in self.labels} | dict(aliases or {})
        self._exact = spellings
        self._folded = _unique((fold(text), label) for text, label in spellings.items())
        self._bare = _unique((bare(fold(text)), label) for text, label in spellings.items())
        known = sorted((text for text in self._folded if text), key=len, reverse=True)
        self._named = re.compile("|".join(_whole_word(text) for text in known) or r"(?!)")
        self._item = re.compile(
            rf"(?:[-*•·]\s+|\d{{1,2}}[.)]\s+)?[\"'`*\[( ]*({'|'.join(map(re.escape, known)) or '(?!)'})[\"'`*\]). ]*"
            rf"(?:{_BETWEEN}(?:{_BETWEEN})?|$)"
        )

    def whole(self, text: str) -> str | None:
        """The label that this text is, all of it; None when it is none, or could be two."""
        if text in self._exact:
            return self._exact[text]
        folded = fold(text)
        return self._folded.get(folded) or self._bare.get(bare(folded)) or None

    def named_in(self, text: str) -> tuple[str, ...]:
        """The different labels that occur in a text as words, in the list's order."""
        found = {self._folded[match[0]] for match in self._named.finditer(fold(text))}
        return tuple(label for label in self.labels if label in found)

    def listed(self, text: str) -> tuple[str, ...] | None:
        """The labels of a text that is a list of labels and nothing else; None for any other text."""
        folded = self._lead.strip(fold("; ".join(line for line in text.splitlines() if line.strip())))
        found: list[str] = []
        at = 0
        while at < len(folded):
            match = self._item.match(folded, at)
            if match is None or match.end() == at:
                return None
            found.append(self._folded[match[1]])
            at = match.end()
        return tuple(label for label in self.labels if label in set(found)) if found else None

    def could_go_on(self, text: str) -> bool:
        """Whether a cut-off text that is one label may have been about to become a longer one."""
        start = bare(fold(text))
        return sum(bare(spelling).startswith(start) for spelling in self._folded) > 1

    def read_one(self, value: object) -> str | Problem:
        """One label from a JSON value or a plain text.

        Returns:
            The label as the user wrote it; or a `Problem`: `TWO_LABELS` when different labels are named,
            `OFF_LIST` otherwise.
        """
        if isinstance(value, str):
            return self._one_from_text(value)
        if isinstance(value, list):
            return self._one_from_list(value)
        text = as_words(value)
        if text is None:
            return Problem(Cause.MISSING_FIELD if value is None else Cause.OFF_LIST, short(value))
        return self.whole(text) or Problem(Cause.OFF_LIST, short(text))

    def read_many(self, value: object) -> tuple[str, ...] | Problem:
        """Any of the labels, each once, in the list's order; () when the reply says that none applies."""
        if isinstance(value, list):
            found = set()
            for item in value:
                label = self._one_from_text(item) if isinstance(item, str) else self.whole(as_words(item) or "")
                if not isinstance(label, str):
                    return Problem(Cause.OFF_LIST, short(item))
                found.add(label)
            return tuple(label for label in self.labels if label in found)
        if value is None:
            return Problem(Cause.MISSING_FIELD, "null")
        text = value if isinstance(value, str) else as_words(value) or ""
        label = self.whole(text)
        if label is not None:
            return (label,)
        listed = self.listed(text)
        if listed is not None:
            return listed
        if fold(text) in _NONE_OF_THEM or bare(fold(text)) in _NONE_OF_THEM:
            return ()
        return Problem(Cause.OFF_LIST, short(text if isinstance(value, str) else value))

    def _one_from_list(self, items: list[object]) -> str | Problem:
        found = self.read_many(items)
        if isinstance(found, Problem):
            return found
        if len(found) == 1:
            return found[0]
        return Problem(Cause.TWO_LABELS, short(", ".join(found))) if found else Problem(Cause.OFF_LIST, "[]")

    def _one_from_text(self, text: str) -> str | Problem:
        label = self.whole(text) or self.whole(self._lead.strip(fold(text)))
        if label is not None:
            return label
        listed = self.listed(text)
        if listed is not None:
            return listed[0] if len(listed) == 1 else Problem(Cause.TWO_LABELS, short(", ".join(listed)))
        named = self.named_in(text)
        if len(named) > 1:
            return Problem(Cause.TWO_LABELS, short(", ".join(named)))
        # "Positive. The buyer is glad." is an answer with its reason; "Positive, but dear" is a judgement for a person.
        head, rest = first_statement(text)
        label = (self.whole(head) or self.whole(self._lead.strip(fold(head)))) if head else None
        if label is not None and not casts_doubt(rest):
            return label
        return Problem(Cause.OFF_LIST, short(text))


def as_words(value: object) -> str | None:
    """A JSON number or truth value as a label could be spelled; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return None


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    twice: set[str] = set()
    for text, label in pairs:
        if found.setdefault(text, label) != label:
            twice.add(text)
    return {text: label for text, label in found.items() if text and text not in twice}


def _whole_word(text: str) -> str:
    before = rf"(?<![{_WORD}])" if re.match(rf"[{_WORD}]", text) else ""
    after = rf"(?![{_WORD}])" if re.search(rf"[{_WORD}]$", text) else ""
    return before + re.escape(text) + after
