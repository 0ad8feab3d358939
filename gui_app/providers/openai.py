"""OpenAI itself: the Responses API, nothing stored there. The practice server speaks it too."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from gui_app.providers.sdk_import import light_imports

with light_imports():
    from openai import AsyncOpenAI

from gui_app.jobs import Cause, Finish, Question, Reply, Secret
from gui_app.keys import origin_of
from gui_app.providers import decisions
from gui_app.providers.base import CallFailed, ModelInfo
from gui_app.providers.door import Door
from gui_app.providers.headers import rate_limits
from gui_app.providers.manners import CommonBody, Form, Manner, Manners, instructions_in
from gui_app.providers.mapping import failure_in_reply
from gui_app.providers.quiet import quiet_sdk_logs
from gui_app.providers.schema import openai_schema
from gui_app.providers.transport import PLACEHOLDER, GuardedClient, GuardedTransport
from gui_app.providers.usage import responses_usage

MINIMUM_OUTPUT_TOKENS = 16
"""The API refuses less."""


def openai_door(base_url: str, key: Secret | None, ssl_context: ssl.SSLContext | None = None) -> Door:
    """The official SDK's client, with nothing left to the environment, behind a `Door`."""
    http = GuardedClient(GuardedTransport(base_url, key, ssl_context=ssl_context))
    client = AsyncOpenAI(
        api_key=PLACEHOLDER,
        base_url=base_url,
        # "" and not None: None would be looked up in the environment.
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        websocket_base_url=base_url,
        # Said again, because headers from the environment go before what the SDK makes of `api_key`.
        default_headers={"Authorization": f"Bearer {PLACEHOLDER}"},
        timeout=None,
        max_retries=0,
        http_client=http,
    )
    quiet_sdk_logs()
    return Door(client, http, key)


class OpenAIProvider:
    """`LiveProvider` over `POST /responses`, and over `POST /decisions` for questions that want a confidence."""

    def __init__(
        self,
        base_url: str,
        key: Secret | None,
        *,
        suggested_concurrency: int,
        memory: MutableMapping[str, str],
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.suggested_concurrency = suggested_concurrency
        self._key = key
        self._door = openai_door(base_url, key, ssl_context)
        self._manners = Manners(
            memory, f"{origin_of(base_url)} responses", Manner(), (Form.SCHEMA, Form.OBJECT, Form.TEXT), guess=False
        )
        self._common = CommonBody(request_body)

    async def ask(self, question: Question, prompt: str) -> Reply:
        """See `LiveProvider.ask`."""
        if question.confidence and self._manners.of(question.model).decisions:
            asked = decisions.asked_fields(question)
            if asked:
                return await self._ask_with_confidence(question, prompt, asked)
        return await self._ask_plainly(question, prompt)

    async def _ask_plainly(self, question: Question, prompt: str) -> Reply:
        return await self._manners.ask(question, lambda manner: self._respond(question, manner, prompt))

    async def _respond(self, question: Question, manner: Manner, prompt: str) -> Reply:
        data, headers = await self._door.post("/responses", {"input": prompt}, after=self._common.of(question, manner))
        return reply_of(data, headers, self._key)

    async def _ask_with_confidence(self, question: Question, prompt: str, asked: tuple[decisions.Asked, ...]) -> Reply:
        body = decisions.request_body(question, asked, prompt)
        try:
            answer = await self._door.post("/decisions", body)
        except CallFailed as failure:
            if failure.cause not in (Cause.MODEL_UNKNOWN, Cause.BAD_REQUEST, Cause.NO_PERMISSION):
                raise
            answer = None
        if answer is None:
            # This model (or this server) has no decisions. Its plain answer tells whether the model itself is known.
            reply = await self._ask_plainly(question, prompt)
            manner = self._manners.of(question.model)
            self._manners.learn(question.model, replace(manner, decisions=False))
            return reply
        decided = decisions.decided_of(answer[0], asked, rate_limits(answer[1]))
        if len(asked) == len(question.fields):
            return decisions.as_reply(decided)
        # Text and several labels have no decision: the model writes them, the decisions go over what it wrote.
        return decisions.merged(await self._ask_plainly(question, prompt), decided)

    async def list_models(self) -> list[ModelInfo]:
        """See `LiveProvider.list_models`."""
        data, _ = await self._door.get("/models")
        return models_of(data)

    async def close(self) -> None:
        """See `LiveProvider.close`."""
        await self._door.close()


def request_body(question: Question, manner: Manner = Manner()) -> dict[str, Any]:
    """The body of `POST /responses` without its "input"."""
    body: dict[str, Any] = {
        "model": question.model,
        "instructions": instructions_in(question, manner.form),
        "max_output_tokens": max(MINIMUM_OUTPUT_TOKENS, question.max_output_tokens),
        # The default keeps prompts and replies for 30 days.
        "store": False,
    }
    if question.schema is not None and manner.form is Form.SCHEMA:
        body["text"] = {
            "format": {
                "type": "json_schema",
                "name": "answer",
                "schema": openai_schema(question.schema),
                "strict": True,
            }
        }
    elif question.schema is not None and manner.form is Form.OBJECT:
        body["text"] = {"format": {"type": "json_object"}}
    if question.temperature is not None and manner.temperature:
        body["temperature"] = question.temperature
    return body


def reply_of(data: Mapping[str, Any], headers: Mapping[str, str], key: Secret | None = None) -> Reply:
    """Read a `response` object.

    Raises:
        CallFailed: The response failed, or is none.
    """
    usage = responses_usage(data.get("usage"))
    if data.get("error"):
        raise failure_in_reply(data["error"], headers, usage, key)
    output, status = data.get("output"), data.get("status")
    if not isinstance(output, list) or status in ("failed", "cancelled", "queued", "in_progress"):
        raise CallFailed(
            Cause.UNREADABLE if not isinstance(output, list) else Cause.SERVER_ERROR,
            f"status {status}" if isinstance(status, str) else "no output in the reply",
            usage=usage,
            status=200,
            limits=rate_limits(headers),
        )
    texts: list[str] = []
    refusals: list[str] = []
    for item in output:
        content = item.get("content") if isinstance(item, dict) else None
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict):
                continue
            if part.get("type") == "output_text":
                texts.append(str(part.get("text") or ""))
            elif part.get("type") == "refusal":
                refusals.append(str(part.get("refusal") or ""))
    finish = Finish.COMPLETE
    if refusals:
        finish = Finish.REFUSED
    elif status == "incomplete":
        details = data.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        finish = Finish.CONTENT_FILTER if reason == "content_filter" else Finish.CUT_OFF
    model = data.get("model")
    return Reply(
        text="".join(texts) or "".join(refusals),
        finish=finish,
        usage=usage,
        model=model if isinstance(model, str) else "",
        limits=rate_limits(headers),
    )


def models_of(data: Mapping[str, Any]) -> list[ModelInfo]:
    """The models of a `GET /models` answer in OpenAI's shape.

    Raises:
        CallFailed: There is no list in it.
    """
    items = data.get("data")
    if items is None and isinstance(data.get("models"), list):
        items = data["models"]
    if not isinstance(items, list):
        raise CallFailed(Cause.UNREADABLE, "no list of models in the reply", status=200)
    found = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            continue
        name, retires = item.get("name"), item.get("shutdown_date") or item.get("retires_at")
        found.append(
            ModelInfo(
                item["id"],
                name=name if isinstance(name, str) and name != item["id"] else "",
                retires_on=retires[:10] if isinstance(retires, str) and len(retires) >= 10 else None,
            )
        )
    return found
