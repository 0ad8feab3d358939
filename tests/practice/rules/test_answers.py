"""The answers are made by simple rules a person could follow."""

import json

import pytest

from gui_app.jobs import FieldKind, OutputField, Recipe, Reply, RowState
from gui_app.practice.rules.answers import Plans, prepare
from gui_app.practice.rules.freetext import MARK
from gui_app.recipes.presets import preset
from gui_app.recipes.question import build_question
from gui_app.recipes.reading import read_reply
from gui_app.recipes.template import Template

SENTIMENTS = ["positive", "negative", "neutral"]


def closed(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def answer(schema, prompt, instructions="", **options):
    return json.loads(prepare(instructions, schema).answer(prompt, **options))


def one(field_schema, prompt, instructions="", name="answer", **options):
    return answer(closed(**{name: field_schema}), prompt, instructions, **options)[name]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I love it, it works perfectly!", "positive"),
        ("Broken on arrival. Terrible.", "negative"),
        ("It is a box with a lid.", "neutral"),
        ("This is not good at all.", "negative"),
        ("No problem with it, works great.", "positive"),
        ("质量很好，非常满意", "positive"),
        ("太差了，一点也不满意", "negative"),
        ("昨天收到了包裹", "neutral"),
    ],
)
def test_a_sentiment_is_told_by_good_and_bad_words(text, label):
    prompt = f"Is this review positive, negative or neutral?\n\nReview:\n{text}"
    assert one({"enum": SENTIMENTS}, prompt) == label


def test_chinese_labels_are_feelings_too():
    labels = {"enum": ["正面", "负面", "中性"]}
    assert one(labels, "请判断这条评论的情感。\n\n评论：\n物流太慢，包装破损，很失望") == "负面"
    assert one(labels, "请判断这条评论的情感。\n\n评论：\n颜色漂亮，推荐购买") == "正面"
    assert one(labels, "请判断这条评论的情感。\n\n评论：\n周二送达") == "中性"


def test_good_and_bad_words_alike_are_mixed_where_there_is_such_a_label():
    labels = {"enum": ["positive", "negative", "neutral", "mixed"]}
    assert one(labels, "Text:\nGreat sound but terrible battery.") == "mixed"
    assert one(labels, "Text:\nIt has four legs.") == "neutral"


def test_five_steps_of_feeling_are_told_apart():
    labels = {"enum": ["very negative", "negative", "neutral", "positive", "very positive"]}
    assert one(labels, "Text:\nAmazing, wonderful, perfect!") == "very positive"
    assert one(labels, "Text:\nIt is nice.") == "positive"
    assert one(labels, "Text:\nAwful, useless, broken junk") == "very negative"


def test_other_labels_are_told_by_shared_words():
    labels = {"enum": ["billing", "delivery", "technical problem", "other"]}
    assert one(labels, "Ticket:\nMy delivery has not come yet") == "delivery"
    assert one(labels, "Ticket:\nThere is a technical fault in the app") == "technical problem"
    assert one(labels, "Ticket:\nGood morning to everyone") == "other"


def test_a_labels_description_counts():
    instructions = 'Answer.\n  - "A": invoices, refunds and payments\n  - "B": parcels and shipping'
    labels = {"enum": ["A", "B"]}
    assert one(labels, "Ticket:\nWhere is my refund?", instructions) == "A"
    assert one(labels, "Ticket:\nThe parcel was shipped to another town", instructions) == "B"


def test_the_list_of_labels_in_a_prompt_is_not_taken_for_the_row():
    prompt = "Choose one of billing, delivery or returns. I want to hand in my returns form."
    assert one({"enum": ["billing", "delivery", "returns"]}, prompt) == "returns"


def test_several_labels_are_all_that_share_words():
    labels = {"type": "array", "items": {"enum": ["price", "quality", "service"]}}
    assert one(labels, "Review:\nThe price was high but the service fine") == ["price", "service"]
    assert one(labels, "Review:\nBlue") == []


def test_a_rating_goes_by_what_answer_and_reference_share():
    rating = {"type": "integer", "enum": [1, 2, 3, 4, 5]}
    prompt = "Rate from 1 to 5.\n\nReference answer:\nThe capital of France is Paris\n\nAnswer:\n{}"
    assert one(rating, prompt.format("The capital of France is Paris")) == 5
    assert one(rating, prompt.format("Bananas are yellow fruit")) == 1
    assert one(rating, prompt.format("Paris")) in (2, 3)


def test_a_chinese_rating_goes_the_same_way():
    rating = {"type": "integer", "description": "从 1 到 5"}
    prompt = "请按参考答案打分。\n\n参考答案：\n水在一百度沸腾\n\n回答：\n{}"
    assert one(rating, prompt.format("水在一百度沸腾"), name="评分") == 5
    assert one(rating, prompt.format("我不知道"), name="评分") == 1


def test_a_rating_without_a_reference_goes_by_feeling():
    stars = {"type": "integer", "description": "a whole number from 1 to 5"}
    assert one(stars, "Text:\nwonderful, great, perfect", name="stars") == 5
    assert one(stars, "Text:\nbroken, awful, useless", name="stars") == 1


def test_a_number_that_is_no_rating_is_looked_for_in_the_text():
    age = {"type": "integer", "description": "a whole number from 0 to 120"}
    assert one(age, "Text:\nShe is 34 and has 3 cats", name="age") == 34
    assert one({"type": "number"}, "Text:\nIt weighs 2.5 kg", name="weight") == 2.5


def test_yes_or_no_goes_by_shared_words():
    field = {"type": "boolean"}
    prompt = "Does the customer ask for a refund?\n\nText:\n{}"
    assert one(field, prompt.format("I would like a refund please"), name="wants_refund") is True
    assert one(field, prompt.format("Where can I buy a second one?"), name="wants_refund") is False


def test_yes_and_no_as_labels_are_yes_or_no():
    prompt = "Does it mention delivery?\n\nText:\nThe delivery took a week"
    assert one({"enum": ["yes", "no"]}, prompt) == "yes"
    assert one({"enum": ["是", "否"]}, "这段话提到价格了吗？\n\n文字：\n今天下雨") == "否"


def test_every_free_text_is_marked():
    assert one({"type": "string"}, "Say something.\n\nText:\nHello there. More words.") == f"{MARK} Hello there."


def test_a_translation_names_its_language():
    field = {"type": "string"}
    assert one(field, "Translate into French.\n\nText:\nGood day", name="translation") == f"{MARK} French: Good day"
    assert one(field, "Language:\nJapanese\n\nText:\nGood day", name="translation") == f"{MARK} Japanese: Good day"
    assert one(field, "请把下面的文字翻译成英语。\n\n文字：\n你好", name="translation") == f"{MARK} 英语: 你好"


def test_what_a_field_asks_for_is_found_in_the_text():
    text = "Text:\nWrite to ann@example.org before 2026-03-01, it costs $12.50"
    fields = closed(email={"type": "string"}, date={"type": "string"}, price={"type": "string"})
    assert answer(fields, text) == {
        "email": f"{MARK} ann@example.org",
        "date": f"{MARK} 2026-03-01",
        "price": f"{MARK} $12.50",
    }


def test_a_text_keeps_to_its_limit():
    said = one({"type": "string", "description": "at most 30 characters"}, "Text:\n" + "word " * 40, name="summary")
    assert len(said) <= 30


def test_without_a_schema_the_labels_are_taken_from_the_words():
    plan = prepare("Reply with one of: positive, negative, neutral.", None)
    assert plan.answer("Text:\nI love it") == "positive"


def test_a_schema_written_in_the_instructions_is_followed():
    plan = prepare("Reply in this form: " + json.dumps(closed(ok={"type": "boolean"})), None)
    assert json.loads(plan.answer("Text:\nhello")) == {"ok": False}


def test_without_any_form_a_plain_text_comes():
    assert prepare("", None).answer("Hello there.") == f"{MARK} Hello there."


@pytest.mark.parametrize("schema", [{"enum": SENTIMENTS}, {"type": "integer", "enum": [1, 2, 3]}, {"type": "boolean"}])
def test_off_list_answers_are_off_the_list(schema):
    value = one(schema, "Text:\ngood", off_list=True)
    assert value not in schema.get("enum", [True, False])


def test_the_same_question_gets_the_same_answer_and_another_seed_may_not():
    labels = {"enum": ["alpha", "beta", "gamma", "delta"]}
    prompts = [f"Text:\nrow {number}" for number in range(40)]
    first = [one(labels, prompt) for prompt in prompts]
    assert first == [one(labels, prompt) for prompt in prompts]
    assert first != [one(labels, prompt, seed=7) for prompt in prompts]
    assert set(first) == {"alpha", "beta", "gamma", "delta"}


def test_a_plan_is_kept_for_the_rows_of_a_job_and_not_for_ever():
    plans = Plans()
    schema = closed(a={"type": "boolean"})
    assert plans.of("x", schema) is plans.of("x", dict(schema))
    for number in range(100):
        plans.of(f"other {number}", schema)
    assert len(plans._kept) <= 64


def test_nested_and_referenced_parts_of_a_schema_are_filled():
    schema = closed(
        inner={"$ref": "#/$defs/inner"}, maybe={"anyOf": [{"type": "null"}, {"enum": ["x"]}]}, kind={"const": 7}
    )
    schema["$defs"] = {"inner": closed(list={"type": "array", "items": {"type": "integer"}, "minItems": 2})}
    assert answer(schema, "Text:\nhi") == {"inner": {"list": [0, 0]}, "maybe": "x", "kind": 7}


def test_a_schema_that_refers_to_itself_ends():
    schema = {"$ref": "#/$defs/a", "$defs": {"a": closed(next={"$ref": "#/$defs/a"})}}
    assert "next" in answer(schema, "hi")


def test_a_five_megabyte_cell_is_answered():
    assert one({"enum": SENTIMENTS}, "Text:\nI love it. " + "word " * 1_000_000) == "positive"


def test_text_with_half_characters_is_answered():
    assert one({"type": "string"}, "Text:\n\ud83d broken \udc00") == f"{MARK} \ud83d broken \udc00"


def asked(task_id, columns, rows):
    task = preset(task_id).build(columns, rows)
    recipe = Recipe(task.template, task.fields, model="practice")
    question = build_question(recipe)
    plan = prepare(question.instructions, question.schema)
    template = Template(task.template, columns)
    return [read_reply(task.fields, Reply(plan.answer(template.render(row)))) for row in rows]


@pytest.mark.parametrize(
    ("task_id", "columns", "rows"),
    [
        ("label", ("id", "review"), [("1", "I love this phone, great camera"), ("2", "Stopped working, awful")]),
        ("rate", ("question", "reference", "answer"), [("Capital?", "It is Paris", "Paris"), ("2+2?", "4", "5")]),
        ("translate", ("text", "language"), [("Good morning to you all", "French"), ("How are you today?", "German")]),
        ("extract", ("text",), [("Ann Smith met Bob Jones in Paris on 3 May 2026 for $40.",), ("Nothing here.",)]),
        ("summarise", ("text",), [("One thing happened. Then another. " * 5,), ("短文。第二句。",)]),
        ("ask", ("a", "b"), [("x", "y"), ("1", "2")]),
    ],
)
def test_every_preset_is_answered_as_it_asks(task_id, columns, rows):
    for reading in asked(task_id, columns, rows):
        assert reading.state is RowState.DONE, reading


def test_the_sentiment_preset_is_right_on_plain_texts():
    rows = [("1", "I love this phone, great camera"), ("2", "Stopped working, awful"), ("3", "It arrived on Tuesday")]
    readings = asked("label", ("id", "review"), rows)
    assert [next(iter(reading.values.values())) for reading in readings] == ["positive", "negative", "neutral"]


def test_examples_in_a_prompt_are_not_the_row():
    field = OutputField("sentiment", FieldKind.LABEL, tuple(SENTIMENTS))
    question = build_question(Recipe("{t}", (field,), model="practice"))
    prompt = (
        "Decide which sentiment it is.\n\nExamples of right answers:\n\nt: awful, terrible, broken\n"
        'Answer: {"sentiment": "negative"}\nEnd of the examples.\n\nText:\nI love it'
    )
    assert json.loads(prepare(question.instructions, question.schema).answer(prompt)) == {"sentiment": "positive"}
