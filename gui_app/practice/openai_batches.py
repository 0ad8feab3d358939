"""OpenAI's batches: made from an uploaded file, answered by an output file and an error file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from gui_app.practice import openai_wire
from gui_app.practice.asked import Answered, Asked, Refused, Trouble
from gui_app.practice.batch import Batch, Stage
from gui_app.practice.batch_rows import Breath
from gui_app.practice.batches import Batches
from gui_app.practice.files import Files
from gui_app.practice.replies import broken, json_reply, read_object

MOST_REQUESTS = 50_000
"""Requests in one batch, OpenAI's own limit."""

_ENDPOINTS = {
    "/v1/chat/completions": (openai_wire.read_chat, openai_wire.write_chat),
    "/v1/responses": (openai_wire.read_responses, openai_wire.write_responses),
}
_MOST_ERRORS = 20


class OpenAIBatches:
    """The batches endpoints, and how rows of these batches are read and written."""

    def __init__(self, batches: Batches, files: Files) -> None:
        self._batches = batches
        self._files = files

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Any request below /v1/batches."""
        batch_id, _, rest = request.path.removeprefix("/v1/batches").strip("/").partition("/")
        if request.method == "POST" and not batch_id:
            return await self._create(request)
        if request.method == "GET" and not batch_id:
            return self._list(request)
        batch = self._batches.look(batch_id, "openai")
        if batch is None:
            raise Refused(Trouble.NOT_FOUND, f"No batch found with id '{batch_id[:80]}'.", param="batch_id")
        if request.method == "GET" and not rest:
            return json_reply(_document(batch))
        if request.method == "POST" and rest == "cancel":
            if batch.stage in (Stage.COMPLETED, Stage.FAILED, Stage.EXPIRED, Stage.FINALIZING):
                raise Refused(Trouble.CONFLICT, f"Cannot cancel a batch with status '{batch.stage}'.")
            self._batches.cancel(batch)
            return json_reply(_document(batch))
        raise Refused(Trouble.NOT_FOUND, f"Unknown request URL: {request.method} {request.path[:200]}.")

    async def _create(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await read_object(request)
        endpoint, file_id = body.get("endpoint"), body.get("input_file_id")
        if endpoint not in _ENDPOINTS:
            raise Refused(Trouble.BAD, f"Invalid 'endpoint'. Supported: {', '.join(_ENDPOINTS)}.", param="endpoint")
        if body.get("completion_window") != "24h":
            raise Refused(Trouble.BAD, "Invalid 'completion_window'. Supported: '24h'.", param="completion_window")
        metadata = body.get("metadata")
        _check_metadata(metadata)
        document = self._files.document(str(file_id))
        if document["purpose"] != "batch":
            raise Refused(Trouble.BAD, "The file's purpose must be 'batch'.", param="input_file_id")
        source = self._files.path(str(file_id))
        batch = Batch(
            id=openai_wire.new_id("batch_"),
            wire="openai",
            endpoint=str(endpoint),
            input=source.relative_to(self._batches.folder).as_posix(),
            input_file_id=str(file_id),
            created_at=time.time(),
            metadata=metadata,
            batching=self._batches.options_as_document(_first_model(source)),
            output_file_id=openai_wire.new_id("file-"),
            error_file_id=openai_wire.new_id("file-"),
        )
        self._batches.add(batch)
        return broken(request) if self._batches.strikes("lost_creates") else json_reply(_document(batch))

    def _list(self, request: web.BaseRequest) -> web.StreamResponse:
        limit = request.query.get("limit", "20")
        if not limit.isdecimal() or not 1 <= int(limit) <= 100:
            raise Refused(Trouble.BAD, "'limit' must be between 1 and 100.", param="limit")
        batches, more = self._batches.page("openai", request.query.get("after", ""), int(limit))
        ids = [batch.id for batch in batches] or [""]
        return json_reply(
            {
                "object": "list",
                "data": [_document(batch) for batch in batches],
                "first_id": ids[0] or None,
                "last_id": ids[-1] or None,
                "has_more": more,
            }
        )

    # As `BatchWire`.

    async def validate(self, batch: Batch, path: Path, breath: Breath) -> list[dict[str, Any]]:
        """As `BatchWire.validate`."""
        check = _Check(batch)
        try:
            with path.open("rb") as source:
                for number, line in enumerate(source, start=1):
                    check.line(number, line)
                    await breath.take()
                    if len(check.errors) >= _MOST_ERRORS:
                        break
        except FileNotFoundError:
            return [_error("invalid_input_file", "The input file is gone.")]
        batch.total, batch.model, batch.waiting_tokens = check.total, check.model, check.tokens
        if not check.total and not check.errors:
            check.errors.append(_error("empty_file", "The input file is empty. It must hold at least one request."))
        return check.errors

    def read(self, batch: Batch, item: Mapping[str, Any]) -> Asked:
        """As `BatchWire.read`."""
        return _ENDPOINTS[batch.endpoint][0](item["body"])

    def answered(self, item: Mapping[str, Any], asked: Asked, answer: Answered, *, as_string: bool) -> dict[str, Any]:
        """As `BatchWire.answered`."""
        body: Any = _ENDPOINTS[str(item["url"])][1](asked, answer)
        return _line(item, 200, json.dumps(body, ensure_ascii=False) if as_string else body)

    def errored(self, item: Mapping[str, Any], refused: Refused, *, null: bool) -> dict[str, Any]:
        """As `BatchWire.errored`."""
        status, body, _ = openai_wire.write_error(refused)
        if not null:
            return _line(item, status, body)
        return _line(item, None, {"code": "server_error", "message": refused.message})

    def unreached(self, item: Mapping[str, Any], *, canceled: bool) -> dict[str, Any]:
        """As `BatchWire.unreached`."""
        if canceled:
            return _line(item, None, {"code": "batch_cancelled", "message": "This request was cancelled."})
        message = "This request could not be executed before the completion window expired."
        return _line(item, None, {"code": "batch_expired", "message": message})

    def places(self, batch: Batch) -> tuple[Path, Path]:
        """As `BatchWire.places`."""
        return self._files.path(batch.output_file_id), self._files.path(batch.error_file_id)

    def publish(self, batch: Batch) -> None:
        """As `BatchWire.publish`."""
        if not self._files.publish(batch.output_file_id, f"{batch.id}_output.jsonl"):
            batch.output_file_id = ""
        if not self._files.publish(batch.error_file_id, f"{batch.id}_error.jsonl"):
            batch.error_file_id = ""

    def drop(self, batch: Batch) -> None:
        """As `BatchWire.drop`: its files are files in their own right."""


class _Check:
    """Checks the lines of an input file as OpenAI does before it starts a batch."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._ids: set[str] = set()
        self.errors: list[dict[str, Any]] = []
        self.total = 0
        self.tokens = 0
        self.model = ""

    def line(self, number: int, line: bytes) -> None:
        """Check one line."""
        if not line.strip():
            return
        self.total += 1
        self.tokens += len(line) // 4
        problem = self._problem(line)
        if problem is not None:
            self.errors.append(_error(*problem, line=number))
        elif self.total > MOST_REQUESTS:
            self.errors.append(_error("too_many_tasks", f"A batch has at most {MOST_REQUESTS} requests.", line=number))

    def _problem(self, line: bytes) -> tuple[str, str] | None:
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            return "invalid_json_line", "This line is not parseable as valid JSON."
        if not isinstance(item, dict) or not isinstance(item.get("custom_id"), str) or not item["custom_id"]:
            return "missing_required_parameter", "Missing required parameter: 'custom_id'."
        if item["custom_id"] in self._ids:
            return "duplicate_custom_id", f"The custom_id '{item['custom_id'][:64]}' is used more than once."
        self._ids.add(item["custom_id"])
        if item.get("method") != "POST":
            return "invalid_method", "The method must be POST."
        if item.get("url") != self._batch.endpoint:
            return "invalid_url", f"The URL must be the batch's endpoint, {self._batch.endpoint}."
        body = item.get("body")
        if not isinstance(body, dict) or not isinstance(body.get("model"), str):
            return "missing_required_parameter", "Missing required parameter: 'body.model'."
        self.model = self.model or body["model"]
        if body["model"] != self.model:
            return "mismatched_model", "All requests of a batch must be for the same model."
        return None


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict) or len(metadata) > 16:
        raise Refused(Trouble.BAD, "'metadata' holds at most 16 pairs.", param="metadata")
    for key, value in metadata.items():
        if len(key) > 64 or not isinstance(value, str) or len(value) > 512:
            message = "'metadata' keys have at most 64 characters, and values are texts of at most 512."
            raise Refused(Trouble.BAD, message, param="metadata")


def _first_model(path: Path) -> str:
    """The model of the first request, which decides how the batch goes; "" when it cannot be told."""
    try:
        with path.open("rb") as source:
            return str(json.loads(source.readline())["body"]["model"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _error(code: str, message: str, line: int | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}


def _line(item: Mapping[str, Any], status: int | None, body: Any) -> dict[str, Any]:
    """A line of an output or error file; without a status its body is the error and the response null."""
    response = (
        None if status is None else {"status_code": status, "request_id": openai_wire.new_id("req_"), "body": body}
    )
    return {
        "id": openai_wire.new_id("batch_req_"),
        "custom_id": item["custom_id"],
        "response": response,
        "error": body if status is None else None,
    }


def _document(batch: Batch) -> dict[str, Any]:
    """A batch object."""

    def at(stage: Stage) -> int | None:
        moment = batch.since(stage)
        return None if moment is None else int(moment)

    shown = batch.stage in (Stage.COMPLETED, Stage.EXPIRED, Stage.CANCELLED)
    answer = Answered("", batch.input_tokens, batch.output_tokens)
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "model": batch.model or None,
        "errors": {"object": "list", "data": batch.errors} if batch.errors else None,
        "input_file_id": batch.input_file_id,
        "completion_window": "24h",
        "status": batch.stage.value,
        "output_file_id": (batch.output_file_id or None) if shown else None,
        "error_file_id": (batch.error_file_id or None) if shown else None,
        "created_at": int(batch.created_at),
        "in_progress_at": at(Stage.IN_PROGRESS),
        "expires_at": int(batch.expires_at),
        "finalizing_at": at(Stage.FINALIZING),
        "completed_at": at(Stage.COMPLETED),
        "failed_at": at(Stage.FAILED),
        "expired_at": at(Stage.EXPIRED),
        "cancelling_at": at(Stage.CANCELLING),
        "cancelled_at": at(Stage.CANCELLED),
        "request_counts": {"total": batch.total, "completed": batch.succeeded, "failed": batch.errored},
        "usage": openai_wire.usage(answer),
        "metadata": batch.metadata,
    }
