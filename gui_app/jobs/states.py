"""The states of rows and jobs, the lanes, and the causes of what is not done."""

from __future__ import annotations

from enum import StrEnum


class RowState(StrEnum):
    """The state of a row. Nothing else."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    NEEDS_REVIEW = "needs review"
    FAILED = "failed"


class JobState(StrEnum):
    """The state of a job."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    OFFLINE = "offline"
    SUBMITTED = "submitted"
    STOPPED = "stopped"
    FINISHED = "finished"


class Lane(StrEnum):
    """How rows travel: live calls, or the provider's Batch API."""

    NOW = "now"
    OVERNIGHT = "overnight"


class Cause(StrEnum):
    """Why a row is not done, or a job stopped. Values are stored in job files and never renamed."""

    # The job cannot go on until the user acts.
    KEY_REFUSED = "key_refused"
    NO_PERMISSION = "no_permission"
    BALANCE_GONE = "balance_gone"
    MODEL_UNKNOWN = "model_unknown"
    SPENDING_LIMIT = "spending_limit"
    HOST_REFUSED = "host_refused"
    # Waiting helps.
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    NETWORK = "network"
    DNS = "dns"
    TLS = "tls"
    PROXY = "proxy"
    CAPTIVE_PORTAL = "captive_portal"
    DEADLINE = "deadline"
    # This row, this prompt.
    TOO_LONG = "too_long"
    REFUSED = "refused"
    CONTENT_FILTER = "content_filter"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    BAD_REQUEST = "bad_request"
    BLANK_PROMPT = "blank_prompt"
    # Usable text that failed a check: needs review.
    CUT_OFF = "cut_off"
    OFF_LIST = "off_list"
    TWO_LABELS = "two_labels"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_NUMBER = "not_a_number"
    NOT_YES_OR_NO = "not_yes_or_no"
    MISSING_FIELD = "missing_field"
    # Sent, reply never seen (the app ended in between).
    UNKNOWN = "unknown"


# What stands beside the cause of a job that stopped by itself where no server said anything; told by `sentences`.
GUARD = "guard"
"""It paused itself because most early rows went wrong."""

LIMIT_OFFLINE = "offline too long"
LEASE_LOST = "lease lost"
