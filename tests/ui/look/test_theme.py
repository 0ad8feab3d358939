"""The look: enough contrast everywhere, switched while widgets are open, icons that follow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from gui_app.jobs import JobState, RowState
from gui_app.paths import resource
from gui_app.ui.look.icons import IconLabel, pixmap, set_icon
from gui_app.ui.look.palette import DARK, LIGHT, Colours, colours
from gui_app.ui.look.states import JOB_STATE_ICONS, STATE_ICONS, job_state_colour, state_colour
from gui_app.ui.look.stylesheet import stylesheet
from gui_app.ui.look.theme import apply_text_size, apply_theme, set_role
from gui_app.ui.pieces.forms import shrinking_box
from gui_app.ui.pieces.search_edit import SearchEdit


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    yield
    apply_theme(qapp, "light")


def luminance(colour: str) -> float:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    c = QColor(colour)
    return 0.2126 * channel(c.redF()) + 0.7152 * channel(c.greenF()) + 0.0722 * channel(c.blueF())


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("c", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_every_ground_it_can_be_on(c: Colours) -> None:
    grounds = (c.window, c.base, c.raised, c.answer, c.hand, c.selection)
    texts = (c.text, c.muted, *(state_colour(c, state) for state in RowState))
    pairs = [*product(texts, grounds)]
    pairs += [*product([job_state_colour(c, state) for state in JobState], (c.window, c.base, c.raised))]
    pairs += [(c.text, ground) for ground in (c.hover, c.pressed, c.accent_soft)]
    pairs += [(c.text, c.success_soft), (c.text, c.warning_soft), (c.text, c.error_soft)]
    pairs += [(c.accent, c.accent_soft), (c.error, c.error_soft), (c.accent, c.window), (c.accent, c.base)]
    pairs += [(c.on_accent, c.accent_fill), (c.on_accent, c.accent_fill_hover), (c.muted, c.window)]
    weak = {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < 4.5}
    assert not weak


@pytest.mark.parametrize("c", [LIGHT, DARK], ids=["light", "dark"])
def test_what_stands_in_an_empty_field_can_be_read_too(c: Colours, qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, "dark" if c.dark else "light")
    field = QLineEdit()
    qtbot.addWidget(field)
    # Of blocks, so that a pixel is found that is nothing but ink.
    field.setPlaceholderText("\u2588" * 8)
    field.resize(200, 28)
    picture = field.grab().toImage()
    found = [picture.pixelColor(x, picture.height() // 2).name() for x in range(12, 40)]
    assert max(contrast(colour, c.base) for colour in found) >= 4.5


def test_no_two_states_look_alike_without_colour() -> None:
    assert len(set(STATE_ICONS.values())) == len(RowState)
    assert len(set(JOB_STATE_ICONS.values())) == len(JobState)


def test_every_icon_that_is_named_is_there_and_the_licence_with_it() -> None:
    for name in {*STATE_ICONS.values(), *JOB_STATE_ICONS.values()}:
        assert not pixmap(name, "#123456", 16).isNull()
    assert "ISC License" in resource("icons", "LICENSE").read_text("utf-8")


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_an_icon_has_its_colour_and_no_ground(qapp: QApplication, ratio: float) -> None:
    drawn = pixmap("search", "#123456", 16, ratio).toImage()
    assert drawn.width() == 16 * ratio
    colours = [drawn.pixelColor(x, y) for x in range(drawn.width()) for y in range(drawn.height())]
    assert colours[0].alpha() == 0
    assert {colour.name() for colour in colours if colour.alpha() == 255} == {"#123456"}


def test_the_theme_changes_while_widgets_are_open(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, "light")
    button = QPushButton("x")
    qtbot.addWidget(button)
    set_icon(button, "play")
    before = button.icon().pixmap(20, 16).toImage()
    apply_theme(qapp, "dark")
    assert colours() is DARK
    assert button.icon().pixmap(20, 16).toImage() != before
    apply_theme(qapp, "light")
    assert colours() is LIGHT
    assert button.icon().pixmap(20, 16).toImage() == before


def test_a_role_can_change(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, "light")
    button = QPushButton("Run")
    qtbot.addWidget(button)
    button.resize(90, 34)
    set_role(button, "primary")
    assert button.grab().toImage().pixelColor(5, 17) == QColor(LIGHT.accent_fill)
    set_role(button, "quiet")
    assert button.grab().toImage().pixelColor(5, 17) != QColor(LIGHT.accent_fill)


def test_the_stylesheet_grows_with_the_font(qapp: QApplication) -> None:
    font = qapp.font()
    small = stylesheet(LIGHT, font)
    font.setPointSizeF(2 * font.pointSizeF())
    assert stylesheet(LIGHT, font) != small
    assert "::item" not in "".join(line for line in small.splitlines() if line.startswith("QTableView"))


@pytest.mark.parametrize("percent", [100, 200])
def test_what_is_chosen_typed_and_pressed_is_of_one_height(percent: int, qapp: QApplication, qtbot: QtBot) -> None:
    typed, chosen, noted, pressed, first = (
        QComboBox(),
        QComboBox(),
        shrinking_box(name="box"),
        QPushButton(),
        QPushButton(),
    )
    typed.setEditable(True)
    set_role(first, "primary")
    try:
        apply_text_size(qapp, percent)
        parts = (QLineEdit(), typed, chosen, noted, pressed, first)
        for part in parts:
            qtbot.addWidget(part)
            part.ensurePolished()
        heights = {part.sizeHint().height() for part in parts}
        assert max(heights) - min(heights) <= 1
    finally:
        apply_text_size(qapp, 100)


def test_icons_and_the_room_for_them_grow_with_the_letters(qapp: QApplication, qtbot: QtBot) -> None:
    search, label, button = SearchEdit(), IconLabel("eye"), QPushButton("Retry")
    set_icon(button, "eye")
    apply_theme(qapp, "light")
    try:
        for widget in (search, label, button):
            qtbot.addWidget(widget)
        sizes = []
        for percent in (100, 200, 100):
            apply_text_size(qapp, percent)
            search.refit()
            sizes.append((label.pixmap().width(), button.iconSize().height(), search.textMargins().left()))
        assert sizes[0] == sizes[2] and all(large > small for small, large in zip(*sizes[:2], strict=True))
        assert not button.icon().isNull()
    finally:
        apply_text_size(qapp, 100)
