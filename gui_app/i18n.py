"""The user's language: gettext catalogues, and numbers, money and times the way that language writes them."""

from __future__ import annotations

import gettext
import io
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gui_app.paths import resource

if TYPE_CHECKING:
    from datetime import datetime

    from babel import Locale

DOMAIN = "rowmill"
LANGUAGES: dict[str, str] = {"en": "English", "zh_CN": "简体中文"}
"""The languages there are, each under its own name."""

_DOLLARS = {"en": "$", "en_US": "$", "zh_CN": "US$"}

_language = "en"
_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def _(sentence: str) -> str:
    """The sentence in the user's language. Its `{places}` are filled in afterwards, with `format`."""
    # The empty text is the catalogue's own header.
    return _catalogue.gettext(sentence) if sentence else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form for `n` in the user's language."""
    return _catalogue.ngettext(singular, plural, n)


def one_after_another(*texts: str) -> str:
    """Whole sentences as one text, empty ones left out. Chinese puts no space between them."""
    return ("" if _language == "zh_CN" else " ").join(filter(None, texts))


def one_or_many(count: int, one: str, many: str) -> str:
    """Which of two marked sentences is kept to be told later, in whatever language is in use then.

    `ngettext` is for what is told at once. Of the languages here only English has two forms, and these are they.
    """
    return one if count == 1 else many


def set_language(choice: str) -> None:
    """Switch at once; what is already on the screen is up to its window.

    Args:
        choice: A key of `LANGUAGES`, or "system". What is not known becomes English.
    """
    global _language, _catalogue
    wanted = _nearest(system_locale() if choice == "system" else choice)
    if wanted == _language and (wanted == "en" or type(_catalogue) is gettext.GNUTranslations):
        return
    _catalogue = _load(wanted)
    _language = wanted


def language() -> str:
    """The language in use: a key of `LANGUAGES`."""
    return _language


def system_locale() -> str:
    """What the system is set to, e.g. "zh_CN" or "de_AT"; "en" when it does not say."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            break
    else:
        value = _asked_system()
    # As gettext has it: LANGUAGE comes first, unless the locale is switched off with C.
    if value.partition(".")[0] not in ("C", "POSIX"):
        value = os.environ.get("LANGUAGE", "").partition(":")[0] or value
    value = value.partition(".")[0].partition("@")[0].replace("-", "_")
    return "en" if value in ("", "C", "POSIX") else value


def number(value: float) -> str:
    """A count or a value, grouped: 1,234,567 or 2.5 (two decimals at most)."""
    if isinstance(value, int) and (-1000 < value < 1000 or _dollar()):
        # The first thing to be shown, and the last that a command says: Babel takes a while to load.
        return f"{int(value):,}"
    from babel.numbers import format_decimal

    pattern = None if isinstance(value, int) else "#,##0.##"
    return str(format_decimal(value, format=pattern, locale=_locale()))


def percent(share: float, decimals: int | None = None) -> str:
    """A share of 0 to 1 as 87.5%. Only what is whole is shown as 100%, only nothing as 0%.

    Args:
        decimals: Exactly so many, for figures below one another. None: one, where it says something.
    """
    from babel.numbers import format_percent

    exact = 1 if decimals is None else decimals
    shown, least = round(share, 2 + exact), 10 ** -(2 + exact)
    if 0 < share < 1:
        shown = min(max(shown, least), 1 - least)
    pattern = "#,##0" + ("" if exact == 0 else ".#" if decimals is None else "." + "0" * exact) + "%"
    return format_percent(shown, format=pattern, locale=_locale())


def money(usd: float) -> str:
    """US dollars with as many digits as tell something: $12.50, $0.0123, $0.000045."""
    decimals = 2
    if 0 < abs(usd) < 1:
        # Three digits that count, and no more than a millionth of a dollar.
        step = f"{usd:.2e}"
        decimals = min(max(2, 2 - int(step.partition("e")[2])), 6)
        if round(usd, 6) == 0:
            return _("less than {amount}").format(amount=money(0.000001))
    if 0 <= usd < 1e12 and (dollar := _dollar()):
        whole, _point, part = f"{round(usd, decimals):,.{decimals}f}".partition(".")
        return f"{dollar}{whole}.{part.rstrip('0'):0<2}"
    from babel.numbers import format_currency

    locale = _locale()
    pattern = str(locale.currency_formats["standard"].pattern).replace("0.00", "0.00" + "#" * (decimals - 2))
    return format_currency(round(usd, decimals), "USD", format=pattern, locale=locale, currency_digits=False)


def duration(seconds: float) -> str:
    """A stretch of time, as roughly as it is known: "about 3 min", "about 2 hr 15 min"."""
    if seconds != seconds or seconds > 100 * 86_400:
        return _("more than 100 days")
    if seconds < 1:
        return _("less than a second")
    if seconds < 58:
        whole = round(seconds) if seconds < 10 else 5 * round(seconds / 5)
        return _about(_unit(whole, "second"))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _about(_unit(minutes, "minute"))
    # Nobody is helped by the minutes of ten hours.
    quarter = 5 if minutes < 600 else 30
    minutes = quarter * round(minutes / quarter)
    days, rest = divmod(minutes, 1440)
    if days:
        return _about(_two(days, "day", round(rest / 60), "hour"))
    return _about(_two(minutes // 60, "hour", minutes % 60, "minute"))


def clock(when: datetime | float) -> str:
    """The time of day, on this machine's clock: 3:04 PM. A number is seconds since 1970."""
    from babel.dates import format_time

    return _plain_spaces(format_time(_local(when), "short", locale=_locale()))


def moment(when: datetime | float) -> str:
    """Day and time, on this machine's clock: Nov 22, 2026, 3:04 PM. A number is seconds since 1970."""
    from babel.dates import format_date, format_time

    local, locale = _local(when), _locale()
    day, time = format_date(local, "medium", locale=locale), format_time(local, "short", locale=locale)
    return _plain_spaces(f"{day}, {time}" if _language == "en" else f"{day} {time}")


def soon(when: datetime | float, *, now: datetime | None = None) -> str:
    """A near moment as people say it: 9:40 AM tomorrow, 9:40 AM on November 30. A number is seconds since 1970."""
    from datetime import datetime

    local = _local(when)
    days = (local.date() - (now or datetime.now()).date()).days
    if days == 0:
        return _("{time} today").format(time=clock(when))
    if days == 1:
        return _("{time} tomorrow").format(time=clock(when))
    return _("{time} on {day}").format(time=clock(when), day=day(when, now=now))


def day(when: datetime | float, *, now: datetime | None = None) -> str:
    """A day: December 21, with its year when that is another one. A number is seconds since 1970."""
    from datetime import datetime

    from babel.dates import format_skeleton

    local = _local(when)
    skeleton = "MMMMd" if local.year == (now or datetime.now()).year else "yMMMd"
    return _plain_spaces(format_skeleton(skeleton, local, locale=_locale()))


def _about(stretch: str) -> str:
    return _("about {duration}").format(duration=stretch)


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    first = _unit(large, large_unit)
    return f"{first} {_unit(small, small_unit)}" if small else first


def _unit(count: int, unit: str) -> str:
    from babel.units import format_unit

    told = format_unit(count, f"duration-{unit}", "short", locale=_locale())
    # As everywhere in the Chinese window: a space between a figure and its word.
    return re.sub(r"(?<=\d)(?=[^\W\d])", " ", told) if _language == "zh_CN" else told


def _local(when: datetime | float) -> datetime:
    from datetime import datetime

    given = when if isinstance(when, datetime) else datetime.fromtimestamp(when).astimezone()
    # Without its zone, Babel leaves the hours as they are.
    return (given.astimezone() if given.tzinfo else given).replace(tzinfo=None)


def _plain_spaces(text: str) -> str:
    # CLDR puts a narrow no-break space before AM and PM, which many terminals and fonts do not have.
    return text.replace("\u202f", " ").replace("\u2009", " ")


def _dollar() -> str:
    """The sign before US dollars where numbers are written as 1,234.5, which we know without Babel; "" elsewhere."""
    system = _system()
    if system.partition("_")[0] != _language.partition("_")[0]:
        return _DOLLARS[_language]
    return _DOLLARS.get(system, "")


def _system() -> str:
    return system_locale() if "LANG" in os.environ else ""


def _locale() -> Locale:
    return _locale_of(_language, _system())


@lru_cache(maxsize=8)
def _locale_of(language: str, system: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    if system.partition("_")[0] == language.partition("_")[0]:
        try:
            # The same language in the user's own country: 22 Nov and 15:04 for en_GB.
            return Locale.parse(system)
        except (ValueError, UnknownLocaleError):
            pass
    return Locale.parse("en_US" if language == "en" else "zh_Hans_CN")


def _nearest(name: str) -> str:
    # Every Chinese reader is better off with the Chinese there is than with English.
    return "zh_CN" if name.replace("-", "_").partition("_")[0].lower() == "zh" else "en"


def _load(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    folder = resource("locale", language, "LC_MESSAGES")
    compiled, source = folder / f"{DOMAIN}.mo", folder / f"{DOMAIN}.po"
    try:
        if source.is_file() and not _is_newer(compiled, source):
            return _compiled(source, language)
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    except (OSError, ValueError):
        return gettext.NullTranslations()


def _is_newer(compiled: Path, source: Path) -> bool:
    return compiled.is_file() and compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns


def _compiled(source: Path, language: str) -> gettext.NullTranslations:
    """A checkout whose catalogue was not compiled, or changed since: compiled here, written nowhere."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalogue = read_po(file, locale=language)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    buffer.seek(0)
    return gettext.GNUTranslations(buffer)


def _asked_system() -> str:
    if sys.platform == "win32":
        import ctypes
        import locale

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "en")
    if sys.platform == "darwin":
        import subprocess

        # Programs started from the Finder have no LANG.
        try:
            asked = subprocess.run(
                ["defaults", "read", "-g", "AppleLanguages"], capture_output=True, text=True, timeout=2, check=False
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return "en"
        return asked.strip('() \n\t"').partition('"')[0].partition(",")[0] or "en"
    return "en"
