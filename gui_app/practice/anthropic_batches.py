"""Anthropic's message batches: made from one JSON body, answered by one file of results."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from aiohttp import web

from gui_app.practice import anthropic_wire
from gui_app.practice.asked import Answered, Asked, Refused, Trouble
from gui_app.practice.batch import Batch, Stage
from gui_app.practice.batch_rows import Breath
from gui_app.practice.batches import Batches
from gui_app.practice.files import download
from gui_app.practice.openai_wire import new_id
from gui_app.practice.replies import broken, json_reply

MOST_REQUESTS = 100_000
LARGEST_BODY = 256 * 1024 * 1024
"""Requests and bytes in one batch, Anthropic's own limits."""

_PIECE = 1 << 18
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OPENING = re.compile(r'\s*\{\s*"requests"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


class AnthropicBatches:
    """The message batches endpoints, and how rows of these batches are read and written.

    Args:
        folder: Where inputs and results lie, by batch id.
    """

    def __init__(self, batches: Batches, folder: Path) -> None:
        self._batches = batches
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Any request below /v1/messages/batches."""
        batch_id, _, rest = request.path.removeprefix("/v1/messages/batches").strip("/").partition("/")
        if request.method == "POST" and not batch_id:
            return await self._create(request)
        if request.method == "GET" and not batch_id:
            return self._list(request)
        batch = self._batches.look(batch_id, "anthropic")
        if batch is None:
            raise Refused(Trouble.NOT_FOUND, f"Message Batch '{batch_id[:80]}' was not found.")
        if request.method == "GET" and not rest:
            return json_reply(_document(batch, request))
        if request.method == "GET" and rest == "results":
            if not batch.ended:
                raise Refused(Trouble.BAD, "The results are there once the batch has ended.")
            cut = self._batches.strikes("cut_downloads")
            return await download(request, self._results(batch), cut=cut)
        if request.method == "POST" and rest == "cancel":
            if batch.ended:
                raise Refused(Trouble.CONFLICT, "A batch that has ended cannot be canceled.")
            self._batches.cancel(batch)
            return json_reply(_document(batch, request))
        if request.method == "DELETE" and not rest:
            if not batch.ended:
                raise Refused(Trouble.CONFLICT, "A batch can be deleted once it has ended. Cancel it first.")
            self._batches.remove(batch)
            return json_reply({"id": batch.id, "type": "message_batch_deleted"})
        raise Refused(Trouble.NOT_FOUND, f"Unknown request URL: {request.method} {request.path[:200]}.")

    async def _create(self, request: web.BaseRequest) -> web.StreamResponse:
        batch_id = new_id("msgbatch_")
        body, source = self._folder / f"{batch_id}.body", self._folder / f"{batch_id}.jsonl"
        try:
            await _save(request, body)
            model, total = await _split(body, source)
        except BaseException:
            source.unlink(missing_ok=True)
            raise
        finally:
            body.unlink(missing_ok=True)
        batch = Batch(
            id=batch_id,
            wire="anthropic",
            endpoint="/v1/messages",
            input=source.relative_to(self._batches.folder).as_posix(),
            created_at=time.time(),
            model=model,
            total=total,
            batching=self._batches.options_as_document(model),
        )
        batch.enter(Stage.IN_PROGRESS)
        self._batches.add(batch)
        return broken(request) if self._batches.strikes("lost_creates") else json_reply(_document(batch, request))

    def _list(self, request: web.BaseRequest) -> web.StreamResponse:
        limit = request.query.get("limit", "20")
        if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
            raise Refused(Trouble.BAD, "limit: must be between 1 and 1000")
        batches, more = self._batches.page("anthropic", request.query.get("after_id", ""), int(limit))
        ids = [batch.id for batch in batches] or [""]
        data = [_document(batch, request) for batch in batches]
        return json_reply({"data": data, "has_more": more, "first_id": ids[0] or None, "last_id": ids[-1] or None})

    def _results(self, batch: Batch) -> Path:
        return self._folder / f"{batch.id}.results.jsonl"

    # As `BatchWire`.

    async def validate(self, batch: Batch, path: Path, breath: Breath) -> list[dict[str, Any]]:
        """As `BatchWire.validate`: all was checked when the batch was made."""
        return []

    def read(self, batch: Batch, item: Mapping[str, Any]) -> Asked:
        """As `BatchWire.read`."""
        return anthropic_wire.read_messages(item["params"])

    def answered(self, item: Mapping[str, Any], asked: Asked, answer: Answered, *, as_string: bool) -> dict[str, Any]:
        """As `BatchWire.answered`. A body as a string is not known here."""
        return _line(item, type="succeeded", message=anthropic_wire.write_message(asked, answer, tier="batch"))

    def errored(self, item: Mapping[str, Any], refused: Refused, *, null: bool) -> dict[str, Any]:
        """As `BatchWire.errored`. There is always an error object."""
        return _line(item, type="errored", error=anthropic_wire.write_error(refused)[1])

    def unreached(self, item: Mapping[str, Any], *, canceled: bool) -> dict[str, Any]:
        """As `BatchWire.unreached`."""
        return _line(item, type="canceled" if canceled else "expired")

    def places(self, batch: Batch) -> tuple[Path, Path]:
        """As `BatchWire.places`: one file for all."""
        return self._results(batch), self._results(batch)

    def publish(self, batch: Batch) -> None:
        """As `BatchWire.publish`. The input is not needed any more."""
        (self._batches.folder / batch.input).unlink(missing_ok=True)

    def drop(self, batch: Batch) -> None:
        """As `BatchWire.drop`."""
        for path in (self._batches.folder / batch.input, self._results(batch)):
            path.unlink(missing_ok=True)


async def _save(request: web.BaseRequest, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        async for piece in request.content.iter_chunked(_PIECE):
            size += len(piece)
            if size > LARGEST_BODY:
                raise Refused(Trouble.TOO_LARGE, "Request exceeds the maximum size")
            file.write(piece)


async def _split(body: Path, lines: Path) -> tuple[str, int]:
    """Write the requests one a line.

    Returns:
        The first one's model, and how many there are.

    Raises:
        Refused: The body is no list of requests, or an id is missing, wrong or used twice.
    """
    breath = Breath()
    ids: set[str] = set()
    model = ""
    try:
        with body.open(encoding="utf-8") as source, lines.open("wb") as target:
            for number, item in enumerate(_requests(source)):
                custom_id = item.get("custom_id") if isinstance(item, dict) else None
                if not isinstance(custom_id, str) or not _CUSTOM_ID.fullmatch(custom_id):
                    pattern = "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"
                    raise Refused(Trouble.BAD, f"requests.{number}.custom_id: {pattern}")
                if custom_id in ids:
                    raise Refused(Trouble.BAD, f"requests.{number}.custom_id: must be unique, '{custom_id}' is not")
                if not isinstance(item.get("params"), dict):
                    raise Refused(Trouble.BAD, f"requests.{number}.params: Field required")
                ids.add(custom_id)
                if len(ids) > MOST_REQUESTS:
                    raise Refused(Trouble.BAD, f"requests: at most {MOST_REQUESTS} are allowed")
                model = model or str(item["params"].get("model", ""))
                target.write(json.dumps(item, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                await breath.take()
    except (UnicodeDecodeError, RecursionError):
        raise Refused(Trouble.BAD, "The request body is not valid JSON.") from None
    if not ids:
        raise Refused(Trouble.BAD, "requests: at least one request is required")
    return model, len(ids)


def _requests(source: TextIO) -> Iterator[Any]:
    """The items of `{"requests": [...]}`, read as they come: the body may have 256 MB."""
    decoder = json.JSONDecoder()
    text = source.read(_PIECE)
    opening = _OPENING.match(text)
    if opening is None:
        raise Refused(Trouble.BAD, "requests: Field required")
    at = opening.end()
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if at < len(text) and text[at] == "]":
            return
        try:
            item, at = decoder.raw_decode(text, at)
        except ValueError:
            # The item may go on in the next piece.
            more = source.read(max(_PIECE, len(text) - at))
            if not more:
                raise Refused(Trouble.BAD, "The request body is not valid JSON.") from None
            text, at = text[at:] + more, 0
            continue
        yield item
        if at > _PIECE:
            text, at = text[at:], 0


def _line(item: Mapping[str, Any], **result: Any) -> dict[str, Any]:
    return {"custom_id": item["custom_id"], "result": result}


def _document(batch: Batch, request: web.BaseRequest) -> dict[str, Any]:
    """A message batch object. Its counts stay 0 until the end, as Anthropic's do."""

    def at(*stages: Stage) -> str | None:
        found = [moment for stage in stages if (moment := batch.since(stage)) is not None]
        return anthropic_wire.moment(found[0]) if found else None

    status = "ended" if batch.ended else "canceling" if batch.stage is Stage.CANCELLING else "in_progress"
    results_url = f"http://{request.host}/v1/messages/batches/{batch.id}/results"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {
            "processing": 0 if batch.ended else batch.total,
            "succeeded": batch.succeeded if batch.ended else 0,
            "errored": batch.errored if batch.ended else 0,
            "canceled": batch.canceled if batch.ended else 0,
            "expired": batch.expired if batch.ended else 0,
        },
        "created_at": anthropic_wire.moment(batch.created_at),
        "expires_at": anthropic_wire.moment(batch.expires_at),
        "ended_at": at(Stage.COMPLETED, Stage.EXPIRED, Stage.CANCELLED),
        "cancel_initiated_at": at(Stage.CANCELLING),
        "archived_at": None,
        "results_url": results_url if batch.ended else None,
    }
