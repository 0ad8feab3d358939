"""Templates of the user's own as JSON that may come from a stranger."""

from __future__ import annotations

import json

import pytest

from gui_app.errors import RecipeError
from gui_app.jobs import FieldKind, OutputField, Recipe
from gui_app.recipes.own import LONGEST_NAME, OwnTemplate, template_of

FIELDS = (OutputField("tone", FieldKind.LABEL, ("warm", "cold"), descriptions=("kind", "")),)
RECIPE = Recipe("How does {text} sound?", FIELDS, provider="compatible", model="m", base_url="https://example.org")


def test_a_template_comes_back_as_it_was() -> None:
    item = template_of("  My \n tone ", RECIPE)
    assert item.name == "My tone"
    assert OwnTemplate.from_json(item.to_json()) == item


def test_neither_model_nor_address_goes_into_a_template() -> None:
    assert "example.org" not in template_of("a", RECIPE).to_json()
    assert "compatible" not in template_of("a", RECIPE).to_json()


def test_a_recipe_file_is_a_template_too_and_its_file_names_it() -> None:
    assert OwnTemplate.from_json(RECIPE.to_json(), name="from a file") == OwnTemplate(
        "from a file", RECIPE.template, FIELDS
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "[" * 100_000,
        "__import__('os').system('true')",
        json.dumps({"rowmill_template": 2, "name": "a", "template": "x", "fields": []}),
        json.dumps({"rowmill_template": 1, "name": "a", "template": ["x"], "fields": []}),
        json.dumps({"rowmill_template": 1, "name": "a", "template": "x", "fields": [{"name": "f", "kind": "code"}]}),
        json.dumps({"rowmill_template": 1, "name": "a", "template": "x", "fields": "text"}),
        json.dumps({"rowmill_template": 1, "name": "a", "template": "x", "fields": [{}] * 101}),
        json.dumps({"rowmill_template": 1, "name": "a", "template": "x" * 1_000_001, "fields": []}),
        json.dumps({"rowmill_template": 1, "name": "a", "template": "x", "fields": []}),
        json.dumps({"rowmill_template": 1, "name": "\u202ea", "template": "x", "fields": FIELDS[0].to_dict()}),
    ],
)
def test_what_is_no_template_is_refused_in_words(text: str) -> None:
    with pytest.raises(RecipeError):
        OwnTemplate.from_json(text, name="a file")


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "\u202eevil"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(RecipeError):
        template_of(name, RECIPE)


def test_a_long_name_is_cut() -> None:
    assert len(template_of("n" * 500, RECIPE).name) == LONGEST_NAME
