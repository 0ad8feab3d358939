"""Which part of the help page an error sentence leads to."""

from __future__ import annotations

from gui_app import errors
from gui_app.jobs import Cause

_CAUSES: dict[Cause, str] = {
    Cause.KEY_REFUSED: "keys",
    Cause.NO_PERMISSION: "keys",
    Cause.BALANCE_GONE: "money",
    Cause.MODEL_UNKNOWN: "model",
    Cause.SPENDING_LIMIT: "money",
    Cause.HOST_REFUSED: "hosts",
    Cause.RATE_LIMIT: "speed",
    Cause.OVERLOADED: "speed",
    Cause.SERVER_ERROR: "speed",
    Cause.NETWORK: "network",
    Cause.DNS: "network",
    Cause.TLS: "network",
    Cause.PROXY: "network",
    Cause.CAPTIVE_PORTAL: "network",
    Cause.DEADLINE: "speed",
    Cause.TOO_LONG: "long",
    Cause.REFUSED: "declined",
    Cause.CONTENT_FILTER: "declined",
    Cause.UNREADABLE: "unreadable",
    Cause.EMPTY: "unreadable",
    Cause.BAD_REQUEST: "unreadable",
    Cause.BLANK_PROMPT: "unreadable",
    Cause.CUT_OFF: "checks",
    Cause.OFF_LIST: "checks",
    Cause.TWO_LABELS: "checks",
    Cause.OUT_OF_RANGE: "checks",
    Cause.NOT_A_NUMBER: "checks",
    Cause.NOT_YES_OR_NO: "checks",
    Cause.MISSING_FIELD: "checks",
    Cause.UNKNOWN: "twice",
}

# The nearest class of an error decides; a class of its own need not be listed where its parent's part fits.
_ERRORS: dict[type[BaseException], str] = {
    errors.UsageError: "terminal",
    errors.InputError: "file",
    errors.RecipeError: "task",
    errors.JobFileError: "jobs",
    errors.StorageError: "disk",
    errors.ExportError: "export",
    errors.KeyStoreError: "keys",
    errors.UserError: "start",
}
ELSE = "trouble"


def topic_of_cause(cause: Cause) -> str:
    """The part about a cause."""
    return _CAUSES[cause]


def topic_of(error: BaseException) -> str:
    """The part about an error."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Cause):
        return topic_of_cause(cause)
    return next((_ERRORS[kind] for kind in type(error).__mro__ if kind in _ERRORS), ELSE)
