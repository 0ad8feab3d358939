"""The rows of a batch: what comes of each, and the lines that tell it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from gui_app.practice import openai_wire
from gui_app.practice.answering import Answering
from gui_app.practice.asked import Answered, Asked, Refused, Trouble, prompt_hash
from gui_app.practice.batch import Batch
from gui_app.practice.faults import Fate
from gui_app.practice.state import Entry, State

_TURN_S = 0.005
# The row shares of `Batching`; a row meets at most one.
_SHARES = ("errored", "null_response", "expired", "missing", "duplicated", "string_body")
_UNANSWERED = frozenset({"errored", "null_response", "expired", "missing"})


class BatchWire(Protocol):
    """What differs between the providers' batches."""

    async def validate(self, batch: Batch, path: Path, breath: Breath) -> list[dict[str, Any]]:
        """Check the input and set the batch's model, total and waiting tokens.

        Returns:
            What is wrong with it, in OpenAI's form; [] when it can be worked on.
        """
        ...

    def read(self, batch: Batch, item: Mapping[str, Any]) -> Asked:
        """What one line of the input asks. Raises Refused when it cannot be read."""
        ...

    def answered(self, item: Mapping[str, Any], asked: Asked, answer: Answered, *, as_string: bool) -> dict[str, Any]:
        """A line for an answer."""
        ...

    def errored(self, item: Mapping[str, Any], refused: Refused, *, null: bool) -> dict[str, Any]:
        """A line for an error; `null`: without a response."""
        ...

    def unreached(self, item: Mapping[str, Any], *, canceled: bool) -> dict[str, Any]:
        """A line for a row that was not reached before the batch was cancelled or expired."""
        ...

    def places(self, batch: Batch) -> tuple[Path, Path]:
        """Where lines of answers and lines of errors go; the same path twice for one file."""
        ...

    def publish(self, batch: Batch) -> None:
        """The files are complete: make them known."""
        ...

    def drop(self, batch: Batch) -> None:
        """Remove the files of a batch that is forgotten."""
        ...


class Breath:
    """Lets the loop serve others after each few milliseconds of work."""

    def __init__(self) -> None:
        self._until = time.monotonic() + _TURN_S

    async def take(self) -> None:
        """Call it after each small piece of work."""
        if time.monotonic() >= self._until:
            await asyncio.sleep(0)
            self._until = time.monotonic() + _TURN_S


class Rows:
    """Works on the rows of one batch and writes their lines.

    Args:
        good, bad: Where lines of answers and lines of errors go; the same file twice for one.
        keep_prompts: The journal holds the prompts of rows.
    """

    def __init__(
        self,
        batch: Batch,
        wire: BatchWire,
        answering: Answering,
        state: State,
        good: BinaryIO,
        bad: BinaryIO,
        *,
        seed: int,
        keep_prompts: bool,
    ) -> None:
        self._batch = batch
        self._wire = wire
        self._answering = answering
        self._state = state
        self._good = good
        self._bad = bad
        self._seed = seed
        self._keep_prompts = keep_prompts

    def work(self, item: dict[str, Any]) -> bool:
        """Work on one row. False when it is to expire."""
        batch, wire = self._batch, self._wire
        asked, met = None, ""
        try:
            asked = wire.read(batch, item)
            met = self._met(asked)
            if met == "expired":
                return False
            if met in ("errored", "null_response"):
                raise Refused(Trouble.SERVER, "The server had an error on purpose. Try again.")
            outcome = self._answering.in_batch(asked)
            if outcome.answer is None:
                raise outcome.refused or Refused(Trouble.SERVER, "The server had an error.")
        except Refused as refused:
            batch.errored += 1
            status = openai_wire.write_error(refused)[0]
            self._note(item, status, asked, Fate.FAILING if met else Fate.NONE)
            _write(self._bad, wire.errored(item, refused, null=met == "null_response"))
            return True
        self._note(item, 200, asked, outcome.fate)
        batch.succeeded += 1
        batch.input_tokens += outcome.answer.input_tokens
        batch.output_tokens += outcome.answer.output_tokens
        line = wire.answered(item, asked, outcome.answer, as_string=met == "string_body")
        for _ in range({"missing": 0, "duplicated": 2}.get(met, 1)):
            _write(self._good, line)
        return True

    def unreached(self, item: dict[str, Any], *, canceled: bool) -> None:
        """A row that was cancelled or expired."""
        if canceled:
            self._batch.canceled += 1
        else:
            self._batch.expired += 1
        if not (canceled and self._batch.options.silent_cancel and self._batch.wire == "openai"):
            _write(self._bad, self._wire.unreached(item, canceled=canceled))

    def unknown(self, item: dict[str, Any], number: int) -> None:
        """A line with an id nobody sent."""
        stranger = {**item, "custom_id": f"stranger-{number}"}
        asked = self._wire.read(self._batch, item)
        _write(self._good, self._wire.answered(stranger, asked, Answered("{}", 1, 1), as_string=False))

    def _note(self, item: Mapping[str, Any], status: int, asked: Asked | None, fate: Fate) -> None:
        self._state.note(
            Entry(
                at=time.time(),
                endpoint="batch",
                model=self._batch.model,
                prompt_hash="" if asked is None else prompt_hash(asked.prompt),
                prompt=asked.prompt if asked is not None and self._keep_prompts else "",
                custom_id=str(item["custom_id"]),
                batch_id=self._batch.id,
                status=status,
                fate=fate.value,
            )
        )

    def _met(self, asked: Asked) -> str:
        """Which of the row shares of `Batching` strikes a row; "" for none."""
        met = self._share(asked.prompt)
        if met not in _UNANSWERED:
            return met
        # As with the passing faults of live calls: what failed in one batch is answered in a later one.
        attempts = self._state.attempts
        key = f"batch/{asked.model}/{prompt_hash(asked.prompt)}"
        if attempts.failures(key) >= self._batch.batching["times"]:
            attempts.answered(key)
            return ""
        attempts.failed(key)
        return met

    def _share(self, prompt: str) -> str:
        options = self._batch.batching
        if not any(options[name] for name in _SHARES):
            return ""
        text = f"{self._seed}\nbatch\n{prompt}".encode("utf-8", "surrogatepass")
        point = int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / 2**48
        for name in _SHARES:
            if point < options[name]:
                return name
            point -= options[name]
        return ""


def _write(file: BinaryIO, line: dict[str, Any]) -> None:
    file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")


def item_at(source: BinaryIO, offset: int) -> dict[str, Any]:
    """The line that begins there."""
    source.seek(offset)
    item: dict[str, Any] = json.loads(source.readline())
    return item


async def lines_of(source: BinaryIO) -> array[int]:
    """Where each line that is not blank begins: 8 bytes a row is all that is held in memory."""
    breath = Breath()
    offsets = array("Q")
    at = 0
    for line in source:
        if line.strip():
            offsets.append(at)
        at += len(line)
        await breath.take()
    return offsets
