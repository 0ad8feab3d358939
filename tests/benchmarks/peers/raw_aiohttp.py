"""The floor: N workers post JSON with aiohttp and read the reply. No SDK, no retries, nothing stored."""

from __future__ import annotations

import json

import aiohttp

from tests.benchmarks.peers.measured import Meter, Order, serve


async def run(order: Order, meter: Meter) -> int:
    import asyncio

    url = f"{order.base_url}/chat/completions"
    answers = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        with meter.measure():
            todo = iter(order.prompts())

            async def work() -> None:
                nonlocal answers
                for prompt in todo:
                    body = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": prompt}]}
                    data = json.dumps(body).encode()
                    async with session.post(url, data=data, headers={"Content-Type": "application/json"}) as reply:
                        answers += bool(json.loads(await reply.read())["choices"][0]["message"]["content"])

            await asyncio.gather(*(work() for _ in range(order.at_once)))
    return answers


if __name__ == "__main__":
    serve(run)
