"""LangChain: `ChatOpenAI.abatch` with max_concurrency, whole, or in chunks as its cookbooks show for long files."""

from __future__ import annotations

from langchain_openai import ChatOpenAI  # type: ignore[import-not-found,unused-ignore]

from tests.benchmarks.peers.measured import Meter, Order, serve


async def run(order: Order, meter: Meter) -> int:
    model = ChatOpenAI(model="gpt-6-luna", base_url=order.base_url, api_key="k", max_retries=0)
    config = {"max_concurrency": order.at_once}
    with meter.measure():
        prompts = order.prompts()
        step = order.chunk or len(prompts)
        answers = []
        for start in range(0, len(prompts), step):
            answers += await model.abatch(prompts[start : start + step], config=config)
    return sum(bool(answer.content) for answer in answers)


if __name__ == "__main__":
    serve(run)
