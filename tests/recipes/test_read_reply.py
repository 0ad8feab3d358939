"""Replies: normalised, checked, never guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gui_app.jobs import Cause, FieldKind, FieldValue, Finish, OutputField, Reply, RowState
from gui_app.recipes.fields import ReplyReader, read_reply
from gui_app.recipes.reading import REMEMBERED, SHORT

SENTIMENT = OutputField("sentiment", FieldKind.LABEL, labels=("positive", "negative", "neutral"))
TOPICS = OutputField("topics", FieldKind.LABELS, labels=("price", "quality", "service"))
SCORE = OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5)
SHARE = OutputField("share", FieldKind.NUMBER, whole=False)
OK = OutputField("ok", FieldKind.YES_NO)
SUMMARY = OutputField("summary", FieldKind.TEXT, max_characters=40)
ALL = (SENTIMENT, TOPICS, SCORE, OK, SUMMARY)


def value_of(field: OutputField, text: str) -> FieldValue:
    reading = read_reply((field,), Reply(text))
    assert reading.state is RowState.DONE, reading
    assert reading.cause is None
    return reading.values[field.name]


def cause_of(field: OutputField, text: str) -> Cause | None:
    reading = read_reply((field,), Reply(text))
    assert reading.state is RowState.NEEDS_REVIEW, reading
    assert reading.values[field.name] is None
    assert reading.detail
    return reading.cause


@pytest.mark.parametrize(
    "text",
    [
        '{"sentiment": "positive"}',
        '{"sentiment": "Positive."}',
        ' \n{"sentiment":\n"positive"}\n',
        '```json\n{"sentiment": "positive"}\n```',
        '```\n{"sentiment": "positive"}\n```',
        'Here is the answer:\n```json\n{"sentiment": "positive"}\n```\nI hope that helps.',
        'Sure! {"sentiment": "POSITIVE"} as asked.',
        '[{"sentiment": "positive"}]',
        '{"result": {"sentiment": "positive"}}',
        '{"Sentiment": "positive"}',
        '{"label": "positive"}',
        '{"sentiment": ["positive"]}',
        '{"sentiment": {"label": "positive"}}',
        '{"sentiment": "positive", "sentiment": "Positive"}',
        '{"sentiment": "positive", "reason": "not negative at all"}',
        '"positive"',
        '["positive"]',
        "positive",
        "POSITIVE.",
        "ｐｏｓｉｔｉｖｅ",
        "“positive”",
        "「positive」。",
        "**Positive**",
        "- positive",
        "1. positive",
        "Label: positive",
        "**Sentiment:** positive",
        "标签：positive",
        "The sentiment is positive.",
        "The sentiment of this review is: **positive**",
        "It is positive",
        "positive, Positive",
        "positive - the buyer is glad",
        "Positive. The buyer is glad.",
        "positive\n\nThe buyer is glad.",
        "positive (very glad)",
        "<think>It could be negative.\nHm.</think>\n\npositive",
        '\ufeff{"sentiment": "positive"}',
    ],
)
def test_a_label_is_found_however_it_is_said(text: str) -> None:
    assert value_of(SENTIMENT, text) == "positive"


@pytest.mark.parametrize(
    "text",
    [
        '{"sentiment": "mixed"}',
        '{"sentiment": []}',
        '{"sentiment": 1}',
        "mixed",
        "not positive",
        "The sentiment is not positive.",
        "rather positive",
        "mostly positive",
        "positive?",
        "positive, but it broke",
        "positive. However, I am not sure",
        "I doubt that it is positive",
        "positively",
        "pos",
        "1",
        "A",
    ],
)
def test_an_off_list_label_is_never_guessed(text: str) -> None:
    assert cause_of(SENTIMENT, text) is Cause.OFF_LIST


@pytest.mark.parametrize(
    "text",
    [
        '{"sentiment": ["positive", "negative"]}',
        '{"sentiment": "positive, negative"}',
        '{"sentiment": "positive", "sentiment": "negative"}',
        '[{"sentiment": "positive"}, {"sentiment": "negative"}]',
        '{"sentiment": "positive"}\n{"sentiment": "negative"}',
        "positive/negative",
        "positive or negative",
        "positive and negative",
        "Positive. It is not negative.",
        "positive\nnegative",
        "Not negative, so positive",
    ],
)
def test_two_labels_where_one_was_asked_need_review(text: str) -> None:
    assert cause_of(SENTIMENT, text) is Cause.TWO_LABELS


def test_labels_that_differ_in_a_sign_stay_apart() -> None:
    field = OutputField("lang", FieldKind.LABEL, labels=("C", "C++", "C#", "-1", "1"))
    for label in field.labels:
        assert value_of(field, label) == label
        assert value_of(field, f'{{"lang": "{label.lower()}"}}') == label
    assert value_of(field, '{"lang": -1}') == "-1"
    assert value_of(field, '{"lang": 1.0}') == "1"


def test_chinese_labels_are_found_and_not_inside_other_words() -> None:
    field = OutputField("情感", FieldKind.LABEL, labels=("正面", "负面", "中性"))
    assert value_of(field, "正面。") == "正面"
    assert value_of(field, "情感：负面") == "负面"
    assert value_of(field, "这条评论的情感是负面".replace("这条评论的", "")) == "负面"
    assert cause_of(field, "不是正面") is Cause.OFF_LIST
    assert cause_of(field, "正面或负面") is Cause.TWO_LABELS


def test_a_label_within_a_longer_label_is_not_taken_for_it() -> None:
    field = OutputField("q", FieldKind.LABEL, labels=("good", "very good", "good, but slow"))
    assert value_of(field, "Very good") == "very good"
    assert value_of(field, "good, but slow") == "good, but slow"
    assert cause_of(field, "not very good") is Cause.OFF_LIST


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('{"topics": ["service", "price"]}', ("price", "service")),
        ('{"topics": ["Price", "price"]}', ("price",)),
        ('{"topics": []}', ()),
        ('{"topics": "price; quality"}', ("price", "quality")),
        ('["price"]', ("price",)),
        ("[]", ()),
        ("price, quality", ("price", "quality")),
        ("price and service", ("price", "service")),
        ("- Price\n- Service", ("price", "service")),
        ("price、quality", ("price", "quality")),
        ("None", ()),
        ("Topics: price", ("price",)),
    ],
)
def test_any_of_the_labels_come_in_the_lists_order(text: str, labels: tuple[str, ...]) -> None:
    assert value_of(TOPICS, text) == labels


@pytest.mark.parametrize(
    "text", ['{"topics": ["price", "colour"]}', "price, colour", "the price", '{"topics": [["price"]]}']
)
def test_one_off_list_label_among_several_needs_review(text: str) -> None:
    assert cause_of(TOPICS, text) is Cause.OFF_LIST


@pytest.mark.parametrize(
    "text",
    [
        '{"score": 4}',
        '{"score": 4.0}',
        '{"score": "4"}',
        '{"score": [4]}',
        '{"score": 4, "score": 4.0}',
        '{"rating": 4}',
        "4",
        "4.",
        "４",
        "٤",
        "४",
        "**4**",
        "+4",
        "Score: 4",
        "The score is 4.",
        "4/5",
        "4 / 5",
        "4 out of 5",
        "4 (out of 5)",
        "Score: 4/5",
        "4 stars",
        "4 分",
        "4 - good value",
        "4\nBecause it is good.",
    ],
)
def test_a_number_is_read_when_it_can_mean_one_thing(text: str) -> None:
    value = value_of(SCORE, text)
    assert value == 4 and isinstance(value, int)


@pytest.mark.parametrize(
    "text",
    [
        "1,5",
        "3-4",
        "3 or 4",
        "between 3 and 4",
        "4/10",
        "80%",
        "four",
        "四",
        "★★★★",
        "I give it a 4",
        "1,234",
        "NaN",
        "4 - or maybe 5",
        '{"score": true}',
        '{"score": "high"}',
        '{"score": NaN}',
        '{"score": Infinity}',
        '{"score": 1e999}',
        '{"score": [3, 4]}',
        '{"score": 3, "score": 4}',
        '{"score": {"a": 4}}',
    ],
)
def test_a_number_that_could_mean_two_things_is_none(text: str) -> None:
    assert cause_of(SCORE, text) is Cause.NOT_A_NUMBER


@pytest.mark.parametrize("text", ["6", "0", "-1", "4.5", '{"score": 1000}', "−3", "9007199254740993000"])
def test_a_number_not_asked_for_is_out_of_range(text: str) -> None:
    assert cause_of(SCORE, text) is Cause.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5", 1.5), ("1,234.5", 1234.5), ("1.234,5", 1234.5), ("1,234,567", 1234567.0), ("-0.25", -0.25), (".5", 0.5)],
)
def test_thousands_marks_are_read_where_they_are_unmistakable(text: str, number: float) -> None:
    value = value_of(SHARE, text)
    assert value == number and isinstance(value, float)


def test_minus_zero_is_zero() -> None:
    assert str(value_of(SHARE, '{"share": -0.0}')) == "0.0"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"ok": true}', True),
        ('{"ok": "No"}', False),
        ("yes", True),
        ("No.", False),
        ("TRUE", True),
        ("是", True),
        ("不是", False),
        ("Yes, the text says so.", True),
        ("Answer: no", False),
    ],
)
def test_yes_and_no_in_the_usual_words(text: str, answer: bool) -> None:
    assert value_of(OK, text) is answer


@pytest.mark.parametrize(
    "text", ['{"ok": 1}', "maybe", "yes and no", "not true", "Yes, but no", '{"ok": "1"}', "unclear"]
)
def test_anything_between_yes_and_no_needs_review(text: str) -> None:
    assert cause_of(OK, text) is Cause.NOT_YES_OR_NO


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"summary": "Fine."}', "Fine."),
        ("Fine.", "Fine."),
        ("Summary: Fine.", "Fine."),
        ('"Fine."', "Fine."),
        ("```\nFine.\n```", "Fine."),
        ('{"summary": "two\nlines"}', "two\nlines"),
        ('{"summary": 1999}', "1999"),
        ('{"summary": ["a", "b"]}', "a; b"),
        ("42", "42"),
        ("[laughs] fine", "[laughs] fine"),
        ("=1+1", "=1+1"),
    ],
)
def test_free_text_is_taken_as_it_is(text: str, value: str) -> None:
    assert value_of(SUMMARY, text) == value


def test_text_over_its_length_is_kept_for_review() -> None:
    reading = read_reply((SUMMARY,), Reply(json.dumps({"summary": "x" * 50})))
    assert (reading.state, reading.cause) == (RowState.NEEDS_REVIEW, Cause.OUT_OF_RANGE)
    assert reading.values == {"summary": "x" * 50}
    assert reading.detail == "50 > 40"


@pytest.mark.parametrize("field", ALL, ids=lambda field: str(field.name))
@pytest.mark.parametrize("text", ["", "  \n", "<think>hm</think>"])
def test_an_empty_reply_fails_as_empty(field: OutputField, text: str) -> None:
    reading = read_reply((field,), Reply(text))
    assert (reading.state, reading.cause) == (RowState.FAILED, Cause.EMPTY)
    assert reading.values == {field.name: None}


@pytest.mark.parametrize("text", ['{"summary": ""}', '{"summary": " "}', '{"summary": null}', '""'])
def test_an_empty_text_answer_fails_as_empty(text: str) -> None:
    reading = read_reply((SUMMARY,), Reply(text))
    assert (reading.state, reading.cause) == (RowState.FAILED, Cause.EMPTY)


@pytest.mark.parametrize(("field", "text"), [(SENTIMENT, '{"sentiment": ""}'), (SCORE, '{"score": null}')])
def test_an_answer_that_says_nothing_fails_as_empty(field: OutputField, text: str) -> None:
    reading = read_reply((field,), Reply(text))
    assert (reading.state, reading.cause) == (RowState.FAILED, Cause.EMPTY)


def test_an_empty_label_beside_other_answers_needs_review() -> None:
    reading = read_reply((SENTIMENT, SCORE), Reply('{"sentiment": "", "score": 4}'))
    assert (reading.state, reading.cause, reading.detail) == (RowState.NEEDS_REVIEW, Cause.OFF_LIST, 'sentiment: ""')
    assert reading.values == {"sentiment": None, "score": 4}


def test_one_empty_text_beside_other_answers_is_an_answer() -> None:
    reading = read_reply((SENTIMENT, SUMMARY), Reply('{"sentiment": "positive", "summary": ""}'))
    assert reading.state is RowState.DONE
    assert reading.values["summary"] == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"sentiment": "posi',
        '{"sentiment":',
        "{",
        '{"sentiment" "positive"}',
        '```json\n{"sentiment": \n```',
        "{}",
        '{"error": "quota"}',
        '{"sentiment": ' + "[" * 20_000,
        '{"sentiment": ' + "9" * 5_000 + "}",
    ],
)
def test_broken_or_foreign_json_fails_as_unreadable(text: str) -> None:
    reading = read_reply((SENTIMENT,), Reply(text))
    assert (reading.state, reading.cause) == (RowState.FAILED, Cause.UNREADABLE)


def test_prose_for_several_fields_fails_as_unreadable() -> None:
    reading = read_reply(ALL, Reply("I like it very much, 4 of 5."))
    assert (reading.state, reading.cause) == (RowState.FAILED, Cause.UNREADABLE)


@pytest.mark.parametrize("finish", [Finish.REFUSED, Finish.CONTENT_FILTER])
def test_refusals_and_filters_fail_under_their_own_names(finish: Finish) -> None:
    reading = read_reply(ALL, Reply('{"sentiment": "positive"}', finish))
    assert (reading.state, reading.cause) == (RowState.FAILED, Cause(finish.value))
    assert set(reading.values.values()) == {None}


@pytest.mark.parametrize(
    "text",
    ["I'm sorry, but I can't help with that.", "I cannot assist with this request.", "抱歉，我无法回答这个问题。"],
)
def test_a_refusal_in_words_is_no_answer(text: str) -> None:
    reading = read_reply((SENTIMENT,), Reply(text))
    assert (reading.state, reading.cause) == (RowState.FAILED, Cause.REFUSED)
    reading = read_reply((SUMMARY,), Reply(text))
    assert (reading.state, reading.cause, reading.values["summary"]) == (RowState.NEEDS_REVIEW, Cause.REFUSED, None)


def test_the_worst_field_decides_and_the_good_ones_are_kept() -> None:
    reply = {"sentiment": "mixed", "topics": ["price"], "score": 3, "ok": True, "summary": "Fine."}
    reading = read_reply(ALL, Reply(json.dumps(reply)))
    assert (reading.state, reading.cause, reading.detail) == (RowState.NEEDS_REVIEW, Cause.OFF_LIST, "sentiment: mixed")
    assert reading.values == {"sentiment": None, "topics": ("price",), "score": 3, "ok": True, "summary": "Fine."}
    assert list(reading.values) == [field.name for field in ALL]


def test_a_field_left_out_needs_review() -> None:
    reading = read_reply((SENTIMENT, SCORE), Reply('{"sentiment": "positive"}'))
    assert (reading.state, reading.cause, reading.detail) == (RowState.NEEDS_REVIEW, Cause.MISSING_FIELD, "score")


def test_lines_of_names_and_values_are_read() -> None:
    reading = read_reply(
        (SENTIMENT, SCORE, SUMMARY), Reply("**Sentiment:** positive\n- Score: 4/5\nSummary: It is\ngood: very")
    )
    assert reading.state is RowState.DONE
    assert reading.values == {"sentiment": "positive", "score": 4, "summary": "It is\ngood: very"}


def test_numbered_keys_and_names_are_both_understood() -> None:
    fields = (OutputField("情 感", FieldKind.LABEL, labels=("好", "坏")), OutputField("理由", FieldKind.TEXT))
    for reply in ({"field_1": "好", "field_2": "x"}, {"情_感": "好", "理由": "x"}):
        reading = read_reply(fields, Reply(json.dumps(reply)))
        assert reading.state is RowState.DONE
        assert reading.values == {"情 感": "好", "理由": "x"}


@pytest.mark.parametrize(
    ("fields", "text", "values"),
    [
        ((SENTIMENT, SCORE), '{"sentiment": "positive", "score": 4}', {"sentiment": "positive", "score": 4}),
        ((SENTIMENT, SCORE), '{"sentiment": "positive", "score": 1', {"sentiment": "positive", "score": None}),
        ((SENTIMENT, SCORE), '{"sentiment": "posi', {"sentiment": None, "score": None}),
        (
            (SENTIMENT, SUMMARY),
            '{"sentiment": "positive", "summary": "The cust',
            {"sentiment": "positive", "summary": "The cust"},
        ),
        (
            (SENTIMENT, SUMMARY),
            '{"sentiment": "positive", "summary": "caf\\u00',
            {"sentiment": "positive", "summary": "caf"},
        ),
        (
            (SENTIMENT, TOPICS),
            '{"sentiment": "positive", "topics": ["price", "qua',
            {"sentiment": "positive", "topics": None},
        ),
        ((SENTIMENT, SCORE), "sentiment: positive\nscore: 1", {"sentiment": "positive", "score": None}),
        ((SENTIMENT,), "positive", {"sentiment": "positive"}),
        ((SCORE,), "1", {"score": None}),
        ((TOPICS,), "price", {"topics": None}),
        ((SUMMARY,), "The cust", {"summary": "The cust"}),
        ((OK,), "n", {"ok": None}),
        ((OutputField("q", FieldKind.LABEL, labels=("good", "good enough")),), "good", {"q": None}),
    ],
)
def test_a_cut_off_reply_needs_review_and_keeps_what_is_whole(
    fields: tuple[OutputField, ...], text: str, values: dict[str, FieldValue]
) -> None:
    reading = read_reply(fields, Reply(text, Finish.CUT_OFF))
    assert (reading.state, reading.cause) == (RowState.NEEDS_REVIEW, Cause.CUT_OFF)
    assert reading.values == values


@pytest.mark.parametrize("text", ["", "<think>so many thoughts"])
def test_a_reply_cut_off_before_its_first_word_fails(text: str) -> None:
    reading = read_reply((SENTIMENT,), Reply(text, Finish.CUT_OFF))
    assert (reading.state, reading.cause) == (RowState.FAILED, Cause.CUT_OFF)


def test_details_are_short_and_plain() -> None:
    reading = read_reply((SENTIMENT,), Reply("\x1b[31m\u202e" + "x" * 500))
    assert len(reading.detail) <= 80
    assert reading.detail.isprintable()


_KEYS = st.sampled_from([field.name for field in ALL] + ["label", "other", "Score"]) | st.text(max_size=4)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["positive", "Price", "4", "yes"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=8,
)
_PIECES = st.lists(
    st.sampled_from(
        [
            "positive",
            "negative",
            "not",
            "{",
            "}",
            '"',
            ":",
            "[",
            "]",
            ",",
            "sentiment",
            "score",
            "4",
            "/5",
            "-",
            "\n",
            "```",
            "json",
            "<think>",
            "</think>",
            " ",
            ". ",
            "but",
            "price",
            "topics",
            "ok",
            "yes",
            "no",
            "是",
            "\\",
            "1e9",
            "٤",
            "summary",
            "（",
        ]
    ),
    max_size=14,
).map("".join)
_REPLIES = st.builds(
    Reply,
    text=st.text() | _PIECES | _JSON.map(json.dumps) | st.dictionaries(_KEYS, _JSON, max_size=5).map(json.dumps),
    finish=st.sampled_from(list(Finish)),
)


def _allowed(field: OutputField, value: Any) -> bool:
    match field.kind:
        case FieldKind.LABEL:
            return value in field.labels
        case FieldKind.LABELS:
            return isinstance(value, tuple) and set(value) <= set(field.labels) and len(set(value)) == len(value)
        case FieldKind.NUMBER:
            return type(value) is int and 1 <= value <= 5
        case FieldKind.YES_NO:
            return isinstance(value, bool)
        case FieldKind.TEXT:
            return isinstance(value, str)


@given(_REPLIES, st.sets(st.integers(0, 4), min_size=1))
@example(Reply("{" * 3_000), {0, 1})
@example(Reply("[" * 100_000), {1})
@example(Reply("\ud800"), {0})
def test_whatever_comes_back_is_read_without_error_and_never_off_the_list(reply: Reply, picked: set[int]) -> None:
    fields = tuple(ALL[i] for i in sorted(picked))
    reading = read_reply(fields, reply)
    assert list(reading.values) == [field.name for field in fields]
    for field in fields:
        value = reading.values[field.name]
        assert value is None or _allowed(field, value)
    assert (reading.state is RowState.DONE) == (reading.cause is None)
    if reading.state is RowState.DONE:
        assert None not in reading.values.values()
    assert len(reading.detail) <= 130 and reading.detail.isprintable()


@given(st.data())
def test_a_right_answer_always_comes_back_as_it_was(data: st.DataObject) -> None:
    right: dict[str, Any] = {
        "sentiment": data.draw(st.sampled_from(SENTIMENT.labels)),
        "topics": data.draw(st.lists(st.sampled_from(TOPICS.labels), unique=True)),
        "score": data.draw(st.integers(1, 5)),
        "ok": data.draw(st.booleans()),
        "summary": data.draw(st.text(max_size=40)),
    }
    text = json.dumps(right, ensure_ascii=data.draw(st.booleans()))
    reading = read_reply(
        ALL, Reply(data.draw(st.sampled_from(["{}", "```json\n{}\n```", "Here: {}"])).replace("{}", text, 1))
    )
    assert reading.state is RowState.DONE
    expected = right | {"topics": tuple(x for x in TOPICS.labels if x in right["topics"])}
    assert dict(reading.values) == expected


def test_a_short_reply_that_came_before_is_read_by_its_text_and_its_end() -> None:
    reader = ReplyReader((SENTIMENT,))
    for _ in range(2):
        assert reader.read(Reply("positive")).values == {"sentiment": "positive"}
        assert reader.read(Reply("negative")).values == {"sentiment": "negative"}
        assert reader.read(Reply("positive", Finish.CUT_OFF)).cause is Cause.CUT_OFF
        assert reader.read(Reply("positive", Finish.REFUSED)).cause is Cause.REFUSED


def test_of_replies_that_all_differ_few_are_remembered() -> None:
    reader = ReplyReader((SUMMARY,))
    for number in range(3 * REMEMBERED):
        assert reader.read(Reply(f"row {number}")).values == {"summary": f"row {number}"}
        reader.read(Reply(f"row {number} {'long ' * SHORT}"))
    assert len(reader._known) <= REMEMBERED
    assert all(len(text) <= SHORT for text, _ in reader._known)
