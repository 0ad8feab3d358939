"""Every panel and dialog: no word outside the catalogue, all switched at once, every control named, no markup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.jobs import Cause, FieldKind, OutputField, Recipe, RowFilter, RowState, Secret
from gui_app.keys import FoundKey, KeyStore
from gui_app.pricing.prices import FREE
from gui_app.review import compare_labels
from gui_app.settings import Settings
from gui_app.store.reading.queries import FailureGroup, RowView
from gui_app.ui.exporting.export_dialog import ExportDialog
from gui_app.ui.failures.failures_panel import FailuresPanel
from gui_app.ui.look.theme import apply_theme
from gui_app.ui.model.model_panel import ModelPanel
from gui_app.ui.recipe.recipe_panel import RecipePanel
from gui_app.ui.review.review_panel import ReviewPanel
from gui_app.ui.services import Services
from gui_app.ui.settings.key_list import Place
from gui_app.ui.settings.settings_dialog import SettingsDialog
from tests.ui.walking import Marked, foreign

LABEL = OutputField("§", FieldKind.LABEL, labels=("§1", "§2"))
FIELDS = (
    LABEL,
    OutputField("§n", FieldKind.NUMBER, minimum=1, maximum=5),
    OutputField("§t", FieldKind.TEXT, hint="§"),
    OutputField("", FieldKind.YES_NO),
)


def services() -> Services:
    """Without a worker: nothing here asks for one."""
    return Services(cast(Any, None), Settings(), KeyStore({}))


def recipe_panel() -> QWidget:
    panel = RecipePanel()
    panel.set_columns([f"§{n}" for n in range(20)], [])
    panel.set_preview_row(1, ["§"] * 20)
    panel.set_recipe(Recipe("{§1} {§99}", FIELDS))
    return panel


def model_panel() -> QWidget:
    panel = ModelPanel(services(), prices=lambda *_asked: FREE)
    panel.set_recipe(Recipe("{§}", (LABEL,), "compatible", "", "https://§.example/v1"))
    panel.run_part.speed_box.setEditText("§")
    panel.run_part.tokens_edit.setText("§")
    return panel


def failures_panel() -> QWidget:
    panel = FailuresPanel()
    panel.set_groups([FailureGroup(cause, RowState.FAILED, 2, "§", 1) for cause in Cause])
    return panel


def review_panel() -> QWidget:
    panel = ReviewPanel()
    panel.set_fields(FIELDS[:3])
    panel.set_columns(("§a", "§b"))
    panel.set_label_counts("§", [("§1", 5), (None, 1)])
    panel.set_row(RowView(1, ("§",), RowState.DONE, {"§": "§1"}, {"§": "§2"}, approved=True, stale=True))
    panel.set_agreement(compare_labels([(1, "§1", "§2"), (2, "§1", "§1"), (3, None, "§1")], LABEL.labels))
    return panel


def export_dialog() -> QWidget:
    return ExportDialog(Settings(), "§.csv", rows=5, folder=Path("/§"), shown=(RowFilter(), 2), practice=True)


def settings_dialog() -> QWidget:
    dialog = SettingsDialog(services(), Path("/§"))
    dialog.keys._found = [(Place("openai", None), FoundKey(Secret("§"), "keychain"))]
    dialog.keys._show()
    return dialog


MAKERS = [recipe_panel, model_panel, failures_panel, review_panel, export_dialog, settings_dialog]


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def switch() -> None:
        monkeypatch.setattr(i18n, "_catalogue", Marked())

    return switch


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    yield
    apply_theme(qapp, "light")


@pytest.mark.parametrize("make", MAKERS)
def test_no_word_stands_outside_the_catalogue(
    make: Callable[[], QWidget], marked: Callable[[], None], qtbot: QtBot
) -> None:
    marked()
    root = make()
    qtbot.addWidget(root)
    assert foreign(root) == []


@pytest.mark.parametrize("make", MAKERS)
def test_a_switch_of_the_language_reaches_every_word(
    make: Callable[[], QWidget], marked: Callable[[], None], qtbot: QtBot
) -> None:
    root = make()
    qtbot.addWidget(root)
    marked()
    QCoreApplication.sendEvent(root, QEvent(QEvent.Type.LanguageChange))
    # What was replaced is still a child until Qt has a moment.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert foreign(root) == []


@pytest.mark.parametrize("make", MAKERS)
def test_a_switch_of_the_language_changes_no_choice(make: Callable[[], QWidget], qtbot: QtBot) -> None:
    root = make()
    qtbot.addWidget(root)

    def choices() -> list[object]:
        boxes = [box.currentIndex() for box in root.findChildren(QComboBox)]
        return [*boxes, *(check.isChecked() for check in root.findChildren(QCheckBox))]

    before = choices()
    QCoreApplication.sendEvent(root, QEvent(QEvent.Type.LanguageChange))
    assert choices() == before


@pytest.mark.parametrize("make", MAKERS)
def test_every_control_has_a_name_for_screen_readers(make: Callable[[], QWidget], qtbot: QtBot) -> None:
    root = make()
    qtbot.addWidget(root)
    nameless = []
    for widget in root.findChildren(QWidget):
        parent = widget.parentWidget()
        if widget.objectName().startswith("qt_") or isinstance(
            parent, (QComboBox, QAbstractSpinBox, QTabBar, QLineEdit)
        ):
            continue
        if isinstance(widget, QHeaderView) or widget.window() is not root:
            continue
        control = isinstance(
            widget, (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractSpinBox, QAbstractItemView)
        )
        if control and not (widget.accessibleName() or getattr(widget, "text", str)()):
            nameless.append(f"{type(widget).__name__} {widget.objectName()}")
    assert nameless == []


@pytest.mark.parametrize("make", MAKERS)
def test_no_label_takes_its_text_for_markup(make: Callable[[], QWidget], qtbot: QtBot) -> None:
    root = make()
    qtbot.addWidget(root)
    rich = [label.text() for label in root.findChildren(QLabel) if label.textFormat() is not Qt.TextFormat.PlainText]
    assert [text for text in rich if text] == []


@pytest.mark.parametrize("make", [recipe_panel, model_panel, failures_panel, review_panel])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_panel_fits_into_360_pixels(
    make: Callable[[], QWidget], qtbot: QtBot, qapp: QApplication, theme: str
) -> None:
    apply_theme(qapp, theme)
    root = make()
    qtbot.addWidget(root)
    root.resize(360, 700)
    root.show()
    qtbot.waitExposed(root)
    assert root.width() == 360
    for button in root.findChildren(QPushButton):
        if button.isVisible():
            right = button.mapTo(root, button.rect().topRight()).x()
            assert right < 360, f"{button.objectName()} {button.text()} ends at {right}"


NAMES = {
    recipe_panel: "presetBox promptEdit columnChips promptPreview fieldList addFieldButton labelsEdit",
    model_panel: "providerBox modelBox keyEdit testKeyButton speedBox laneBox budgetEdit",
    failures_panel: "failureList retryButton",
    review_panel: "labelBars goldColumnBox agreementLabel",
    settings_dialog: "languageBox",
}


@pytest.mark.parametrize("make", NAMES)
def test_the_parts_carry_the_names_that_were_promised(make: Callable[[], QWidget], qtbot: QtBot) -> None:
    root = make()
    qtbot.addWidget(root)
    assert [name for name in NAMES[make].split() if root.findChild(QWidget, name) is None] == []
