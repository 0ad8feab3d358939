"""The border: whatever goes wrong in an SDK, a connection or a reply becomes a `CallFailed` with its cause."""

from __future__ import annotations

import json
import re
import socket
import ssl
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from gui_app.jobs import Cause, RateLimits, Secret, Usage
from gui_app.providers.base import CallFailed
from gui_app.providers.headers import rate_limits, retry_after_s

DETAIL_CHARACTERS = 300

_BY_STATUS = {
    401: Cause.KEY_REFUSED,
    402: Cause.BALANCE_GONE,
    403: Cause.NO_PERMISSION,
    404: Cause.MODEL_UNKNOWN,
    407: Cause.PROXY,
    408: Cause.DEADLINE,
    409: Cause.SERVER_ERROR,
    410: Cause.MODEL_UNKNOWN,
    413: Cause.TOO_LONG,
    423: Cause.OVERLOADED,
    424: Cause.SERVER_ERROR,
    425: Cause.OVERLOADED,
    429: Cause.RATE_LIMIT,
    451: Cause.NO_PERMISSION,
    499: Cause.NETWORK,
    501: Cause.BAD_REQUEST,
    503: Cause.OVERLOADED,
    505: Cause.BAD_REQUEST,
    511: Cause.CAPTIVE_PORTAL,
    529: Cause.OVERLOADED,
}

# What servers put into `code`, `type` or `details.error_code`. Codes are stable where messages are not.
_BY_CODE = {
    "insufficient_quota": Cause.BALANCE_GONE,
    "insufficient_balance": Cause.BALANCE_GONE,
    "billing_hard_limit_reached": Cause.BALANCE_GONE,
    "billing_not_active": Cause.BALANCE_GONE,
    "billing_error": Cause.BALANCE_GONE,
    "quota_exceeded": Cause.BALANCE_GONE,
    "access_terminated": Cause.NO_PERMISSION,
    "enforced_spend_limit_reached": Cause.BALANCE_GONE,
    "contract_spend_limit_reached": Cause.BALANCE_GONE,
    "linked_organization_spend_limit_reached": Cause.BALANCE_GONE,
    "linked_organization_billing_unavailable": Cause.BALANCE_GONE,
    "organization_on_hold": Cause.BALANCE_GONE,
    "user_profile_not_billable": Cause.BALANCE_GONE,
    "user_profile_billing_not_authorized": Cause.BALANCE_GONE,
    "arrearage": Cause.BALANCE_GONE,
    "allocationquota.freetieronly": Cause.BALANCE_GONE,
    "rate_limit_exceeded": Cause.RATE_LIMIT,
    "rate_limit_error": Cause.RATE_LIMIT,
    "ramp_limit_exceeded": Cause.RATE_LIMIT,
    "slow_down": Cause.RATE_LIMIT,
    "overloaded_error": Cause.OVERLOADED,
    "server_overloaded": Cause.OVERLOADED,
    "engine_overloaded": Cause.OVERLOADED,
    "invalid_api_key": Cause.KEY_REFUSED,
    "incorrect_api_key": Cause.KEY_REFUSED,
    "authentication_error": Cause.KEY_REFUSED,
    "invalid_authentication": Cause.KEY_REFUSED,
    "account_deactivated": Cause.KEY_REFUSED,
    "permission_error": Cause.NO_PERMISSION,
    "unsupported_country_region_territory": Cause.NO_PERMISSION,
    "model_not_found": Cause.MODEL_UNKNOWN,
    "model_not_available": Cause.MODEL_UNKNOWN,
    "model_deprecated": Cause.MODEL_UNKNOWN,
    "deploymentnotfound": Cause.MODEL_UNKNOWN,
    "context_length_exceeded": Cause.TOO_LONG,
    "string_above_max_length": Cause.TOO_LONG,
    "request_too_large": Cause.TOO_LONG,
    "exceed_context_size_error": Cause.TOO_LONG,
    "request_body_too_large_after_decoding": Cause.TOO_LONG,
    "content_filter": Cause.CONTENT_FILTER,
    "content_policy_violation": Cause.CONTENT_FILTER,
    "bio_policy": Cause.CONTENT_FILTER,
    "misalignment_policy_violation": Cause.CONTENT_FILTER,
    "invalid_prompt": Cause.CONTENT_FILTER,
    "data_inspection_failed": Cause.CONTENT_FILTER,
    "datainspectionfailed": Cause.CONTENT_FILTER,
    "server_error": Cause.SERVER_ERROR,
    "timeout_error": Cause.DEADLINE,
}

# Where no code tells: (statuses it may come with, what the message says, cause). In order.
_CLIENT = frozenset({400, 404, 413, 422, 500})
_BY_MESSAGE: tuple[tuple[frozenset[int], re.Pattern[str], Cause], ...] = (
    (
        frozenset({400, 413, 422, 429, 500}),
        re.compile(
            r"maximum context length|context (?:length|window|size)|prompt is too long|too many (?:input )?tokens"
            r"|reduce the length|request too large|request_too_large|exceeds? the (?:model'?s )?(?:maximum )?context"
            r"|input (?:is )?too long|range of input length|input length and `?max_tokens"
        ),
        Cause.TOO_LONG,
    ),
    (
        frozenset({400, 403, 429}),
        re.compile(
            r"credit balance|insufficient (?:balance|credit|quota|funds)|exceeded your current quota|billing hard limit"
            r"|spend(?:ing)? limit|reached your (?:specified )?(?:api )?usage limit|arrear"
        ),
        Cause.BALANCE_GONE,
    ),
    (
        _CLIENT,
        re.compile(
            r"model[^.]{0,120}(?:does ?n[o']t exist|not exist|not found|not available|no longer|retired|deprecated)"
            r"|(?:unknown|invalid|no such) model(?! *(?:parameter|option|setting))|not a valid model"
        ),
        Cause.MODEL_UNKNOWN,
    ),
    (
        frozenset({400, 403}),
        re.compile(r"api[_ ]?key (?:not valid|is invalid|invalid|expired)|(?:invalid|incorrect) api[_ ]?key"),
        Cause.KEY_REFUSED,
    ),
    (
        frozenset({400, 403, 422}),
        re.compile(
            r"content (?:filter|management policy|policy)|flagged|inappropriate content|moderation|safety system"
        ),
        Cause.CONTENT_FILTER,
    ),
)

_LOOKS_LIKE_KEY = re.compile(r"\b(?:sk|pk|rk|key)-[A-Za-z0-9_*.-]{6,}|(?<=[Bb]earer )\S+")
_USER_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s'\"]+@")
_HTML_START = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_HTML_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def failure_of(error: Exception, key: Secret | None = None) -> CallFailed:
    """The `CallFailed` for anything an SDK call raised.

    Told by what the error carries (a status, a chain of causes), not by its class, so that a new class of a newer
    SDK is understood too; a test walks all classes of both SDKs.

    Args:
        key: Cut out of the detail, should the server repeat it.
    """
    status = getattr(error, "status_code", None)
    if isinstance(error, CallFailed):
        return error
    response = getattr(error, "response", None)
    if isinstance(status, int):
        extensions = getattr(response, "extensions", None) or {}
        headers: Mapping[str, str] = extensions.get("plain_headers") or getattr(response, "headers", None) or {}
        return failure_of_status(status, getattr(error, "body", None), headers, key)
    return _connection_failure(error, key)


# Not 304 and its like, which lead nowhere.
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def failure_of_status(status: int, body: Any, headers: Mapping[str, str], key: Secret | None = None) -> CallFailed:
    """The `CallFailed` for an HTTP answer that is an error by its status.

    Args:
        body: The parsed JSON; the text where it was none; None where there was nothing.
    """
    message, codes = message_and_codes(body)
    if status in _REDIRECTS:
        cause = Cause.HOST_REFUSED
        message = f"HTTP {status}, redirect to {headers.get('location', '')}"
    else:
        cause = _cause_of_status(status, message, codes)
    return CallFailed(
        cause,
        plain_detail(message or f"HTTP {status}", key),
        retry_after_s=retry_after_s(headers),
        limits=rate_limits(headers),
        status=status,
    )


def failure_in_reply(
    error: Any, headers: Mapping[str, str], usage: Usage | None = None, key: Secret | None = None
) -> CallFailed:
    """The `CallFailed` for an error told inside an answer with status 200, as OpenAI and OpenRouter do.

    Args:
        error: The object under "error".
    """
    message, codes = message_and_codes({"error": error})
    status = error.get("code") if isinstance(error, dict) else None
    status = status if isinstance(status, int) and 400 <= status < 600 else 500
    return CallFailed(
        _cause_of_status(status, message, codes),
        plain_detail(message or "error in the reply", key),
        retry_after_s=retry_after_s(headers),
        limits=rate_limits(headers),
        usage=usage,
        status=200,
    )


def parsed_reply(status: int, body: bytes, headers: Mapping[str, str], key: Secret | None = None) -> dict[str, Any]:
    """The JSON object of an answer with a status below 300.

    Raises:
        CallFailed: CAPTIVE_PORTAL for a web page; UNREADABLE for anything else that is no JSON object.
    """
    try:
        data = _loaded(body)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        return data
    text = body[:4000].decode("utf-8", "replace")
    if _HTML_START.match(text) or (data is None and "html" in headers.get("content-type", "").lower()):
        cause = Cause.CAPTIVE_PORTAL
        text = page_title(text) or "a web page"
    else:
        cause = Cause.UNREADABLE
        text = text or "an empty answer"
    raise CallFailed(cause, plain_detail(text, key), limits=limits_of(headers), status=status)


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body.decode())
    except ValueError:
        # To find out first which encoding it is in takes as long as to read it, and hardly one is in another.
        return json.loads(body)


def limits_of(headers: Mapping[str, str]) -> RateLimits | None:
    """The limits told by a response's headers."""
    return rate_limits(headers)


def message_and_codes(body: Any) -> tuple[str, tuple[str, ...]]:
    """The human words and the machine's codes of an error body, whatever its shape."""
    if isinstance(body, list) and body:
        body = body[0]  # Google's compatible door wraps the object into a list.
    if isinstance(body, str):
        return (page_title(body) or "a web page" if _HTML_START.match(body) else body), ()
    if not isinstance(body, dict):
        return "", ()
    inner = body.get("error")
    if isinstance(inner, str):
        return _first_text(inner, body.get("message"), body.get("error_description")), _codes(body)
    source = inner if isinstance(inner, dict) else body
    message = _first_text(
        source.get("message"), source.get("detail"), source.get("msg"), source.get("error"), body.get("message")
    )
    return message, _codes(source) + (_codes(body) if source is not body else ())


def _first_text(*candidates: Any) -> str:
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.strip():
            return candidate
        if isinstance(candidate, list | dict) and candidate:
            return json.dumps(candidate, ensure_ascii=False, default=str)[:4000]
    return ""


def _codes(source: dict[str, Any]) -> tuple[str, ...]:
    details = source.get("details")
    found = [details.get("error_code") if isinstance(details, dict) else None, source.get("code"), source.get("type")]
    return tuple(code.lower() for code in found if isinstance(code, str))


def _cause_of_status(status: int, message: str, codes: tuple[str, ...]) -> Cause:
    lowered = message[:2000].lower()
    if status == 429 and "request too large" in lowered:
        return Cause.TOO_LONG  # More tokens than the limit of a whole minute: waiting never helps.
    for code in codes:
        if code in _BY_CODE:
            return _BY_CODE[code]
    for statuses, pattern, cause in _BY_MESSAGE:
        if status in statuses and pattern.search(lowered):
            return cause
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 400 <= status < 500:
        return Cause.BAD_REQUEST
    return Cause.SERVER_ERROR if status >= 500 else Cause.UNREADABLE


_WAS_COMING = ("ReplyCut", "ReplyTooLarge")


def _connection_failure(error: Exception, key: Secret | None) -> CallFailed:
    chain = list(_chain(error))
    cause = _connection_cause(chain)
    last = chain[-1]
    text = str(last) or str(error) or type(last).__name__
    names = {type(found).__name__ for found in chain}
    return CallFailed(
        cause, plain_detail(text, key), line_dead="LineDead" in names, cut_off=not names.isdisjoint(_WAS_COMING)
    )


def _connection_cause(chain: list[BaseException]) -> Cause:
    names = {kind.__name__ for error in chain for kind in type(error).__mro__}
    if names & {"ClientProxyConnectionError", "ClientHttpProxyError", "ProxyError"}:
        return Cause.PROXY
    if names & {"ClientConnectorDNSError"} or any(isinstance(error, socket.gaierror) for error in chain):
        return Cause.DNS
    if names & {"ClientSSLError", "ClientConnectorCertificateError", "ServerFingerprintMismatch"} or any(
        isinstance(error, ssl.SSLError | ssl.CertificateError) for error in chain
    ):
        return Cause.TLS
    if names & {"UnsupportedProtocol", "InvalidURL", "InvalidUrlClientError", "NonHttpUrlClientError"}:
        return Cause.HOST_REFUSED
    if names & {"ReplyTooLarge", "DecodingError", "ContentEncodingError", "APIResponseValidationError"} or any(
        isinstance(error, UnicodeError | json.JSONDecodeError) for error in chain
    ):
        return Cause.UNREADABLE
    if names & {"ReadTimeout", "WriteTimeout"}:
        return Cause.DEADLINE
    if names & {"ContentFilterFinishReasonError"}:
        return Cause.CONTENT_FILTER
    if names & {"LengthFinishReasonError"}:
        return Cause.CUT_OFF
    if names & {"CredentialsError", "SubjectTokenProviderError"}:
        return Cause.KEY_REFUSED
    # What is left are connections refused, reset, timed out or closed half-way; and, from the SDKs, only errors of
    # doors that are never used (websockets, webhooks).
    if names & {"APIConnectionError", "RequestError", "TransportError", "ClientError", "OSError", "TimeoutError"}:
        return Cause.NETWORK
    return Cause.BAD_REQUEST


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def page_title(text: str) -> str:
    """The title of a web page; "" when it has none."""
    found = _HTML_TITLE.search(text)
    return found.group(1).strip() if found else ""


def plain_detail(text: str, key: Secret | None = None) -> str:
    """A server's words as one short plain line: no key, no control or direction characters, at most 300 characters."""
    text = text[:4000]
    if key is not None:
        secret = key.reveal()
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    text = _USER_IN_ADDRESS.sub("", _LOOKS_LIKE_KEY.sub("***", text))
    text = "".join(" " if ch.isspace() else ch for ch in text if ch.isspace() or unicodedata.category(ch)[0] != "C")
    text = " ".join(text.split())
    return text if len(text) <= DETAIL_CHARACTERS else text[: DETAIL_CHARACTERS - 1] + "…"
