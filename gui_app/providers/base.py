"""The two protocols a provider fulfils, and the one error its calls raise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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
    ) -> None:
        super().__init__(N_("The call failed: {cause}. {detail}"), cause=cause.value, detail=detail)
        self.cause = cause
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.limits = limits
        self.usage = usage
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        return (CallFailed, (self.cause, self.detail))


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
    """Where "Automatic" starts and the ceiling it is given unless the user sets one."""

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
