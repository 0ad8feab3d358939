"""The window's keys: each action once, with its name, its shortcut and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from gui_app.errors import N_
from gui_app.i18n import _


@dataclass(frozen=True, slots=True)
class KeyAction:
    """Attributes: name: stable. keys: portable spelling. text: a catalogue entry."""

    name: str
    keys: str
    text: str


KEY_ACTIONS = (
    KeyAction("open", "Ctrl+O", N_("Open a file")),
    KeyAction("new", "Ctrl+N", N_("New job")),
    KeyAction("run", "Ctrl+R", N_("Run")),
    KeyAction("try", "Ctrl+T", N_("Try 5 rows")),
    KeyAction("pause", "Ctrl+P", N_("Pause")),
    KeyAction("export", "Ctrl+E", N_("Export")),
    KeyAction("find", "Ctrl+F", N_("Find")),
    KeyAction("go_to", "Ctrl+G", N_("Go to row")),
    KeyAction("retry", "F5", N_("Retry all failures")),
    KeyAction("undo", "Ctrl+Shift+Z", N_("Undo the last answer made by hand")),
    KeyAction("side", "Ctrl+B", N_("Show or hide task and model")),
    KeyAction("task", "Ctrl+1", N_("Task")),
    KeyAction("model", "Ctrl+2", N_("Model")),
    KeyAction("failures", "Ctrl+3", N_("Failures")),
    KeyAction("review", "Ctrl+4", N_("Review")),
    KeyAction("jobs", "Ctrl+J", N_("To the list of jobs")),
    KeyAction("settings", "Ctrl+,", N_("Settings")),
    KeyAction("help", "F1", N_("Help")),
    KeyAction("quit", "Ctrl+Q", N_("Quit")),
)


def add_actions(window: QWidget, work: dict[str, Callable[[], object]]) -> dict[str, QAction]:
    """Give the window its keys. `work` has an entry for every name of `KEY_ACTIONS`."""
    out = {}
    for entry in KEY_ACTIONS:
        action = QAction(window)
        action.setObjectName(f"action_{entry.name}")
        action.setShortcut(QKeySequence(entry.keys))
        action.triggered.connect(lambda _checked=False, do=work[entry.name]: do())
        window.addAction(action)
        out[entry.name] = action
    say_actions(out)
    return out


def say_actions(actions: dict[str, QAction]) -> None:
    """Set the names, in the language in use."""
    for entry in KEY_ACTIONS:
        actions[entry.name].setText(_(entry.text))


def keys_told() -> list[str]:
    """Every key with what it does, as list items for the help page."""
    told = []
    for entry in KEY_ACTIONS:
        shown = QKeySequence(entry.keys).toString(QKeySequence.SequenceFormat.NativeText)
        told.append(_("- {keys}: {text}").format(keys=shown, text=_(entry.text)))
    return told


def with_keys(text: str, name: str) -> str:
    """A tooltip with the keys that do the same."""
    keys = next(entry.keys for entry in KEY_ACTIONS if entry.name == name)
    shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
    return _("{text} ({keys})").format(text=text, keys=shown)
