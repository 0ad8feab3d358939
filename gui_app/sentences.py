"""What the user reads about causes, states and errors, and how foreign text is made plain."""

from __future__ import annotations

import re
from enum import Enum

from gui_app.errors import N_, Cancelled, RowmillError, UserError
from gui_app.i18n import _, day, number, soon
from gui_app.jobs import Cause, JobState, RowState
from gui_app.jobs.states import GUARD, LEASE_LOST, LIMIT_OFFLINE

_CAUSES: dict[Cause, tuple[str, str, str]] = {
    # Title, what happened, what to do.
    Cause.KEY_REFUSED: (
        N_("Key refused"),
        N_("The provider did not accept the key."),
        N_("Check the key in Settings, then continue."),
    ),
    Cause.NO_PERMISSION: (
        N_("Not allowed"),
        N_("The key is valid, but it may not use this model or service."),
        N_("Choose another model, or allow this one in your account with the provider, then continue."),
    ),
    Cause.BALANCE_GONE: (
        N_("No credit left"),
        N_("The account with the provider has no credit left, or has reached its own limit."),
        N_("Add credit or raise the limit on the provider's website, then continue."),
    ),
    Cause.MODEL_UNKNOWN: (
        N_("Model not found"),
        N_("The provider does not know this model. It may have been renamed or switched off."),
        N_("Choose another model from the list, then continue."),
    ),
    Cause.SPENDING_LIMIT: (
        N_("Spending limit reached"),
        N_("The next row could cost more than what is left of the spending limit of this job."),
        N_("Raise the limit to continue. What is finished is kept."),
    ),
    Cause.HOST_REFUSED: (
        N_("Server not confirmed"),
        N_("This job names a server that you have not agreed to, so nothing was sent."),
        N_("Check the address. Confirm it only if you know whose server it is, or choose another provider."),
    ),
    Cause.RATE_LIMIT: (
        N_("Too many requests"),
        N_("The provider asked to slow down, and this row's turn did not come in time."),
        N_("Retry the row later, or with a lower speed."),
    ),
    Cause.OVERLOADED: (
        N_("Provider overloaded"),
        N_("The provider had too much to do and did not answer."),
        N_("Retry the row in a few minutes."),
    ),
    Cause.SERVER_ERROR: (
        N_("Provider error"),
        N_("Something failed on the provider's side."),
        N_("Retry the row. If it keeps happening, look at the provider's status page."),
    ),
    Cause.NETWORK: (
        N_("No connection"),
        N_("The connection to the provider broke or could not be made."),
        N_("Check the internet connection, then retry. For a server of your own, check that it is running."),
    ),
    Cause.DNS: (
        N_("Address not found"),
        N_("The provider's address could not be found."),
        N_("Check the internet connection, and the spelling of the address if you typed one."),
    ),
    Cause.TLS: (
        N_("Connection not safe"),
        N_("No safe connection could be made: the certificate of the server was not accepted."),
        N_("Check the date and time of this computer. On a company network, ask the person who looks after it."),
    ),
    Cause.PROXY: (
        N_("Proxy problem"),
        N_("The proxy that this computer is set to use did not let the request through."),
        N_("Check the proxy in the settings of your system."),
    ),
    Cause.CAPTIVE_PORTAL: (
        N_("Network login needed"),
        N_("A web page came back instead of an answer. The network probably wants you to log in first."),
        N_("Open any web page in your browser and log in to the network, then retry."),
    ),
    Cause.DEADLINE: (
        N_("No answer in time"),
        N_("The answer did not come within the time allowed."),
        N_("Retry the row. If it happens often, use a lower speed or a faster model."),
    ),
    Cause.TOO_LONG: (
        N_("Row too long"),
        N_("The prompt for this row is longer than the model can read."),
        N_("Shorten the text of the row, leave out a column, or choose a model that reads longer texts."),
    ),
    Cause.REFUSED: (
        N_("Model declined"),
        N_("The model declined to answer this row."),
        N_("Answer it by hand, reword the task, or retry with another model."),
    ),
    Cause.CONTENT_FILTER: (
        N_("Blocked by filter"),
        N_("The provider's content filter blocked this row or its answer."),
        N_("Answer it by hand, reword the task, or retry with another provider."),
    ),
    Cause.UNREADABLE: (
        N_("Answer not readable"),
        N_("The reply did not have the form that was asked for, so no answer could be read from it."),
        N_("Retry the row. If it happens often, choose another model."),
    ),
    Cause.EMPTY: (
        N_("Empty answer"),
        N_("The model replied with nothing."),
        N_("Retry the row. If it happens often, make the task clearer or choose another model."),
    ),
    Cause.BAD_REQUEST: (
        N_("Request not accepted"),
        N_("The provider did not accept the request as it was."),
        N_("Read what the provider said, change the options or the model, then retry."),
    ),
    Cause.BLANK_PROMPT: (
        N_("Nothing to ask"),
        N_("The prompt for this row is blank: the columns it uses are empty here."),
        N_("Fill the cells in the file, answer the row by hand, or add words to the prompt."),
    ),
    Cause.CUT_OFF: (
        N_("Answer cut off"),
        N_("The answer reached the length limit and stopped in the middle."),
        N_("Look at the answer, or allow longer answers and retry."),
    ),
    Cause.OFF_LIST: (
        N_("Not on the list"),
        N_("The model answered with a label that is not on your list."),
        N_("Choose the right label by hand, add this one to the list, or retry."),
    ),
    Cause.TWO_LABELS: (
        N_("More than one label"),
        N_("The model gave several labels where one was asked for."),
        N_("Choose one by hand, or let the result column have several labels."),
    ),
    Cause.OUT_OF_RANGE: (
        N_("Out of range"),
        N_("The number is outside the range you set."),
        N_("Correct it by hand, change the range, or retry."),
    ),
    Cause.NOT_A_NUMBER: (
        N_("Not a number"),
        N_("A number was asked for, but no single number could be read from the answer."),
        N_("Type the number by hand, or retry."),
    ),
    Cause.NOT_YES_OR_NO: (
        N_("Neither yes nor no"),
        N_("Yes or no was asked for, but the answer is neither."),
        N_("Choose by hand, or retry."),
    ),
    Cause.MISSING_FIELD: (
        N_("Part missing"),
        N_("The answer left out at least one of the result columns."),
        N_("Fill it in by hand, or retry."),
    ),
    Cause.UNKNOWN: (
        N_("Sent, reply unknown"),
        N_("The row was sent, but Rowmill ended before the reply came. The provider may have charged for it."),
        N_("Continue sends it again, so it may be paid for twice."),
    ),
}

_ROW_STATES: dict[RowState, str] = {
    RowState.WAITING: N_("waiting"),
    RowState.RUNNING: N_("running"),
    RowState.DONE: N_("done"),
    RowState.NEEDS_REVIEW: N_("needs review"),
    RowState.FAILED: N_("failed"),
}

_JOB_STATES: dict[JobState, str] = {
    JobState.DRAFT: N_("not started"),
    JobState.RUNNING: N_("running"),
    JobState.PAUSING: N_("pausing"),
    JobState.PAUSED: N_("paused"),
    JobState.OFFLINE: N_("offline, waiting"),
    JobState.SUBMITTED: N_("submitted overnight"),
    JobState.STOPPED: N_("stopped"),
    JobState.FINISHED: N_("finished"),
}


def cause_title(cause: Cause) -> str:
    """Two to four words, for a list or a group heading."""
    return _(_CAUSES[cause][0])


def cause_sentence(cause: Cause) -> str:
    """What happened, in one sentence."""
    return _(_CAUSES[cause][1])


def cause_action(cause: Cause) -> str:
    """What to do about it, in one sentence."""
    return _(_CAUSES[cause][2])


def state_name(state: RowState) -> str:
    """The name of a row's state."""
    return _(_ROW_STATES[state])


def job_state_name(state: JobState) -> str:
    """The name of a job's state."""
    return _(_JOB_STATES[state])


def deadlines(ready_by: float | None, kept_until: float | None) -> list[str]:
    """When a night's rows are ready at the latest, and how long their results are kept, as far as that is known."""
    said = [] if ready_by is None else [_("Ready by {moment} at the latest.").format(moment=soon(ready_by))]
    if kept_until is not None:
        said.append(_("The results are kept until {day}.").format(day=day(kept_until)))
    return said


def explain(error: BaseException) -> str:
    """One or more sentences, in the user's language, that say what is wrong and what to do.

    What is not a `UserError` is a mistake of ours: its own text is for the log, not for the user.
    """
    if isinstance(error, Cancelled):
        return _("Cancelled.")
    if not isinstance(error, UserError):
        return _(
            "Something went wrong inside Rowmill. Your answers are safe in the job file. "
            "Try again; if it happens again, the log file has the details."
        )
    # A failed call carries its cause, which has better words than the error itself.
    cause = getattr(error, "cause", None)
    if isinstance(cause, Cause):
        return explain_cause(cause, str(getattr(error, "detail", "")))
    return filled(error.sentence, error.details)


def explain_cause(cause: Cause, detail: str = "") -> str:
    """What happened and what to do; then what the other side said, where it said something."""
    text = _("{what} {action}").format(what=cause_sentence(cause), action=cause_action(cause))
    if detail == GUARD:
        guarded = _("Most of the first rows ended this way, so the job was paused before the others are paid for.")
        return _("{what} {action}").format(what=text, action=guarded)
    said = "" if detail in (LIMIT_OFFLINE, LEASE_LOST) else plain(detail)
    return _("{text} ({detail})").format(text=text, detail=said) if said else text


def filled(sentence: str, details: dict[str, object]) -> str:
    """A catalogue entry in the user's language, its places filled with plain text.

    A translation whose places do not fit is passed over for the English sentence.
    """
    values = {name: _shown(value) for name, value in details.items()}
    for text in (_(sentence), sentence):
        try:
            return text.format(**values)
        except (KeyError, IndexError, ValueError, AttributeError):
            continue
    return sentence


def _shown(value: object) -> str:
    if isinstance(value, Cause):
        return cause_title(value)
    if isinstance(value, RowState):
        return state_name(value)
    if isinstance(value, JobState):
        return job_state_name(value)
    if isinstance(value, RowmillError):
        return explain(value)
    if isinstance(value, Enum):
        return plain(str(value.value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    return plain(str(value))


_FOLDED = re.compile(r"[ \t\n\r\x0b\x0c\x85\u2028\u2029]+")
_HIDDEN = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what changes the direction of writing
    "\u200b\u2060-\u2064\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # what has no width at all
    "\ud800-\udfff"  # halves of characters, which no file or screen takes
    "]"
)


def plain(text: str, limit: int = 300) -> str:
    """Foreign text, safe to show and to log on one line.

    Line breaks and tabs become one space; characters that are invisible, or that change what is
    written around them, become visible; what is longer than `limit` characters ends with "…".
    """
    cut = len(text) > limit
    # Only the part that can be seen is looked at: a cell may hold megabytes.
    text = _HIDDEN.sub(_visible, _FOLDED.sub(" ", text[:limit])).strip(" ")
    return text[: max(limit - 1, 0)].rstrip(" ") + "…" if cut or len(text) > limit else text


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
