"""Anthropic: the Messages API."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import quote

from gui_app.providers.sdk_import import light_imports

with light_imports():
    from anthropic import AsyncAnthropic, transform_schema

from gui_app.jobs import Cause, Finish, Question, Reply, Secret
from gui_app.keys import OWN_ADDRESSES, origin_of
from gui_app.providers.base import CallFailed, ModelInfo
from gui_app.providers.door import Door
from gui_app.providers.headers import rate_limits
from gui_app.providers.manners import CommonBody, Form, Manner, Manners, instructions_in
from gui_app.providers.mapping import failure_in_reply
from gui_app.providers.quiet import quiet_sdk_logs
from gui_app.providers.transport import PLACEHOLDER, GuardedClient, GuardedTransport
from gui_app.providers.usage import messages_usage

CACHE_FROM_CHARACTERS = 4000
"""Instructions this long are marked for caching: about 1,000 tokens, below which the API caches nothing."""

MAX_MODEL_PAGES = 20


def key_headers(base_url: str, place: str) -> dict[str, str]:
    """The headers that hold the key; `place` stands where it goes."""
    headers = {"Authorization": f"Bearer {place}"}
    if origin_of(base_url) != origin_of(OWN_ADDRESSES["anthropic"]):
        # Other servers with this API know the key under the name it had for years.
        headers["X-Api-Key"] = place
    return headers


def anthropic_door(base_url: str, key: Secret | None, ssl_context: ssl.SSLContext | None = None) -> Door:
    """The official SDK's client, with nothing left to the environment, behind a `Door`."""
    http = GuardedClient(GuardedTransport(base_url, key, ssl_context=ssl_context))
    client = AsyncAnthropic(
        api_key=PLACEHOLDER,
        base_url=base_url,
        webhook_key="",
        # Said again, because headers from the environment go before what the SDK makes of `api_key`.
        default_headers=key_headers(base_url, PLACEHOLDER),
        timeout=None,
        max_retries=0,
        open_telemetry=False,
        http_client=http,
    )
    quiet_sdk_logs()
    return Door(client, http, key)


class AnthropicProvider:
    """`LiveProvider` over `POST /v1/messages`."""

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
        self._door = anthropic_door(base_url, key, ssl_context)
        self._manners = Manners(
            memory, f"{origin_of(base_url)} messages", Manner(), (Form.SCHEMA, Form.TEXT), guess=False
        )
        self._common = CommonBody(request_body)

    async def ask(self, question: Question, prompt: str) -> Reply:
        """See `LiveProvider.ask`."""
        return await self._manners.ask(question, lambda manner: self._message(question, manner, prompt))

    async def _message(self, question: Question, manner: Manner, prompt: str) -> Reply:
        body = {"messages": [{"role": "user", "content": prompt}]}
        data, headers = await self._door.post("/v1/messages", body, after=self._common.of(question, manner))
        return reply_of(data, headers, self._key)

    async def list_models(self) -> list[ModelInfo]:
        """See `LiveProvider.list_models`. Retired models are left out."""
        found: list[ModelInfo] = []
        path = "/v1/models?limit=1000"
        for _ in range(MAX_MODEL_PAGES):
            data, _headers = await self._door.get(path)
            found += models_of(data)
            last = data.get("last_id")
            if data.get("has_more") is not True or not isinstance(last, str):
                break
            path = f"/v1/models?limit=1000&after_id={quote(last, safe='')}"
        return found

    async def close(self) -> None:
        """See `LiveProvider.close`."""
        await self._door.close()


def request_body(question: Question, manner: Manner = Manner()) -> dict[str, Any]:
    """The body of `POST /v1/messages` without its "messages".

    No temperature, ever: the API of this SDK has none.
    """
    body: dict[str, Any] = {"model": question.model, "max_tokens": question.max_output_tokens}
    instructions = instructions_in(question, manner.form)
    if len(instructions) >= CACHE_FROM_CHARACTERS:
        body["system"] = [{"type": "text", "text": instructions, "cache_control": {"type": "ephemeral"}}]
    elif instructions:
        body["system"] = instructions
    if question.schema is not None and manner.form is Form.SCHEMA:
        # The SDK's own: limits that the API does not take move into the descriptions.
        schema = transform_schema(dict(question.schema))
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return body


def reply_of(data: Mapping[str, Any], headers: Mapping[str, str], key: Secret | None = None) -> Reply:
    """Read a `message` object.

    Raises:
        CallFailed: It tells an error, or is none.
    """
    usage = messages_usage(data.get("usage"))
    if data.get("error"):
        raise failure_in_reply(data["error"], headers, usage, key)
    content = data.get("content")
    if not isinstance(content, list):
        raise CallFailed(
            Cause.UNREADABLE, "no content in the reply", usage=usage, status=200, limits=rate_limits(headers)
        )
    text = "".join(
        str(block.get("text") or "") for block in content if isinstance(block, dict) and block.get("type") == "text"
    )
    reason = data.get("stop_reason")
    finish = Finish.COMPLETE
    if reason == "refusal":
        finish = Finish.REFUSED
    elif reason in ("max_tokens", "model_context_window_exceeded"):
        finish = Finish.CUT_OFF
    model = data.get("model")
    return Reply(
        text=text,
        finish=finish,
        usage=usage,
        model=model if isinstance(model, str) else "",
        limits=rate_limits(headers),
    )


def models_of(data: Mapping[str, Any]) -> list[ModelInfo]:
    """The models of a `GET /v1/models` answer.

    Raises:
        CallFailed: There is no list in it.
    """
    items = data.get("data")
    if not isinstance(items, list):
        raise CallFailed(Cause.UNREADABLE, "no list of models in the reply", status=200)
    found = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or item.get("lifecycle") == "retired":
            continue
        name, retires = item.get("display_name"), item.get("retires_at")
        found.append(
            ModelInfo(
                item["id"],
                name=name if isinstance(name, str) else "",
                retires_on=retires[:10] if isinstance(retires, str) and len(retires) >= 10 else None,
            )
        )
    return found
