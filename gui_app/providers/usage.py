"""Tokens of a call, as each API tells them. None when a reply does not tell."""

from __future__ import annotations

from typing import Any

from gui_app.jobs import Usage


def token_count(value: Any) -> int:
    """A count of tokens as a server spelled it; 0 for anything that is none."""
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e12 else 0


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    part = data.get(name)
    return part if isinstance(part, dict) else {}


def responses_usage(data: Any) -> Usage | None:
    """The "usage" of OpenAI responses and decisions."""
    if not isinstance(data, dict):
        return None
    inputs, outputs = _part(data, "input_tokens_details"), _part(data, "output_tokens_details")
    return Usage(
        input_tokens=token_count(data.get("input_tokens")),
        output_tokens=token_count(data.get("output_tokens")),
        cached_input_tokens=token_count(inputs.get("cached_tokens")),
        cache_write_tokens=token_count(inputs.get("cache_write_tokens")),
        reasoning_tokens=token_count(outputs.get("reasoning_tokens")),
    )


def chat_usage(data: Any) -> Usage | None:
    """The "usage" of `chat.completions`."""
    if not isinstance(data, dict):
        return None
    inputs, outputs = _part(data, "prompt_tokens_details"), _part(data, "completion_tokens_details")
    return Usage(
        input_tokens=token_count(data.get("prompt_tokens")),
        output_tokens=token_count(data.get("completion_tokens")),
        # DeepSeek has a name of its own for it.
        cached_input_tokens=token_count(inputs.get("cached_tokens") or data.get("prompt_cache_hit_tokens")),
        cache_write_tokens=token_count(inputs.get("cache_write_tokens")),
        reasoning_tokens=token_count(outputs.get("reasoning_tokens")),
    )


def messages_usage(data: Any) -> Usage | None:
    """The "usage" of Anthropic messages, which tells cached tokens apart from the input; here they are part of it."""
    if not isinstance(data, dict):
        return None
    read = token_count(data.get("cache_read_input_tokens"))
    written = token_count(data.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=token_count(data.get("input_tokens")) + read + written,
        output_tokens=token_count(data.get("output_tokens")),
        cached_input_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=token_count(_part(data, "output_tokens_details").get("thinking_tokens")),
    )
