"""What goes over the pipes: one JSON object a line, in both directions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gui_app import errors
from gui_app.errors import N_, InternalError, RowmillError, UserError
from gui_app.jobs import Account, Cause, Price, Recipe, RunOptions, Scope, Secret
from gui_app.jobs import Lane as Lane

LINE_LIMIT_BYTES = 64 * 1024 * 1024
"""A run over a hand-picked selection names its rows."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Everything the worker needs to run a job.

    Attributes:
        key: For the recipe's provider and host; None where none is needed. Travels in the pipe and nowhere else.
    """

    job: str
    recipe: Recipe
    scope: Scope = field(default_factory=Scope)
    options: RunOptions = field(default_factory=RunOptions)
    key: Secret | None = None
    deadline_s: float | None = None
    offline_limit_s: float | None = None

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
    """How an import or export ended. `notes`: sentences (catalogue entry, details) worth telling."""

    rows: int
    notes: tuple[tuple[str, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """The worker's process is gone. What was in flight shows as sent, reply unknown, at the next run."""


def options_to_dict(options: RunOptions) -> dict[str, Any]:
    """Run options as JSON types."""
    price = options.price
    return {
        "lane": options.lane.value,
        "concurrency": options.concurrency,
        "budget_usd": options.budget_usd,
        "price": None if price is None else [price.input_usd, price.output_usd],
    }


def options_from_dict(data: Mapping[str, Any]) -> RunOptions:
    """The inverse of `options_to_dict`."""
    price = data.get("price")
    return RunOptions(
        lane=Lane(data["lane"]),
        concurrency=data["concurrency"],
        budget_usd=data["budget_usd"],
        price=None if price is None else Price(*price),
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
    if isinstance(error, UserError):
        details = {name: _plain(value) for name, value in error.details.items()}
        return {"kind": type(error).__name__, "sentence": error.sentence, "details": details}
    if isinstance(error, RowmillError):
        return {"kind": type(error).__name__, "sentence": str(error)[:300], "details": {}}
    return {"kind": "InternalError", "sentence": type(error).__name__, "details": {}}


def error_from_dict(data: Mapping[str, Any]) -> RowmillError:
    """The error to raise on this side."""
    kind = getattr(errors, str(data.get("kind")), None)
    if isinstance(kind, type) and issubclass(kind, UserError):
        return kind(str(data["sentence"]), **data["details"])
    if isinstance(kind, type) and issubclass(kind, RowmillError):
        return kind(str(data["sentence"]))
    if data.get("details"):
        return UserError(str(data["sentence"]), **data["details"])
    return InternalError(str(data.get("sentence", "")))


def worker_gone() -> UserError:
    """What a command gets when nobody is there to carry it out."""
    return UserError(
        N_("The part of Rowmill that runs jobs has ended unexpectedly. Press Continue to start it again: nothing is lost.")
    )


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)


def dump(message: Mapping[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
