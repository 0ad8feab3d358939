"""A panel that is made a little at a time: whoever goes on, and whatever comes between, it ends up whole."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gui_app.ui.pieces.in_steps import MadeInSteps


class Steps(MadeInSteps):
    """Four labels, a step each."""

    def __init__(self) -> None:
        super().__init__()
        self.said = 0

    def _make(self) -> Iterator[None]:
        self.labels: list[QLabel] = []
        for _label in range(4):
            self.labels.append(QLabel(self))
            yield

    def retranslate(self) -> None:
        for label in self.labels:
            label.setText("said")
        self.said += 1


def test_it_is_whole_after_its_last_step_and_says_its_words_once(qtbot: QtBot) -> None:
    panel = Steps()
    qtbot.addWidget(panel)
    steps = 0
    while panel.make_more():
        steps += 1
        assert not panel.is_made and panel.said == 0
    assert steps == 4 and panel.is_made and panel.said == 1
    assert not panel.make_more()
    assert len(panel.labels) == 4 and panel.said == 1


def test_whoever_leaves_off_loses_nothing(qtbot: QtBot) -> None:
    panel = Steps()
    qtbot.addWidget(panel)

    def one_after_the_other() -> Generator[None, None, None]:
        while panel.make_more():
            yield

    begun = one_after_the_other()
    next(begun)
    next(begun)
    begun.close()
    panel.make_at_once()
    assert len(panel.labels) == 4 and panel.is_made


def test_a_switch_of_the_language_before_it_is_whole_waits_until_it_is(qtbot: QtBot) -> None:
    panel = Steps()
    qtbot.addWidget(panel)
    QCoreApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    panel.make_more()
    QCoreApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    assert panel.said == 0
    panel.make_at_once()
    QCoreApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    assert panel.said == 2
    assert {label.text() for label in panel.labels} == {"said"}
