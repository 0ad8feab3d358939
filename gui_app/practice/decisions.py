"""OpenAI's decisions: questions with probabilities, answered by the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gui_app.practice.asked import Answered, Asked, Ending, Refused, Trouble, understood
from gui_app.practice.openai_wire import content_text, split, usage
from gui_app.practice.rules.answers import prepare
from gui_app.practice.rules.freetext import Guess
from gui_app.practice.rules.reader import Reader
from gui_app.practice.rules.slots import Label, LabelSlot
from gui_app.practice.rules.text import stems, words_of


@understood
def read(body: Mapping[str, Any]) -> tuple[Asked, list[Mapping[str, Any]]]:
    """Read the body of `POST /v1/decisions`: what is asked about, and the questions.

    Raises:
        Refused: A part is missing or not understood.
    """
    model, given, questions = body.get("model"), body.get("input"), body.get("questions")
    if not isinstance(model, str) or not model:
        raise Refused(Trouble.BAD, "Missing required parameter: 'model'.", param="model")
    if not isinstance(questions, list) or not 1 <= len(questions) <= 400:
        raise Refused(Trouble.BAD, "'questions' must hold between 1 and 400 questions.", param="questions")
    for at, question in enumerate(questions):
        _check(question, f"questions[{at}]")
    if isinstance(given, str):
        system, user = "", given
    elif isinstance(given, list) and given:
        system, user = split(given, "input")
    else:
        raise Refused(Trouble.BAD, "Missing required parameter: 'input'.", param="input")
    return Asked(model=model, instructions=system, prompt=user), questions


def _check(question: Any, place: str) -> None:
    kind = question.get("type") if isinstance(question, Mapping) else None
    if kind not in ("predicate", "choice", "score") or not question.get("instructions"):
        raise Refused(Trouble.BAD, f"{place}: a type and instructions are required.", param=place)
    if kind == "choice":
        values = [repr(choice.get("value")) for choice in question.get("choices") or ()]
        if not 2 <= len(values) <= 255 or len(set(values)) != len(values):
            raise Refused(
                Trouble.BAD, f"{place}.choices: between 2 and 255 different choices are required.", param=place
            )
    if kind == "score" and not 2 <= len(question.get("levels") or ()) <= 10:
        raise Refused(Trouble.BAD, f"{place}.levels: between 2 and 10 levels are required.", param=place)


def write(asked: Asked, questions: list[Mapping[str, Any]], seed: int, answer: Answered) -> dict[str, Any]:
    """A decision object: one answer for each question, in their order."""
    if answer.ending in (Ending.REFUSED, Ending.FILTERED):
        answers: list[dict[str, Any]] = [{"type": "refusal", "name": question.get("name")} for question in questions]
    else:
        reader = Reader(asked.prompt, seed)
        answers = [_answer(question, reader) for question in questions]
    return {"model": asked.model, "answers": answers, "usage": usage(answer)}


def _answer(question: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    name = question.get("name")
    instructions = content_text(question["instructions"], "instructions")
    kind = question["type"]
    if kind == "predicate":
        plan = prepare(instructions, {"type": "boolean", "description": f"{name or ''} {instructions}"})
        guess = plan.slot.fill(reader)
        probability = guess.sureness if guess.value else 1 - guess.sureness
        return {"type": "predicate", "name": name, "probability": round(probability, 4)}
    if kind == "choice":
        choices = [choice["value"] for choice in question["choices"]]
        labels = [Label.of(choice["value"], str(choice.get("description", ""))) for choice in question["choices"]]
        guess = LabelSlot(tuple(labels)).fill(reader)
        spread = _spread(choices.index(guess.value), len(choices), guess.sureness)
        return {
            "type": "choice",
            "name": name,
            "choice": guess.value,
            "confidence": round(guess.sureness, 4),
            "probabilities": [
                {"value": value, "probability": share} for value, share in zip(choices, spread, strict=True)
            ],
        }
    levels = question["levels"]
    guess = _level(levels, f"{name or ''} {instructions}", reader)
    spread = _spread(guess.value, len(levels), guess.sureness, ordered=True)
    return {
        "type": "score",
        "name": name,
        "score": round(sum(at * share for at, share in enumerate(spread)), 4),
        "confidence": round(guess.sureness, 4),
        "probabilities": [
            {"value": at, "label": str(level["label"]), "probability": share}
            for at, (level, share) in enumerate(zip(levels, spread, strict=True))
        ],
    }


def _level(levels: list[Mapping[str, Any]], said: str, reader: Reader) -> Guess:
    """The level, counted from 0: by words shared with one level's description, else as a rating is."""
    shares = [
        len(frozenset(stems(words_of(f"{level['label']} {level.get('description', '')}"))) & reader.stems)
        for level in levels
    ]
    if max(shares) and not reader.feeling:
        return Guess(shares.index(max(shares)), 0.7)
    schema = {"type": "integer", "minimum": 0, "maximum": len(levels) - 1, "description": f"rating {said}"}
    return prepare(said, schema).slot.fill(reader)


def _spread(chosen: int, count: int, sureness: float, *, ordered: bool = False) -> list[float]:
    """Probabilities that add up to 1, the chosen one in front; of ordered ones its neighbours come next."""
    sureness = max(sureness, 1 / count)
    weights = [0.0 if at == chosen else 0.5 ** abs(at - chosen) if ordered else 1.0 for at in range(count)]
    rest = (1 - sureness) / sum(weights)
    return [round(sureness if at == chosen else rest * weight, 6) for at, weight in enumerate(weights)]
