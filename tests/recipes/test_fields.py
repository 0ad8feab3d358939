"""Output fields: what is refused before a run, and the schema they ask with."""

from __future__ import annotations

import json

import pytest

from gui_app.errors import RecipeError
from gui_app.jobs import FieldKind, OutputField
from gui_app.recipes.fields import check_fields, keys_for, schema_for

SENTIMENT = OutputField("sentiment", FieldKind.LABEL, labels=("positive", "negative"))
SCORE = OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ((), "no result column"),
        ((OutputField("", FieldKind.TEXT),), "column 1 has no name"),
        ((SENTIMENT, OutputField(" \u200b", FieldKind.TEXT)), "column 2 has no name"),
        ((SENTIMENT, OutputField("Ｓentiment ", FieldKind.TEXT)), "Two result columns are named"),
        ((OutputField("a\nb", FieldKind.TEXT),), "cannot be a heading"),
        ((OutputField("x" * 300, FieldKind.TEXT),), "cannot be a heading"),
        ((OutputField("s", FieldKind.LABEL),), "“s” needs at least two different labels.*it has 0"),
        ((OutputField("s", FieldKind.LABEL, labels=("good",)),), "“s” needs at least two.*it has 1"),
        (
            (OutputField("s", FieldKind.LABELS, labels=("Good", "ｇｏｏｄ", " good")),),
            "“s” needs at least two.*it has 1",
        ),
        ((OutputField("s", FieldKind.LABEL, labels=("a", "b", "B")),), "“s” has the labels “b” and “B”"),
        ((OutputField("s", FieldKind.LABEL, labels=("a", " ", "b")),), "“s” has a label that is empty"),
        ((OutputField("n", FieldKind.NUMBER, minimum=5, maximum=1),), "“n” is upside down: it goes from 5 to 1"),
        ((OutputField("n", FieldKind.NUMBER, minimum=3, maximum=3),), "“n” holds a single number, 3"),
        ((OutputField("n", FieldKind.NUMBER, minimum=0.2, maximum=0.8),), "no whole number between 0.2 and 0.8"),
        ((OutputField("n", FieldKind.NUMBER, minimum=float("nan")),), "“n” has a limit that is no number"),
        ((OutputField("t", FieldKind.TEXT, max_characters=0),), "“t” is 0"),
    ],
)
def test_fields_that_cannot_be_asked_for_are_refused_in_words(fields: tuple[OutputField, ...], sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        check_fields(fields)


def test_good_fields_pass() -> None:
    check_fields(
        (
            SENTIMENT,
            SCORE,
            OutputField("份额", FieldKind.NUMBER, minimum=0, maximum=1, whole=False),
            OutputField("open", FieldKind.NUMBER),
            OutputField("ok", FieldKind.YES_NO),
            OutputField("C", FieldKind.LABEL, labels=("C", "C++", "C#")),
            OutputField("summary", FieldKind.TEXT, max_characters=1),
        )
    )


def _walk(schema: object) -> list[dict[str, object]]:
    if isinstance(schema, dict):
        return [schema, *(found for part in schema.values() for found in _walk(part))]
    return []


def test_the_schema_holds_to_what_both_providers_take() -> None:
    fields = (
        SENTIMENT,
        SCORE,
        OutputField("many", FieldKind.LABELS, labels=("a", "b")),
        OutputField("share", FieldKind.NUMBER, minimum=0, maximum=1, whole=False),
        OutputField("ok", FieldKind.YES_NO),
        OutputField("summary", FieldKind.TEXT, max_characters=80),
    )
    schema = schema_for(fields)
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"]) == [field.name for field in fields]
    known = {"type", "enum", "items", "description", "properties", "required", "additionalProperties"}
    for part in (schema, *schema["properties"].values(), schema["properties"]["many"]["items"]):
        assert set(part) <= known
    assert schema["properties"]["sentiment"] == {"type": "string", "enum": ["positive", "negative"]}
    assert schema["properties"]["score"]["enum"] == [1, 2, 3, 4, 5]
    assert schema["properties"]["many"]["items"]["enum"] == ["a", "b"]
    assert schema["properties"]["share"] == {"type": "number", "description": "a number from 0 to 1"}
    assert schema["properties"]["ok"] == {"type": "boolean"}
    assert schema["properties"]["summary"]["description"] == "at most 80 characters"
    json.dumps(schema)


def test_names_that_no_provider_takes_as_keys_are_numbered() -> None:
    fields = (SENTIMENT, OutputField("名称 {x}", FieldKind.TEXT))
    assert keys_for(fields) == ("field_1", "field_2")
    assert "名称 {x}" in schema_for(fields)["properties"]["field_2"]["description"]
    assert keys_for((SENTIMENT, SCORE)) == ("sentiment", "score")


def test_wide_ranges_are_told_and_not_listed() -> None:
    schema = schema_for((OutputField("n", FieldKind.NUMBER, minimum=0, maximum=100),))
    assert schema["properties"]["n"] == {"type": "integer", "description": "a whole number from 0 to 100"}
    half_open = schema_for((OutputField("n", FieldKind.NUMBER, minimum=0),))
    assert half_open["properties"]["n"]["description"] == "a whole number, 0 or more"


def test_lists_beyond_the_strict_limits_are_left_to_the_check() -> None:
    long = OutputField("topic", FieldKind.LABEL, labels=tuple(f"label {i}" for i in range(1_200)))
    wordy = OutputField("text", FieldKind.LABEL, labels=tuple(f"{i} " + "x" * 80 for i in range(300)))
    assert schema_for((long,))["properties"]["topic"] == {"type": "string"}
    assert schema_for((wordy,))["properties"]["text"] == {"type": "string"}
    half = OutputField("half", FieldKind.LABEL, labels=tuple(f"l{i}" for i in range(700)))
    other = OutputField("other", FieldKind.LABEL, labels=tuple(f"m{i}" for i in range(700)))
    properties = schema_for((half, other))["properties"]
    assert "enum" in properties["half"] and "enum" not in properties["other"]
