"""What most scripts do: the official SDK, a semaphore and `asyncio.gather`."""

from __future__ import annotations

import asyncio

from openai import AsyncOpenAI

from tests.benchmarks.peers.measured import Meter, Order, serve


async def run(order: Order, meter: Meter) -> int:
    async with AsyncOpenAI(api_key="k", base_url=order.base_url, max_retries=0) as client:
        gate = asyncio.Semaphore(order.at_once)

        async def ask(prompt: str) -> str | None:
            async with gate:
                reply = await client.chat.completions.create(
                    model="gpt-6-luna", messages=[{"role": "user", "content": prompt}]
                )
                return reply.choices[0].message.content

        with meter.measure():
            answers = await asyncio.gather(*(ask(prompt) for prompt in order.prompts()))
    return sum(bool(answer) for answer in answers)


if __name__ == "__main__":
    serve(run)
