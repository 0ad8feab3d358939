"""What response headers say about waiting and about limits."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gui_app.jobs import RateLimits

# Looked for in every reply, so they are written out once.
_OPENAI_S = frozenset(f"x-ratelimit-{part}" for part in ("remaining-requests", "limit-requests", "remaining-tokens"))
_ANTHROPIC_S = frozenset(
    f"anthropic-ratelimit-{kind}-remaining" for kind in ("requests", "tokens", "input-tokens", "output-tokens")
)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long the server asks to wait, in seconds; None when it does not, or not in a way that can be understood.

    `retry-after-ms` goes before `retry-after`; the latter may be seconds or an HTTP date. Not capped: 1e9 comes
    back as it is. Negative numbers count as not said; a date that has passed means now.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None and milliseconds >= 0:
        return milliseconds / 1000.0
    text = headers.get("retry-after")
    if not text:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds if seconds >= 0 else None
    try:
        when = parsedate_to_datetime(text.strip())
        return max(0.0, when.timestamp() - _server_time(headers))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def rate_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """The limits the headers tell, in OpenAI's spelling, Anthropic's, or the plain one; None when they tell none."""
    if not _OPENAI_S.isdisjoint(headers):
        return _or_none(
            RateLimits(
                requests_limit=_count(headers.get("x-ratelimit-limit-requests")),
                requests_remaining=_count(headers.get("x-ratelimit-remaining-requests")),
                requests_reset_s=_reset(headers, "x-ratelimit-reset-requests"),
                tokens_limit=_count(headers.get("x-ratelimit-limit-tokens")),
                tokens_remaining=_count(headers.get("x-ratelimit-remaining-tokens")),
                tokens_reset_s=_reset(headers, "x-ratelimit-reset-tokens"),
            )
        )
    if not _ANTHROPIC_S.isdisjoint(headers):
        # All tokens together are told, too, but those are the sum of the two.
        kind = "input-tokens" if "anthropic-ratelimit-input-tokens-remaining" in headers else "tokens"
        requests, tokens, output = (_told(headers, name) for name in ("requests", kind, "output-tokens"))
        return _or_none(RateLimits(*requests, *tokens, *output))
    for prefix in ("x-ratelimit", "ratelimit"):
        if f"{prefix}-remaining" in headers:
            return _or_none(
                RateLimits(
                    requests_limit=_count(headers.get(f"{prefix}-limit")),
                    requests_remaining=_count(headers.get(f"{prefix}-remaining")),
                    requests_reset_s=_reset(headers, f"{prefix}-reset"),
                )
            )
    return None


def _told(headers: Mapping[str, str], kind: str) -> tuple[int | None, int | None, float | None]:
    """Limit, remaining and seconds until it is whole, of one of the things that Anthropic counts."""
    name = f"anthropic-ratelimit-{kind}"
    return (
        _count(headers.get(f"{name}-limit")),
        _count(headers.get(f"{name}-remaining")),
        _reset(headers, f"{name}-reset"),
    )


def _or_none(limits: RateLimits) -> RateLimits | None:
    return None if limits == RateLimits() else limits


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _count(text: str | None) -> int | None:
    number = _number(text)
    return int(number) if number is not None and 0 <= number < 1e15 else None


def _reset(headers: Mapping[str, str], name: str) -> float | None:
    """Seconds until a limit is whole again, from "6m0s", "120ms", "12", an epoch (s or ms) or an RFC 3339 time."""
    text = (headers.get(name) or "").strip()
    if not text:
        return None
    number = _number(text)
    if number is not None:
        if number > 1e11:
            number = number / 1000.0 - _server_time(headers)
        elif number > 1e9:
            number -= _server_time(headers)
        return max(0.0, number)
    if _DURATION.sub("", text) == "":
        return sum(float(amount) * _UNIT_S[unit] for amount, unit in _DURATION.findall(text))
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, when.timestamp() - _server_time(headers))


def _server_time(headers: Mapping[str, str]) -> float:
    """Now by the server's clock, which its dates are told in; ours when it does not say."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return time.time()
