"""The page that says what leaves this computer, and to whom, for the job at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.jobs import FieldKind, Lane, OutputField, Recipe
from gui_app.keys import KeyStore
from gui_app.settings import Settings
from gui_app.ui.services import Services
from gui_app.ui.settings.settings_dialog import SettingsDialog
from gui_app.ui.settings.what_leaves import OpenJob, WhatLeaves, stays_here

FIELD = OutputField("mood", FieldKind.LABEL, labels=("good", "bad"))
RECIPE = Recipe("How is this?\n{review}\n{title}", (FIELD,), "openai", "gpt-x")
JOB = OpenJob("Reviews", RECIPE, ("id", "title", "review", "e-mail"), Lane.NOW, with_key=True)


def words(job: OpenJob | None, qtbot: QtBot) -> str:
    page = WhatLeaves(job)
    qtbot.addWidget(page)
    shown = "\n".join(label.text() for label in page.findChildren(QLabel))
    for line in filter(None, page.words().splitlines()):
        assert line in shown
    return shown


def test_the_columns_that_go_and_those_that_stay_are_named(qtbot: QtBot) -> None:
    shown = words(JOB, qtbot)
    assert "The open job: “Reviews”" in shown and "So far nothing of it has been sent" in shown
    assert "OpenAI, at api.openai.com. The connection is encrypted." in shown
    goes, stays = shown.split("What goes")[1].split("What stays here")
    assert "“title”, “review”" in goes or "“review”, “title”" in goes
    assert "“id”" not in goes and "e-mail" not in goes
    assert "“id”, “e-mail”" in stays
    assert "The key you entered for this server goes along" in goes


@pytest.mark.parametrize(
    ("provider", "address", "whom"),
    [
        ("practice", None, "The practice model"),
        ("ollama", None, "localhost:11434, a server on this computer"),
        ("compatible", "http://127.0.0.1:8000/v1", "127.0.0.1:8000, a server on this computer"),
    ],
)
def test_where_nothing_leaves_that_is_said(qtbot: QtBot, provider: str, address: str | None, whom: str) -> None:
    recipe = replace(RECIPE, provider=provider, base_url=address)
    assert stays_here(recipe)
    shown = words(replace(JOB, recipe=recipe, lane=Lane.OVERNIGHT), qtbot)
    assert whom in shown and "Nothing leaves this computer." in shown
    assert "The key you entered" not in shown and "How long it lies there" not in shown


def test_an_address_of_ones_own_is_named_without_what_stands_before_it(qtbot: QtBot) -> None:
    recipe = replace(RECIPE, provider="compatible", base_url="https://me:secret@llm.example.org/v1")
    shown = words(replace(JOB, recipe=recipe, with_key=False), qtbot)
    assert "at llm.example.org." in shown and "secret" not in shown
    assert "No key goes along." in shown


def test_a_proxy_is_named(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy.example:3128")
    shown = words(JOB, qtbot)
    assert "proxy, proxy.example:3128." in shown and "word" not in shown.replace("words", "")


def test_what_lies_at_the_provider_overnight_is_said(qtbot: QtBot) -> None:
    assert "lie at the provider as a file" in words(replace(JOB, lane=Lane.OVERNIGHT), qtbot)


def test_a_prompt_without_columns_and_one_with_all(qtbot: QtBot) -> None:
    shown = words(replace(JOB, recipe=replace(RECIPE, template="Say hello")), qtbot)
    assert "no cell: your prompt names no column" in shown
    shown = words(replace(JOB, columns=("title", "review")), qtbot)
    assert "Every column is in your prompt." in shown


def test_many_columns_are_counted_and_hostile_names_are_plain(qtbot: QtBot) -> None:
    columns = ("review", "<b>bold</b>\u202e", *(f"c{n}" for n in range(50)))
    page = WhatLeaves(replace(JOB, columns=columns, name="<img src=x>"))
    qtbot.addWidget(page)
    assert "and 39 more" in page.words() and "\u202e" not in page.words()
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in page.findChildren(QLabel))


def test_requests_that_went_out_are_counted_and_no_job_is_said(qtbot: QtBot) -> None:
    assert "So far 1,234 requests have gone out." in words(replace(JOB, rows_sent=1234), qtbot)
    assert "No job is open." in words(None, qtbot)


def test_it_is_a_page_of_the_settings_in_both_languages(qtbot: QtBot, tmp_path: Path) -> None:
    services = Services(cast(Any, None), Settings(), KeyStore({}, cast(Any, None)))
    dialog = SettingsDialog(services, tmp_path, job=JOB)
    qtbot.addWidget(dialog)
    dialog.show_page("privacy")
    assert "provider you chose" in dialog.what_leaves.words() and "no statistics" in dialog.what_leaves.words()
    i18n.set_language("zh_CN")
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.LanguageChange))
    QCoreApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete.value))
    shown = " ".join(label.text() for label in dialog.what_leaves.findChildren(QLabel))
    assert "OpenAI" in shown and "no statistics" not in shown and "What goes" not in shown
