"""The language of the user: sentences, numbers, money, times, and a catalogue that is complete."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

from gui_app import i18n
from gui_app.i18n import _
from gui_app.paths import resource

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """`packaging/catalogue.py`, which is a script and not in a package."""
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "packaging" / "catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_language_is_switched_at_once_and_back():
    assert _("Language") == "Language"
    i18n.set_language("zh_CN")
    assert (i18n.language(), _("Language")) == ("zh_CN", "语言")
    i18n.set_language("en")
    assert (i18n.language(), _("Language")) == ("en", "Language")


def test_a_sentence_without_translation_is_shown_in_english():
    i18n.set_language("zh_CN")
    assert _("A sentence nobody ever wrote.") == "A sentence nobody ever wrote."


def test_the_empty_text_is_not_the_catalogue_header():
    i18n.set_language("zh_CN")
    assert _("") == ""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW.UTF-8"}, "zh_CN"),
        ({"LANG": "de_AT.UTF-8@euro"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh_CN"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "zh_CN"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh_CN"),
    ],
)
def test_the_system_language_is_taken_as_gettext_takes_it(environment, expected, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    i18n.set_language("system")
    assert i18n.language() == expected


def test_an_unknown_language_becomes_english():
    i18n.set_language("tlh")
    assert i18n.language() == "en"


def test_numbers_are_grouped_and_keep_two_decimals():
    assert [i18n.number(n) for n in (0, 1_234_567, 2.456, 3.0, -1200)] == ["0", "1,234,567", "2.46", "3", "-1,200"]


def test_only_a_whole_is_100_percent_and_only_nothing_is_0_percent():
    shares = (0.0, 0.00001, 0.875, 0.99999, 1.0)
    assert [i18n.percent(share) for share in shares] == ["0%", "0.1%", "87.5%", "99.9%", "100%"]
    assert [i18n.percent(share, 0) for share in shares] == ["0%", "1%", "88%", "99%", "100%"]


def test_shares_below_one_another_have_as_many_decimals():
    assert [i18n.percent(share, 1) for share in (0.2, 0.409, 1.0)] == ["20.0%", "40.9%", "100.0%"]


def test_chinese_sentences_follow_one_another_without_a_space():
    assert i18n.one_after_another("It waits.", "", "It goes on.") == "It waits. It goes on."
    i18n.set_language("zh_CN")
    assert i18n.one_after_another("等待中。", "会自动继续。") == "等待中。会自动继续。"


def test_shares_below_each_other_have_the_same_decimals():
    assert [i18n.percent(share, 1) for share in (0.2, 0.409, 1.0)] == ["20.0%", "40.9%", "100.0%"]


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "$0.00"),
        (1234.5, "$1,234.50"),
        (0.5, "$0.50"),
        (0.0123, "$0.0123"),
        (0.01234, "$0.0123"),
        (0.000045, "$0.000045"),
        (0.9999, "$1.00"),
        (0.0000001, "less than $0.000001"),
        (-2.5, "-$2.50"),
    ],
)
def test_money_has_as_many_digits_as_tell_something(usd, text):
    assert i18n.money(usd) == text


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize(
    "system", [None, "C.UTF-8", "en_US.UTF-8", "en_GB.UTF-8", "zh_CN.UTF-8", "zh_TW.UTF-8", "de_DE"]
)
def test_what_is_written_without_babel_is_written_as_babel_does(language, system, monkeypatch):
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", system) if system else monkeypatch.delenv("LANG", raising=False)
    i18n.set_language(language)
    amounts = [0, 0.0, 1, 0.995, 0.999999, 0.1, 0.000_001, 12.5, 999.999, 1_000.005, 123_456_789.125]
    amounts += [seed * 10.0**power for seed in (1.0, 1.2345678, 9.9949, 9.995) for power in range(-6, 11)]
    written = [(i18n.money(usd), i18n.number(round(usd)), i18n.number(-round(usd))) for usd in amounts]
    monkeypatch.setattr(i18n, "_dollar", str)
    assert written == [(i18n.money(usd), i18n.number(round(usd)), i18n.number(-round(usd))) for usd in amounts]


def test_a_count_and_an_amount_do_not_load_babel():
    code = "import sys, gui_app.i18n as i; i.money(0.02), i.number(2000); sys.exit('babel' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={**os.environ, "LANG": "en_US.UTF-8"})


def test_dollars_are_named_as_such_in_chinese():
    i18n.set_language("zh_CN")
    assert i18n.money(0.0123) == "US$0.0123"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.3, "less than a second", "不到一秒"),
        (7, "about 7 sec", "约 7 秒"),
        (22, "about 20 sec", "约 20 秒"),
        (59, "about 1 min", "约 1 分钟"),
        (200, "about 3 min", "约 3 分钟"),
        (8100, "about 2 hr 15 min", "约 2 小时 15 分钟"),
        (40_000, "about 11 hr", "约 11 小时"),
        (90_000, "about 1 day 1 hr", "约 1 天 1 小时"),
        (float("inf"), "more than 100 days", "超过 100 天"),
        (float("nan"), "more than 100 days", "超过 100 天"),
    ],
)
def test_a_duration_is_as_rough_as_it_is_known(seconds, english, chinese):
    assert i18n.duration(seconds) == english
    i18n.set_language("zh_CN")
    assert i18n.duration(seconds) == chinese


def test_times_are_written_as_the_language_writes_them():
    when = datetime(2026, 11, 22, 15, 4)
    assert (i18n.clock(when), i18n.moment(when)) == ("3:04 PM", "Nov 22, 2026, 3:04 PM")
    i18n.set_language("zh_CN")
    assert (i18n.clock(when), i18n.moment(when)) == ("15:04", "2026年11月22日 15:04")


@pytest.mark.parametrize(
    ("when", "english", "chinese"),
    [
        (datetime(2026, 11, 22, 23, 5), "11:05 PM today", "今天 23:05"),
        (datetime(2026, 11, 23, 9, 40), "9:40 AM tomorrow", "明天 09:40"),
        (datetime(2026, 11, 30, 9, 40), "9:40 AM on November 30", "11月30日 09:40"),
        (datetime(2027, 1, 2, 9, 40), "9:40 AM on Jan 2, 2027", "2027年1月2日 09:40"),
        (datetime(2026, 11, 21, 9, 40), "9:40 AM on November 21", "11月21日 09:40"),
    ],
)
def test_a_near_moment_is_told_as_people_say_it(when, english, chinese):
    now = datetime(2026, 11, 22, 15, 4)
    assert i18n.soon(when, now=now) == english
    i18n.set_language("zh_CN")
    assert i18n.soon(when, now=now) == chinese


def test_a_day_has_its_year_only_where_it_is_another_one():
    now = datetime(2026, 11, 22)
    assert (i18n.day(datetime(2026, 12, 21), now=now), i18n.day(datetime(2027, 1, 2), now=now)) == (
        "December 21",
        "Jan 2, 2027",
    )
    i18n.set_language("zh_CN")
    assert i18n.day(datetime(2026, 12, 21), now=now) == "12月21日"


def test_a_moment_with_a_zone_is_shown_on_this_machines_clock():
    aware = datetime(2026, 11, 22, 15, 4, tzinfo=UTC)
    assert i18n.moment(aware) == i18n.moment(aware.astimezone().replace(tzinfo=None)) == i18n.moment(aware.timestamp())


def test_english_of_another_country_has_its_own_clock(monkeypatch):
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert i18n.clock(datetime(2026, 11, 22, 15, 4)) == "15:04"
    assert i18n.moment(datetime(2026, 11, 22, 15, 4)) == "22 Nov 2026, 15:04"


def test_importing_it_does_not_load_babel():
    code = "import sys, gui_app.i18n, gui_app.sentences; sys.exit(any(m.split('.')[0] == 'babel' for m in sys.modules))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_catalogue_that_was_not_compiled_or_changed_since_is_used_all_the_same(tmp_path):
    # A checkout of its own: the package, the resources, no .mo file.
    shutil.copytree(ROOT / "gui_app", tmp_path / "gui_app", ignore=shutil.ignore_patterns("__pycache__", "ui"))
    folder = tmp_path / "resources" / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = resource("locale", "zh_CN", "LC_MESSAGES", "rowmill.po").read_text("utf-8")

    def shown() -> str:
        code = "from gui_app import i18n; i18n.set_language('zh_CN'); print(ascii(i18n._('Language')))"
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env=os.environ
        )
        return run.stdout.strip()

    (folder / "rowmill.po").write_text(source, "utf-8")
    assert shown() == ascii("语言")
    (folder / "rowmill.mo").write_bytes(b"older, and not even a catalogue")
    os.utime(folder / "rowmill.mo", (1, 1))
    assert shown() == ascii("语言")
    assert sorted(path.name for path in folder.iterdir()) == ["rowmill.mo", "rowmill.po"]


def test_a_missing_or_damaged_catalogue_leaves_english(tmp_path):
    shutil.copytree(ROOT / "gui_app", tmp_path / "gui_app", ignore=shutil.ignore_patterns("__pycache__", "ui"))
    folder = tmp_path / "resources" / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "rowmill.mo").write_bytes(b"not a catalogue")
    code = "from gui_app import i18n; i18n.set_language('zh_CN'); print(i18n._('Language'))"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "Language"


# -------------------------------------------------------------------- the catalogues themselves


def test_every_sentence_is_translated_and_its_places_fit(tool):
    template = tool.extracted()
    assert len(template) > 100
    found = [
        f"{path.parent.parent.name}: {line}"
        for path in tool.catalogues()
        for line in tool.problems(tool.read(path), template)
    ]
    assert not found, "\n".join(["run `make translations`", *found[:40]])


def test_no_sentence_is_an_fstring_or_translated_at_import(tool):
    files = sorted((ROOT / "gui_app").rglob("*.py"))
    found = [line for file in files for line in tool.misuses(file.read_text("utf-8"), str(file.relative_to(ROOT)))]
    assert not found, "\n".join(found)


def test_every_language_on_offer_has_a_catalogue(tool):
    assert {path.parent.parent.name for path in tool.catalogues()} == set(i18n.LANGUAGES) - {"en"}


@pytest.mark.parametrize(
    ("sentence", "translation", "problem"),
    [
        ("Row {n} of {file}", "{file} 的第 {n} 行", None),
        ("Row {n} of {file}", "第 {n} 行", "places differ"),
        ("Row {n}", "第 {m} 行", "places differ"),
        ("Row {n:d}", "第 {n} 行", "places differ"),
        ("Row {n}", "第 {n 行", "places cannot be read"),
        ("Row", "", "not translated"),
        (("{n} row", "{n} rows"), ("{n} 行",), None),
        (("One row", "{n} rows"), ("{n} 行",), None),
        (("{n} row", "{n} rows"), ("行",), "places differ"),
        (("{n} row", "{n} rows"), ("{n} 行", "{n} 行"), "wrong number of plural forms"),
        ("Line\n", "行", "blanks or line ends"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(tool, sentence, translation, problem):
    template, catalogue = Catalog(), Catalog(locale="zh_CN")
    template.add(sentence)
    catalogue.add(sentence, translation)
    found = list(tool.problems(catalogue, template))
    assert not found if problem is None else problem in found[0]


def test_a_guessed_translation_is_refused(tool):
    template, catalogue = Catalog(), Catalog(locale="zh_CN")
    template.add("Row")
    catalogue.add("Row", "行", flags=["fuzzy"])
    assert "fuzzy" in next(tool.problems(catalogue, template))


def test_update_keeps_translations_and_adds_what_is_new(tool, tmp_path):
    code, path = tmp_path / "gui_app", tmp_path / "zh_CN" / "LC_MESSAGES" / "rowmill.po"
    code.mkdir()
    path.parent.mkdir(parents=True)
    tool.write(path, Catalog(locale="zh_CN"))
    (code / "a.py").write_text('def f(n): return _("Old"), ngettext("{n} row", "{n} rows", n), N_("Marked")', "utf-8")
    tool.update(path, tool.extracted(code))
    assert tool.fill(path, {"Old": "旧", "{n} row": "{n} 行", "Marked": "标记", "Nowhere": "无"}) == ["Nowhere"]
    (code / "a.py").write_text('def f(n): return _("Old"), ngettext("{n} row", "{n} rows", n), _("New")', "utf-8")
    tool.update(path, tool.extracted(code))
    catalogue = tool.read(path)
    assert (catalogue["Old"].string, catalogue["{n} row"].string, catalogue["New"].string) == ("旧", ("{n} 行",), "")
    assert list(catalogue.obsolete) == ["Marked"]
    assert list(tool.problems(catalogue, tool.extracted(code))) == ["not translated: 'New'"]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ('def f(x): return _(f"Row {x}")', "f-string"),
        ('def f(x): return _("Row " + x)', "joined"),
        ('TITLE = _("Row")', "at import"),
        ('class A:\n    title = ngettext("a", "b", 2)', "at import"),
        ('def f(title=_("Row")): ...', "at import"),
        ('TITLE = N_("Row")\ndef f(): return _(TITLE)', None),
        ('f = lambda: _("Row")', None),
    ],
)
def test_calls_that_no_catalogue_can_help_are_found(tool, source, problem):
    found = list(tool.misuses(source, "a.py"))
    assert not found if problem is None else problem in found[0]
