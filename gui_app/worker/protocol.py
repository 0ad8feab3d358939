"""What goes over the pipes: one JSON object a line, in both directions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gui_app import errors
from gui_app.errors import N_, Cancelled, InternalError, RowmillError, UserError
from gui_app.jobs import Account, Cause, Price, Recipe, RunOptions, Scope, Secret
from gui_app.jobs import Lane as Lane

if TYPE_CHECKING:
    from gui_app.store.carried import Carried

LINE_LIMIT_BYTES = 100 * 1024 * 1024
"""A run over a hand-picked selection names its rows."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Everything the worker needs to run a job.

    Attributes:
        key: For the recipe's provider and host; None where none is needed. Travels in the pipe and nowhere else.
        collect: Send nothing: only look after what is out overnight.
        linger: Stay until what is out overnight has come back; otherwise one look, and a later run collects.
    """

    job: str
    recipe: Recipe
    scope: Scope = field(default_factory=Scope)
    options: RunOptions = field(default_factory=RunOptions)
    key: Secret | None = None
    deadline_s: float | None = None
    offline_limit_s: float | None = None
    collect: bool = False
    linger: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As JSON types. Holds the key: for the pipe only."""
        return {
            "job": self.job,
            "recipe": self.recipe.to_json(),
            "scope": self.scope.to_dict(),
            "options": options_to_dict(self.options),
            "key": None if self.key is None else self.key.reveal(),
            "deadline_s": self.deadline_s,
            "offline_limit_s": self.offline_limit_s,
            "collect": self.collect,
            "linger": self.linger,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunOrder:
        """The inverse of `to_dict`."""
        return cls(
            job=data["job"],
            recipe=Recipe.from_json(data["recipe"]),
            scope=Scope.from_dict(data["scope"]),
            options=options_from_dict(data["options"]),
            key=None if data["key"] is None else Secret(data["key"]),
            deadline_s=data["deadline_s"],
            offline_limit_s=data["offline_limit_s"],
            collect=bool(data.get("collect", False)),
            linger=bool(data.get("linger", True)),
        )


@dataclass(frozen=True, slots=True)
class KeyTest:
    """Whether a provider can be used. `models`: how many it offers; `cause` is None when all is well."""

    ok: bool
    cause: Cause | None = None
    detail: str = ""
    models: int = 0


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How far an import or export is.

    Attributes:
        done, total: In rows, or in bytes for text files; `total` None when not known.
        rows: Rows so far.
        ready: The first rows can be read in the job file.
    """

    done: int
    total: int | None
    rows: int
    ready: bool = False


@dataclass(frozen=True, slots=True)
class TaskResult:
    """How an import or export ended.

    Attributes:
        notes: Sentences (catalogue entry, details) worth telling.
        carried: What was found again of a former version of the table; None where none was named.
    """

    rows: int
    notes: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """The worker's process is gone. What was in flight shows as sent, reply unknown, at the next run."""


@dataclass(frozen=True, slots=True)
class JobBroken:
    """A run ended with an error: the job file went bad, was taken by another, or a mistake of ours.

    What was stored before is kept. A `JobProgress` with the state `STOPPED` follows.
    """

    job: str
    error: RowmillError


def options_to_dict(options: RunOptions) -> dict[str, Any]:
    """Run options as JSON types."""
    price = options.price
    return {
        "lane": options.lane.value,
        "concurrency": options.concurrency,
        "budget_usd": options.budget_usd,
        "price": None if price is None else [price.input_usd, price.output_usd],
        "ceiling": options.ceiling,
    }


def options_from_dict(data: Mapping[str, Any]) -> RunOptions:
    """The inverse of `options_to_dict`."""
    price = data.get("price")
    return RunOptions(
        lane=Lane(data["lane"]),
        concurrency=data["concurrency"],
        budget_usd=data["budget_usd"],
        price=None if price is None else Price(*price),
        ceiling=data["ceiling"],
    )


def account_to_dict(account: Account) -> dict[str, Any]:
    """An account as JSON types. Holds the key: for the pipe only."""
    key = None if account.key is None else account.key.reveal()
    return {"provider": account.provider, "base_url": account.base_url, "key": key}


def account_from_dict(data: Mapping[str, Any]) -> Account:
    """The inverse of `account_to_dict`."""
    return Account(data["provider"], data["base_url"], None if data["key"] is None else Secret(data["key"]))


def error_to_dict(error: BaseException) -> dict[str, Any]:
    """An error as JSON types; only its sentence crosses the pipe, never a traceback."""
    from gui_app.providers.base import CallFailed, CannotOpen

    if isinstance(error, CallFailed):
        return {"kind": "CallFailed", "cause": error.cause.value, "sentence": error.detail}
    if isinstance(error, UserError):
        details = {name: _plain(value) for name, value in error.details.items()}
        reason = error.reason.value if isinstance(error, CannotOpen) else None
        # Of a kind that only its own room knows, the nearest one that both sides do.
        named = (kind.__name__ for kind in type(error).__mro__ if hasattr(errors, kind.__name__))
        kind = "CannotOpen" if reason else next(named)
        return {"kind": kind, "sentence": error.sentence, "details": details, "reason": reason}
    if isinstance(error, RowmillError):
        return {"kind": type(error).__name__, "sentence": str(error)[:300]}
    return {"kind": "InternalError", "sentence": type(error).__name__}


def error_from_dict(data: Mapping[str, Any]) -> RowmillError:
    """The error to raise on this side: of the same kind, with the same sentence."""
    from gui_app.providers.base import CallFailed, CannotOpen

    name, sentence = str(data.get("kind", "")), str(data.get("sentence", ""))
    if name == "CallFailed":
        return CallFailed(Cause(data["cause"]), sentence)
    details: Mapping[str, Any] | None = data.get("details")
    if details is None:
        return Cancelled() if name == "Cancelled" else InternalError(sentence)
    if name == "CannotOpen":
        return CannotOpen(Cause(data["reason"]), sentence, **details)
    kind = getattr(errors, name, UserError)
    return kind(sentence, **details) if issubclass(kind, UserError) else UserError(sentence, **details)


def worker_gone() -> UserError:
    """What a command gets when nobody is there to carry it out."""
    return UserError(
        N_(
            "The part of Rowmill that runs jobs has ended unexpectedly. "
            "Press Continue to start it again: nothing is lost."
        )
    )


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)


def dump(message: Mapping[str, Any]) -> bytes:
    """One line. ASCII, so that no half of a character ever goes over a pipe."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def load(line: bytes) -> Mapping[str, Any] | None:
    """The inverse of `dump`. None: this is no message."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
