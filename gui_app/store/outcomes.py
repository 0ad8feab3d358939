"""What goes between the engine and the store: rows about to be sent, rows taken, what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gui_app.jobs import Cause, FieldValue, Lane, RowState, Usage


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row about to be sent.

    Attributes:
        prompt: None when the template comes out blank for this row.
        digest: Of the prompt; None when identical rows are each asked.
        reserved_usd: The most its call can cost; None when there is no price.
    """

    row_id: int
    prompt: str | None
    digest: bytes | None
    reserved_usd: float | None


@dataclass(slots=True)
class Claimed:
    """What a claim took.

    Attributes:
        sent: Durably marked as sent: (row, tries so far, time of its first attempt or None).
        settled: Rows that got their state without a call (identical to an answered one, blank prompt).
        followers: Rows that now wait for an identical one's reply.
        more: The claim ended before `limit` for its time or size, not for want of rows.
    """

    sent: list[tuple[Prepared, int, float | None]] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    followers: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class SentOut:
    """A row that went out.

    Attributes:
        tries: Attempts before this one that failed by themselves.
        reserved_usd: The most its call can cost; None when there is no price.
    """

    row_id: int
    tries: int
    sent_at: float
    reserved_usd: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row that was marked sent.

    Attributes:
        state: `WAITING` to be tried again at `not_before`.
        sent: False when it never went out: nothing is counted.
        unknown: It went out and was let go of before its reply came; `cost_usd` is then the worst case.
        tries: Attempts that failed by themselves, this one included.
        cost_usd: None when there is no price.
    """

    row_id: int
    version: int
    state: RowState
    sent: bool = True
    unknown: bool = False
    sent_at: float = 0.0
    ended_at: float = 0.0
    cause: Cause | None = None
    detail: str = ""
    raw: str | None = None
    values: Mapping[str, FieldValue] | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    usage: Usage | None = None
    cost_usd: float | None = None
    tries: int = 0
    not_before: float = 0.0
    lane: Lane = Lane.NOW
