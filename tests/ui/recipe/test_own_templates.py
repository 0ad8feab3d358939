"""The user's own templates in the Task tab, on the real disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from gui_app.jobs import FieldKind, OutputField, Recipe
from gui_app.ui.pieces.forms import choose
from gui_app.ui.pieces.question import Question
from gui_app.ui.recipe.own_templates import OWN
from gui_app.ui.recipe.recipe_panel import RecipePanel
from tests.helpers.finding import part
from tests.helpers.waiting import until

COLUMNS = ("id", "review")
TONE = Recipe("Tone of {review}?", (OutputField("tone", FieldKind.LABEL, labels=("warm", "cold")),))


@pytest.fixture
def opened(home: Path, qloop: object) -> Callable[..., Any]:
    @asynccontextmanager
    async def panel() -> AsyncIterator[RecipePanel]:
        out = RecipePanel()
        out.set_columns(COLUMNS, [("1", "nice")])
        out.set_recipe(TONE)
        out.show()
        try:
            yield out
        finally:
            await out.aclose()
            out.hide()
            out.deleteLater()

    return panel


def menu_entry(panel: RecipePanel, text: str) -> None:
    panel.menu.open_menu()
    action = next(action for action in panel.menu.entries.actions() if action.text() == text)
    panel.menu.entries.close()
    action.trigger()


def names(panel: RecipePanel) -> list[str]:
    return [panel.preset_box.itemText(at) for at in range(panel.preset_box.count())]


async def answer(root: QWidget, key: str) -> None:
    await until(lambda: root.findChild(Question) is not None)
    QTest.mouseClick(part(root, Question, "question").buttons[key], Qt.MouseButton.LeftButton)


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
async def test_a_task_is_saved_under_a_name_and_stands_beside_the_built_in_ones(opened: Callable[..., Any]) -> None:
    async with opened() as panel:
        menu_entry(panel, "Save as a template…")
        await until(lambda: panel.findChild(QInputDialog) is not None)
        dialog = part(panel, QInputDialog, "templateNameDialog")
        edit = dialog.findChild(QLineEdit)
        assert edit is not None
        QTest.keyClicks(edit, "Tone of voice")
        QTest.keyClick(edit, Qt.Key.Key_Return)
        await until(lambda: "Tone of voice" in names(panel))
        assert names(panel)[0] == "Label" and names(panel)[-1] == "My own prompt"
        assert panel.preset_box.currentText() == "Tone of voice"
        assert panel.recipe().preset == OWN + "Tone of voice"
    # Another job, another day.
    async with opened() as panel:
        await until(lambda: "Tone of voice" in names(panel))
        panel.set_recipe(None)
        choose(panel.preset_box, OWN + "Tone of voice")
        assert (panel.recipe().template, panel.recipe().fields) == (TONE.template, TONE.fields)
        assert not panel._take_back.isVisible()


async def test_a_job_made_with_a_template_shows_it_as_chosen_once_it_is_read(opened: Callable[..., Any]) -> None:
    async with opened() as panel:
        panel.own.keep("Mine", TONE)
        await until(lambda: "Mine" in names(panel))
        recipe = panel.recipe()
        assert recipe.preset == OWN + "Mine"
    async with opened() as panel:
        panel.set_recipe(recipe)
        await until(lambda: panel.preset_box.currentText() == "Mine")
        assert panel.recipe() == recipe


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
async def test_a_template_is_renamed_and_deleted(opened: Callable[..., Any]) -> None:
    async with opened() as panel:
        panel.own.keep("Mine", TONE)
        await until(lambda: panel.own.items)
        panel.own.rename(panel.own.items[0], "Yours")
        await until(lambda: "Yours" in names(panel))
        assert "Mine" not in names(panel) and panel.preset_box.currentText() == "Yours"
        menu_entry(panel, "Delete the template…")
        await answer(panel, "delete")
        await until(lambda: "Yours" not in names(panel))
        # The job keeps its task.
        assert panel.recipe().template == TONE.template and panel.recipe().preset == ""


async def test_one_of_the_same_name_is_replaced_only_after_a_question(opened: Callable[..., Any]) -> None:
    async with opened() as panel:
        panel.own.keep("Mine", TONE)
        await until(lambda: panel.own.items)
        panel.own.keep("Mine", Recipe("Other {id}", TONE.fields))
        await answer(panel, "")
        await until(lambda: panel.findChild(Question) is None)
        assert panel.own.items[0].text == TONE.template
        panel.own.keep("Mine", Recipe("Other {id}", TONE.fields))
        await answer(panel, "replace")
        await until(lambda: panel.own.items[0].text == "Other {id}")


async def test_a_template_goes_out_as_a_file_and_comes_in_again_beside_its_namesake(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    async with opened() as panel:
        panel.own.keep("Mine", TONE)
        await until(lambda: panel.own.items)
        panel.own.hand_on(panel.own.items[0], tmp_path / "mine.json")
        await until((tmp_path / "mine.json").exists)
        panel.own.take_in(tmp_path / "mine.json")
        await until(lambda: "Mine (2)" in names(panel))
        assert [(item.text, item.fields) for item in panel.own.items] == [(TONE.template, TONE.fields)] * 2


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{}", b" " * 5_000_000, b"import os"])
async def test_a_file_that_is_no_template_changes_nothing(
    opened: Callable[..., Any], tmp_path: Path, content: bytes
) -> None:
    async with opened() as panel:
        (tmp_path / "bad.json").write_bytes(content)
        panel.own.take_in(tmp_path / "bad.json")
        await until(panel._message.isVisible)
        assert panel.own.items == () and panel.recipe() == TONE


async def test_a_damaged_file_among_the_templates_hides_no_other(opened: Callable[..., Any], home: Path) -> None:
    async with opened() as panel:
        panel.own.keep("Mine", TONE)
        await until(lambda: panel.own.items)
    (home / "templates" / "broken.json").write_bytes(b"{")
    async with opened() as panel:
        await until(lambda: [item.name for item in panel.own.items] == ["Mine"])
