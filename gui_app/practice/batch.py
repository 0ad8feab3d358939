"""One batch as it is remembered: where it stands, when it got there, what came of its rows."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from gui_app.practice.faults import Batching


class Stage(StrEnum):
    """Where a batch stands; OpenAI's words, to which Anthropic's three are mapped."""

    VALIDATING = "validating"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


ENDS = frozenset({Stage.FAILED, Stage.COMPLETED, Stage.EXPIRED, Stage.CANCELLED})


@dataclass
class Batch:
    """One batch. Kept as JSON in the state; its rows lie in files.

    Attributes:
        wire: "openai" or "anthropic".
        input: The file of its requests, one JSON object a line, below the server's folder.
        entered: When it entered each stage, Unix seconds.
        done: Rows that were worked on, whatever came of them.
        stopped_at_row: How many rows it may still reach after it was told to stop; None while it runs on.
    """

    id: str
    wire: str
    endpoint: str
    input: str
    created_at: float
    batching: dict[str, Any]
    model: str = ""
    input_file_id: str = ""
    metadata: dict[str, str] | None = None
    stage: Stage = Stage.VALIDATING
    entered: dict[str, float] = field(default_factory=dict)
    total: int = 0
    done: int = 0
    stopped_at_row: int | None = None
    succeeded: int = 0
    errored: int = 0
    expired: int = 0
    canceled: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    waiting_tokens: int = 0
    output_file_id: str = ""
    error_file_id: str = ""
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Nothing about it will change any more."""
        return self.stage in ENDS

    @property
    def options(self) -> Batching:
        """How it goes: fixed when it was made."""
        return Batching(**self.batching)

    @property
    def expires_at(self) -> float:
        """When what is not done expires."""
        return self.created_at + self.options.window_s

    @property
    def duration_s(self) -> float:
        """How long its work takes from when it was made."""
        return self.options.seconds + self.options.per_thousand_s * self.total / 1000

    def enter(self, stage: Stage) -> None:
        """Move on to a stage."""
        self.stage = stage
        self.entered.setdefault(stage.value, time.time())

    def since(self, stage: Stage) -> float | None:
        """When it entered a stage; None when it never did."""
        return self.entered.get(stage.value)

    def start_over(self) -> None:
        """Forget what came of its rows: they are worked on again, with the same results."""
        self.done = self.succeeded = self.errored = self.expired = self.canceled = 0
        self.input_tokens = self.output_tokens = 0

    def to_document(self) -> dict[str, Any]:
        """As JSON types, for the state."""
        return {**asdict(self), "stage": self.stage.value, "ended": int(self.ended)}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Batch:
        """The inverse of `to_document`."""
        names = {field.name for field in fields(cls)}
        batch = cls(**{name: value for name, value in document.items() if name in names})
        batch.stage = Stage(document["stage"])
        return batch
