"""litellm: `acompletion`, a semaphore and `asyncio.gather`."""

from __future__ import annotations

import asyncio

import litellm  # type: ignore[import-not-found,unused-ignore]

from tests.benchmarks.peers.measured import Meter, Order, serve

litellm.telemetry = False
litellm.suppress_debug_info = True


async def run(order: Order, meter: Meter) -> int:
    gate = asyncio.Semaphore(order.at_once)

    async def ask(prompt: str) -> str | None:
        async with gate:
            reply = await litellm.acompletion(
                model="openai/gpt-6-luna",
                messages=[{"role": "user", "content": prompt}],
                api_base=order.base_url,
                api_key="k",
                max_retries=0,
            )
            content = reply.choices[0].message.content
            return None if content is None else str(content)

    with meter.measure():
        answers = await asyncio.gather(*(ask(prompt) for prompt in order.prompts()))
    return sum(bool(answer) for answer in answers)


if __name__ == "__main__":
    serve(run)
