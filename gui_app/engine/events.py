"""What the engine says while it runs. Hints: the job file is the truth, and losing one costs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gui_app.errors import UserError
from gui_app.jobs import Cause, Counts, JobState


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A running job, a few times a second.

    Attributes:
        changed: Row ids that changed since the last one, as inclusive spans.
        many: So many changed that they are not listed.
        rows_per_minute: From the last half minute; None before there is one.
        eta_s: Seconds left at that rate; None when not known.
        projected_usd: Cost of the whole run at the present average; None when not known.
        concurrency: Calls the pace allows at once.
        waiting_s: Seconds that sending is still held back, as the provider asked; 0 when it is not.
        slowed: The provider has lately asked to go slower.
        offline_cause: Why the network counts as gone; None while it does not.
        stopped_cause, stopped_detail: Why the job stopped or paused by itself.
        problem: A sentence (catalogue entry, details) about something that holds the job up, such as a full disk.
        unknown_sent: Rows whose earlier request was never answered and that may be paid twice.
        stuck_parts: Parts that are out overnight and cannot be fetched with what is chosen now; `problem` says why.
        upload_bytes, uploaded_bytes: Of the overnight part that is on its way just now; 0 when none is.
    """

    job: str
    state: JobState
    counts: Counts
    changed: tuple[tuple[int, int], ...] = ()
    many: bool = False
    run_rows: int = 0
    run_finished: int = 0
    rows_per_minute: float | None = None
    eta_s: float | None = None
    cost_usd: float = 0.0
    projected_usd: float | None = None
    concurrency: int = 0
    in_flight: int = 0
    waiting_s: float = 0.0
    slowed: bool = False
    offline_cause: Cause | None = None
    stopped_cause: Cause | None = None
    stopped_detail: str = ""
    problem: tuple[str, Mapping[str, Any]] | None = None
    identical_saved: int = 0
    unknown_sent: int = 0
    upload_bytes: int = 0
    uploaded_bytes: int = 0
    stuck_parts: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        counts = self.counts
        return {
            "job": self.job,
            "state": self.state.value,
            "counts": [counts.waiting, counts.running, counts.done, counts.needs_review, counts.failed],
            "changed": [list(span) for span in self.changed],
            "stuck_parts": list(self.stuck_parts),
            "offline_cause": self.offline_cause,
            "stopped_cause": self.stopped_cause,
            "problem": None if self.problem is None else [self.problem[0], dict(self.problem[1])],
            **{name: getattr(self, name) for name in _PLAIN},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> JobProgress:
        """The inverse of `to_dict`."""
        offline, stopped, problem = data["offline_cause"], data["stopped_cause"], data["problem"]
        return cls(
            job=data["job"],
            state=JobState(data["state"]),
            counts=Counts(*data["counts"]),
            changed=tuple((int(first), int(last)) for first, last in data["changed"]),
            stuck_parts=tuple(int(part_id) for part_id in data["stuck_parts"]),
            offline_cause=None if offline is None else Cause(offline),
            stopped_cause=None if stopped is None else Cause(stopped),
            problem=None if problem is None else (str(problem[0]), dict(problem[1])),
            **{name: data[name] for name in _PLAIN},
        )


_PLAIN = (
    "many",
    "run_rows",
    "run_finished",
    "rows_per_minute",
    "eta_s",
    "cost_usd",
    "projected_usd",
    "concurrency",
    "in_flight",
    "waiting_s",
    "slowed",
    "stopped_detail",
    "identical_saved",
    "unknown_sent",
    "upload_bytes",
    "uploaded_bytes",
)


def told(problem: UserError) -> tuple[str, Mapping[str, Any]]:
    """A trouble as `JobProgress.problem` has it."""
    return problem.sentence, problem.details


def spans(row_ids: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Ids as inclusive spans, ascending: {3, 1, 2, 7} gives (1, 3), (7, 7)."""
    out: list[tuple[int, int]] = []
    for row_id in sorted(set(row_ids)):
        if out and row_id == out[-1][1] + 1:
            out[-1] = (out[-1][0], row_id)
        else:
            out.append((row_id, row_id))
    return tuple(out)


@dataclass(slots=True)
class Changed:
    """Collects changed ids between two events, without growing with the job."""

    limit: int = 5_000
    ids: set[int] = field(default_factory=set)
    many: bool = False

    def add(self, row_ids: Iterable[int]) -> None:
        """Note more ids."""
        if not self.many:
            self.ids.update(row_ids)
            if len(self.ids) > self.limit:
                self.many, self.ids = True, set()

    def take(self) -> tuple[tuple[tuple[int, int], ...], bool]:
        """(spans, many) since the last call."""
        taken, many = spans(self.ids), self.many
        self.ids, self.many = set(), False
        return taken, many
