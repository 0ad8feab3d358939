"""The Task tab: presets, prompt, preview, files, the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QMenu, QPlainTextEdit
from pytestqt.qtbot import QtBot

from gui_app.jobs import FieldKind, OutputField, Recipe
from gui_app.recipes.examples import Example
from gui_app.store.reading.queries import RecipeVersion
from gui_app.ui.pieces.forms import choose
from gui_app.ui.recipe.recipe_panel import RecipePanel
from tests.helpers.finding import part
from tests.helpers.waiting import until

COLUMNS = ("id", "review", "stars")
ROWS = [("1", "Broke after two days, never again.", "1"), ("2", "I love it, works every day.", "5")]
OWN = Recipe("Rate {review}", (OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5),))


@pytest.fixture
def panel(qtbot: QtBot) -> RecipePanel:
    out = RecipePanel()
    qtbot.addWidget(out)
    out.set_columns(COLUMNS, ROWS)
    out.set_preview_row(1, ROWS[0])
    out.show()
    return out


def test_a_preset_fills_a_prompt_and_results_that_can_run(panel: RecipePanel, qtbot: QtBot) -> None:
    box = part(panel, QComboBox, "presetBox")
    with qtbot.waitSignal(panel.recipeChanged):
        choose(box, "label")
    assert "{review}" in panel.recipe().template
    assert panel.recipe().fields[0].labels == ("positive", "negative", "neutral")
    assert panel.recipe().preset == "label"
    assert panel.problem() == ""


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
def test_the_preview_shows_the_finished_prompt_as_it_is_typed(panel: RecipePanel, qtbot: QtBot) -> None:
    preview = part(panel, QPlainTextEdit, "promptPreview")
    qtbot.keyClicks(panel.prompt_edit, "Stars: {stars")
    panel.prompt_edit.insertPlainText("}")
    assert preview.toPlainText() == "Stars: 1"
    panel.set_preview_row(2, ROWS[1])
    assert preview.toPlainText() == "Stars: 5"


def test_a_cell_is_never_read_as_a_template_nor_as_markup(panel: RecipePanel) -> None:
    panel.set_recipe(OWN)
    panel.set_preview_row(3, ("3", "{stars} <b>x</b>\u202eabc\x00", "9"))
    shown = panel.preview.text.toPlainText()
    assert shown.startswith("Rate {stars} <b>x</b>")
    assert "\u202e" not in shown and "\x00" not in shown


def test_a_huge_cell_is_cut_in_the_preview_and_that_is_said(panel: RecipePanel) -> None:
    panel.set_recipe(OWN)
    panel.set_preview_row(3, ("3", "word " * 1_000_000, "9"))
    assert len(panel.preview.text.toPlainText()) < 30_000
    assert "5,000,005" in panel.preview._note.text()


def test_previous_and_next_are_asked_for(panel: RecipePanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.previewStep) as told:
        qtbot.mouseClick(panel.preview._next, Qt.MouseButton.LeftButton)
    assert told.args == [1]
    with qtbot.waitSignal(panel.previewStep) as told:
        qtbot.mouseClick(panel.preview._previous, Qt.MouseButton.LeftButton)
    assert told.args == [-1]


def test_a_chip_puts_its_column_into_the_prompt(panel: RecipePanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.chips.chips()[1], Qt.MouseButton.LeftButton)
    assert panel.recipe().template == "{review}"
    assert panel.prompt_edit.hasFocus()


def test_a_name_that_is_no_column_is_said_and_the_near_one_named(panel: RecipePanel) -> None:
    panel.prompt_edit.setPlainText("{review} {start}")
    note = panel._prompt_note.text()
    assert "{start}" in note and "{stars}" in note
    assert panel.problem() == ""


def test_json_braces_are_no_mistake(panel: RecipePanel) -> None:
    panel.prompt_edit.setPlainText('{review} as {"a": 1}')
    assert not panel._prompt_note.isVisibleTo(panel)


@pytest.mark.parametrize(("template", "words"), [("", "empty"), ("Rate it", "names no column")])
def test_a_prompt_that_cannot_run_says_why(panel: RecipePanel, template: str, words: str) -> None:
    panel.set_recipe(Recipe(template, OWN.fields))
    assert words in panel.problem()


def test_showing_a_recipe_announces_nothing(panel: RecipePanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.recipeChanged):
        panel.set_recipe(OWN)
        panel.set_recipe(None)
    assert panel.recipe().template == ""


def test_another_jobs_prompt_is_no_step_of_undo(panel: RecipePanel) -> None:
    panel.set_recipe(OWN)
    panel.set_recipe(Recipe("Other {stars}", OWN.fields))
    panel.prompt_edit.undo()
    assert panel.recipe().template == "Other {stars}"


def test_a_preset_over_own_work_can_be_taken_back(panel: RecipePanel, qtbot: QtBot) -> None:
    panel.set_recipe(OWN)
    choose(panel.preset_box, "translate")
    assert panel._take_back.isVisible()
    qtbot.mouseClick(panel._take_back, Qt.MouseButton.LeftButton)
    assert panel.recipe() == OWN
    assert not panel._take_back.isVisible()


def test_a_preset_over_an_untouched_preset_asks_nothing(panel: RecipePanel) -> None:
    choose(panel.preset_box, "label")
    choose(panel.preset_box, "rate")
    assert not panel._take_back.isVisible()


def test_a_row_becomes_an_example_in_one_step(panel: RecipePanel) -> None:
    panel.set_recipe(OWN)
    panel.add_example(Example(ROWS[1], {"score": 5}))
    assert "I love it" in panel.recipe().template
    panel.prompt_edit.undo()
    assert panel.recipe().template == OWN.template


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
def test_an_earlier_version_comes_back_from_the_menu(panel: RecipePanel, qtbot: QtBot) -> None:
    panel.set_recipe(Recipe("New {stars}", OWN.fields))
    panel.set_versions([RecipeVersion(1, OWN, 1.7e9)])
    qtbot.mouseClick(panel.menu, Qt.MouseButton.LeftButton)
    (earlier,) = panel.menu.entries.findChildren(QMenu)
    with qtbot.waitSignal(panel.recipeOpened):
        earlier.actions()[0].trigger()
    panel.menu.entries.close()
    assert panel.recipe().template == OWN.template


async def test_a_recipe_survives_the_way_through_a_file(
    panel: RecipePanel, qtbot: QtBot, qloop: object, tmp_path: Path
) -> None:
    whole = OWN.with_model("openai", "gpt-6-luna")
    panel.set_recipe(OWN)
    panel.set_whole(lambda: whole)
    panel.menu.save_file(tmp_path / "my.json")
    await until((tmp_path / "my.json").exists)
    panel.set_recipe(None)
    opened: list[Recipe] = []
    panel.recipeOpened.connect(opened.append)
    panel.menu.open_file(tmp_path / "my.json")
    await until(lambda: opened)
    assert opened == [whole]
    assert panel.recipe().template == OWN.template and panel.recipe().fields == OWN.fields
    await panel.aclose()


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"{}", b"[" * 100_000, b'{"format": 1, "template": 5, "fields": []}', b" " * 5_000_000]
)
async def test_a_file_that_is_no_recipe_is_refused_in_words(
    panel: RecipePanel, qtbot: QtBot, qloop: object, tmp_path: Path, content: bytes
) -> None:
    panel.set_recipe(OWN)
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    panel.menu.open_file(path)
    await until(panel._message.text)
    assert "recipe" in panel._message.text()
    assert panel.recipe() == OWN
    await panel.aclose()


async def test_a_folder_that_cannot_be_written_is_said(
    panel: RecipePanel, qtbot: QtBot, qloop: object, tmp_path: Path
) -> None:
    panel.menu.save_file(tmp_path / "missing" / "my.json")
    await until(panel._message.text)
    assert "cannot be saved" in panel._message.text()
    await panel.aclose()
