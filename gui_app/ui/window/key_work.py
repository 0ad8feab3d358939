"""What each of the window's keys does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui_app.ui.job.job_page import JobPage
    from gui_app.ui.window.main_window import MainWindow


def key_work(window: MainWindow) -> dict[str, Callable[[], object]]:
    """What is done for every name of `KEY_ACTIONS`. What is about a job does nothing where none is open."""

    def on_page(do: Callable[[JobPage], object]) -> Callable[[], object]:
        return lambda: do(window.page) if window.page is not None else None

    return {
        "open": window.opening.ask,
        "new": window.show_empty,
        "run": on_page(lambda page: page.run()),
        "try": on_page(lambda page: page.run_bar.try_button.click()),
        "pause": on_page(lambda page: page.run_bar.pause_button.click()),
        "export": on_page(lambda page: page.run_bar.export_button.click()),
        "find": on_page(lambda page: page.filter_bar.focus_search()),
        "go_to": on_page(window.dialogs.ask_row),
        "retry": on_page(lambda page: page.retry_failed()),
        "undo": on_page(lambda page: page.edits.undo()),
        "side": on_page(lambda page: page.show_side(page.side.isHidden())),
        "task": on_page(lambda page: _lead_to(page, "task")),
        "model": on_page(lambda page: _lead_to(page, "model")),
        "failures": on_page(lambda page: _lead_to(page, "failures")),
        "review": on_page(lambda page: _lead_to(page, "review")),
        "jobs": window.lead_to_the_jobs,
        "settings": window.show_settings,
        "help": lambda: window.show_help(_topic(window.page)),
        "quit": window.close,
    }


def _topic(page: JobPage | None) -> str:
    """The part of the help about what is in front."""
    return "start" if page is None else page.side.current()


def _lead_to(page: JobPage, name: str) -> None:
    page.show_page(name)
    page.side.focus_segment()
