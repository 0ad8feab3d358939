"""Anthropic's wire format: reading its requests, writing its answers and its errors."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gui_app.practice.asked import Answered, Asked, Ending, Refused, Trouble, understood
from gui_app.practice.models import RELEASED_AT, PracticeModel
from gui_app.practice.openai_wire import content_text, new_id
from gui_app.practice.schemas import check_anthropic

# HTTP status and error type, as Anthropic's own servers send them.
_ERRORS: Mapping[Trouble, tuple[int, str]] = {
    Trouble.KEY: (401, "authentication_error"),
    Trouble.BALANCE: (429, "rate_limit_error"),
    Trouble.RATE: (429, "rate_limit_error"),
    Trouble.SERVER: (500, "api_error"),
    Trouble.OVERLOADED: (529, "overloaded_error"),
    Trouble.MODEL: (404, "not_found_error"),
    Trouble.TOO_LONG: (400, "invalid_request_error"),
    Trouble.TOO_LARGE: (413, "request_too_large"),
    Trouble.BAD: (400, "invalid_request_error"),
    Trouble.NOT_FOUND: (404, "not_found_error"),
    Trouble.CONFLICT: (400, "invalid_request_error"),
}


@understood
def read_messages(body: Mapping[str, Any]) -> Asked:
    """Read the body of `POST /v1/messages`, or the params of one request of a batch.

    Raises:
        Refused: A part is missing or not understood.
    """
    if body.get("stream"):
        raise Refused(Trouble.BAD, "stream: The practice model does not stream.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refused(Trouble.BAD, "model: Field required")
    cap = body.get("max_tokens")
    if not isinstance(cap, int) or isinstance(cap, bool) or cap < 1:
        raise Refused(Trouble.BAD, "max_tokens: Field required, a whole number above 0")
    for unknown in ("temperature", "top_p", "top_k"):
        if unknown in body:
            raise Refused(Trouble.BAD, f"{unknown}: Extra inputs are not permitted")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(Trouble.BAD, "messages: at least one message is required")
    user = []
    for message in messages:
        if not isinstance(message, Mapping) or message.get("role") not in ("user", "assistant"):
            raise Refused(Trouble.BAD, "messages: a message needs the role user or assistant")
        if message["role"] == "user":
            text = content_text(message.get("content"), "messages")
            if not text.strip():
                raise Refused(Trouble.BAD, "messages: text content blocks must be non-empty")
            user.append(text)
    system = body.get("system") or ""
    form = (body.get("output_config") or {}).get("format") or {}
    return Asked(
        model=model,
        instructions=content_text(system, "system"),
        prompt="\n\n".join(user),
        schema=check_anthropic(form.get("schema"), "output_config.format")
        if form.get("type") == "json_schema"
        else None,
        max_output_tokens=cap,
    )


def write_message(asked: Asked, answer: Answered, tier: str = "standard") -> dict[str, Any]:
    """A `message` object."""
    declined = answer.ending in (Ending.REFUSED, Ending.FILTERED)
    reason = "refusal" if declined else "max_tokens" if answer.ending is Ending.CUT_OFF else "end_turn"
    reply: dict[str, Any] = {
        "id": new_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [] if declined or not answer.text else [{"type": "text", "text": answer.text, "citations": None}],
        "stop_reason": reason,
        "stop_sequence": None,
        "stop_details": None,
    }
    if declined:
        reply["stop_details"] = {"type": "refusal", "category": None, "explanation": answer.text or None}
    if answer.count_tokens:
        reply["usage"] = {
            "input_tokens": answer.input_tokens,
            "output_tokens": answer.output_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "service_tier": tier,
        }
    return reply


def write_error(refused: Refused) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of an error."""
    status, kind = _ERRORS[refused.trouble]
    message = refused.message
    if refused.trouble is Trouble.TOO_LONG:
        message = f"prompt is too long: {message}"
    error: dict[str, Any] = {"type": kind, "message": message}
    if refused.trouble is Trouble.BALANCE:
        error["details"] = {"error_code": "enforced_spend_limit_reached"}
    headers = {}
    if refused.retry_after_s is not None:
        headers["retry-after"] = str(max(1, round(refused.retry_after_s + 0.499)))
    return status, {"type": "error", "error": error, "request_id": new_id("req_")}, headers


def write_models(models: Iterable[PracticeModel]) -> dict[str, Any]:
    """The list of models: always one page."""
    data = [write_model(model) for model in models]
    ids = [model["id"] for model in data] or [None]
    return {"data": data, "has_more": False, "first_id": ids[0], "last_id": ids[-1]}


def write_model(model: PracticeModel) -> dict[str, Any]:
    """One model."""
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": moment(RELEASED_AT),
        "lifecycle": "active",
        "deprecated_at": None,
        "retires_at": None,
        "line": None,
        "capabilities": None,
        "max_input_tokens": model.faults.context_tokens,
        "max_tokens": 64_000,
    }


def moment(seconds: float | None = None) -> str:
    """A time as Anthropic writes it; now when None."""
    at = datetime.fromtimestamp(time.time() if seconds is None else seconds, UTC)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
