"""Right answers put into the prompt as examples."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gui_app.jobs import FieldKind, OutputField
from gui_app.recipes.examples import END, START, Example, add_examples
from gui_app.recipes.template import Template

COLUMNS = ("id", "review")
FIELDS = (
    OutputField("sentiment", FieldKind.LABEL, labels=("positive", "negative")),
    OutputField("topics", FieldKind.LABELS, labels=("price", "quality")),
)
TEXT = "Label the review.\n\nReview:\n{review}"
GOOD = Example(("1", "Great!"), {"sentiment": "positive", "topics": ("price",)})
BAD = Example(("2", "Awful."), {"sentiment": "negative", "topics": None})


def test_an_example_stands_between_the_task_and_the_row() -> None:
    text = add_examples(TEXT, [GOOD], COLUMNS, FIELDS)
    assert text == (
        "Label the review.\n\n"
        f"{START}\n\n"
        'review: Great!\nAnswer: {"sentiment": "positive", "topics": ["price"]}\n\n'
        f"{END}\n\n"
        "Review:\n{review}"
    )


def test_more_examples_join_the_block_and_none_is_added_twice() -> None:
    once = add_examples(TEXT, [GOOD], COLUMNS, FIELDS)
    twice = add_examples(once, [GOOD, BAD, BAD], COLUMNS, FIELDS)
    assert twice.count(START) == twice.count(END) == 1
    assert twice.index("Great!") < twice.index("Awful.")
    assert twice.count("Great!") == twice.count("Awful.") == 1
    assert add_examples(twice, [BAD], COLUMNS, FIELDS) == twice


def test_the_constant_part_stays_in_front() -> None:
    text = add_examples(TEXT, [GOOD, BAD], COLUMNS, FIELDS)
    assert text.index(END) < len(Template(text, COLUMNS).constant_prefix)


def test_a_long_cell_is_cut() -> None:
    text = add_examples(TEXT, [Example(("1", "x" * 5_000), {"sentiment": "positive"})], COLUMNS, FIELDS)
    assert "x" * 999 + "…" in text and "x" * 1_000 not in text


def test_no_examples_change_nothing() -> None:
    assert add_examples(TEXT, [], COLUMNS, FIELDS) == TEXT


@given(st.text(st.sampled_from("{}idrevw \n"), max_size=40) | st.sampled_from(["{id}", "{{review}}", "{review", END]))
def test_a_cell_that_names_columns_is_still_data(cell: str) -> None:
    text = add_examples(TEXT, [Example(("1", cell), {"sentiment": "positive"})], COLUMNS, FIELDS)
    assert sum(place.known for place in Template(text, COLUMNS).places()) == 1
