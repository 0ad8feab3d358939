"""What is wrong with a list of output fields, said before anything runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gui_app.errors import N_, RecipeError
from gui_app.jobs import FieldKind, OutputField
from gui_app.recipes.wording import fold, short

_LONGEST_NAME = 200


def check_fields(fields: Sequence[OutputField]) -> None:
    """Check a recipe's output fields.

    Raises:
        RecipeError: For the first field that cannot be asked for. Its details name the field.
    """
    if not fields:
        raise RecipeError(N_("There is no result column, so there is nothing to answer. Add at least one."))
    seen: dict[str, str] = {}
    for number, field in enumerate(fields, start=1):
        _check_name(field, number, seen)
        if field.kind in (FieldKind.LABEL, FieldKind.LABELS):
            _check_labels(field)
        elif field.kind is FieldKind.NUMBER:
            _check_range(field)
        elif field.kind is FieldKind.TEXT and field.max_characters is not None and field.max_characters < 1:
            raise RecipeError(
                N_("The longest length of “{field}” is {length}. Give at least 1 character, or leave it empty."),
                field=field.name,
                length=field.max_characters,
            )


def _check_name(field: OutputField, number: int, seen: dict[str, str]) -> None:
    name = fold(field.name)
    if not name:
        raise RecipeError(
            N_("Result column {number} has no name. Give it one: it becomes a column's heading."), number=number
        )
    if len(field.name) > _LONGEST_NAME or not field.name.isprintable():
        raise RecipeError(
            N_(
                "The name of result column {number} (“{field}”) cannot be a heading. "
                "Use one line of at most {most} characters."
            ),
            number=number,
            field=short(field.name, 40),
            most=_LONGEST_NAME,
        )
    if name in seen:
        raise RecipeError(
            N_("Two result columns are named “{field}”. Give each its own name: it becomes a column's heading."),
            field=field.name,
        )
    seen[name] = field.name


def _check_labels(field: OutputField) -> None:
    seen: dict[str, str] = {}
    for label in field.labels:
        folded = fold(label)
        if not folded:
            raise RecipeError(N_("“{field}” has a label that is empty. Remove it or write it out."), field=field.name)
        if folded in seen and len(set(map(fold, field.labels))) > 1:
            raise RecipeError(
                N_("“{field}” has the labels “{first}” and “{second}”, which read the same. Remove one of them."),
                field=field.name,
                first=short(seen[folded], 40),
                second=short(label, 40),
            )
        seen.setdefault(folded, label)
    if len(seen) < 2:
        raise RecipeError(
            N_("“{field}” needs at least two different labels to choose from; it has {count}. Add one."),
            field=field.name,
            count=len(seen),
        )


def _check_range(field: OutputField) -> None:
    low, high = field.minimum, field.maximum
    if any(limit is not None and not math.isfinite(limit) for limit in (low, high)):
        raise RecipeError(
            N_("The range of “{field}” has a limit that is no number. Write it in digits."), field=field.name
        )
    if low is None or high is None:
        return
    details = {"field": field.name, "low": f"{low:.15g}", "high": f"{high:.15g}"}
    if low > high:
        raise RecipeError(
            N_("The range of “{field}” is upside down: it goes from {low} to {high}. Exchange the two numbers."),
            **details,
        )
    if low == high:
        raise RecipeError(
            N_("The range of “{field}” holds a single number, {low}. Make the second limit larger."), **details
        )
    if field.whole and math.ceil(low) > math.floor(high):
        raise RecipeError(
            N_(
                "There is no whole number between {low} and {high}, the range of “{field}”. "
                "Widen it, or allow decimals."
            ),
            **details,
        )
