"""Leaving: what happens to the jobs that still run."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui_app.i18n import _, ngettext, number
from gui_app.ui.pieces.question import Choice, Question, ask


async def ask_about_running(window: QWidget, running: int) -> str:
    """Ask what should become of running jobs: "background", "quit", or "" to stay."""
    text = ngettext("{count} job is still running.", "{count} jobs are still running.", running)
    return await ask(
        Question(
            window,
            ngettext("Close while a job is running?", "Close while jobs are running?", running),
            _("{running} Rowmill can go on without its window and tell you when it is done, or pause and quit.").format(
                running=text.format(count=number(running))
            ),
            [
                Choice("background", _("Keep running in the background"), "primary"),
                Choice("quit", _("Pause and quit")),
                Choice("", _("Cancel")),
            ],
        )
    )
