"""Any server with an OpenAI-compatible `chat.completions`: hosted ones and those on this computer."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, MutableMapping
from typing import Any

from gui_app.jobs import Cause, Finish, Question, Reply, Secret
from gui_app.keys import origin_of
from gui_app.providers.base import CallFailed, ModelInfo
from gui_app.providers.headers import rate_limits
from gui_app.providers.manners import CommonBody, Form, Manner, Manners, instructions_in
from gui_app.providers.mapping import failure_in_reply
from gui_app.providers.openai import models_of, openai_door
from gui_app.providers.schema import openai_schema
from gui_app.providers.usage import chat_usage

_FORMS = (Form.SCHEMA, Form.OBJECT, Form.TEXT)

# Local servers without a reasoning parser leave a model's thinking in its text. It is not the answer.
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>\s*|\Z)", re.DOTALL)

_FINISHES = {
    "length": Finish.CUT_OFF,
    "max_tokens": Finish.CUT_OFF,
    "content_filter": Finish.CONTENT_FILTER,
    "sensitive": Finish.CONTENT_FILTER,
    "refusal": Finish.REFUSED,
}


class CompatibleProvider:
    """`LiveProvider` over `POST /chat/completions`.

    Args:
        first_form: The form to begin with for a model nothing is known about.
    """

    def __init__(
        self,
        base_url: str,
        key: Secret | None,
        *,
        suggested_concurrency: int,
        memory: MutableMapping[str, str],
        first_form: Form = Form.SCHEMA,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.suggested_concurrency = suggested_concurrency
        self._key = key
        self._door = openai_door(base_url, key, ssl_context)
        self._manners = Manners(memory, f"{origin_of(base_url)} chat", Manner(form=first_form), _FORMS, guess=True)
        self._common = CommonBody(request_body)

    async def ask(self, question: Question, prompt: str) -> Reply:
        """See `LiveProvider.ask`."""
        return await self._manners.ask(question, lambda manner: self._complete(question, manner, prompt))

    async def _complete(self, question: Question, manner: Manner, prompt: str) -> Reply:
        body = {"messages": messages(question, manner, prompt)}
        data, headers = await self._door.post("/chat/completions", body, after=self._common.of(question, manner))
        return reply_of(data, headers, self._key)

    async def list_models(self) -> list[ModelInfo]:
        """See `LiveProvider.list_models`."""
        data, _ = await self._door.get("/models")
        return models_of(data)

    async def close(self) -> None:
        """See `LiveProvider.close`."""
        await self._door.close()


def request_body(question: Question, manner: Manner) -> dict[str, Any]:
    """The body of `POST /chat/completions` without its "messages"."""
    body: dict[str, Any] = {
        "model": question.model,
        "max_completion_tokens" if manner.long_cap else "max_tokens": question.max_output_tokens,
    }
    if question.schema is not None and manner.form is Form.SCHEMA:
        schema = openai_schema(question.schema)
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        }
    elif question.schema is not None and manner.form is Form.OBJECT:
        body["response_format"] = {"type": "json_object"}
    if question.temperature is not None and manner.temperature:
        body["temperature"] = question.temperature
    return body


def messages(question: Question, manner: Manner, prompt: str) -> list[dict[str, str]]:
    """The constant part first, so that servers can keep it."""
    instructions = instructions_in(question, manner.form)
    if not instructions:
        return [{"role": "user", "content": prompt}]
    if not manner.system:
        return [{"role": "user", "content": f"{instructions}\n\n{prompt}"}]
    return [{"role": "system", "content": instructions}, {"role": "user", "content": prompt}]


def reply_of(data: Mapping[str, Any], headers: Mapping[str, str], key: Secret | None = None) -> Reply:
    """Read a `chat.completion` object.

    Raises:
        CallFailed: It tells an error, or is none.
    """
    usage = chat_usage(data.get("usage"))
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    error = data.get("error") or (choice.get("error") if isinstance(choice, dict) else None)
    if error:
        raise failure_in_reply(error, headers, usage, key)
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise CallFailed(
            Cause.UNREADABLE, "no answer in the reply", usage=usage, status=200, limits=rate_limits(headers)
        )
    text = _THINKING.sub("", _text_of(message.get("content")), count=1)
    finish = _FINISHES.get(str(choice.get("finish_reason")), Finish.COMPLETE)
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        finish, text = Finish.REFUSED, text or refusal
    model = data.get("model")
    return Reply(
        text=text,
        finish=finish,
        usage=usage,
        model=model if isinstance(model, str) else "",
        limits=rate_limits(headers),
    )


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # Mistral and some gateways send parts.
        return "".join(
            str(part.get("text") or "") for part in content if isinstance(part, dict) and part.get("type") == "text"
        )
    return ""
