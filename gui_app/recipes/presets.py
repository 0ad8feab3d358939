"""Ready tasks: from a table's columns to a prompt and output fields that can be run at once and changed at will."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gui_app.errors import N_, UsageError
from gui_app.jobs import FieldKind, OutputField
from gui_app.recipes.columns import ColumnGuess

Translate = Callable[[str], str]
_MOST_COLUMNS_ASKED = 8


def _as_it_is(sentence: str) -> str:
    return sentence


@dataclass(frozen=True, slots=True)
class Task:
    """What a preset fills in."""

    template: str
    fields: tuple[OutputField, ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """A ready task.

    Attributes:
        id: Stable; stored in recipes and given to `--preset`.
        name, description: Catalogue entries, translated where they are shown.
    """

    id: str
    name: str
    description: str
    _build: Callable[[ColumnGuess, Translate], Task]

    def build(
        self,
        columns: Sequence[str],
        sample_rows: Sequence[Sequence[str]] = (),
        translate: Translate = _as_it_is,
    ) -> Task:
        """The task for a table.

        Args:
            columns: The table's columns.
            sample_rows: Some of its rows (20 are plenty): which columns hold text is seen in them.
            translate: `i18n._` where the prompt should be in the user's language. Prompts, names and labels
                are catalogue entries; "{text}" and the like in them become places for columns.

        Returns:
            For a table without any column, a prompt without a place: `Template.check` says so before a run.
        """
        return self._build(ColumnGuess(columns, sample_rows), translate)


def preset(preset_id: str) -> Preset:
    """The preset of that id.

    Raises:
        UsageError: There is none.
    """
    for item in PRESETS:
        if item.id == preset_id.strip().lower():
            return item
    raise UsageError(
        N_("There is no preset “{name}”. Choose one of {known}."),
        name=preset_id[:40],
        known=", ".join(item.id for item in PRESETS),
    )


def _prompt(task: str, data: Sequence[tuple[str, str | None]]) -> str:
    """The task first, the row's data after it: the constant part in front, so that providers can cache it."""
    blocks = [f"{heading}\n{{{column}}}" for heading, column in data if column is not None]
    return "\n\n".join([task, *blocks])


def _label(guess: ColumnGuess, _: Translate) -> Task:
    text = guess.text()
    task = _(N_("Decide which sentiment this text expresses towards what it is about."))
    labels = (_(N_("positive")), _(N_("negative")), _(N_("neutral")))
    meanings = (
        _(N_("mainly satisfied or favourable")),
        _(N_("mainly dissatisfied or critical")),
        _(N_("without a clear judgement, or balanced")),
    )
    field = OutputField(_(N_("sentiment")), FieldKind.LABEL, labels=labels, descriptions=meanings)
    return Task(_prompt(task, [(_(N_("Text:")), text)]), (field,))


def _rate(guess: ColumnGuess, _: Translate) -> Task:
    reference = guess.named("reference")
    question = guess.named("question")
    answer = guess.named("answer", besides=(reference, question)) or guess.text(besides=(reference, question))
    if reference is not None and answer is not None:
        task = _(
            N_(
                "Rate from 1 to 5 how well the answer agrees with the reference answer: "
                "1 = contradicts it or misses it, 3 = partly right, 5 = says the same."
            )
        )
    else:
        task = _(N_("Rate the quality of this text from 1 to 5: 1 = very poor, 3 = fair, 5 = excellent."))
        reference = None
    data = [
        (_(N_("Question:")), question),
        (_(N_("Reference answer:")), reference),
        (_(N_("Answer:")) if reference is not None else _(N_("Text:")), answer),
    ]
    fields = (
        OutputField(_(N_("rating")), FieldKind.NUMBER, minimum=1, maximum=5),
        OutputField(
            _(N_("reason")),
            FieldKind.TEXT,
            max_characters=300,
            hint=_(N_("One short sentence that explains the rating.")),
        ),
    )
    return Task(_prompt(task, data), fields)


def _translate(guess: ColumnGuess, _: Translate) -> Task:
    language = guess.language()
    text = guess.text(besides=(language,))
    if language is not None:
        task = _(N_("Translate the text into the language named below. Keep its meaning, tone and line breaks."))
        data = [(_(N_("Language:")), language), (_(N_("Text:")), text)]
    else:
        if guess.is_chinese(text):
            task = _(N_("Translate the text into English. Keep its meaning, tone and line breaks."))
        else:
            task = _(N_("Translate the text into Simplified Chinese. Keep its meaning, tone and line breaks."))
        data = [(_(N_("Text:")), text)]
    return Task(_prompt(task, data), (OutputField(_(N_("translation")), FieldKind.TEXT),))


def _extract(guess: ColumnGuess, _: Translate) -> Task:
    task = _(N_("Find the following in the text, in its own words. Leave empty what the text does not say."))
    several = _(N_("Several are separated by “; ”."))
    fields = (
        OutputField(_(N_("people")), FieldKind.TEXT, hint=_(N_("Names of persons.")) + " " + several),
        OutputField(_(N_("places")), FieldKind.TEXT, hint=_(N_("Names of places and addresses.")) + " " + several),
        OutputField(_(N_("dates")), FieldKind.TEXT, hint=_(N_("Dates and times.")) + " " + several),
        OutputField(_(N_("amounts")), FieldKind.TEXT, hint=_(N_("Sums of money and quantities.")) + " " + several),
    )
    return Task(_prompt(task, [(_(N_("Text:")), guess.text())]), fields)


def _summarise(guess: ColumnGuess, _: Translate) -> Task:
    task = _(N_("Summarise the text in one or two sentences, in the language of the text."))
    field = OutputField(_(N_("summary")), FieldKind.TEXT, max_characters=400)
    return Task(_prompt(task, [(_(N_("Text:")), guess.text())]), (field,))


def _ask(guess: ColumnGuess, _: Translate) -> Task:
    task = _(N_("What is the most important thing to know about this row? Answer in one sentence."))
    data = [(f"{column}:", column) for column in guess.columns[:_MOST_COLUMNS_ASKED]]
    return Task(_prompt(task, data), (OutputField(_(N_("answer")), FieldKind.TEXT),))


PRESETS: tuple[Preset, ...] = (
    Preset("label", N_("Label"), N_("Put each row into one of a few categories."), _label),
    Preset("rate", N_("Rate"), N_("Give each row a number, for example 1 to 5 against a reference."), _rate),
    Preset(
        "translate", N_("Translate"), N_("Translate a text, into one language or the one named in the row."), _translate
    ),
    Preset("extract", N_("Extract"), N_("Pull names, dates, amounts and the like out of a text."), _extract),
    Preset("summarise", N_("Summarise"), N_("Make a long text short."), _summarise),
    Preset("ask", N_("Ask anything"), N_("Your own question about each row."), _ask),
)
