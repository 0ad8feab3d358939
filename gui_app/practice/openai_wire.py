"""OpenAI's wire format: reading its requests, writing its answers and its errors."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from gui_app.practice.asked import Answered, Asked, Ending, Refused, Trouble, understood
from gui_app.practice.models import RELEASED_AT, PracticeModel
from gui_app.practice.schemas import check_openai

# HTTP status, error type and error code, as OpenAI's own servers send them.
_ERRORS: Mapping[Trouble, tuple[int, str, str | None]] = {
    Trouble.KEY: (401, "invalid_request_error", "invalid_api_key"),
    Trouble.BALANCE: (429, "insufficient_quota", "insufficient_quota"),
    Trouble.RATE: (429, "requests", "rate_limit_exceeded"),
    Trouble.SERVER: (500, "server_error", None),
    Trouble.OVERLOADED: (503, "service_unavailable_error", "server_is_overloaded"),
    Trouble.MODEL: (404, "invalid_request_error", "model_not_found"),
    Trouble.TOO_LONG: (400, "invalid_request_error", "context_length_exceeded"),
    Trouble.TOO_LARGE: (413, "invalid_request_error", "request_too_large"),
    Trouble.BAD: (400, "invalid_request_error", None),
    Trouble.NOT_FOUND: (404, "invalid_request_error", None),
    Trouble.CONFLICT: (409, "invalid_request_error", None),
}


@understood
def read_chat(body: Mapping[str, Any]) -> Asked:
    """Read the body of `POST /v1/chat/completions`.

    Raises:
        Refused: A part is missing or not understood.
    """
    _no_stream(body)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(Trouble.BAD, "Missing required parameter: 'messages'.", param="messages")
    system, user = split(messages, "messages")
    schema = None
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        described = form.get("json_schema") or {}
        if not described.get("name"):
            raise Refused(
                Trouble.BAD,
                "Missing required parameter: 'response_format.json_schema.name'.",
                param="response_format.json_schema.name",
            )
        schema = _schema(described, "response_format")
    return Asked(
        model=_model(body),
        instructions=system,
        prompt=user,
        schema=schema,
        json_wanted=form.get("type") == "json_object",
        max_output_tokens=_cap(body, "max_completion_tokens") or _cap(body, "max_tokens"),
    )


@understood
def read_responses(body: Mapping[str, Any]) -> Asked:
    """Read the body of `POST /v1/responses`.

    Raises:
        Refused: A part is missing or not understood.
    """
    _no_stream(body)
    given = body.get("input")
    if isinstance(given, str):
        system, user = "", given
    elif isinstance(given, list) and given:
        system, user = split(given, "input")
    else:
        raise Refused(Trouble.BAD, "Missing required parameter: 'input'.", param="input")
    instructions = body.get("instructions") or ""
    schema = None
    form = (body.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        if not form.get("name"):
            raise Refused(Trouble.BAD, "Missing required parameter: 'text.format.name'.", param="text.format.name")
        schema = _schema(form, "text.format.schema")
    return Asked(
        model=_model(body),
        instructions="\n".join(text for text in (instructions, system) if text),
        prompt=user,
        schema=schema,
        json_wanted=form.get("type") == "json_object",
        max_output_tokens=_cap(body, "max_output_tokens"),
    )


def split(messages: Iterable[Any], param: str) -> tuple[str, str]:
    """The instructions and the user's text of a list of messages."""
    system: list[str] = []
    user: list[str] = []
    for message in messages:
        if not isinstance(message, Mapping) or "role" not in message:
            raise Refused(Trouble.BAD, f"Invalid value in '{param}': a message needs a role and content.", param=param)
        into = system if message["role"] in ("system", "developer") else user if message["role"] == "user" else None
        if into is not None:
            into.append(content_text(message.get("content"), param))
    return "\n".join(system), "\n\n".join(user)


def content_text(content: Any, param: str) -> str:
    """The text of a message's content: a string, or a list of parts of which the text ones count."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping) and "text" in part)
    raise Refused(Trouble.BAD, f"Invalid type for '{param}': content must be text or a list of parts.", param=param)


def _model(body: Mapping[str, Any]) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refused(Trouble.BAD, "you must provide a model parameter", param="model")
    return model


def _no_stream(body: Mapping[str, Any]) -> None:
    if body.get("stream"):
        raise Refused(Trouble.BAD, "The practice model does not stream. Ask with 'stream' off.", param="stream")


def _schema(described: Mapping[str, Any], param: str) -> Mapping[str, Any]:
    schema = described.get("schema")
    if not isinstance(schema, Mapping):
        raise Refused(Trouble.BAD, f"Missing required parameter: '{param}.schema'.", param=param)
    return check_openai(schema, param) if described.get("strict") else schema


def _cap(body: Mapping[str, Any], name: str) -> int | None:
    cap = body.get(name)
    if cap is None:
        return None
    if not isinstance(cap, int) or isinstance(cap, bool) or cap < 1:
        raise Refused(Trouble.BAD, f"Invalid '{name}': a whole number above 0 was expected.", param=name)
    return cap


def write_chat(asked: Asked, answer: Answered) -> dict[str, Any]:
    """A `chat.completion` object."""
    refused = answer.ending is Ending.REFUSED
    finish = {Ending.CUT_OFF: "length", Ending.FILTERED: "content_filter"}.get(answer.ending, "stop")
    reply: dict[str, Any] = {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked.model,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None if refused else answer.text,
                    "refusal": answer.text if refused else None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": finish,
            }
        ],
        "service_tier": "default",
    }
    if answer.count_tokens:
        reply["usage"] = {
            "prompt_tokens": answer.input_tokens,
            "completion_tokens": answer.output_tokens,
            "total_tokens": answer.input_tokens + answer.output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }
    return reply


_INCOMPLETE = {Ending.CUT_OFF: "max_output_tokens", Ending.FILTERED: "content_filter"}

# What a `response` tells of options that Rowmill never sends.
_NOT_ASKED_FOR: Mapping[str, Any] = {
    "background": False,
    "error": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": False,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
}


def write_responses(asked: Asked, answer: Answered) -> dict[str, Any]:
    """A `response` object."""
    reason = _INCOMPLETE.get(answer.ending)
    status = "incomplete" if reason else "completed"
    now = int(time.time())
    reply: dict[str, Any] = {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": now,
        "completed_at": None if reason else now,
        "status": status,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": asked.instructions or None,
        "max_output_tokens": asked.max_output_tokens,
        "model": asked.model,
        "output": [] if answer.ending is Ending.FILTERED else [_message(answer, status)],
        **_NOT_ASKED_FOR,
    }
    if answer.count_tokens:
        reply["usage"] = usage(answer)
    return reply


def _message(answer: Answered, status: str) -> dict[str, Any]:
    content: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    if answer.ending is Ending.REFUSED:
        content = {"type": "refusal", "refusal": answer.text}
    return {"id": new_id("msg_"), "type": "message", "role": "assistant", "status": status, "content": [content]}


def usage(answer: Answered) -> dict[str, Any]:
    """Usage in the form of responses, decisions and batches."""
    return {
        "input_tokens": answer.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answer.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": answer.input_tokens + answer.output_tokens,
    }


def write_error(refused: Refused) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of an error."""
    status, kind, code = _ERRORS[refused.trouble]
    error = {"message": refused.message, "type": kind, "param": refused.param, "code": code}
    headers = {}
    if refused.retry_after_s is not None:
        headers["retry-after-ms"] = str(round(refused.retry_after_s * 1000))
        headers["retry-after"] = str(max(1, round(refused.retry_after_s + 0.499)))
    return status, {"error": error}, headers


def write_models(models: Iterable[PracticeModel]) -> dict[str, Any]:
    """The list of models."""
    return {"object": "list", "data": [write_model(model) for model in models]}


def write_model(model: PracticeModel) -> dict[str, Any]:
    """One model."""
    return {"id": model.id, "object": "model", "created": RELEASED_AT, "owned_by": "practice"}


def new_id(prefix: str) -> str:
    """An id in the provider's manner."""
    return prefix + os.urandom(12).hex()
