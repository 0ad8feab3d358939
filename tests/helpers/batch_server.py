"""A second batch server, made from the providers' published references alone, on nothing but the standard library.

It shares no line with the practice provider, so that a misreading of the references does not go unnoticed because
both sides read them the same wrong way. A batch moves on by one stage each time it is looked at; nothing waits.

References: OpenAI, "Files" and "Batch" (platform.openai.com/docs/api-reference); Anthropic, "Message Batches"
(docs.anthropic.com/en/api/creating-message-batches).
"""

from __future__ import annotations

import email.parser
import email.policy
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-other-4711"


@dataclass
class Batch:
    """One batch and what it was made from."""

    id: str
    requests: list[dict[str, Any]]
    order: dict[str, Any]
    looks: int = 0
    output: list[bytes] = field(default_factory=list)
    at: float = field(default_factory=time.time)
    cancelled: bool = False


@dataclass
class BatchServer:
    """What the server knows.

    Attributes:
        looks: How often a batch is looked at before it has ended.
        unreached: Ids ending so are never run: they expire.
        paid: How often each prompt was answered.
    """

    looks: int = 2
    unreached: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)
    root: str = ""

    def new_id(self, kind: str) -> str:
        """A fresh id."""
        return f"{kind}{len(self.files) + len(self.batches) + 1:024d}"


@contextmanager
def batch_server(**options: Any) -> Iterator[BatchServer]:
    """A running one, on loopback; `root` is its address."""
    known = BatchServer(**options)
    lock = threading.Lock()

    class Handler(_Handler):
        server_state, server_lock = known, lock

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.root = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="other batch server")
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class Wrong(Exception):
    """An answer that is an error: status and words."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: BatchServer
    server_lock: threading.Lock

    def log_message(self, *_: Any) -> None:
        """Nothing is written anywhere."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, _, query = self.path.partition("?")
        anthropic = path.startswith("/v1/messages")
        with self.server_lock:
            self.server_state.requests.append(f"{self.command} {path}")
            try:
                self._check_key(anthropic)
                wire: Any = _Anthropic(self.server_state) if anthropic else _OpenAI(self.server_state)
                found = wire.serve(self.command, path, query, body, self.headers)
                status, kind = 200, "application/x-jsonl" if isinstance(found, bytes) else "application/json"
            except Wrong as wrong:
                status, kind = wrong.args[0], "application/json"
                error = {"type": "invalid_request_error", "message": wrong.args[1]}
                found = {"type": "error", "error": error} if anthropic else {"error": error}
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _check_key(self, anthropic: bool) -> None:
        if anthropic:
            given = (self.headers.get("authorization") or "").removeprefix("Bearer ") or self.headers.get("x-api-key")
            if given != KEY:
                raise Wrong(401, "invalid x-api-key")
            if not self.headers.get("anthropic-version"):
                raise Wrong(400, "anthropic-version: header is required")
        elif self.headers.get("authorization") != f"Bearer {KEY}":
            raise Wrong(401, "Incorrect API key provided")


def _said(prompt: str, schema: Any) -> str:
    """Repeats the prompt, in the form that was asked for."""
    if isinstance(schema, dict):
        return json.dumps(dict.fromkeys(schema["properties"], prompt))
    return prompt


class _OpenAI:
    def __init__(self, known: BatchServer) -> None:
        self._known = known

    def serve(self, method: str, path: str, query: str, body: bytes, headers: Any) -> Any:
        known = self._known
        match method, path.removeprefix("/v1/").split("/"):
            case "POST", ["files"]:
                return self._file(known.new_id("file-"), *self._upload(body, headers), keep=True)
            case "GET", ["files", file_id, "content"] if file_id in known.files:
                return known.files[file_id]
            case "DELETE", ["files", file_id] if file_id in known.files:
                del known.files[file_id]
                return {"id": file_id, "object": "file", "deleted": True}
            case "POST", ["batches"]:
                return self._create(json.loads(body))
            case "GET", ["batches"]:
                newest = list(reversed(known.batches.values()))
                after = re.search(r"after=([^&]+)", query)
                if after:
                    newest = newest[[batch.id for batch in newest].index(after[1]) + 1 :]
                return {"object": "list", "data": [self._shown(batch) for batch in newest], "has_more": False}
            case "GET", ["batches", batch_id] if batch_id in known.batches:
                batch = known.batches[batch_id]
                batch.looks += 1
                return self._shown(batch)
            case "POST", ["batches", batch_id, "cancel"] if batch_id in known.batches:
                known.batches[batch_id].cancelled = True
                return self._shown(known.batches[batch_id])
        raise Wrong(404, f"no such thing: {method} {path}")

    def _upload(self, body: bytes, headers: Any) -> tuple[str, bytes]:
        head = f"content-type: {headers['content-type']}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        parts = {str(part.get_param("name", header="content-disposition")): part for part in form.iter_parts()}
        if parts["purpose"].get_content().strip() != "batch":
            raise Wrong(400, "purpose must be batch")
        content = parts["file"].get_payload(decode=True)
        assert isinstance(content, bytes)
        return str(parts["file"].get_filename()), content

    def _file(self, file_id: str, name: str, content: bytes, *, keep: bool) -> dict[str, Any]:
        if keep:
            self._known.files[file_id] = content
        size, now = len(content), int(time.time())
        return {
            "id": file_id, "object": "file", "bytes": size, "created_at": now, "filename": name, "purpose": "batch",
            "status": "processed",
        }  # fmt: skip

    def _create(self, order: dict[str, Any]) -> dict[str, Any]:
        if set(order) - {"input_file_id", "endpoint", "completion_window", "metadata"}:
            raise Wrong(400, "unknown parameter")
        if order["completion_window"] != "24h":
            raise Wrong(400, "completion_window must be 24h")
        lines = self._known.files[order["input_file_id"]].splitlines()
        requests = [json.loads(line) for line in lines]
        ids = [request["custom_id"] for request in requests]
        if len(set(ids)) != len(ids) or not requests:
            raise Wrong(400, "custom_id must be unique")
        for request in requests:
            if set(request) != {"custom_id", "method", "url", "body"} or request["method"] != "POST":
                raise Wrong(400, "malformed line")
            if request["url"] != order["endpoint"] or not isinstance(request["body"]["model"], str):
                raise Wrong(400, "wrong endpoint")
        batch = Batch(self._known.new_id("batch_"), requests, order)
        self._known.batches[batch.id] = batch
        return self._shown(batch)

    def _shown(self, batch: Batch) -> dict[str, Any]:
        stages = ["validating", *["in_progress"] * max(0, self._known.looks - 1)]
        late = any(request["custom_id"].endswith(self._known.unreached) for request in batch.requests)
        ended = batch.looks >= len(stages)
        status = stages[batch.looks] if not ended else "expired" if late and self._known.unreached else "completed"
        if ended:
            self._finish(batch)
        at, done = int(batch.at), len(batch.order.get("done", ()))
        return {
            "id": batch.id, "object": "batch", "endpoint": batch.order["endpoint"], "errors": None,
            "input_file_id": batch.order["input_file_id"], "completion_window": "24h", "status": status,
            "output_file_id": batch.order.get("output"), "error_file_id": batch.order.get("error"), "created_at": at,
            "expires_at": at + 86_400, "completed_at": at if status == "completed" else None,
            "expired_at": at if status == "expired" else None, "metadata": batch.order.get("metadata"),
            "request_counts": {"total": len(batch.requests), "completed": done, "failed": 0},
        }  # fmt: skip

    def _finish(self, batch: Batch) -> None:
        if "done" in batch.order:
            return
        good: list[dict[str, Any]] = []
        bad: list[dict[str, Any]] = []
        for request in batch.requests:
            reached = not (self._known.unreached and request["custom_id"].endswith(self._known.unreached))
            (good if reached else bad).append(self._line(request, reached=reached))
        random.Random(batch.id).shuffle(good)
        batch.order["done"] = good
        for name, lines in (("output", good), ("error", bad)):
            if lines:
                file_id = self._known.new_id("file-")
                self._known.files[file_id] = b"\n".join(json.dumps(line).encode() for line in lines)
                batch.order[name] = file_id

    def _line(self, request: dict[str, Any], *, reached: bool) -> dict[str, Any]:
        line: dict[str, Any] = {"id": "batch_req_1", "custom_id": request["custom_id"], "response": None, "error": None}
        if not reached:
            message = "This request could not be executed before the completion window expired."
            return {**line, "error": {"code": "batch_expired", "message": message}}
        body = request["body"]
        answer = self._response(body) if request["url"] == "/v1/responses" else self._chat(body)
        return {**line, "response": {"status_code": 200, "request_id": "req_1", "body": answer}}

    def _response(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = body["input"]
        self._known.paid[prompt] += 1
        text = _said(prompt, ((body.get("text") or {}).get("format") or {}).get("schema"))
        content = [{"type": "output_text", "text": text, "annotations": []}]
        message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": content}
        return {
            "id": "resp_1", "object": "response", "created_at": 1, "model": body["model"], "status": "completed",
            "output": [message], "error": None, "incomplete_details": None,
            "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
        }  # fmt: skip

    def _chat(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = body["messages"][-1]["content"]
        self._known.paid[prompt] += 1
        schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
        message = {"role": "assistant", "content": _said(prompt, schema), "refusal": None}
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }  # fmt: skip


class _Anthropic:
    def __init__(self, known: BatchServer) -> None:
        self._known = known

    def serve(self, method: str, path: str, query: str, body: bytes, headers: Any) -> Any:
        known = self._known
        match method, path.removeprefix("/v1/messages/batches").strip("/").split("/"):
            case "POST", [""]:
                return self._create(json.loads(body))
            case "GET", [""]:
                shown = [self._shown(batch) for batch in reversed(known.batches.values())]
                ids = [batch["id"] for batch in shown] or [None]
                return {"data": shown, "has_more": False, "first_id": ids[0], "last_id": ids[-1]}
            case "GET", [batch_id] if batch_id in known.batches:
                known.batches[batch_id].looks += 1
                return self._shown(known.batches[batch_id])
            case "GET", [batch_id, "results"] if batch_id in known.batches:
                if not self._ended(known.batches[batch_id]):
                    raise Wrong(400, "the batch is still processing")
                return b"\n".join(self._results(known.batches[batch_id])) + b"\n"
            case "POST", [batch_id, "cancel"] if batch_id in known.batches:
                known.batches[batch_id].cancelled = True
                return self._shown(known.batches[batch_id])
        raise Wrong(404, f"no such thing: {method} {path}")

    def _create(self, order: dict[str, Any]) -> dict[str, Any]:
        if set(order) != {"requests"} or not order["requests"]:
            raise Wrong(400, "requests: Field required")
        for request in order["requests"]:
            if set(request) != {"custom_id", "params"} or not re.fullmatch(r"[\w-]{1,64}", request["custom_id"], re.A):
                raise Wrong(400, "custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'")
            params = request["params"]
            if not isinstance(params.get("max_tokens"), int) or not params.get("model") or not params.get("messages"):
                raise Wrong(400, "params: Field required")
        batch = Batch(self._known.new_id("msgbatch_"), order["requests"], {})
        self._known.batches[batch.id] = batch
        return self._shown(batch)

    def _ended(self, batch: Batch) -> bool:
        return batch.looks >= self._known.looks

    def _shown(self, batch: Batch) -> dict[str, Any]:
        def at(moment: float) -> str:
            return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(moment))

        ended = self._ended(batch)
        counts = {"processing": len(batch.requests), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        if ended:
            late = sum(self._is_late(request) for request in batch.requests)
            counts |= {"processing": 0, "succeeded": len(batch.requests) - late, "expired": late}
        return {
            "id": batch.id, "type": "message_batch", "processing_status": "ended" if ended else "in_progress",
            "request_counts": counts, "created_at": at(batch.at), "expires_at": at(batch.at + 86_400),
            "ended_at": at(batch.at) if ended else None, "archived_at": None, "cancel_initiated_at": None,
            "results_url": f"{self._known.root}/v1/messages/batches/{batch.id}/results" if ended else None,
        }  # fmt: skip

    def _is_late(self, request: dict[str, Any]) -> bool:
        return bool(self._known.unreached) and request["custom_id"].endswith(self._known.unreached)

    def _results(self, batch: Batch) -> list[bytes]:
        if not batch.output:
            batch.output = [json.dumps(self._result(request)).encode() for request in batch.requests]
            random.Random(batch.id).shuffle(batch.output)
        return batch.output

    def _result(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._is_late(request):
            return {"custom_id": request["custom_id"], "result": {"type": "expired"}}
        params = request["params"]
        prompt = params["messages"][-1]["content"]
        self._known.paid[prompt] += 1
        text = _said(prompt, ((params.get("output_config") or {}).get("format") or {}).get("schema"))
        message = {
            "id": "msg_1", "type": "message", "role": "assistant", "model": params["model"], "stop_sequence": None,
            "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 10, "output_tokens": 5},
        }  # fmt: skip
        return {"custom_id": request["custom_id"], "result": {"type": "succeeded", "message": message}}
