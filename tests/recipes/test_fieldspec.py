"""Output fields on the command line."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_app.errors import RecipeError, UsageError
from gui_app.jobs import FieldKind, OutputField
from gui_app.recipes.fieldspec import format_field, parse_field, parse_fields


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (
            "sentiment=label:positive|negative|neutral",
            OutputField("sentiment", FieldKind.LABEL, labels=("positive", "negative", "neutral")),
        ),
        ("topics=labels: price | quality", OutputField("topics", FieldKind.LABELS, labels=("price", "quality"))),
        ("score=number:1..5", OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5)),
        ("t=number:-5..-1", OutputField("t", FieldKind.NUMBER, minimum=-5, maximum=-1)),
        ("p=number:0..0.5", OutputField("p", FieldKind.NUMBER, minimum=0, maximum=0.5, whole=False)),
        ("p=decimal:0..1", OutputField("p", FieldKind.NUMBER, minimum=0, maximum=1, whole=False)),
        ("n=number:1..", OutputField("n", FieldKind.NUMBER, minimum=1)),
        ("n=number:..9", OutputField("n", FieldKind.NUMBER, maximum=9)),
        ("n=number", OutputField("n", FieldKind.NUMBER)),
        ("ok=yesno", OutputField("ok", FieldKind.YES_NO)),
        ("OK = Yes/No", OutputField("OK", FieldKind.YES_NO)),
        ("summary=text", OutputField("summary", FieldKind.TEXT)),
        ("summary=text:200", OutputField("summary", FieldKind.TEXT, max_characters=200)),
        (r"a\=b=label:x\|y|z:1=2", OutputField("a=b", FieldKind.LABEL, labels=("x|y", "z:1=2"))),
        ("情感=label:正面|负面", OutputField("情感", FieldKind.LABEL, labels=("正面", "负面"))),
    ],
)
def test_a_spec_gives_its_field(spec: str, field: OutputField) -> None:
    assert parse_field(spec) == field


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("sentiment", "has no “=”"),
        ("s=lable:a|b", "has the kind “lable”. Known kinds"),
        ("s=", "has the kind"),
        ("n=number:1-5", "range in the field"),
        ("n=number:a..b", "range in the field"),
        ("n=number:nan..5", "range in the field"),
        ("ok=yesno:1", "nothing can follow"),
        ("t=text:long", "length in the field"),
        ("t=text:-5", "length in the field"),
    ],
)
def test_a_spec_that_cannot_be_read_is_refused_in_words(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_field(spec)


@pytest.mark.parametrize(
    ("specs", "sentence"),
    [
        (["s=label:one"], "at least two different labels"),
        (["s=label:"], "at least two different labels"),
        (["s=label:a||b"], "a label that is empty"),
        (["n=number:5..1"], "upside down"),
        (["a=text", "A=text"], "Two result columns"),
        (["=text"], "has no name"),
    ],
)
def test_fields_that_cannot_be_asked_for_are_refused(specs: list[str], sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        parse_fields(specs)


_WORDS = st.text(min_size=1, max_size=8).map(str.strip).filter(bool)
_LIMITS = st.none() | st.integers(-(10**9), 10**9).map(float)
_FIELDS = st.one_of(
    st.builds(
        OutputField,
        _WORDS,
        st.sampled_from([FieldKind.LABEL, FieldKind.LABELS]),
        labels=st.lists(_WORDS, min_size=1, max_size=4).map(tuple),
    ),
    st.builds(OutputField, _WORDS, st.just(FieldKind.NUMBER), minimum=_LIMITS, maximum=_LIMITS, whole=st.booleans()),
    st.builds(
        OutputField,
        _WORDS,
        st.just(FieldKind.NUMBER),
        minimum=st.none() | st.floats(-1e6, 1e6),
        maximum=_LIMITS,
        whole=st.just(False),
    ),
    st.builds(OutputField, _WORDS, st.just(FieldKind.YES_NO)),
    st.builds(OutputField, _WORDS, st.just(FieldKind.TEXT), max_characters=st.none() | st.integers(1, 10**6)),
)


@given(_FIELDS)
def test_a_field_written_as_a_spec_reads_back_the_same(field: OutputField) -> None:
    assert parse_field(format_field(field)) == field


@given(st.text(max_size=30) | st.text(st.sampled_from("a=\\|:.1n"), max_size=20))
def test_any_text_is_a_field_or_a_usage_error(spec: str) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(parse_field(spec), OutputField)
