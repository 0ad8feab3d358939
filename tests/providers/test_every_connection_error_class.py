"""A walk over the errors of aiohttp, which carries all calls: each is a trouble of the network, or of the address."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from gui_app.engine.retry import OF_THE_NETWORK
from gui_app.jobs import Cause, Secret
from gui_app.providers.mapping import failure_of
from tests.providers.test_every_sdk_error_class import below

KEY = "sk-canary-12345678"
PLACE = ConnectionKey("x.example", 443, True, True, None, None, None)
REQUEST: Any = SimpleNamespace(real_url=f"https://x.example/?key={KEY}", method="POST", headers={"Authorization": KEY})
REFUSED = OSError(111, f"refused {KEY}")
# What the constructors ask for: a place and an error, fingerprints, a request, a path, or words.
PARTS: tuple[tuple[Any, ...], ...] = (
    (PLACE, REFUSED),
    (b"a", b"b", "x.example", 443),
    (REQUEST, ()),
    ("/run/x", PLACE, REFUSED),
    (f"words {KEY}",),
)


def made(kind: type[Exception]) -> Exception:
    for parts in PARTS:
        try:
            error = kind(*parts)
            str(error)
        except (TypeError, AttributeError):
            continue
        return error
    raise AssertionError(f"no way was found to make a {kind}")


@pytest.mark.parametrize("kind", sorted(set(below(aiohttp.ClientError)), key=str))
def test_every_class_has_a_cause_and_keeps_no_key(kind: type[Exception]) -> None:
    failed = failure_of(made(kind), Secret(KEY))
    assert failed.cause in (*OF_THE_NETWORK, Cause.HOST_REFUSED)
    assert "canary" not in repr((failed, vars(failed)))


def test_the_walk_meets_them_all() -> None:
    exported = {thing for name, thing in vars(aiohttp).items() if isinstance(thing, type) and "Error" in name}
    assert {kind for kind in exported if issubclass(kind, aiohttp.ClientError)} <= set(below(aiohttp.ClientError))
    assert len(set(below(aiohttp.ClientError))) > 25
