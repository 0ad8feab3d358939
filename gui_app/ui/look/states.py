"""How a state looks: its icon, and its colour."""

from __future__ import annotations

from PySide6.QtGui import QPixmap

from gui_app.jobs import JobState, RowState
from gui_app.ui.look.icons import pixmap
from gui_app.ui.look.palette import Colours

STATE_ICONS = {
    RowState.WAITING: "clock",
    RowState.RUNNING: "loader-circle",
    RowState.DONE: "circle-check",
    RowState.NEEDS_REVIEW: "eye",
    RowState.FAILED: "circle-x",
}
JOB_STATE_ICONS = {
    JobState.DRAFT: "circle",
    JobState.RUNNING: "circle-play",
    JobState.PAUSING: "hourglass",
    JobState.PAUSED: "circle-pause",
    JobState.OFFLINE: "wifi-off",
    JobState.SUBMITTED: "moon",
    JobState.STOPPED: "circle-alert",
    JobState.FINISHED: "circle-check",
}


def state_pixmap(state: RowState, c: Colours, size: int, ratio: float) -> QPixmap:
    """The icon of a row's state, in its colour."""
    return pixmap(STATE_ICONS[state], state_colour(c, state), size, ratio)


def state_colour(c: Colours, state: RowState) -> str:
    """The colour of a row's state. Never alone: an icon and the name stand beside it."""
    return {
        RowState.WAITING: c.muted,
        RowState.RUNNING: c.accent,
        RowState.DONE: c.success,
        RowState.NEEDS_REVIEW: c.warning,
        RowState.FAILED: c.error,
    }[state]


def job_state_colour(c: Colours, state: JobState) -> str:
    """The colour of a job's state."""
    return {
        JobState.DRAFT: c.muted,
        JobState.RUNNING: c.accent,
        JobState.PAUSING: c.muted,
        JobState.PAUSED: c.muted,
        JobState.OFFLINE: c.warning,
        JobState.SUBMITTED: c.accent,
        JobState.STOPPED: c.error,
        JobState.FINISHED: c.success,
    }[state]
