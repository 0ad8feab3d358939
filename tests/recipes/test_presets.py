"""Presets: sensible columns, prompts that run at once."""

from __future__ import annotations

import pytest

from gui_app.errors import RecipeError, UsageError
from gui_app.jobs import FieldKind, Recipe
from gui_app.recipes.columns import ColumnGuess
from gui_app.recipes.presets import PRESETS, preset
from gui_app.recipes.question import check_recipe
from gui_app.recipes.template import Template

REVIEWS = ("id", "date", "customer", "review", "url")
REVIEW_ROWS = (
    (
        "1001",
        "2026-01-05",
        "Ann",
        "The kettle is quiet and boils quickly, I am glad.",
        "https://example.org/a/very/long/link/1",
    ),
    ("1002", "2026-01-06", "Bob", "Broke after two days.", "https://example.org/a/very/long/link/2"),
)


def test_the_presets_and_their_ids() -> None:
    assert [item.id for item in PRESETS] == ["label", "rate", "translate", "extract", "summarise", "ask"]
    assert [item.name for item in PRESETS] == ["Label", "Rate", "Translate", "Extract", "Summarise", "Ask anything"]


@pytest.mark.parametrize("item", PRESETS, ids=lambda item: str(item.id))
def test_each_preset_runs_as_it_is_on_a_plain_table(item: object) -> None:
    chosen = preset(getattr(item, "id"))  # noqa: B009
    task = chosen.build(REVIEWS, REVIEW_ROWS)
    check_recipe(Recipe(task.template, task.fields, model="practice"), REVIEWS)
    assert "review" in Template(task.template, REVIEWS).columns_used
    assert Template(task.template, REVIEWS).unknown_names == ()


@pytest.mark.parametrize("item", PRESETS, ids=lambda item: str(item.id))
def test_the_task_stands_before_the_data(item: object) -> None:
    task = preset(getattr(item, "id")).build(REVIEWS, REVIEW_ROWS)  # noqa: B009
    assert len(Template(task.template, REVIEWS).constant_prefix) > 40


@pytest.mark.parametrize("item", PRESETS, ids=lambda item: str(item.id))
def test_a_table_without_columns_gets_a_prompt_that_is_refused_in_words(item: object) -> None:
    task = preset(getattr(item, "id")).build((), ())  # noqa: B009
    with pytest.raises(RecipeError, match="names no column"):
        Template(task.template, ()).check()


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"“classify”.*label, rate"):
        preset("classify")


def test_the_longest_prose_is_the_text_and_not_a_link_or_an_id() -> None:
    assert ColumnGuess(REVIEWS, REVIEW_ROWS).text() == "review"
    assert ColumnGuess(("a", "b"), [("x" * 12, "A sentence that is longer.")]).text() == "b"
    assert ColumnGuess(("编号", "评论"), [("20260101000001", "很好用")]).text() == "评论"


def test_rating_finds_question_reference_and_answer() -> None:
    columns = ("id", "question", "reference_answer", "model answer")
    task = preset("rate").build(columns, [("1", "What?", "A long and complete answer.", "An answer.")])
    assert Template(task.template, columns).columns_used == ("question", "reference_answer", "model answer")
    assert "{reference_answer}" in task.template.split("Reference answer:")[1].split("Answer:")[0]
    rating = task.fields[0]
    assert (rating.kind, rating.minimum, rating.maximum) == (FieldKind.NUMBER, 1, 5)


def test_rating_without_a_reference_rates_the_text() -> None:
    task = preset("rate").build(REVIEWS, REVIEW_ROWS)
    assert Template(task.template, REVIEWS).columns_used == ("review",)
    assert "reference" not in task.template.lower()


@pytest.mark.parametrize(
    ("columns", "rows", "language"),
    [
        (("id", "sentence", "language"), [("1", "Good morning", "German")], "language"),
        (("id", "sentence", "target_language"), [("1", "Good morning", "fr")], "target_language"),
        (("sentence", "to"), [("Good morning", "zh-CN"), ("Good night", "Simplified Chinese")], "to"),
        (("句子", "目标语言"), [("早上好", "英语")], "目标语言"),
        (("sentence", "note"), [("Good morning", "said by all")], None),
    ],
)
def test_translation_finds_the_column_that_names_the_language(
    columns: tuple[str, ...], rows: list[tuple[str, ...]], language: str | None
) -> None:
    assert ColumnGuess(columns, rows).language() == language
    task = preset("translate").build(columns, rows)
    used = Template(task.template, columns).columns_used
    assert (language in used) == (language is not None)


def test_translation_without_one_goes_to_the_other_language() -> None:
    assert "into English" in preset("translate").build(("句子",), [("早上好，今天天气不错",)]).template
    assert "into Simplified Chinese" in preset("translate").build(("text",), [("Good morning",)]).template


def test_prompts_labels_and_names_can_be_in_the_users_language() -> None:
    words = {"positive": "正面", "negative": "负面", "neutral": "中性", "sentiment": "情感"}
    task = preset("label").build(REVIEWS, REVIEW_ROWS, lambda sentence: words.get(sentence, sentence))
    assert task.fields[0].labels == ("正面", "负面", "中性")
    assert task.fields[0].name == "情感"


def test_asking_anything_shows_the_first_columns_only() -> None:
    columns = tuple(f"c{i}" for i in range(30))
    task = preset("ask").build(columns, ())
    assert Template(task.template, columns).columns_used == columns[:8]
