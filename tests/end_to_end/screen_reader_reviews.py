"""Goes through menus, dialogs, failures, review, history and help as a screen reader does: by names, states and focus.

Run by the system's own Python, as `screen_reader`. The last line is "done", or what went wrong.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyatspi  # type: ignore[import-not-found]
from gi.repository import GLib  # type: ignore[import-not-found]

from tests.end_to_end.screen_reader import (
    BUTTONS,
    TABLES,
    app,
    check,
    find,
    is_checked,
    press,
    until,
    walk,
)  # fmt: skip

TAB, DOWN, ESCAPE, F2, MENU = 0xFF09, 0xFF54, 0xFF1B, 0xFFBF, 0xFF67
CONTROL_KEYCODE = 37
ITEMS = (pyatspi.ROLE_MENU_ITEM, pyatspi.ROLE_CHECK_MENU_ITEM)
TYPED = (pyatspi.ROLE_TEXT, pyatspi.ROLE_ENTRY)
SEGMENTS = ("Task", "Model", "Failures", "Review")


def tap(key: int) -> None:
    """Press a key."""
    pyatspi.Registry.generateKeyboardEvent(key, None, pyatspi.KEY_SYM)


def with_control(key: int) -> None:
    """Press a key while Control is held."""
    pyatspi.Registry.generateKeyboardEvent(CONTROL_KEYCODE, None, pyatspi.KEY_PRESS)
    tap(key)
    pyatspi.Registry.generateKeyboardEvent(CONTROL_KEYCODE, None, pyatspi.KEY_RELEASE)


def heard(steps: Sequence[Callable[[], object]], roles: tuple[Any, ...] = ()) -> list[str]:
    """What the focus is said to be on while these are done, one after the other."""
    said: list[str] = []

    def hear(event: Any) -> None:
        if event.detail1 and (not roles or event.source.getRole() in roles):
            said.append(event.source.name)

    for at, step in enumerate([*steps, pyatspi.Registry.stop]):
        GLib.timeout_add(500 * (at + 1), lambda do=step: (do(), False)[1])
    pyatspi.Registry.registerEventListener(hear, "object:state-changed:focused")
    pyatspi.Registry.start()
    pyatspi.Registry.deregisterEventListener(hear, "object:state-changed:focused")
    return said


def expect(what: str, met: object, seen: object = "") -> None:
    """End with what was seen when it is not as it should be."""
    if not met:
        raise SystemExit(f"{what}: {seen}")


def in_order(said: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether all of these were said, in this order, whatever was said between them."""
    rest = iter(said)
    return all(any(text == name or text.startswith(name) for text in rest) for name in wanted)


def focus(name: str, roles: Any) -> None:
    """Lead the keyboard to a named thing."""
    until(name, lambda: find(name, roles)).queryComponent().grabFocus()
    time.sleep(0.4)


def is_enabled(name: str) -> bool:
    """Whether a button is said to be usable."""
    node = find(name, BUTTONS)
    return node is not None and bool(node.getState().contains(pyatspi.STATE_ENABLED))


def first_page() -> None:
    """Tab goes through the first page as it is read, and a file dialog can be left again."""
    until("the first page", lambda: find("Choose a file", BUTTONS))
    focus("Choose a file", BUTTONS)
    said = heard([partial(tap, TAB)] * 9)
    wanted = ("Label customer reviews", "Rate answers from 1 to 5", "Translate sentences", "New job", "Find a job")
    expect("the first page is not gone through as it is read", in_order(said, wanted), said)
    press("Choose a file")
    until("the file dialog", lambda: find("Open a table or a job*", (pyatspi.ROLE_DIALOG, pyatspi.ROLE_FILE_CHOOSER)))
    tap(ESCAPE)
    until("the first page again", lambda: not find("Open a table or a job*", pyatspi.ROLE_DIALOG))


def job_page() -> None:
    """From the search to the task by Tab; what opens by keys is named; the menus tell what is in them."""
    press("Label customer reviews")
    until("the table", lambda: find("Table of rows", TABLES) and find("Try 5 rows", BUTTONS))
    time.sleep(1)
    focus("Find", TYPED)
    said = heard([partial(tap, TAB)] * 12)
    wanted = ("All rows", "Columns", "Try 5 rows", "Run", "Export", "Task")
    expect("the job is not gone through as it is read", in_order(said, wanted), said)
    focus("Jobs", (pyatspi.ROLE_LIST, *TABLES))
    tap(F2)
    until("the new name", lambda: find("Rename the job*", pyatspi.ROLE_DIALOG))
    check("rename")
    tap(ESCAPE)
    until("no dialog", lambda: not find("Rename the job*", pyatspi.ROLE_DIALOG))
    with_control(ord("g"))
    until("the row to go to", lambda: find("Go to row*", pyatspi.ROLE_DIALOG))
    check("go to row")
    tap(ESCAPE)
    until("no dialog", lambda: not find("Go to row*", pyatspi.ROLE_DIALOG))
    menus()


def menus() -> None:
    """Every menu is gone down by the keyboard."""

    def opened_by(name: str) -> Callable[[], object]:
        return lambda: until(name, lambda: find(name, BUTTONS)).queryAction().doAction(0)

    def opened_on(name: str, roles: tuple[Any, ...]) -> Callable[[], object]:
        def opens() -> None:
            focus(name, roles)
            tap(MENU)

        return opens

    for title, opens, wanted in (
        ("ways to try", opened_by("Other ways to try"), ("First 5 rows", "20 random rows")),
        ("recipe", opened_by("Open, save or go back"), ("Save as a template…", "Import a template…")),
        ("columns", opened_by("Columns"), ("product", "review")),
        ("job", opened_on("Jobs", (pyatspi.ROLE_LIST, *TABLES)), ("Open", "Rename", "Duplicate")),
        (
            "row",
            opened_on("Table of rows", TABLES),
            ("Copy", "Copy with headings", "Read the whole cell"),
        ),
    ):
        said = heard([opens, *[partial(tap, DOWN)] * 4, partial(tap, ESCAPE)], ITEMS)
        expect(f"the menu of the {title} is not told", in_order(said, wanted), said)
        print(f"menu of the {title}: {', '.join(said)}", flush=True)


def run_with_faults() -> None:
    """Another model, typed by its name, and all rows asked."""
    press("Model")
    until("the model", partial(is_checked, "Model"))
    box = until("the model's name", lambda: find("Model", TYPED))
    # The list of models may come meanwhile, and with it the name that was there.
    for _try in range(5):
        box.queryEditableText().setTextContents("practice-with-faults")
        time.sleep(2)
        if find("practice-with-faults", pyatspi.ROLE_COMBO_BOX):
            break
    press("Run")
    until("all answers", lambda: find("0 waiting*", BUTTONS) and not find("Stop", BUTTONS))


def failures() -> None:
    """Each group by its name, and its rows listed by its button."""
    press_beginning("Failures (")
    until("the groups", lambda: find("Model declined*"))
    check("groups of failures")
    showing = until("a group's rows", lambda: find("Show them: Model declined*", BUTTONS))
    showing.queryAction().doAction(0)
    until("the filter to be told", lambda: find("Only: Model declined*", BUTTONS))
    press_beginning("Only: Model declined")
    until("all rows again", lambda: not find("Only: *", BUTTONS))


def press_beginning(name: str) -> None:
    """Press the button whose name begins so."""
    until(name, lambda: find(f"{name}*", BUTTONS)).queryAction().doAction(0)


def review() -> None:
    """An answer is changed, undone and approved by names; each state is told; the tables of figures are there."""
    press("Review")
    until("the review", partial(is_checked, "Review"))
    # The state is listed still: its count is pressed in. Then to a row that was answered.
    count = next(node for node in walk(app()) if node.name.endswith(" failed") and node.getRole() in BUTTONS)
    count.queryAction().doAction(0)
    time.sleep(2)
    for _row in range(10):
        if find("done"):
            break
        press("Next row")
        time.sleep(1)
    check("review of a row")
    if is_checked("Go on to the next row by itself"):
        press("Go on to the next row by itself")
    labels = ("positive", "negative", "neutral")
    before = [name for name in labels if is_checked(name)]
    expect("one answer is said to be chosen", len(before) == 1, before)
    other = next(name for name in labels if name not in before)
    press(other)
    until("the other answer to be said to be chosen", lambda: is_checked(other) and not is_checked(before[0]))
    until("that it was made by hand", lambda: find("done · answered by hand*"))
    press("Undo")
    until("the answer before", lambda: is_checked(before[0]))
    press("Approve")
    until("that it is approved", lambda: not is_enabled("Approve") and find("done · approved*"))
    until("the bars", lambda: find("positive: *", BUTTONS))
    until("the figures", lambda: find("Figures for each label", TABLES))
    confusion = until("the confusion", lambda: find("Correct answers and given answers", TABLES))
    expect("the confusion table has cells", confusion.queryTable().nRows == 3, confusion.queryTable().nRows)


def history_and_help() -> None:
    """The versions and the help are read by their names."""
    press("Task")
    press("History of the task")
    until("the history", lambda: find("Versions of this task", TABLES))
    check("history")
    press("Close")
    press("Help")
    search = until("the help", lambda: find("Find in the help", TYPED))
    parts = find("Parts of the help").childCount
    search.queryEditableText().setTextContents("overnight")
    until("fewer parts", lambda: 0 < find("Parts of the help").childCount < parts)
    check("help")


def main() -> int:
    """All of it."""
    until("Rowmill", app)
    for part in (first_page, job_page, run_with_faults, failures, review, history_and_help):
        part()
        print(f"{part.__name__}: as it should be", flush=True)
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
