"""Answers beside correct answers."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_app.jobs import FieldKind, OutputField
from gui_app.review import CorrectAnswers, as_label, compare_labels, compare_numbers, compare_sets, label_order

LABELS = ("cat", "dog", "fish")
# 12 rows, 8 agree; worked out by hand.
PAIRS = [
    *((i, "cat", "cat") for i in range(1, 5)),
    (5, "dog", "cat"),
    *((i, "dog", "dog") for i in range(6, 9)),
    (9, "cat", "dog"),
    (10, "fish", "dog"),
    (11, "fish", "fish"),
    (12, "cat", "fish"),
]


def test_accuracy_and_interval() -> None:
    found = compare_labels(PAIRS, LABELS)
    assert (found.compared, found.agreed) == (12, 8)
    assert found.accuracy == pytest.approx(8 / 12)
    assert found.interval == pytest.approx((0.3906, 0.8619), abs=5e-4)


def test_per_label_figures_are_those_worked_out_by_hand() -> None:
    cat, dog, fish = compare_labels(PAIRS, LABELS).per_label()
    assert (cat.correct, cat.given, cat.both) == (5, 6, 4)
    assert (cat.precision, cat.recall) == pytest.approx((4 / 6, 4 / 5))
    assert cat.f1 == pytest.approx(8 / 11)
    assert (dog.precision, dog.recall) == pytest.approx((3 / 4, 3 / 5))
    assert (fish.precision, fish.recall, fish.f1) == (0.5, 0.5, 0.5)


def test_the_confusion_table_has_correct_labels_down_and_given_ones_across() -> None:
    found = compare_labels(PAIRS, LABELS)
    assert found.order() == list(LABELS)
    assert found.confusion() == [[4, 1, 0], [1, 3, 1], [1, 0, 1]]
    assert list(found.rows_of("cat", "dog")) == [9]
    assert list(found.rows_of("fish", "cat")) == []


def test_disagreements_come_in_row_order_with_the_unanswered_ones() -> None:
    found = compare_labels([*PAIRS, (13, None, "cat"), (14, "cat", None)], LABELS)
    listed = found.disagreements()
    assert [item.row_id for item in listed] == [5, 9, 10, 12, 13]
    assert (listed[0].given, listed[0].correct) == ("dog", "cat")
    assert listed[-1].given is None
    assert [item.row_id for item in found.disagreements(2)] == [5, 9]
    assert (found.not_answered, found.compared) == (1, 12)
    assert list(found.rows_of(None, "cat")) == [13]


def test_labels_beyond_the_list_get_lines_of_their_own() -> None:
    found = compare_labels([(1, "cat", "bird"), (2, "dog", "dog")], LABELS)
    assert found.order() == ["cat", "dog", "fish", "bird"]
    assert found.per_label()[3].recall == 0
    assert found.per_label()[2].precision is None and found.per_label()[2].recall is None


def test_a_stream_is_counted_as_it_comes() -> None:
    found = compare_labels(((i, "a", "a" if i % 4 else "b") for i in range(10_000)), ("a", "b"))
    assert found.accuracy == pytest.approx(0.75)
    assert found.kappa == pytest.approx(0.0)


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=60))
def test_the_figures_hold_together(pairs: list[tuple[str, str]]) -> None:
    found = compare_labels(((i, a, b) for i, (a, b) in enumerate(pairs)), LABELS)
    assert sum(map(sum, found.confusion())) == found.compared == len(pairs)
    assert sum(line.both for line in found.per_label()) == found.agreed
    assert len(found.disagreements()) == found.compared - found.agreed
    swapped = compare_labels(((i, b, a) for i, (a, b) in enumerate(pairs)), LABELS)
    assert swapped.kappa == found.kappa
    ids = sorted(i for a, b in product(LABELS, LABELS) for i in found.rows_of(a, b))
    assert ids == list(range(len(pairs)))


def warned(found: object) -> str:
    return "\n".join(item.sentence.format(**item.details) for item in found.warnings())  # type: ignore[attr-defined]


def test_few_rows_are_warned_of_with_their_interval() -> None:
    assert "Only 12 rows could be compared" in warned(compare_labels(PAIRS, LABELS))


def test_nothing_to_compare_is_said() -> None:
    for found in (compare_labels([]), compare_sets([]), compare_numbers([])):
        assert "nothing to compare" in warned(found)
    assert compare_labels([]).accuracy is None and compare_labels([]).interval is None


def test_labels_that_are_never_correct_and_foreign_ones_are_warned_of() -> None:
    found = compare_labels([(1, "cat", "cat"), (2, "cat", "Dgo")], LABELS)
    assert "nothing is known about: dog, fish" in warned(found)
    assert "not among the column's labels, so no answer can agree: Dgo" in warned(found)


def test_one_sided_answers_are_warned_of() -> None:
    found = compare_labels([(i, "cat", "cat") for i in range(40)] + [(41, "dog", "dog"), (42, None, "fish")], LABELS)
    assert "are the same label; always giving it" in warned(found)
    assert "A row with a correct answer has no answer yet" in warned(found)


def test_answers_no_better_than_the_commonest_label_are_warned_of() -> None:
    pairs = [(i, "dog", "cat") for i in range(20)] + [(i, "dog", "dog") for i in range(20, 36)]
    assert "no more often than always giving the commonest" in warned(compare_labels(pairs, ("cat", "dog")))


def test_good_figures_come_without_warnings() -> None:
    pairs = [(i, LABELS[i % 3], LABELS[i % 3] if i % 10 else "cat") for i in range(90)]
    assert compare_labels(pairs, LABELS).warnings() == []


def test_sets_of_labels_are_counted_over_all_labels() -> None:
    found = compare_sets(
        [
            (1, ("a", "b"), ("a", "b")),
            (2, ("a",), ("a", "b")),
            (3, ("c", "a"), ("a",)),
            (4, (), ()),
            (5, None, ("a",)),
            (6, ("a",), None),
        ],
        ("a", "b", "c", "d"),
    )
    assert (found.rows, found.exact, found.unanswered) == (4, 2, 1)
    assert found.exact_share == 0.5 and list(found.different) == [2, 3]
    assert (found.overall.precision, found.overall.recall) == pytest.approx((4 / 5, 4 / 5))
    a, b, c, d = found.per_label()
    assert (a.precision, a.recall, b.recall, c.precision, d.f1) == (1, 1, 0.5, 0, None)
    assert "nothing is known about: c, d" in warned(found)


def test_numbers_are_measured_by_how_far_off_they_are() -> None:
    found = compare_numbers([(1, 3, 3), (2, 4, 3), (3, 1, 4), (4, None, 2), (5, 2, None), (6, 0.1 + 0.2, 0.3)])
    assert (found.rows, found.unanswered) == (4, 1)
    assert found.mean_absolute_error == pytest.approx(1.0)
    assert found.mean_error == pytest.approx(-0.5)
    assert (found.exact_share, found.within_one_share) == (0.5, 0.75)
    assert found.furthest_off() == [3, 2] and found.furthest_off(1) == [3]
    assert found.interval is not None


def test_correct_answers_are_read_with_their_spelling_met_halfway() -> None:
    label = CorrectAnswers(OutputField("s", FieldKind.LABEL, labels=("Positive", "Negative")))
    assert [label.read(cell) for cell in (" positive ", "ＮＥＧＡＴＩＶＥ", "mixed", "  ")] == [
        "Positive",
        "Negative",
        "mixed",
        None,
    ]
    many = CorrectAnswers(OutputField("t", FieldKind.LABELS, labels=("price", "ease, comfort")))
    assert many.read("Price | ease") == ("price", "ease")
    assert many.read("Ease, Comfort") == ("ease, comfort",)
    number = CorrectAnswers(OutputField("n", FieldKind.NUMBER))
    assert [number.read(cell) for cell in ("４", "4.5", "four", "nan", "inf", "")] == [4.0, 4.5, None, None, None, None]
    yes_no = CorrectAnswers(OutputField("y", FieldKind.YES_NO))
    assert [yes_no.read(cell) for cell in ("Yes", "0", "是", "?")] == [True, False, True, None]
    assert CorrectAnswers(OutputField("x", FieldKind.TEXT)).read(" a  b ") == "a b"


def test_values_of_every_kind_can_stand_in_a_table() -> None:
    assert [as_label(value) for value in (None, "a", True, False, 4, 4.5, ("a", "b"))] == [
        None,
        "a",
        "yes",
        "no",
        "4",
        "4.5",
        "a, b",
    ]
    assert label_order(OutputField("y", FieldKind.YES_NO)) == ("yes", "no")
    assert label_order(OutputField("s", FieldKind.LABEL, labels=LABELS)) == LABELS
