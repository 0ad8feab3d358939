"""The two protocols a provider fulfils, and the one error its calls raise."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from gui_app.errors import N_, UserError
from gui_app.jobs import Cause, Question, RateLimits, Reply, Usage


class CallFailed(UserError):
    """A call that brought no reply, mapped to its cause at the border.

    Attributes:
        detail: What the server said, made plain and cut to 300 characters; "" when nothing. Holds no key.
        retry_after_s: How long the server asked to wait; None when it did not. Not capped here.
        limits: What its headers said.
        usage: What the failed call is known to have cost; None when not said.
        status: The HTTP status; None when there was none.
        line_dead: The network took the connection along after the request went out: it may be paid for.
        cut_off: A reply had begun to come, and its end did not: it may be paid for.
    """

    def __init__(
        self,
        cause: Cause,
        detail: str = "",
        *,
        retry_after_s: float | None = None,
        limits: RateLimits | None = None,
        usage: Usage | None = None,
        status: int | None = None,
        line_dead: bool = False,
        cut_off: bool = False,
    ) -> None:
        super().__init__(N_("The call failed: {cause}. {detail}"), cause=cause.value, detail=detail)
        self.cause = cause
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.limits = limits
        self.usage = usage
        self.status = status
        self.line_dead = line_dead
        self.cut_off = cut_off

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.cause, self.detail))


class CannotOpen(UserError):
    """A provider that cannot even be asked. Nothing was sent; the sentence says why and what to do.

    Attributes:
        reason: HOST_REFUSED or KEY_REFUSED, for a job that has to stop with a cause.
    """

    def __init__(self, reason: Cause, sentence: str, **details: object) -> None:
        super().__init__(sentence, **details)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return (_reopened, (self.reason, self.sentence, self.details))


def _reopened(reason: Cause, sentence: str, details: dict[str, object]) -> CannotOpen:
    return CannotOpen(reason, sentence, **details)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model a provider offers.

    Attributes:
        retires_on: ISO date, where the API tells; None when not said.
    """

    id: str
    name: str = ""
    retires_on: str | None = None


class LiveProvider(Protocol):
    """Live calls. One instance a key and host; safe for many calls at once on one event loop."""

    suggested_concurrency: int
    """Where "Automatic" starts."""

    async def ask(self, question: Question, prompt: str) -> Reply:
        """Send one prompt and return its reply. Never retries; never waits for a limit.

        Raises:
            CallFailed: With its cause. Nothing else but CancelledError leaves this method.
        """
        ...

    async def list_models(self) -> list[ModelInfo]:
        """The models on offer, as the provider orders them.

        Raises:
            CallFailed: As `ask`.
        """
        ...

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        ...


class NotSent(CallFailed):
    """A call of which nothing can have arrived: no connection was made. Safe to make again."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What one batch may hold, and how its requests are put together.

    Attributes:
        requests, size_bytes: At most so many, the frame included.
        settle_s: A batch that is in no list so long after its request was last on the way was never made.
        frame: What stands before, between and after the requests of one body.
    """

    requests: int
    size_bytes: int
    settle_s: float
    frame: tuple[bytes, bytes, bytes] = (b"", b"\n", b"\n")


class BatchPhase(StrEnum):
    """Where a batch stands. "cancelling" is not an end: what is finished by then still comes back and is charged."""

    WORKING = "working"
    CANCELLING = "cancelling"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """A batch as its provider tells it. Times are seconds since the epoch; None: not said.

    Attributes:
        word: The provider's own word for where it stands.
        done, failed: Requests with and without an answer so far; Anthropic tells them only at the end.
        expires_at: What is not done by then will not be.
        results_until: What is not fetched by then is gone.
        nonce: Our mark, where the provider keeps one; "" otherwise.
        file_id: The uploaded file it was made from; "" where there is none.
        results: The files its results lie in, where there are such.
        failure: Why the batch as a whole was refused after it was made; None when it was not.
    """

    batch_id: str
    phase: BatchPhase
    word: str
    total: int = 0
    done: int = 0
    failed: int = 0
    created_at: float | None = None
    expires_at: float | None = None
    ended_at: float | None = None
    results_until: float | None = None
    nonce: str = ""
    file_id: str = ""
    results: tuple[str, ...] = ()
    failure: CallFailed | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of one request. With neither reply nor failure it was not reached, and nothing is charged for it."""

    custom_id: str
    reply: Reply | None = None
    failure: CallFailed | None = None


Uploaded = Callable[[int], None]
"""Told how many bytes are on the way so far, each before it goes."""


class BatchProvider(Protocol):
    """A provider's Batch API. One instance a key and host, on one event loop. Every method raises only CallFailed.

    A batch is made in two steps: `upload`, which runs nothing and may be made again at will, and `create`, which
    starts it. Who calls `create` writes down before that he will, and the batch's id right after.
    """

    limits: BatchLimits
    uploads: bool
    """False where `create` takes the body itself, and `upload` does nothing."""

    def request(self, question: Question, custom_id: str, prompt: str) -> bytes:
        """One request as it stands in the body."""
        ...

    async def upload(self, body: BinaryIO, size_bytes: int, nonce: str, on_progress: Uploaded) -> str:
        """Bring a body to the provider, streamed. Returns the file's id; "" where there is none."""
        ...

    async def create(
        self, file_id: str, body: BinaryIO, size_bytes: int, nonce: str, on_progress: Uploaded
    ) -> BatchStatus:
        """Start a batch, marked with our nonce where the provider keeps marks.

        Raises:
            NotSent: Nothing has arrived.
            CallFailed: With a `status` of 400 to 499 it was refused. Otherwise it may have been made all the same.
        """
        ...

    async def status(self, batch_id: str) -> BatchStatus:
        """Where a batch stands. A 404 right after `create` is no loss."""
        ...

    def results(self, status: BatchStatus, folder: Path) -> AsyncGenerator[BatchResult, None]:
        """All results of a batch that has ended, in any order, ids unknown and repeated included.

        Args:
            folder: Where they may lie meanwhile, in a file that vanishes by itself.

        Raises:
            CallFailed: They were not read to their end; read them again from the start.
        """
        ...

    async def cancel(self, batch_id: str) -> None:
        """Ask for a batch to be ended. Harmless when it has ended."""
        ...

    def list_recent(self, since: float) -> AsyncGenerator[BatchStatus, None]:
        """The account's batches made since then, newest first."""
        ...

    async def forget(self, status: BatchStatus) -> None:
        """Remove what was uploaded for a batch that is collected. Failing is harmless and not told."""
        ...

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        ...
