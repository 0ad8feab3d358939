"""The SDKs are imported without their models, which are there all the same for whoever asks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.helpers.fault_server import FaultServer, Say, completion, response

SDKS = ("openai", "anthropic")

NAMES = """
import importlib, json, sys
from contextlib import nullcontext
from gui_app.providers import sdk_import
light = sys.argv[2] == "light"
with sdk_import.light_imports() if light else nullcontext():
    sdk = importlib.import_module(sys.argv[1])
    types = importlib.import_module(sys.argv[1] + ".types")
if light:
    assert type(types) is not type(sdk)

def told(thing):
    if isinstance(thing, type(json)):
        return thing.__name__
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '') or type(thing).__name__}"

found = {}
for name in sys.argv[3].split(","):
    package = importlib.import_module(name)
    # The other way round: what is asked for first must not depend on the order in which a package imports it.
    asked = json.loads(sys.stdin.readline() or "{}").get(name) or [n for n in dir(package) if not n.startswith("__")]
    found[name] = {n: told(getattr(package, n)) for n in reversed(asked)}
print(json.dumps(found))
"""

PACKAGES = {
    "openai": ("openai.types", "openai.types.chat", "openai.types.responses", "openai.types.shared_params"),
    "anthropic": ("anthropic.types", "anthropic.types.beta", "anthropic.lib.tools"),
}


def python(code: str, *arguments: str, told: str = "") -> Any:
    """What a Python of its own prints, which has imported nothing yet."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, input=told, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("sdk", SDKS)
def test_every_name_of_a_package_is_what_it_is_otherwise(sdk):
    packages = ",".join(PACKAGES[sdk])
    whole = python(NAMES, sdk, "whole", packages)
    assert all(len(names) > 10 for names in whole.values())
    asked = "".join(json.dumps({name: list(names)}) + "\n" for name, names in whole.items())
    assert python(NAMES, sdk, "light", packages, told=asked) == whole
    # Without being told the names it knows them as well.
    first = PACKAGES[sdk][1]
    assert set(python(NAMES, sdk, "light", first)[first]) >= set(whole[first])


ROW = """
import asyncio, json, sys
from gui_app.jobs import Account, Question, Secret
from gui_app.providers.catalog import open_provider
provider = open_provider(Account(sys.argv[1], sys.argv[2], Secret("k")))
async def ask():
    reply = await provider.ask(Question("m", "x", None, 50), "hello")
    await provider.close()
    return reply.text
text = asyncio.run(ask())
sdk = "anthropic" if sys.argv[1] == "anthropic" else "openai"
print(json.dumps([text, sum(name.startswith(f"{sdk}.types.") for name in sys.modules), sdk in sys.modules]))
"""


@pytest.mark.parametrize("provider", ["openai", "compatible"])
def test_a_row_goes_through_the_sdk_without_its_models(provider):
    with FaultServer(Say(response("yes") if provider == "openai" else completion("yes"))) as server:
        text, models, there = python(ROW, provider, f"{server.url}/v1")
        assert (text, there) == ("yes", True)
        assert server.seen[0].headers["user-agent"].startswith("AsyncOpenAI")
    assert models < 100
