"""bespokelabs-curator: `curator.LLM` with its own scheduler, its cache off and its limits out of the way."""

from __future__ import annotations

# ruff: noqa: E402
import asyncio
import os
import tempfile

os.environ.update(TELEMETRY_ENABLED="false", CURATOR_DISABLE_CACHE="true", CURATOR_DISABLE_RICH_DISPLAY="1")
os.environ.setdefault("CURATOR_CACHE_DIR", tempfile.mkdtemp(prefix="curator-"))
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OPENAI_API_KEY"] = "k"

import tiktoken  # type: ignore[import-not-found,unused-ignore]


def _bytes_as_tokens(*_names: object) -> object:
    # It counts tokens with a vocabulary that tiktoken downloads at run time; nothing may be downloaded here.
    return tiktoken.Encoding(
        "bytes", pat_str=r"\S+|\s+", mergeable_ranks={bytes([n]): n for n in range(256)}, special_tokens={}
    )


tiktoken.get_encoding = tiktoken.encoding_for_model = _bytes_as_tokens

from bespokelabs import curator  # type: ignore[import-not-found,unused-ignore]

from tests.benchmarks.peers.measured import Meter, Order, serve


def _ask(order: Order, meter: Meter) -> int:
    model = curator.LLM(
        model_name="gpt-6-luna",
        backend="openai",
        backend_params={
            "base_url": order.base_url,
            "max_concurrent_requests": order.at_once,
            "max_requests_per_minute": 10_000_000,
            "max_tokens_per_minute": 10_000_000_000,
            "max_retries": 0,
            "invalid_finish_reasons": [],
        },
    )
    with meter.measure():
        answers = model(order.prompts())
        data = getattr(answers, "dataset", answers)
        return len(data)


async def run(order: Order, meter: Meter) -> int:
    # It starts an event loop of its own.
    return await asyncio.to_thread(_ask, order, meter)


if __name__ == "__main__":
    serve(run)
