"""A reply becomes one checked value per output field, or a named cause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gui_app.jobs import Cause, FieldKind, FieldValue, Finish, OutputField, Reading, Reply, RowState
from gui_app.recipes import found
from gui_app.recipes.labels import LabelList, as_words
from gui_app.recipes.numbers import NumberReader
from gui_app.recipes.schema import keys_for
from gui_app.recipes.wording import Problem, bare, fold, short

_YES_NO_WORDS = {
    **dict.fromkeys(("yes", "true", "y", "是", "是的", "对", "真"), "yes"),
    **dict.fromkeys(("no", "false", "n", "否", "不", "不是", "不对", "假"), "no"),
}
# Keys a model may choose by itself when one field was asked for and its name was not used.
_ANY_ANSWER = frozenset(
    (
        "answer",
        "label",
        "labels",
        "result",
        "output",
        "response",
        "value",
        "category",
        "rating",
        "score",
        "text",
        "translation",
        "summary",
        "答案",
        "标签",
        "结果",
    )
)
_REFUSAL = re.compile(
    r"^(?:(?:i'm|i am|we're|we are)\s+(?:\w+\s+)?sorry|sorry|i apologi[sz]e|unfortunately|as an ai)?[\s,.:;]*"
    r"(?:but\s+)?(?:i|we)\s*(?:'m not able|am not able|am unable|'m unable|cannot|can not|can't|won't|will not)\s+"
    r"(?:to\s+)?"
    r"(?:\w+\s+)?(?:help|assist|provide|comply|fulfil|fulfill|continue|engage|support|answer that|do that)\b"
    r"|^(?:很?抱歉|对不起)[,，]?\s*(?:但)?我(?:不能|无法|没有办法)"
)
_CONFLICT = {
    FieldKind.LABEL: Cause.TWO_LABELS,
    FieldKind.LABELS: Cause.TWO_LABELS,
    FieldKind.NUMBER: Cause.NOT_A_NUMBER,
    FieldKind.YES_NO: Cause.NOT_YES_OR_NO,
    FieldKind.TEXT: Cause.UNREADABLE,
}
SHORT, REMEMBERED = 120, 1_000
"""Readings of replies no longer than this are remembered, so many: most jobs ask for labels, and have few replies."""

_YES_COMMA = re.compile(r"^(\W*\w+)[,，]\s*")


class ReplyReader:
    """Reads the replies to one set of output fields. Built once, used for every row.

    Args:
        fields: Checked before (`check_fields`).
    """

    def __init__(self, fields: Sequence[OutputField]) -> None:
        self._fields = tuple(fields)
        self._readers = [_FieldReader(field) for field in self._fields]
        self._known: dict[tuple[str, Finish], Reading] = {}
        self._exact: dict[str, int] = {}
        self._folded: dict[str, int] = {}
        for index, (field, key) in enumerate(zip(self._fields, keys_for(self._fields), strict=True)):
            for name in (key, field.name):
                self._exact.setdefault(name, index)
                self._folded.setdefault(_as_key(name), index)
        self._line = re.compile(
            r"^[ \t]*(?:[-*•]\s+|\d{1,2}[.)]\s+)?[\"'`*_]*("
            + "|".join(sorted((re.escape(name) for name in self._exact), key=len, reverse=True))
            + r")[\"'`*_]*[ \t]*[:：=][ \t]*[*_]*",
            re.MULTILINE | re.IGNORECASE,
        )

    def read(self, reply: Reply) -> Reading:
        """Never raises; never gives a label, number or truth value that the reply does not name."""
        if len(reply.text) > SHORT:
            return self._read(reply.text, reply.finish)
        asked = (reply.text, reply.finish)
        known = self._known.get(asked)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[asked] = self._read(*asked)
        return known

    def _read(self, reply: str, finish: Finish) -> Reading:
        if finish is Finish.REFUSED:
            return self._failed(Cause.REFUSED, reply)
        if finish is Finish.CONTENT_FILTER:
            return self._failed(Cause.CONTENT_FILTER, reply)
        cut = finish is Finish.CUT_OFF
        text = found.visible_text(reply)
        if not text:
            return self._failed(Cause.CUT_OFF if cut else Cause.EMPTY)
        values = self._values(text, cut)
        if isinstance(values, Problem):
            if not cut:
                return self._failed(values.cause, values.detail)
            # What is there may be the beginning of an answer; a person decides.
            values = [Problem(Cause.MISSING_FIELD, "")] * len(self._fields)
        return self._judged(values, cut)

    def _values(self, text: str, cut: bool) -> list[FieldValue | Problem] | Problem:
        """One value or problem a field; one `Problem` for the whole reply when nothing in it is usable."""
        pairs: list[tuple[int, Any]] = []
        whole: Any = None
        inside = found.unfenced(text)
        try:
            whole = found.parse_all(inside)
        except ValueError:
            pairs = found.objects_in(text, self._index_of)
            if not pairs and cut:
                pairs = found.cut_object(text, self._index_of)
        else:
            pairs = found.gather(whole, self._index_of)
        if not pairs and found.looks_like_an_object(text):
            return Problem(Cause.UNREADABLE, short(text))
        if not pairs:
            pairs = self._labelled_lines(text, cut)
        if not pairs:
            if len(self._fields) > 1:
                refused = _REFUSAL.match(fold(text[:400]))
                return Problem(Cause.REFUSED if refused else Cause.UNREADABLE, short(text))
            return self._plain(text, inside, whole, cut)
        if len(self._fields) == 1 and not any(value not in (None, "") for _, value in pairs):
            return Problem(Cause.EMPTY, short(text))
        given: list[list[Any]] = [[] for _ in self._fields]
        for index, value in pairs:
            given[index].append(value)
        return [reader.read_all(values) for reader, values in zip(self._readers, given, strict=True)]

    def _plain(self, text: str, inside: str, whole: Any, cut: bool) -> list[FieldValue | Problem] | Problem:
        """One field, answered without its key: by a text, or by a JSON value of its own."""
        reader = self._readers[0]
        is_text = reader.field.kind is FieldKind.TEXT
        if isinstance(whole, str) or (whole is not None and not is_text):
            value = whole
        else:
            value = inside if is_text or whole is None else whole
        if cut:
            return [reader.read_cut(inside)]
        result = reader.read(value)
        if (is_text or isinstance(result, Problem)) and _REFUSAL.match(fold(text[:400])):
            # A text answer may say this of its own accord (a translation), so a person decides.
            problem = Problem(Cause.REFUSED, short(text))
            return [problem] if is_text else problem
        if is_text and isinstance(result, str) and not result.strip():
            return Problem(Cause.EMPTY, "")
        return [result]

    def _labelled_lines(self, text: str, cut: bool) -> list[tuple[int, Any]]:
        """`name: value` lines, as models without a JSON mode write them; a value may go on over lines."""
        if len(self._fields) == 1 and self._fields[0].kind is not FieldKind.TEXT:
            return []  # The reader of the one field knows more ways to say it.
        marks = list(self._line.finditer(text))
        if not marks or text[: marks[0].start()].strip():
            return []
        pairs: list[tuple[int, Any]] = []
        for mark, following in zip(marks, [*marks[1:], None], strict=True):
            index = self._index_of(mark[1])
            value = text[mark.end() : following.start() if following else len(text)].strip().strip("*_").strip()
            if index is not None and value:
                pairs.append((index, found.Cut(value) if cut and following is None else value))
        return pairs

    def _index_of(self, key: str) -> int | None:
        index = self._exact.get(key)
        if index is None:
            index = self._folded.get(_as_key(key))
        if index is None and len(self._fields) == 1 and fold(key) in _ANY_ANSWER:
            return 0
        return index

    def _judged(self, values: list[FieldValue | Problem], cut: bool) -> Reading:
        problems = [
            (field, value) for field, value in zip(self._fields, values, strict=True) if isinstance(value, Problem)
        ]
        named = {
            field.name: value.value if isinstance(value, Problem) else value
            for field, value in zip(self._fields, values, strict=True)
        }
        if cut:
            return Reading(RowState.NEEDS_REVIEW, named, Cause.CUT_OFF)
        if not problems:
            if len(values) == 1 and self._fields[0].kind is FieldKind.TEXT and not str(values[0]).strip():
                return self._failed(Cause.EMPTY)
            return Reading(RowState.DONE, named)
        field, worst = problems[0]
        detail = worst.detail
        if len(self._fields) > 1:
            detail = f"{short(field.name, 30)}: {detail}" if detail else short(field.name, 30)
        return Reading(RowState.NEEDS_REVIEW, named, worst.cause, detail)

    def _failed(self, cause: Cause, text: str = "") -> Reading:
        text = text.strip()
        return Reading(
            RowState.FAILED, dict.fromkeys(field.name for field in self._fields), cause, short(text) if text else ""
        )


class _FieldReader:
    def __init__(self, field: OutputField) -> None:
        self.field = field
        names = (field.name,)
        self._labels = LabelList(field.labels, names)
        self._yes_no = LabelList(("yes", "no"), names, _YES_NO_WORDS)
        self._number = NumberReader(field)

    def read(self, value: Any) -> FieldValue | Problem:
        if isinstance(value, found.Cut):
            return self.read_cut(value)
        if isinstance(value, found.Pairs):
            value = _only_value(value)
        match self.field.kind:
            case FieldKind.LABEL:
                return self._labels.read_one(value)
            case FieldKind.LABELS:
                return self._labels.read_many(value)
            case FieldKind.NUMBER:
                return self._number.read(value)
            case FieldKind.YES_NO:
                return self._read_yes_no(value)
            case FieldKind.TEXT:
                return self._read_text(value)

    def read_all(self, values: list[Any]) -> FieldValue | Problem:
        """The value of a field that the reply gives once, or more than once with the same meaning."""
        if not values:
            return Problem(Cause.MISSING_FIELD, "")
        first = self.read(values[0])
        for value in values[1:]:
            if self.read(value) != first:
                return Problem(_CONFLICT[self.field.kind], short(", ".join(short(item, 20) for item in values)))
        return first

    def read_cut(self, text: str) -> FieldValue | Problem:
        """A value at the very end of a cut-off reply: kept when nothing that could follow would change it."""
        problem = Problem(Cause.MISSING_FIELD, short(text))
        match self.field.kind:
            case FieldKind.TEXT:
                return str(text)
            case FieldKind.LABEL:
                label = self._labels.whole(text)
                return problem if label is None or self._labels.could_go_on(text) else label
            case FieldKind.YES_NO:
                word = self._yes_no.whole(text)
                return problem if word is None or len(bare(fold(text))) < 2 else word == "yes"
            case _:
                return problem

    def _read_yes_no(self, value: Any) -> bool | Problem:
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            word = self._yes_no.read_one(_YES_COMMA.sub(r"\1. ", value, count=1))
            if isinstance(word, str):
                return word == "yes"
        return Problem(Cause.MISSING_FIELD if value is None else Cause.NOT_YES_OR_NO, short(value))

    def _read_text(self, value: Any) -> str | Problem:
        text = _as_text(value)
        limit = self.field.max_characters
        if limit is not None and len(text) > limit:
            return Problem(Cause.OUT_OF_RANGE, f"{len(text)} > {limit}", text)
        return text


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, found.Pairs):
        return "; ".join(f"{key}: {_as_text(item)}" for key, item in value)
    if isinstance(value, list):
        return "; ".join(_as_text(item) for item in value)
    words = as_words(value)
    return str(value) if words is None else words


def _only_value(pairs: found.Pairs) -> Any:
    """{"label": "x"} given for a field is "x"; any other object is kept."""
    keys = [key for key, _ in pairs]
    return pairs[0][1] if len(keys) == 1 and fold(keys[0]) in _ANY_ANSWER else pairs


def _as_key(name: str) -> str:
    return re.sub(r"[\s_\-]+", " ", fold(name)).strip()


@lru_cache(maxsize=64)
def reader_for(fields: tuple[OutputField, ...]) -> ReplyReader:
    """The reader of these fields, built once."""
    return ReplyReader(fields)


def read_reply(fields: Sequence[OutputField], reply: Reply) -> Reading:
    """Read a reply against the output fields. See `ReplyReader.read`.

    Returns:
        One value a field, None where nothing can be used. `DONE` when every field passed its check;
        `NEEDS_REVIEW` with the first problem's cause when the reply holds text that failed one, or was cut
        off; `FAILED` when nothing in it is usable (refused, filtered, empty, unreadable). Text over its
        length keeps its value and needs review.
    """
    return reader_for(tuple(fields)).read(reply)
