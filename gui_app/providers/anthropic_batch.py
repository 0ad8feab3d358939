"""Anthropic's message batches."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, Mapping, MutableMapping
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from gui_app.jobs import Cause, Question, Secret
from gui_app.keys import origin_of
from gui_app.providers import anthropic
from gui_app.providers.base import BatchLimits, BatchPhase, BatchResult, BatchStatus, CallFailed, Uploaded
from gui_app.providers.batch_door import BatchDoor
from gui_app.providers.manners import CommonBody, Form, Manner, Manners
from gui_app.providers.mapping import failure_of_status

MOST_REQUESTS = 100_000
MOST_BYTES = 16_000_000
"""The API takes 256 MB, but as one JSON body: what is cut off on the way has to be sent again as a whole."""

API_VERSION = "2026-10-21"
"""As the SDK sends it with live calls; a test holds the two together."""

RESULTS_KEPT_S = 29 * 86_400.0

_PATH = "/v1/messages/batches"
_PHASES = {"canceling": BatchPhase.CANCELLING, "ended": BatchPhase.ENDED}
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class AnthropicBatchProvider:
    """`BatchProvider` over `/v1/messages/batches`.

    The API keeps no mark of ours: a batch whose id was never received is told by the ids of its requests, which it
    shows only once it has ended.
    """

    uploads = False

    def __init__(
        self,
        base_url: str,
        key: Secret | None,
        *,
        memory: MutableMapping[str, str],
        settle_s: float,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.limits = BatchLimits(MOST_REQUESTS, MOST_BYTES, settle_s, (b'{"requests":[', b",", b"]}"))
        self._key = key
        headers = {**anthropic.key_headers(base_url, "{key}"), "anthropic-version": API_VERSION}
        self._door = BatchDoor(base_url, key, headers, ssl_context=ssl_context)
        place = f"{origin_of(base_url)} messages"
        self._manners = Manners(memory, place, Manner(), (Form.SCHEMA, Form.TEXT), guess=False)
        self._common = CommonBody(anthropic.request_body)

    def request(self, question: Question, custom_id: str, prompt: str) -> bytes:
        """See `BatchProvider.request`."""
        common = self._common.of(question, self._manners.of(question.model))
        params = {**common, "messages": [{"role": "user", "content": prompt}]}
        item = {"custom_id": custom_id, "params": params}
        return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")

    async def upload(self, body: BinaryIO, size_bytes: int, nonce: str, on_progress: Uploaded) -> str:
        """See `BatchProvider.upload`: nothing to do here."""
        return ""

    async def create(
        self, file_id: str, body: BinaryIO, size_bytes: int, nonce: str, on_progress: Uploaded
    ) -> BatchStatus:
        """See `BatchProvider.create`."""
        return self._status(await self._door.send(_PATH, b"", body, size_bytes, b"", "application/json", on_progress))

    async def status(self, batch_id: str) -> BatchStatus:
        """See `BatchProvider.status`."""
        return self._status(await self._door.call("GET", f"{_PATH}/{quote(batch_id, safe='')}"))

    async def results(self, status: BatchStatus, folder: Path) -> AsyncGenerator[BatchResult, None]:
        """See `BatchProvider.results`. The address told by the batch is not used: it may be another host's."""
        path = f"{_PATH}/{quote(status.batch_id, safe='')}/results"
        # Closed with us, and not whenever it is collected: it holds a file.
        async with aclosing(self._door.lines(path, folder)) as lines:
            async for line in lines:
                result = self._result(line)
                if result is not None:
                    yield result

    async def cancel(self, batch_id: str) -> None:
        """See `BatchProvider.cancel`."""
        await self._door.cancel(f"{_PATH}/{quote(batch_id, safe='')}/cancel")

    async def list_recent(self, since: float) -> AsyncGenerator[BatchStatus, None]:
        """See `BatchProvider.list_recent`."""
        after = ""
        while True:
            page = await self._door.call("GET", f"{_PATH}?limit=100{after}")
            found, last = page.get("data"), page.get("last_id")
            for item in found if isinstance(found, list) else ():
                status = self._status(item)
                if status.created_at is not None and status.created_at < since:
                    return
                yield status
            if page.get("has_more") is not True or not isinstance(last, str):
                return
            after = f"&after_id={quote(last, safe='')}"

    async def forget(self, status: BatchStatus) -> None:
        """See `BatchProvider.forget`: there is no upload to remove, and the results vanish by themselves."""

    async def close(self) -> None:
        """See `BatchProvider.close`."""
        await self._door.close()

    def _status(self, data: Any) -> BatchStatus:
        batch_id = data.get("id") if isinstance(data, dict) else None
        if not isinstance(batch_id, str) or not batch_id:
            raise CallFailed(Cause.UNREADABLE, "no id in the reply", status=200)
        word = str(data.get("processing_status") or "")
        told = data.get("request_counts")
        counts = {name: n for name, n in told.items() if isinstance(n, int)} if isinstance(told, dict) else {}
        created_at = _time(data, "created_at")
        return BatchStatus(
            batch_id=batch_id,
            phase=_PHASES.get(word, BatchPhase.WORKING),
            word=word,
            total=sum(counts.values()),
            done=counts.get("succeeded", 0),
            failed=counts.get("errored", 0),
            created_at=created_at,
            expires_at=_time(data, "expires_at"),
            ended_at=_time(data, "ended_at"),
            results_until=None if created_at is None else created_at + RESULTS_KEPT_S,
        )

    def _result(self, line: Any) -> BatchResult | None:
        result = line.get("result") if isinstance(line, dict) else None
        if not isinstance(result, dict) or not isinstance(line.get("custom_id"), str):
            return None
        custom_id, kind = line["custom_id"], result.get("type")
        if kind in ("expired", "canceled"):
            return BatchResult(custom_id)
        message = result.get("message")
        if kind == "succeeded" and isinstance(message, dict):
            try:
                return BatchResult(custom_id, reply=anthropic.reply_of(message, {}, self._key))
            except CallFailed as failure:
                return BatchResult(custom_id, failure=failure)
        error = result.get("error")
        inner = error.get("error") if isinstance(error, dict) and isinstance(error.get("error"), dict) else error
        status = _STATUSES.get(str(inner.get("type")), 500) if isinstance(inner, dict) else 500
        body = {"error": inner if isinstance(inner, dict) else {"message": "no message in the result"}}
        return BatchResult(custom_id, failure=failure_of_status(status, body, {}, self._key))


def _time(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
