"""Labels that a model used although they are on no list."""

from __future__ import annotations

import pytest

from gui_app.jobs import FieldKind, OutputField, Reply
from gui_app.recipes.fields import read_reply
from gui_app.recipes.new_labels import NewLabel, new_labels

MOOD = OutputField("mood", FieldKind.LABEL, labels=("good", "bad"))
TOPICS = OutputField("topics", FieldKind.LABELS, labels=("price", "quality"))
SCORE = OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5)


def test_what_a_reply_was_off_the_list_with_can_be_added() -> None:
    details = [
        (read_reply([MOOD], Reply(text)).detail, 1) for text in ("Mixed.", '{"mood": "mixed"}', "mixed", "unclear")
    ]
    assert new_labels(details, [MOOD]) == [NewLabel("mood", "Mixed", 3), NewLabel("mood", "unclear", 1)]


def test_with_several_fields_the_label_is_added_to_its_own_field() -> None:
    fields = [SCORE, MOOD, TOPICS]
    replies = ('{"score": 3, "mood": "mixed", "topics": []}', '{"score": 3, "mood": "good", "topics": ["delivery"]}')
    details = [(read_reply(fields, Reply(text)).detail, 2) for text in replies]
    assert new_labels(details, fields) == [NewLabel("mood", "mixed", 2), NewLabel("topics", "delivery", 2)]


@pytest.mark.parametrize(
    "detail",
    [
        "It is hard to say, the buyer likes it but not the price",
        "a label that was cut off after many words indeed as it was too lo…",
        "Good",
        '""',
        "",
    ],
)
def test_a_sentence_or_what_is_listed_meanwhile_is_no_new_label(detail: str) -> None:
    assert new_labels([(detail, 5)], [MOOD]) == []


def test_a_field_without_labels_has_no_list() -> None:
    assert new_labels([("mixed", 1)], [SCORE]) == []
    assert new_labels([("score: mixed", 1)], [SCORE, MOOD]) == []
