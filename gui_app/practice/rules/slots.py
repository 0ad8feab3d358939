"""The rules for values with a form: labels, yes/no, numbers, and lists and objects of them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from gui_app.practice.rules import words as lists
from gui_app.practice.rules.freetext import Guess
from gui_app.practice.rules.reader import Reader
from gui_app.practice.rules.text import feelings, stems, without_lists, words_of

_NUMBER = re.compile(r"(?<![\w.])-?\d{1,15}(?:[.,]\d{1,6})?(?![\w])")


class Slot(Protocol):
    """One place in the reply that a rule fills."""

    def fill(self, reader: Reader) -> Guess:
        """The value for this prompt."""
        ...


@dataclass(frozen=True)
class Label:
    """One label of a list, prepared: its polarity (-2 to 2, None for none), its words and those of its description."""

    value: Any
    polarity: int | None
    stems: frozenset[str]

    @property
    def mixed(self) -> bool:
        """It names good and bad at once."""
        return str(self.value).strip().lower() in lists.MIXED_LABELS

    @classmethod
    def of(cls, value: Any, description: str = "") -> Label:
        """Prepare a label."""
        text = str(value).strip().lower()
        return cls(value, polarity(text), frozenset(stems(words_of(f"{text} {description}"))))


def polarity(label: str) -> int | None:
    """What feeling a label names: 2 and 1 good, 0 neutral, -1 and -2 bad; None when it names none."""
    strong = 1
    for mark in lists.STRONG_MARKS:
        if label.startswith(mark) and len(label) > len(mark):
            label, strong = label[len(mark) :], 2
            break
    candidates = [label, *re.split(r"[\s_/()（）-]+", label)]
    for names, sign in ((lists.NEGATIVE_LABELS, -1), (lists.POSITIVE_LABELS, 1), (lists.NEUTRAL_LABELS, 0)):
        if any(candidate in names for candidate in candidates):
            return sign * strong
    for names, sign in ((lists.NEGATIVE_LABELS, -1), (lists.POSITIVE_LABELS, 1)):
        if any(len(name) > 1 and name in label for name in names if not name.isascii()):
            return sign * strong
    return None


@dataclass(frozen=True)
class LabelSlot:
    """One label from a list: by feeling when the labels name feelings, else by shared words."""

    labels: tuple[Label, ...]

    @cached_property
    def by_feeling(self) -> bool:
        """True when both a good and a bad label are on the list."""
        signs = {label.polarity > 0 for label in self.labels if label.polarity}
        return len(signs) == 2

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The labels as text."""
        return tuple(str(label.value) for label in self.labels)

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        if reader.take_spoil():
            return Guess(off_list(self.names, reader), 0.3)
        return self._by_feeling(reader) if self.by_feeling else self._by_words(reader)

    def scores(self, reader: Reader) -> list[int]:
        """How many words each label shares with the row's text."""
        seen = reader.stems if reader.task else stems(words_of(without_lists(reader.content, self.names)))
        return [len(label.stems & seen) for label in self.labels]

    def _by_feeling(self, reader: Reader) -> Guess:
        good, bad = reader.feelings if reader.task else feelings(without_lists(reader.content, self.names))
        wanted = max(-2, min(2, good - bad))
        if abs(wanted) == 2 and not any(abs(label.polarity or 0) == 2 for label in self.labels):
            wanted //= 2

        def distance(label: Label) -> tuple[int, bool, int]:
            # Good and bad words alike are "mixed", none at all is "neutral"; without either, the dice decide.
            unlike = wanted == 0 and label.mixed != bool(good)
            return abs((label.polarity or 0) - wanted), unlike, (reader.dice ^ hash_of(str(label.value))) & 0xFF

        nearest = min((label for label in self.labels if label.polarity is not None), key=distance)
        return Guess(nearest.value, min(0.97, 0.6 + 0.12 * abs(good - bad)))

    def _by_words(self, reader: Reader) -> Guess:
        scores = self.scores(reader)
        best = max(scores)
        if best:
            shares = [at for at, score in enumerate(scores) if score == best]
            return Guess(
                self.labels[shares[reader.dice % len(shares)]].value, min(0.95, 0.5 + 0.15 * best / len(shares))
            )
        for label in self.labels:
            if str(label.value).strip().lower() in lists.OTHER_LABELS:
                return Guess(label.value, 0.5)
        return Guess(self.labels[reader.dice % len(self.labels)].value, 1 / len(self.labels))


@dataclass(frozen=True)
class LabelsSlot:
    """Any of these labels: all that share words with the row's text."""

    one: LabelSlot
    at_least: int = 0
    at_most: int | None = None

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        if reader.take_spoil():
            return Guess([off_list(self.one.names, reader)], 0.3)
        scores = self.one.scores(reader)
        chosen = [label.value for label, score in zip(self.one.labels, scores, strict=True) if score]
        if len(chosen) < max(1, self.at_least) and (self.at_least or self.one.by_feeling):
            chosen = [self.one.fill(reader).value]
        for label in self.one.labels:
            if len(chosen) >= self.at_least:
                break
            if label.value not in chosen:
                chosen.append(label.value)
        return Guess(chosen[: self.at_most], 0.8 if any(scores) else 0.5)


@dataclass(frozen=True)
class YesNoSlot:
    """Yes when the row's text shares a word with the question, or feels the way it asks about."""

    question: frozenset[str]
    yes: Any = True
    no: Any = False

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        if reader.take_spoil():
            return Guess("perhaps", 0.3)
        question = self.question | reader.task_stems
        shared = len(question & reader.stems)
        if question & _GOOD_STEMS and reader.feeling:
            return Guess(self.yes if reader.feeling > 0 else self.no, 0.8)
        if question & _BAD_STEMS:
            return Guess(self.yes if shared or reader.feeling < 0 else self.no, 0.8)
        return Guess(self.yes if shared else self.no, min(0.95, 0.6 + 0.1 * shared))


@dataclass(frozen=True)
class NumberSlot:
    """A rating from words shared between an answer and its reference, or from feeling; else the first number there.

    Attributes:
        minimum, maximum: The range. None means open on that side.
        rating: It is asked for as a rating, not looked for in the text.
    """

    minimum: float | None
    maximum: float | None
    whole: bool
    rating: bool

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        guess = self._guess(reader)
        if reader.take_spoil():
            above = self.maximum if self.maximum is not None else guess.value
            return Guess(self._as_asked(above + 6), guess.sureness)
        return guess

    def _guess(self, reader: Reader) -> Guess:
        low, high = self.minimum, self.maximum
        if low is None or high is None or not self.rating:
            for found in _NUMBER.findall(reader.content):
                number = float(found.replace(",", "."))
                if (low is None or number >= low) and (high is None or number <= high):
                    return Guess(self._as_asked(number), 0.8)
        if low is None or high is None:
            return Guess(self._as_asked(low if low is not None else high if high is not None else 0), 0.4)
        share = self._likeness(reader)
        if share is None:
            share = 0.5 + max(-3, min(3, reader.feeling)) / 6
        return Guess(self._as_asked(low + (high - low) * share), 0.7)

    def _likeness(self, reader: Reader) -> float | None:
        """How much of the reference an answer has, 0 to 1; None when the prompt does not hold two texts."""
        answer = reference = None
        for part in reader.parts:
            heads = {word.rstrip("s") for word in words_of(part.name)} | {part.name}
            if heads & lists.REFERENCE_HEADS:
                reference = part.text
            elif heads & lists.ANSWER_HEADS:
                answer = part.text
        if answer is None or reference is None:
            return None
        expected, given = stems(words_of(reference)), stems(words_of(answer))
        if not expected or not given:
            return 1.0 if reference.strip().lower() == answer.strip().lower() else 0.0
        # Recall weighs more than precision: a longer answer that holds the reference is right.
        shared = len(expected & given)
        return 0.75 * shared / len(expected) + 0.25 * shared / len(given)

    def _as_asked(self, number: float) -> float | int:
        return round(number) if self.whole else round(number, 2)


@dataclass(frozen=True)
class FixedSlot:
    """A value the schema fixes."""

    value: Any

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        return Guess(self.value, 1.0)


@dataclass(frozen=True)
class ListSlot:
    """A list of what another rule gives, as long as it has to be."""

    item: Slot
    length: int

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        return Guess([self.item.fill(reader).value for _ in range(self.length)], 0.5)


@dataclass(frozen=True)
class ObjectSlot:
    """An object with one rule for each property, in their order."""

    properties: dict[str, Slot] = field(default_factory=dict)

    def fill(self, reader: Reader) -> Guess:
        """As `Slot.fill`."""
        return Guess({name: slot.fill(reader).value for name, slot in self.properties.items()}, 0.7)


def off_list(labels: tuple[str, ...], reader: Reader) -> str:
    """A label that looks plausible and is on no list."""
    choices = ("部分相关", "说不清") if any(not label.isascii() for label in labels) else ("unsure", "it depends")
    for choice in (choices[reader.dice % 2], *choices):
        if choice not in labels:
            return choice
    return f"{labels[0]}?"


def hash_of(text: str) -> int:
    """A small number that is the same in every process, unlike `hash`."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=1).digest()[0]


_GOOD_STEMS = frozenset(stems(lists.GOOD_QUESTIONS))
_BAD_STEMS = frozenset(stems(lists.BAD_QUESTIONS))
