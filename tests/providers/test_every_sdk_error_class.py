"""A walk over all exception classes of both SDKs: none is without a cause, and the known ones have the right one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import anthropic
import anthropic._error_classes as anthropic_classes
import httpx2
import openai
import pytest

from gui_app.jobs import Cause, Secret
from gui_app.providers.base import CallFailed
from gui_app.providers.mapping import failure_of

REQUEST = httpx2.Request("POST", "https://example.com/v1/x", headers={"Authorization": "Bearer sk-canary-12345678"})


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


def status_of(kind: type[Exception]) -> int:
    status = getattr(kind, "status_code", None)
    if isinstance(status, int):
        return status
    for (known, _code), listed in anthropic_classes.ERROR_CLASSES.items():
        if listed is kind:
            return known
    return 500


def made(kind: type[Exception]) -> Exception:
    """An instance, with whatever its constructor asks for."""
    known = {
        "message": "words",
        "request": REQUEST,
        "response": httpx2.Response(status_of(kind), json={"error": {"message": "words"}}, request=REQUEST),
        "body": {"error": {"message": "words"}},
        "completion": openai.types.chat.ChatCompletion.construct(usage=None),
        "unsent_messages": [],
        "symbol": "words",
        "library": "words",
        "extra": "words",
    }
    parts: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if name != "self" and parameter.default is parameter.empty and name in known:
            parts[name] = known[name]
    # Some take the words by position, some make their own.
    for positional in ((), ("words",), ("words", "more")):
        try:
            return kind(*positional, **parts)
        except TypeError:
            continue
    raise AssertionError(f"no way was found to make a {kind}")


OF_OPENAI = sorted({*below(openai.OpenAIError), openai.InvalidWebhookSignatureError}, key=lambda kind: kind.__name__)
OF_ANTHROPIC = sorted(set(below(anthropic.AnthropicError)), key=lambda kind: kind.__name__)


def test_the_walk_meets_all_exported_errors() -> None:
    for module, walked in ((openai, OF_OPENAI), (anthropic, OF_ANTHROPIC)):
        exported = {
            thing
            for thing in [getattr(module, name) for name in dir(module) if name.endswith(("Error", "Exception"))]
            if inspect.isclass(thing) and issubclass(thing, Exception) and thing.__module__.startswith(module.__name__)
        }
        assert exported <= set(walked)
    assert set(anthropic_classes.ERROR_CLASSES.values()) <= set(OF_ANTHROPIC)
    assert len(OF_ANTHROPIC) > 100


@pytest.mark.parametrize("walked", [OF_OPENAI, OF_ANTHROPIC], ids=["openai", "anthropic"])
def test_every_class_has_a_cause(walked: list[type[Exception]]) -> None:
    for kind in walked:
        failed = failure_of(made(kind), Secret("sk-canary-12345678"))
        assert isinstance(failed, CallFailed), kind
        assert isinstance(failed.cause, Cause), kind
        assert "canary" not in repr((failed, vars(failed))), kind


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (openai.AuthenticationError, Cause.KEY_REFUSED),
        (openai.OAuthError, Cause.KEY_REFUSED),
        (openai.PermissionDeniedError, Cause.NO_PERMISSION),
        (openai.NotFoundError, Cause.MODEL_UNKNOWN),
        (openai.ConflictError, Cause.SERVER_ERROR),
        (openai.UnprocessableEntityError, Cause.BAD_REQUEST),
        (openai.BadRequestError, Cause.BAD_REQUEST),
        (openai.RateLimitError, Cause.RATE_LIMIT),
        (openai.InternalServerError, Cause.SERVER_ERROR),
        (openai.APIConnectionError, Cause.NETWORK),
        (openai.APITimeoutError, Cause.NETWORK),
        (openai.ContentFilterFinishReasonError, Cause.CONTENT_FILTER),
        (openai.LengthFinishReasonError, Cause.CUT_OFF),
        (anthropic.AuthenticationError, Cause.KEY_REFUSED),
        (anthropic.PaymentRequiredError, Cause.BALANCE_GONE),
        (anthropic.PermissionDeniedError, Cause.NO_PERMISSION),
        (anthropic.NotFoundError, Cause.MODEL_UNKNOWN),
        (anthropic.RequestTimeoutError, Cause.DEADLINE),
        (anthropic.ContentTooLargeError, Cause.TOO_LONG),
        (anthropic.RateLimitError, Cause.RATE_LIMIT),
        (anthropic.ClientClosedRequestError, Cause.NETWORK),
        (anthropic.ServiceUnavailableError, Cause.OVERLOADED),
        (anthropic.GatewayTimeoutError, Cause.SERVER_ERROR),
        (anthropic.OverloadedError, Cause.OVERLOADED),
        (anthropic.APIConnectionError, Cause.NETWORK),
        (anthropic.APITimeoutError, Cause.NETWORK),
        (anthropic.CredentialsError, Cause.KEY_REFUSED),
    ],
)
def test_the_known_classes_have_their_cause(kind: type[Exception], cause: Cause) -> None:
    assert failure_of(made(kind)).cause is cause


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ((429, "enforced_spend_limit_reached"), Cause.BALANCE_GONE),
        ((429, "contract_spend_limit_reached"), Cause.BALANCE_GONE),
        ((429, "ramp_limit_exceeded"), Cause.RATE_LIMIT),
        ((402, "linked_organization_spend_limit_reached"), Cause.BALANCE_GONE),
        ((403, "user_profile_not_billable"), Cause.BALANCE_GONE),
        ((400, "organization_on_hold"), Cause.BALANCE_GONE),
    ],
)
def test_anthropics_named_errors_about_money_stop_the_job(code: tuple[int, str], cause: Cause) -> None:
    kind = anthropic_classes.ERROR_CLASSES[code]
    body = {"type": "error", "error": {"type": "x", "message": "words", "details": {"error_code": code[1]}}}
    error = kind("words", response=httpx2.Response(code[0], json=body, request=REQUEST), body=body)
    assert failure_of(error).cause is cause
