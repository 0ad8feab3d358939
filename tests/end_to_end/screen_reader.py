"""Drives Rowmill as a screen reader sees it: by accessible names alone, to an exported file.

Run by the system's own Python, which has pyatspi; knows nothing of Rowmill's code. The last line is "done", or what
went wrong.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyatspi  # type: ignore[import-not-found]
from gi.repository import GLib  # type: ignore[import-not-found]

LIMIT_S = 60.0
TABLES = (pyatspi.ROLE_TABLE, pyatspi.ROLE_TREE_TABLE)
CONTROLS = (
    pyatspi.ROLE_PUSH_BUTTON, pyatspi.ROLE_TOGGLE_BUTTON, pyatspi.ROLE_CHECK_BOX, pyatspi.ROLE_RADIO_BUTTON,
    pyatspi.ROLE_COMBO_BOX, pyatspi.ROLE_TEXT, pyatspi.ROLE_ENTRY, pyatspi.ROLE_PASSWORD_TEXT, pyatspi.ROLE_SPIN_BUTTON,
    pyatspi.ROLE_LIST, pyatspi.ROLE_TABLE, pyatspi.ROLE_PAGE_TAB_LIST, pyatspi.ROLE_PAGE_TAB, pyatspi.ROLE_LINK,
    pyatspi.ROLE_SLIDER, pyatspi.ROLE_PROGRESS_BAR, pyatspi.ROLE_PUSH_BUTTON_MENU,
)  # fmt: skip


def app() -> Any:
    """Rowmill on the accessibility bus."""
    for one in pyatspi.Registry.getDesktop(0):
        if one is not None and one.name.lower() == "rowmill":
            return one
    return None


def walk(node: Any, depth: int = 0) -> Iterator[Any]:
    """All that is under a node and shown; of a table itself only, not its cells."""
    if node is None or depth > 40:
        return
    yield node
    if node.getRole() in TABLES:
        return
    for at in range(min(node.childCount, 300)):
        try:
            child = node.getChildAtIndex(at)
            if child is not None and (depth == 0 or child.getState().contains(pyatspi.STATE_SHOWING)):
                yield from walk(child, depth + 1)
        except Exception:  # gone while we looked
            continue


def find(name: str, role: Any = None) -> Any:
    """A shown thing with this accessible name; a name that ends with * is a beginning."""
    for node in walk(app()):
        fits = node.name.startswith(name[:-1]) if name.endswith("*") else node.name == name
        if fits and (role is None or node.getRole() in (role if isinstance(role, tuple) else (role,))):
            return node
    return None


def until(what: str, met: Callable[[], Any]) -> Any:
    """Wait for something."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            found = met()
        except Exception:  # the tree changes while it is read
            found = None
        if found:
            return found
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain for {what}; there are: {names()}")
        time.sleep(0.2)


def names() -> list[str]:
    """What is there, for a failure."""
    return [f"{node.getRoleName()}: {node.name}" for node in walk(app()) if node.name][:120]


BUTTONS = (
    pyatspi.ROLE_PUSH_BUTTON, pyatspi.ROLE_PUSH_BUTTON_MENU, pyatspi.ROLE_TOGGLE_BUTTON, pyatspi.ROLE_RADIO_BUTTON,
    pyatspi.ROLE_CHECK_BOX,
)  # fmt: skip


def press(name: str) -> None:
    """Press the button with this name."""

    def enabled() -> Any:
        node = find(name, BUTTONS)
        return node if node is not None and node.getState().contains(pyatspi.STATE_ENABLED) else None

    node = until(f"the button {name}", enabled)
    action = node.queryAction()
    wanted = [at for at in range(action.nActions) if action.getName(at).lower() in ("press", "toggle", "click")]
    if not wanted:
        raise SystemExit(f"{name} cannot be pressed: {[action.getName(at) for at in range(action.nActions)]}")
    action.doAction(wanted[0])


def check(screen: str) -> int:
    """Every control that can be used has a name, and every one that has the focus is shown. Returns how many."""
    nameless, seen = [], 0
    for node in walk(app()):
        state = node.getState()
        if node.getRole() not in CONTROLS or not state.contains(pyatspi.STATE_FOCUSABLE):
            continue
        seen += 1
        # The name of a box is what is chosen in it; what it is for is told by its label or its description.
        told = bool(node.name.strip())
        if node.getRole() == pyatspi.ROLE_COMBO_BOX:
            told = bool(node.description.strip()) or bool(list(node.getRelationSet()))
        if not told:
            parent = node.parent
            nameless.append(f"{node.getRoleName()} under {parent.getRoleName()} “{parent.name}”")
    if nameless:
        raise SystemExit(f"{screen}: without a name: {nameless}")
    print(f"{screen}: {seen} controls, all with a name", flush=True)
    return seen


def is_checked(name: str) -> bool:
    """Whether a button with this name is pressed in, as a screen reader tells it."""
    node = find(name, BUTTONS)
    return node is not None and node.getState().contains(pyatspi.STATE_CHECKED)


def choose_tab(name: str) -> None:
    """Bring a page of a dialog to the front."""
    tab = until(f"the tab {name}", lambda: find(name, pyatspi.ROLE_PAGE_TAB))
    tab.queryAction().doAction(0)
    until(f"{name} in front", lambda: find(name, pyatspi.ROLE_PAGE_TAB).getState().contains(pyatspi.STATE_SELECTED))


def hear_menu(name: str, entries: int) -> list[str]:
    """What is said when a menu is opened by its button and gone down by the keyboard; it is closed again.

    A menu is no part of the window's tree: a screen reader hears of it by the focus that goes through it.
    """
    button = until(f"the menu {name}", lambda: find(name, BUTTONS))
    heard: list[str] = []

    def hear(event: Any) -> None:
        if event.detail1 and event.source.getRole() in (pyatspi.ROLE_MENU_ITEM, pyatspi.ROLE_CHECK_MENU_ITEM):
            heard.append(event.source.name)

    def press(key: int) -> None:
        pyatspi.Registry.generateKeyboardEvent(key, None, pyatspi.KEY_SYM)

    steps: list[Callable[[], object]] = [lambda: button.queryAction().doAction(0)]
    steps += [partial(press, _DOWN)] * entries
    steps += [partial(press, _ESCAPE), pyatspi.Registry.stop]
    for at, step in enumerate(steps):
        GLib.timeout_add(700 * (at + 1), lambda do=step: (do(), False)[1])
    pyatspi.Registry.registerEventListener(hear, "object:state-changed:focused")
    pyatspi.Registry.start()
    pyatspi.Registry.deregisterEventListener(hear, "object:state-changed:focused")
    return heard


_DOWN, _ESCAPE = 0xFF54, 0xFF1B


def text_of(name: str) -> str:
    """What a named thing says beside its name."""
    node = find(name)
    return "" if node is None else f"{node.name} {node.description}"


def main(target: Path) -> int:
    """The way from the first page to an exported file."""
    until("Rowmill", app)
    until("the first page", lambda: find("Choose a file", BUTTONS))
    check("first page")
    press("Label customer reviews")
    until("the table", lambda: find("Table of rows", TABLES))
    until("the task", lambda: find("Try 5 rows", BUTTONS))
    check("task")
    # With something that is nowhere else: what is said to be in front has to be there, too.
    for segment, on_it in (
        ("Model", "Test the connection"),
        ("Failures", "Rows that fail, or whose answers need a look*"),
        ("Review", "Approve"),
        ("Task", "Add a result column"),
    ):
        press(segment)
        until(f"{segment} to be said to be in front", partial(is_checked, segment))
        until(f"{on_it} on it", partial(find, on_it))
        check(segment.lower())
    ways = hear_menu("Other ways to run", 2)
    if ways != ["The rows that are left", "The rows that are left, when the other jobs are done"]:
        raise SystemExit(f"the ways to run are not told: {ways}")
    press("Try 5 rows")
    until("5 answers", lambda: find("5 done*", BUTTONS))
    press("Run")
    until("all answers", lambda: find("0 waiting*", BUTTONS) and not find("Stop", BUTTONS))
    check("answers")
    progress = find("Progress", pyatspi.ROLE_PROGRESS_BAR)
    if progress is None or "120 of 120 rows finished" not in progress.description:
        raise SystemExit(f"the progress is not told: {progress and progress.description}")
    rows = find("Table of rows", TABLES).queryTable()
    cells = [rows.getAccessibleAt(0, column).name for column in (1, 5, 6)]
    if (rows.nRows, rows.nColumns) != (120, 7) or cells != ["product: Kettle", "sentiment: positive", "State: done"]:
        raise SystemExit(f"the rows are not told: {rows.nRows} x {rows.nColumns}, {cells}")
    press("Run again…")
    until("the question", lambda: find("Ask about all rows again?"))
    check("question")
    press("Cancel")
    press("History of the task")
    until("the history", lambda: find("Versions of this task"))
    check("history")
    press("Close")
    press("Settings")
    until("the settings", lambda: find("Pages of the settings"))
    check("settings")
    for tab in ("Keys", "Speed", "What leaves this computer", "About"):
        choose_tab(tab)
        time.sleep(0.5)
        check(tab.lower())
    press("Close")
    press("Help")
    until("the help", lambda: find("Parts of the help"))
    check("help")
    press("Export")
    field = until("the export", lambda: find("File", (pyatspi.ROLE_TEXT, pyatspi.ROLE_ENTRY)))
    check("export")
    field.queryEditableText().setTextContents(str(target))
    time.sleep(0.5)
    dialog = field
    while dialog.parent is not None and dialog.parent.getRole() != pyatspi.ROLE_APPLICATION:
        dialog = dialog.parent
    button = next(node for node in walk(dialog) if node.name == "Export" and node.getRole() in BUTTONS)
    button.queryAction().doAction(0)
    until("the exported file", lambda: find("Open the file", BUTTONS))
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
