"""What an overnight run says of itself while it goes: where it stands, what holds it up, which rows have changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gui_app.engine.batches.lookout import Problem
from gui_app.engine.batches.part_source import PartSource
from gui_app.engine.events import Changed, JobProgress, told
from gui_app.errors import StorageError
from gui_app.jobs import Cause, JobState
from gui_app.store.outcomes import Outcome


class Telling:
    """Collects what there is to tell; the run's ticker tells it a few times a second.

    Attributes:
        state: The job's.
        stopped: Why it was paused or stopped; (None, "") when nothing is wrong.
        problem: What keeps the run as a whole from going on just now.
        stuck: What keeps single parts from being looked at, by their ids.
        offline: The network is gone, for this cause.
        blocked: Why the next part is not sent yet.
        unknown_sent: Rows that were sent by an owner who died, and never answered.
    """

    def __init__(self, path: Path, on_progress: Callable[[JobProgress], None], state: JobState) -> None:
        self._path = path
        self._on_progress = on_progress
        self._dirty = True
        self._upload = (0, 0)
        self.state = state
        self.stopped: tuple[Cause | None, str] = (None, "")
        self.problem: Problem | None = None
        self.stuck: dict[int, Problem] = {}
        self.offline: Cause | None = None
        self.blocked: Cause | None = None
        self.changed = Changed()
        self.unknown_sent = 0

    def soon(self) -> None:
        """Something is different; tell it with the next tick."""
        self._dirty = True

    def all_is_well(self) -> None:
        """What kept the run from going on is over."""
        self.problem = self.offline = None

    def storage(self, problem: StorageError) -> None:
        """Nothing can be stored just now."""
        self.problem = told(problem)
        self.soon()

    def uploaded(self, sent_bytes: int, of_bytes: int) -> None:
        """How far an upload is."""
        self._upload = (sent_bytes, of_bytes)
        self.soon()

    def upload_over(self) -> None:
        """None is under way any more."""
        self._upload = (0, 0)
        self.soon()

    def committed(self, outcomes: Sequence[Outcome], others: Sequence[int]) -> None:
        """Rows have their results, and identical ones with them."""
        self.changed.add(outcome.row_id for outcome in outcomes)
        self.changed.add(others)
        self.soon()

    def tell_if_changed(self, source: PartSource) -> None:
        """Tell it where there is anything new."""
        if self._dirty:
            self._dirty = False
            self.tell(source)

    def tell(self, source: PartSource) -> JobProgress:
        """Tell it now. Returns what was told."""
        progress = self._progress(source)
        self._on_progress(progress)
        return progress

    def _progress(self, source: PartSource) -> JobProgress:
        changed, many = self.changed.take()
        standing = source.standing
        behind = source.not_copied_back
        not_in_folder = None if behind is None else told(behind)
        return JobProgress(
            job=str(self._path),
            state=self.state,
            counts=standing.counts,
            changed=changed,
            many=many,
            run_rows=standing.run_rows,
            run_finished=standing.run_finished,
            cost_usd=standing.spent_usd,
            offline_cause=self.offline,
            stopped_cause=self.stopped[0],
            stopped_detail=self.stopped[1],
            slowed=self.blocked is Cause.RATE_LIMIT,
            problem=self.problem or next(iter(self.stuck.values()), None) or not_in_folder,
            stuck_parts=tuple(self.stuck),
            unknown_sent=self.unknown_sent,
            uploaded_bytes=self._upload[0],
            upload_bytes=self._upload[1],
        )
