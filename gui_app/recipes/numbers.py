"""Numbers out of a model's words: taken when they can be read in one way only, checked against the range."""

from __future__ import annotations

import math
import re
import unicodedata

from gui_app.jobs import Cause, OutputField
from gui_app.recipes.wording import Lead, Problem, bare, casts_doubt, first_statement, fold, short

_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)")
# With two groups, or groups and decimals, the marks can mean one thing only. "1,234" and "1,5" could mean two.
_ENGLISH_GROUPS = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3}){2,}|(?:,\d{3})+(?=\.))(?:\.\d+)?")
_EUROPEAN_GROUPS = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3}){2,}|(?:\.\d{3})+(?=,))(?:,\d+)?")
_OUT_OF = re.compile(
    r"(?P<number>\S+?)\s*(?:/|\(?out\s+of|of)\s*(?P<top>\d+(?:\.\d+)?)\)?(?:\s*(?:stars?|points?|分))?"
)
_WITH_UNIT = re.compile(r"(?P<number>[+-]?[\d.]+)\s*(?:stars?|points?|pts|分|星|颗星)")
_LONGEST_NUMBER = 60
# Beyond this a float no longer holds every whole number, and neither does a spreadsheet cell.
_LARGEST_WHOLE = 2**53


class NumberReader:
    """Reads one number field."""

    def __init__(self, field: OutputField) -> None:
        self._field = field
        self._lead = Lead((field.name,))

    def read(self, value: object) -> int | float | Problem:
        """One number from a JSON value or a plain text.

        Returns:
            An int for a whole-number field, else a float; or a `Problem`: `NOT_A_NUMBER` for what is no
            number or could be read in two ways ("1,5", "3-4", "80%"), `OUT_OF_RANGE` for a number that was
            not among those asked for.
        """
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is None:
            return Problem(Cause.MISSING_FIELD, "null")
        number: int | float | None = None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            number = value
        elif isinstance(value, str):
            number = self._from_text(value)
        if number is None or not _is_finite(number):
            return Problem(Cause.NOT_A_NUMBER, short(value))
        return self._checked(number)

    def _from_text(self, text: str) -> int | float | None:
        if len(text) > 20_000:
            return None
        folded = fold(western_digits(text))
        for candidate in (folded, self._lead.strip(folded)):
            number = self._one(bare(candidate))
            if number is not None:
                return number
        head, rest = first_statement(western_digits(text))
        if head and not re.search(r"\d", rest) and not casts_doubt(rest):
            return self._one(bare(self._lead.strip(fold(head))))
        return None

    def _one(self, text: str) -> int | float | None:
        if len(text) > _LONGEST_NUMBER:
            return None
        out_of = _OUT_OF.fullmatch(text)
        if out_of is not None:
            # "4/5" is four fifths unless five is the top of the scale that was asked for.
            return parse_number(out_of["number"]) if float(out_of["top"]) == self._field.maximum else None
        with_unit = _WITH_UNIT.fullmatch(text)
        return parse_number(with_unit["number"] if with_unit else text)

    def _checked(self, number: int | float) -> int | float | Problem:
        field = self._field
        outside = (field.minimum is not None and number < field.minimum) or (
            field.maximum is not None and number > field.maximum
        )
        if outside or (field.whole and (number != int(number) or abs(number) > _LARGEST_WHOLE)):
            return Problem(Cause.OUT_OF_RANGE, short(str(number)))
        return int(number) if field.whole else float(number) + 0.0  # + 0.0 turns -0.0 into 0.0


def parse_number(text: str) -> int | float | None:
    """A text that is one number, written in one way only; None otherwise. A single point is a decimal point."""
    if len(text) > 40:
        return None
    if _PLAIN.fullmatch(text):
        return float(text) if "." in text else int(text)
    if _ENGLISH_GROUPS.fullmatch(text):
        text = text.replace(",", "")
    elif _EUROPEAN_GROUPS.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    else:
        return None
    return float(text) if "." in text else int(text)


def western_digits(text: str) -> str:
    """The same text with the decimal digits of every script as 0 to 9, and its minus sign as "-"."""
    if text.isascii():
        return text
    digits = ((unicodedata.decimal(c, None), c) for c in text.replace("\N{MINUS SIGN}", "-"))
    return "".join(c if digit is None else str(digit) for digit, c in digits)


def _is_finite(number: int | float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an int too large for a float
        return False
