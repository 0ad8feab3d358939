"""Templates of the user's own: a prompt and its output fields under a name, as JSON that is checked and never run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gui_app.errors import N_, RecipeError
from gui_app.jobs import OutputField, Recipe
from gui_app.recipes.checks import check_fields
from gui_app.recipes.wording import short

LONGEST_NAME = 80
MOST_CHARACTERS = 1_000_000
MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A task that can be used again with another table: no model, no address, no rows."""

    name: str
    text: str
    fields: tuple[OutputField, ...]

    def to_json(self) -> str:
        """One file's content."""
        data = {
            "rowmill_template": 1,
            "name": self.name,
            "template": self.text,
            "fields": [field.to_dict() for field in self.fields],
        }
        return json.dumps(data, ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str, *, name: str = "") -> OwnTemplate:
        """Read a template that may come from a stranger. A recipe file will do as well; its model is left out.

        Args:
            name: For a file that names none.

        Raises:
            RecipeError: Not JSON, not a template, larger than 1 MB, or with fields that cannot be asked for.
        """
        if len(text) > MOST_CHARACTERS:
            raise RecipeError(N_("This file is too large to be a template. A template has at most 1 MB."))
        try:
            data = json.loads(text)
            if not isinstance(data, dict) or not isinstance(data.get("template"), str):
                raise ValueError("no template")
            if data.get("rowmill_template", data.get("format")) != 1:
                raise ValueError("unknown format")
            out = cls(checked_name(_text(data.get("name")) or name), data["template"], _fields(data["fields"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RecipeError(
                N_("This is not a template that Rowmill can read ({reason})."), reason=short(str(error), 80)
            ) from None
        check_fields(out.fields)
        return out


def template_of(name: str, recipe: Recipe) -> OwnTemplate:
    """The task of a recipe, under a name.

    Raises:
        RecipeError: The name or the fields cannot be used.
    """
    check_fields(recipe.fields)
    return OwnTemplate(checked_name(name), recipe.template, recipe.fields)


def checked_name(name: str) -> str:
    """A name as it is shown in the list.

    Raises:
        RecipeError: It is blank, or cannot be shown on one line.
    """
    name = " ".join(name.split())[:LONGEST_NAME].strip()
    if not name or not name.isprintable():
        raise RecipeError(N_("A template needs a name of one line. Type one, such as “Complaints”."))
    return name


def _fields(data: Any) -> tuple[OutputField, ...]:
    if not isinstance(data, list) or len(data) > MOST_FIELDS:
        raise ValueError("fields")
    return tuple(OutputField.from_dict(item) for item in data)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
