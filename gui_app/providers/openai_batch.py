"""OpenAI's Batch API (files and batches), and the hosts that copy it."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, Mapping, MutableMapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from gui_app.jobs import Cause, Question, Reply, Secret
from gui_app.keys import origin_of
from gui_app.providers import compatible, openai
from gui_app.providers.base import BatchLimits, BatchPhase, BatchResult, BatchStatus, CallFailed, Uploaded
from gui_app.providers.batch_door import BatchDoor
from gui_app.providers.manners import CommonBody, Form, Manner, Manners
from gui_app.providers.mapping import failure_of_status

MOST_REQUESTS = 50_000
MOST_BYTES = 190_000_000
"""The API takes 200 MB a file."""

RESULTS_KEPT_S = 30 * 86_400.0
MARK = "rowmill"
"""The key of our nonce in a batch's metadata."""

_ENDS = frozenset({"completed", "failed", "expired", "cancelled"})
# Requests that were never run. Nothing is charged for them.
_UNREACHED = frozenset({"batch_expired", "batch_cancelled", "request_cancelled", "request_expired"})
_QUEUE_FULL = frozenset({"token_limit_exceeded", "request_limit_exceeded"})


class OpenAIBatchProvider:
    """`BatchProvider` over `/files` and `/batches`.

    Args:
        chat: Requests are for `/v1/chat/completions` and not for `/v1/responses`.
        marked: Batches carry our nonce as metadata. Where not, a batch is told by the file it was made from.
        memory: What the live provider found out about models; see `catalog.open_provider`.
    """

    uploads = True

    def __init__(
        self,
        base_url: str,
        key: Secret | None,
        *,
        chat: bool,
        marked: bool,
        first_form: Form = Form.SCHEMA,
        memory: MutableMapping[str, str],
        settle_s: float,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.limits = BatchLimits(MOST_REQUESTS, MOST_BYTES, settle_s)
        self._key = key
        self._chat = chat
        self._marked = marked
        self._door = BatchDoor(base_url, key, {"authorization": "Bearer {key}"}, ssl_context=ssl_context)
        place = f"{origin_of(base_url)} {'chat' if chat else 'responses'}"
        self._manners = Manners(memory, place, Manner(form=first_form), tuple(Form), guess=False)
        self._common = CommonBody(compatible.request_body if chat else openai.request_body)

    @property
    def _endpoint(self) -> str:
        return "/v1/chat/completions" if self._chat else "/v1/responses"

    def request(self, question: Question, custom_id: str, prompt: str) -> bytes:
        """See `BatchProvider.request`."""
        manner = self._manners.of(question.model)
        body = dict(self._common.of(question, manner))
        if self._chat:
            body["messages"] = compatible.messages(question, manner, prompt)
        else:
            body["input"] = prompt
        line = {"custom_id": custom_id, "method": "POST", "url": self._endpoint, "body": body}
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")

    async def upload(self, body: BinaryIO, size_bytes: int, nonce: str, on_progress: Uploaded) -> str:
        """See `BatchProvider.upload`."""
        mark = f"rowmill-{nonce}"
        head = (
            f'--{mark}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            f'--{mark}\r\ncontent-disposition: form-data; name="file"; filename="{mark}.jsonl"\r\n'
            "content-type: application/octet-stream\r\n\r\n"
        ).encode()
        data = await self._door.send(
            "/files",
            head,
            body,
            size_bytes,
            f"\r\n--{mark}--\r\n".encode(),
            f"multipart/form-data; boundary={mark}",
            on_progress,
        )
        return _text(data, "id")

    async def create(
        self, file_id: str, body: BinaryIO, size_bytes: int, nonce: str, on_progress: Uploaded
    ) -> BatchStatus:
        """See `BatchProvider.create`."""
        order: dict[str, Any] = {
            "input_file_id": file_id,
            "endpoint": self._endpoint,
            "completion_window": "24h",
        }
        if self._marked:
            order["metadata"] = {MARK: nonce}
        return self._status(await self._door.call("POST", "/batches", order))

    async def status(self, batch_id: str) -> BatchStatus:
        """See `BatchProvider.status`."""
        return self._status(await self._door.call("GET", f"/batches/{quote(batch_id, safe='')}"))

    async def results(self, status: BatchStatus, folder: Path) -> AsyncGenerator[BatchResult, None]:
        """See `BatchProvider.results`: the output file and the error file, whichever there are."""
        for file_id in status.results:
            path = f"/files/{quote(file_id, safe='')}/content"
            # Closed with us, and not whenever it is collected: it holds a file.
            async with aclosing(self._door.lines(path, folder)) as lines:
                async for line in lines:
                    result = self._result(line)
                    if result is not None:
                        yield result

    async def cancel(self, batch_id: str) -> None:
        """See `BatchProvider.cancel`."""
        await self._door.cancel(f"/batches/{quote(batch_id, safe='')}/cancel")

    async def list_recent(self, since: float) -> AsyncGenerator[BatchStatus, None]:
        """See `BatchProvider.list_recent`."""
        after = ""
        while True:
            page = await self._door.call("GET", f"/batches?limit=100{after}")
            found = page.get("data")
            for item in found if isinstance(found, list) else ():
                status = self._status(item)
                if status.created_at is not None and status.created_at < since:
                    return
                yield status
            if page.get("has_more") is not True or not found:
                return
            after = f"&after={quote(_text(found[-1], 'id'), safe='')}"

    async def forget(self, status: BatchStatus) -> None:
        """See `BatchProvider.forget`: the uploaded file holds every prompt."""
        if status.file_id:
            try:
                await self._door.call("DELETE", f"/files/{quote(status.file_id, safe='')}")
            except CallFailed:
                return

    async def close(self) -> None:
        """See `BatchProvider.close`."""
        await self._door.close()

    # -- reading ---------------------------------------------------------------------------------

    def _status(self, data: Mapping[str, Any]) -> BatchStatus:
        word = str(data.get("status") or "")
        counts = data.get("request_counts")
        counts = counts if isinstance(counts, dict) else {}
        phase = BatchPhase.ENDED if word in _ENDS else BatchPhase.WORKING
        if word == "cancelling":
            phase = BatchPhase.CANCELLING
        ended = [at for name in ("completed", "failed", "expired", "cancelled") if (at := _time(data, f"{name}_at"))]
        ended_at = ended[0] if ended and phase is BatchPhase.ENDED else None
        since = ended_at if ended_at is not None else _time(data, "created_at")
        metadata = data.get("metadata")
        files = (data.get("output_file_id"), data.get("error_file_id"))
        return BatchStatus(
            batch_id=_text(data, "id"),
            phase=phase,
            word=word,
            total=_count(counts, "total"),
            done=_count(counts, "completed"),
            failed=_count(counts, "failed"),
            created_at=_time(data, "created_at"),
            expires_at=_time(data, "expires_at"),
            ended_at=ended_at,
            # Counted from the end; before it, from the start: at least so long.
            results_until=None if since is None else since + RESULTS_KEPT_S,
            nonce=str(metadata.get(MARK) or "") if isinstance(metadata, dict) else "",
            file_id=str(data.get("input_file_id") or ""),
            results=tuple(file_id for file_id in files if isinstance(file_id, str) and file_id),
            failure=self._whole_failure(data) if word == "failed" else None,
        )

    def _whole_failure(self, data: Mapping[str, Any]) -> CallFailed:
        errors = data.get("errors")
        listed = errors.get("data") if isinstance(errors, dict) else errors
        first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
        if first.get("code") in _QUEUE_FULL or "enqueued" in str(first.get("message")).lower():
            first = {**first, "code": "rate_limit_exceeded"}
        return failure_of_status(400, {"error": first or {"message": "the batch failed"}}, {}, self._key)

    def _result(self, line: Any) -> BatchResult | None:
        if not isinstance(line, dict) or not isinstance(line.get("custom_id"), str):
            return None
        custom_id, response, error = line["custom_id"], line.get("response"), line.get("error")
        if not isinstance(response, dict):
            code = error.get("code") if isinstance(error, dict) else None
            if code in _UNREACHED:
                return BatchResult(custom_id)
            return BatchResult(custom_id, failure=self._row_failure(500, error))
        body = response.get("body")
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except (ValueError, RecursionError):
                return BatchResult(custom_id, failure=CallFailed(Cause.UNREADABLE, body[:200]))
        status = response.get("status_code")
        if isinstance(status, int) and status >= 300:
            return BatchResult(custom_id, failure=failure_of_status(status, body, {}, self._key))
        try:
            return BatchResult(custom_id, reply=self._reply(body))
        except CallFailed as failure:
            return BatchResult(custom_id, failure=failure)

    def _row_failure(self, status: int, error: Any) -> CallFailed:
        if isinstance(error, dict) and error.get("type") == "invalid_request_error":
            status = 400
        return failure_of_status(status, {"error": error or {"message": "no response"}}, {}, self._key)

    def _reply(self, body: Any) -> Reply:
        if not isinstance(body, dict):
            raise CallFailed(Cause.UNREADABLE, "no answer in the result", status=200)
        return (compatible.reply_of if self._chat else openai.reply_of)(body, {}, self._key)


def _text(data: Any, name: str) -> str:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, str) or not value:
        raise CallFailed(Cause.UNREADABLE, f"no {name} in the reply", status=200)
    return value


def _time(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < 1e11 else None


def _count(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
