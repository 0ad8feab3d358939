"""The export dialog: what is asked, how far it is, what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QRadioButton
from pytestqt.qtbot import QtBot

from gui_app.jobs import ExportOptions, RowFilter, RowState
from gui_app.settings import EXPORT_FOLDER, EXPORT_KIND, Settings
from gui_app.ui.exporting.export_dialog import ExportDialog
from gui_app.ui.pieces.forms import choose
from gui_app.worker.protocol import TaskResult
from tests.helpers.finding import part
from tests.helpers.waiting import until

SHOWN = RowFilter(search="late")


class Opened:
    """A dialog, and what it opened."""

    def __init__(self, folder: Path, **more: object) -> None:
        self.settings = Settings()
        self.urls: list[QUrl] = []
        self.dialog = ExportDialog(
            self.settings,
            "reviews.v2.csv",
            rows=1234,
            folder=folder,
            open_url=self.urls.append,
            **more,  # type: ignore[arg-type]
        )
        self.asked: list[tuple[Path, ExportOptions]] = []
        self.dialog.exportRequested.connect(lambda path, options: self.asked.append((path, options)))

    def button(self, name: str) -> QPushButton:
        """By its object name."""
        found = self.dialog.findChild(QPushButton, name)
        assert found is not None
        return found


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Opened:
    out = Opened(tmp_path, shown=(SHOWN, 17))
    qtbot.addWidget(out.dialog)
    out.dialog.open()
    return out


def test_one_press_exports_all_rows_as_excel_beside_the_source(opened: Opened, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.mouseClick(opened.button("startExportButton"), Qt.MouseButton.LeftButton)
    assert opened.asked == [(tmp_path / "reviews.v2 with answers.xlsx", ExportOptions())]
    assert opened.dialog.is_running()
    opened.dialog.show_problem("")


def test_the_kind_changes_the_ending_and_nothing_else_of_the_name(opened: Opened, tmp_path: Path) -> None:
    for kind in ("csv", "json", "xlsx"):
        radio = part(opened.dialog, QRadioButton, f"exportKind_{kind}")
        radio.click()
        assert opened.dialog.form.target() == tmp_path / f"reviews.v2 with answers.{kind}"


def test_everything_that_is_chosen_is_asked_for(opened: Opened) -> None:
    form = opened.dialog.form
    form._kind_buttons["csv"].click()
    form.shown_rows.click()
    form.answered_only.click()
    form._extras["cost"].click()
    form._extras["state"].click()
    choose(form.separator_box, ";")
    form.bom_box.click()
    form.protect_box.click()
    opened.button("startExportButton").click()
    assert opened.asked[0][1] == ExportOptions(
        kind="csv",
        rows=SHOWN,
        states=frozenset({RowState.DONE, RowState.NEEDS_REVIEW}),
        extra=frozenset({"cost", "state"}),
        separator=";",
        bom=False,
        protect=False,
    )
    assert ExportOptions.from_dict(opened.asked[0][1].to_dict()) == opened.asked[0][1]
    opened.dialog.show_problem("")


def test_the_protection_against_formulas_is_on_and_explained(opened: Opened) -> None:
    assert opened.dialog.form.protect_box.isChecked()
    assert "formula" in opened.dialog.form._protect_note.text()


def test_without_a_filter_there_is_no_choice_of_rows(qtbot: QtBot, tmp_path: Path) -> None:
    plain = Opened(tmp_path)
    qtbot.addWidget(plain.dialog)
    assert plain.dialog.form.shown_rows.isHidden()


def test_folder_and_kind_are_remembered(opened: Opened, tmp_path: Path) -> None:
    opened.dialog.form._kind_buttons["json"].click()
    opened.button("startExportButton").click()
    assert opened.settings.get(EXPORT_FOLDER) == str(tmp_path) and opened.settings.get(EXPORT_KIND) == "json"
    opened.dialog.show_problem("")


@pytest.mark.parametrize("text", ["", "relative.xlsx", "\0"])
def test_a_target_that_is_none_is_said_and_nothing_starts(opened: Opened, text: str) -> None:
    part(opened.dialog, QLineEdit, "exportPathEdit").setText(text)
    opened.button("startExportButton").click()
    assert opened.asked == [] and "folder and a name" in opened.dialog.form.message.text()


def test_a_filter_that_lets_nothing_through_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    empty = Opened(tmp_path, shown=(SHOWN, 0))
    qtbot.addWidget(empty.dialog)
    empty.dialog.form.shown_rows.click()
    empty.button("startExportButton").click()
    assert empty.asked == [] and "nothing to export" in empty.dialog.form.message.text()


async def test_a_file_that_is_there_is_replaced_only_when_asked_twice(
    opened: Opened, qloop: object, tmp_path: Path
) -> None:
    (tmp_path / "reviews.v2 with answers.xlsx").write_bytes(b"old")
    start = opened.button("startExportButton")
    start.click()
    await until(opened.dialog.form.message.text)
    assert opened.asked == [] and start.text() == "Replace and export"
    opened.dialog.form.path_edit.setText(str(tmp_path / "other.xlsx"))
    assert start.text() == "Export"
    opened.dialog.form.path_edit.setText(str(tmp_path / "reviews.v2 with answers.xlsx"))
    start.click()
    await until(opened.dialog.form.message.text)
    start.click()
    assert len(opened.asked) == 1
    opened.dialog.show_problem("")
    await opened.dialog.aclose()


async def test_the_table_itself_is_never_replaced(qtbot: QtBot, qloop: object, tmp_path: Path) -> None:
    source, link = tmp_path / "reviews.csv", tmp_path / "other name.csv"
    source.write_bytes(b"id\n1\n")
    link.symlink_to(source)
    opened = Opened(tmp_path, source=source)
    qtbot.addWidget(opened.dialog)
    for path in (source, link):
        opened.dialog.form.path_edit.setText(str(path))
        opened.button("startExportButton").click()
        await until(opened.dialog.form.message.text)
        assert "is the table itself, which is never changed" in opened.dialog.form.message.text()
    assert opened.asked == [] and opened.button("startExportButton").text() == "Export"
    await opened.dialog.aclose()


def test_progress_is_shown_and_can_be_cancelled(opened: Opened, qtbot: QtBot) -> None:
    opened.dialog.show_progress(600, 1200)
    assert opened.dialog._progress.text() == "600 of 1,200 rows" and opened.dialog._bar.value() == 500
    with qtbot.waitSignal(opened.dialog.cancelRequested):
        qtbot.keyClick(opened.dialog, Qt.Key.Key_Escape)
    assert opened.dialog.isVisible(), "it waits for the end"
    opened.dialog.show_problem("")
    assert not opened.dialog.is_running()
    qtbot.keyClick(opened.dialog, Qt.Key.Key_Escape)
    assert not opened.dialog.isVisible()


def test_closing_stops_what_runs(opened: Opened, qtbot: QtBot) -> None:
    opened.dialog.show_progress(1, None)
    with qtbot.waitSignal(opened.dialog.cancelRequested):
        opened.dialog.close()
    assert opened.dialog.isVisible(), "until the export has ended"
    opened.dialog.show_problem("")
    opened.dialog.close()
    assert not opened.dialog.isVisible()


def test_the_result_names_the_file_and_what_was_changed(opened: Opened, qtbot: QtBot, tmp_path: Path) -> None:
    opened.button("startExportButton").click()
    notes = (("{count} cells held characters that this kind of file cannot hold; they show as “�”.", {"count": 3}),)
    opened.dialog.show_result(TaskResult(1234, notes))
    result = part(opened.dialog, QLabel, "exportResult")
    assert result.text() == "1,234 rows were written to reviews.v2 with answers.xlsx."
    assert "3 cells" in opened.dialog._notes.text()
    qtbot.mouseClick(opened.button("openExportedFileButton"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(opened.button("openExportedFolderButton"), Qt.MouseButton.LeftButton)
    assert [Path(url.toLocalFile()) for url in opened.urls] == [opened.asked[0][0], tmp_path]


def test_a_problem_leads_back_to_the_questions_with_its_sentence(opened: Opened) -> None:
    opened.button("startExportButton").click()
    opened.dialog.show_problem("The disk is <b>full</b>.")
    message = part(opened.dialog, QLabel, "exportMessage")
    assert message.isVisible() and message.text() == "The disk is <b>full</b>."
    assert message.textFormat() is Qt.TextFormat.PlainText
    assert opened.button("startExportButton").isVisible()


def test_answers_of_the_practice_model_are_called_made_up(qtbot: QtBot, tmp_path: Path) -> None:
    practice = Opened(tmp_path, practice=True)
    qtbot.addWidget(practice.dialog)
    practice.dialog.open()
    assert "made up" in practice.dialog._practice_note.text() and practice.dialog._practice_note.isVisible()
    practice.dialog.reject()


def test_the_dialog_grows_with_its_questions(opened: Opened, qtbot: QtBot) -> None:
    opened.dialog.form._kind_buttons["csv"].click()
    opened.dialog.form._csv.open()
    questions = opened.dialog._questions
    qtbot.waitUntil(lambda: questions.verticalScrollBar().maximum() == 0)
