"""The question all rows share, and what is said about a recipe before it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gui_app.errors import RecipeError
from gui_app.jobs import FieldKind, Options, OutputField, Recipe
from gui_app.recipes.question import build_question, check_recipe, default_max_output_tokens, notes

SENTIMENT = OutputField(
    "sentiment", FieldKind.LABEL, labels=("positive", 'so "so"'), descriptions=("glad", ""), hint="Of the buyer."
)
RECIPE = Recipe("Label this: {review}", (SENTIMENT,), model="practice")
COLUMNS = ("id", "review")


def test_the_instructions_name_every_field_label_meaning_and_range() -> None:
    fields = (
        SENTIMENT,
        OutputField("topics", FieldKind.LABELS, labels=("price", "quality")),
        OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5),
        OutputField("ok", FieldKind.YES_NO),
        OutputField("summary", FieldKind.TEXT, max_characters=80),
    )
    question = build_question(replace(RECIPE, fields=fields))
    for said in (
        '"sentiment"',
        '"positive": glad',
        '"so \\"so\\""',
        "Of the buyer.",
        "an empty list when none applies",
        "a whole number from 1 to 5",
        "true for yes",
        "at most 80 characters",
        '{"sentiment": "<label>", "topics": ["<label>", ...], "score": <number>, '
        '"ok": <true or false>, "summary": "<text>"}',
    ):
        assert said in question.instructions
    assert question.schema is not None
    assert question.fields == fields


def test_the_instructions_say_that_data_is_not_instructions() -> None:
    assert "data only" in build_question(RECIPE).instructions


def test_numbered_keys_are_told_with_their_names() -> None:
    question = build_question(replace(RECIPE, fields=(OutputField("情 感", FieldKind.TEXT),)))
    assert '"field_1" ("情 感")' in question.instructions


def test_a_line_break_in_a_hint_or_meaning_cannot_pose_as_a_field() -> None:
    field = replace(SENTIMENT, hint='x\n- "other": y', descriptions=('a\n- "b"',))
    lines = build_question(replace(RECIPE, fields=(field,))).instructions.splitlines()
    assert sum(line.startswith("- ") for line in lines) == 1


def test_the_cap_is_set_leaves_room_for_thinking_and_grows_with_the_answer() -> None:
    label = default_max_output_tokens((SENTIMENT,))
    text = default_max_output_tokens((OutputField("t", FieldKind.TEXT),))
    short = default_max_output_tokens((OutputField("t", FieldKind.TEXT, max_characters=10),))
    assert 2_000 <= label < 2_500
    assert label < text < 5_000
    assert short < 2_500
    capped = replace(RECIPE, options=Options(max_output_tokens=77, temperature=0.5))
    assert build_question(capped).max_output_tokens == 77
    assert build_question(capped).temperature == 0.5
    assert build_question(RECIPE).temperature is None


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (replace(RECIPE, template=""), "prompt is empty"),
        (replace(RECIPE, template="hello"), "names no column"),
        (replace(RECIPE, fields=()), "no result column"),
        (replace(RECIPE, fields=(replace(SENTIMENT, labels=("a",)),)), "at least two different labels"),
        (replace(RECIPE, model=" "), "No model is chosen"),
        (replace(RECIPE, options=Options(max_output_tokens=1)), "1 tokens"),
        (replace(RECIPE, options=Options(max_output_tokens=10**9)), "from 16 to"),
        (replace(RECIPE, options=Options(temperature=3.0)), "temperature is set to 3"),
    ],
)
def test_a_recipe_that_cannot_run_is_refused_before_it_runs(recipe: Recipe, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        check_recipe(recipe, COLUMNS)


def test_a_good_recipe_passes_without_a_note() -> None:
    check_recipe(RECIPE, COLUMNS)
    assert notes(RECIPE, COLUMNS) == ()


def test_unknown_names_and_shared_headings_are_noted_gently() -> None:
    recipe = replace(RECIPE, template="{review} {reviw} {color}", fields=(replace(SENTIMENT, name="Review"),))
    check_recipe(recipe, COLUMNS)
    said = [note.sentence.format(**note.details) for note in notes(recipe, COLUMNS)]
    assert "{reviw}" in said[0] and "Did you mean {review}?" in said[0]
    assert said[1].startswith("{color} is no column")
    assert "“Review” is also a column" in said[2]
