"""A process that runs overnight jobs in children of its own, and has them killed: fast, since all is imported once.

Reads orders from standard input, one JSON object a line, and answers each with how the child ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from gui_app.engine.batches import collection
from gui_app.providers.base import BatchProvider
from tests.helpers.overnight import DOLLAR, Overnight, provider_on, recipe
from tests.helpers.practice import Practice

STEPS = (
    "claimed", "intended", "uploading", "uploaded", "marked", "created", "submitted", "polled", "collecting",
    "collected", "closed",
)  # fmt: skip


def main() -> None:
    # Imports both SDKs before the first child is made.
    for api in ("openai", "anthropic", "qwen"):
        provider_on(_server("http://127.0.0.1:9/v1", "none"), api)
    print("ready", flush=True)
    for line in sys.stdin:
        print(_carry_out(json.loads(line)), flush=True)


def _carry_out(order: dict[str, Any]) -> str:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(_run(order))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    until = None if order.get("kill_after_s") is None else time.monotonic() + order["kill_after_s"]
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return "killed" if os.WIFSIGNALED(status) else "finished" if status == 0 else "broken"
        if until is not None and time.monotonic() >= until:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)


def _server(base_url: str, token: str) -> Practice:
    root = base_url.removesuffix("/v1")
    return cast(Practice, SimpleNamespace(base_url=base_url, root_url=root, token=token))


async def _run(order: dict[str, Any]) -> None:
    if not order.get("report"):
        collection.GROUP = 7
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    provider = provider_on(_server(order["base_url"], order["token"]), order["api"], settle_s=1.0, **order["limits"])
    run = Overnight(Path(order["job"]), provider, recipe(order["api"]), pricing=DOLLAR)
    if order.get("kill_at"):
        _arm(run, provider, order["kill_at"], order.get("nth", 1))
    await run.run()
    await provider.close()
    if order.get("report"):
        peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        Path(order["report"]).write_text(str((peak_kb - before_kb) / 1024))


def _arm(run: Overnight, provider: BatchProvider, step: str, nth: int) -> None:
    """Die at the nth time a step is reached."""
    left = nth

    def reached(name: str) -> None:
        nonlocal left
        if name == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def after(owner: Any, method: str, name: str, unless: Callable[..., bool] = lambda *_a, **_k: False) -> None:
        honest = getattr(owner, method)

        async def wrapped(*args: Any, **named: Any) -> Any:
            found = await honest(*args, **named)
            if not unless(*args, **named):
                reached(name)
            return found

        setattr(owner, method, wrapped)

    source: Any = run.runner._source
    after(source, "claim", "claimed")
    after(source, "intend", "intended")
    after(provider, "upload", "uploaded")
    after(source, "note", "marked", lambda *_a, **named: "file_id" not in named)
    after(provider, "create", "created")
    after(source, "note", "submitted", lambda *_a, **named: "batch_id" not in named)
    after(provider, "status", "polled")
    after(source, "collect", "collecting")
    after(source, "close_part", "closed")
    close_part = source.close_part

    async def closing(*args: Any) -> Any:
        reached("collected")
        return await close_part(*args)

    source.close_part = closing
    uploaded = run.runner._told.uploaded

    def told(sent: int, of: int) -> None:
        reached("uploading")
        uploaded(sent, of)

    cast(Any, run.runner._told).uploaded = told


if __name__ == "__main__":
    main()
