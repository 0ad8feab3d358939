"""The template: known columns only, everything else literal, cells never read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_app.errors import RecipeError
from gui_app.recipes.template import Template
from gui_app.sentences import explain

# Texts dense with what could be mistaken for a place.
_DENSE = st.text(st.sampled_from('ab{} \n:"评x'), max_size=40)
_NAMES = st.text(st.sampled_from("ab{} 评x"), min_size=1, max_size=6)


def test_a_column_in_braces_becomes_its_cell() -> None:
    assert Template("Review: {review}.", ["id", "review"]).render(["7", "Good"]) == "Review: Good."


def test_json_and_unknown_names_stay_literal() -> None:
    text = 'Reply {"label": "x"} for {name} and {} and {{review}} in {review'
    assert Template(text, ["review"]).render(["Good"]) == 'Reply {"label": "x"} for {name} and {} and {Good} in {review'


def test_a_cell_holding_another_column_is_not_substituted_again() -> None:
    assert Template("{a}{b}", ["a", "b"]).render(["{b}", "{a}"]) == "{b}{a}"


def test_attributes_formats_and_percent_signs_mean_nothing() -> None:
    text = "{a.__class__} {a!r} {a:>10} {0} %s %(a)s $a {a}"
    assert Template(text, ["a"]).render(["1"]) == "{a.__class__} {a!r} {a:>10} {0} %s %(a)s $a 1"


@pytest.mark.parametrize("name", ["two words", "a}b", "{a", "a{b}c", "评价 内容", "}", "ünï", "a:b", " padded "])
def test_any_column_name_can_be_put_in(name: str) -> None:
    template = Template(f"x {{{name}}} y", [name])
    assert template.render(["CELL"]) == "x CELL y"
    assert template.columns_used == (name,)


def test_where_two_names_fit_the_longer_wins() -> None:
    assert Template("{a}{b}", ["a", "b", "a}{b"]).render(["1", "2", "3"]) == "3"


def test_a_column_twice_is_put_in_twice_and_named_once() -> None:
    template = Template("{a} {b} {a}", ["a", "b"])
    assert template.render(["1", "2"]) == "1 2 1"
    assert template.columns_used == ("a", "b")


def test_places_tell_known_from_unknown_for_the_editor() -> None:
    text = 'Do {revew} on {review}, give {"a": 1}'
    found = [(text[p.start : p.end], p.known) for p in Template(text, ["review"]).places()]
    assert found == [("{revew}", False), ("{review}", True)]


def test_the_constant_prefix_ends_at_the_first_place() -> None:
    assert Template("Label this.\n\n{a} and {b}", ["a", "b"]).constant_prefix == "Label this.\n\n"
    assert Template("no place", ["a"]).constant_prefix == "no place"


@pytest.mark.parametrize("blank", ["", "  \n\t", "\u200b", "\ufeff \u00a0\u3000", "\x00"])
def test_a_prompt_without_anything_to_read_is_blank(blank: str) -> None:
    assert Template.is_blank(blank)
    assert Template.is_blank(Template("{a}", ["a"]).render([blank]))
    assert Template("Label: {a}", ["a"]).cells_are_blank([blank])


def test_one_cell_with_text_is_not_blank() -> None:
    assert not Template("{a}{b}", ["a", "b"]).cells_are_blank(["", "x"])
    assert not Template.is_blank("评")


def test_what_is_put_forward_is_the_column_with_the_text_and_not_a_number() -> None:
    for columns, named in ((("No", "Date", "Review"), "Review"), (("编号", "评价内容"), "评价内容"), (("a", "b"), "a")):
        with pytest.raises(RecipeError) as refused:
            Template("", columns).check()
        assert f"{{{named}}}" in explain(refused.value)


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_template_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match=r"prompt is empty.*\{review\}"):
        Template(text, ["review"]).check()


def test_a_template_without_a_column_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"names no column.*\{review\}"):
        Template("Is it good?", ["review"]).check()


def test_a_misspelled_only_column_is_refused_with_the_near_one() -> None:
    with pytest.raises(RecipeError, match=r"\{Reviw\}.*\{Review\}"):
        Template("Is it good? {Reviw}", ["id", "Review"]).check()


def test_a_template_with_a_column_passes() -> None:
    Template("{评论}", ["评论"]).check()


@given(_DENSE, st.lists(_NAMES, min_size=1, max_size=4, unique=True), st.data())
def test_only_known_places_change_and_cells_go_in_as_they_are(
    text: str, columns: list[str], data: st.DataObject
) -> None:
    cells = data.draw(st.lists(_DENSE, min_size=len(columns), max_size=len(columns)))
    template = Template(text, columns)
    known = [place for place in template.places() if place.known]
    expected, at = [], 0
    for place in known:
        assert text[place.start : place.end] == "{" + place.name + "}"
        assert place.column is not None
        expected += [text[at : place.start], cells[place.column]]
        at = place.end
    expected.append(text[at:])
    assert template.render(cells) == "".join(expected)


@given(_DENSE, st.lists(_NAMES, min_size=1, max_size=4, unique=True))
def test_cells_that_spell_their_own_place_give_the_template_back(text: str, columns: list[str]) -> None:
    assert Template(text, columns).render(["{" + name + "}" for name in columns]) == text


@given(_DENSE, st.lists(_NAMES, min_size=1, max_size=4, unique=True))
def test_no_known_place_is_overlooked(text: str, columns: list[str]) -> None:
    template = Template(text, columns)
    covered = {at for place in template.places() if place.known for at in range(place.start, place.end)}
    for name in columns:
        at = text.find("{" + name + "}")
        while at != -1:
            assert covered & set(range(at, at + len(name) + 2))
            at = text.find("{" + name + "}", at + 1)


@given(st.text(), st.text())
def test_any_text_in_any_script_survives(before: str, cell: str) -> None:
    template = Template(before.replace("{", "") + "{c}", ["c"])
    assert template.render([cell]) == before.replace("{", "") + cell


def test_a_place_can_take_the_beginning_of_a_cell_only() -> None:
    template = Template("Say {text|5} of {text}", ("text",))
    assert template.render(["abcdefgh"]) == "Say abcde… of abcdefgh"
    assert template.render(["abcde"]) == "Say abcde of abcde"
    assert template.columns_used == ("text",)


def test_a_column_whose_name_looks_like_a_cut_place_is_that_column() -> None:
    assert Template("{a|2}", ("a", "a|2")).render(["xxxx", "whole"]) == "whole"


@pytest.mark.parametrize("text", ["{text|}", "{text|0}", "{text|abc}", "{other|5}", "{|5}", "{text|12345678}"])
def test_what_is_no_number_of_characters_stays_literal(text: str) -> None:
    assert Template(text, ("text",)).render(["cell"]) == text


def test_shortening_cuts_each_place_of_the_column_and_never_lengthens_one() -> None:
    template = Template("{a} {b} {a|50} {a|300}", ("a", "b"))
    assert template.shortened("a", 100) == "{a|100} {b} {a|50} {a|100}"
