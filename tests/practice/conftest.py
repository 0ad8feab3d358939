"""The practice server and the real SDKs' clients on it."""

import anthropic
import openai
import pytest

from tests.helpers.practice import Practice

SENTIMENT = {
    "type": "object",
    "properties": {"sentiment": {"type": "string", "enum": ["positive", "negative", "neutral"]}},
    "required": ["sentiment"],
    "additionalProperties": False,
}


@pytest.fixture
def practice(tmp_path):
    """`practice(faults, batching)` starts a server; all are stopped at the end."""
    started = []

    def start(*args, home=None, **options):
        server = Practice(home or tmp_path / "practice", *args, **options).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def openai_on():
    """`openai_on(server)`: OpenAI's client, without retries."""
    clients = []

    def make(server, token=None, **options):
        client = openai.OpenAI(base_url=server.base_url, api_key=token or server.token, max_retries=0, **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def anthropic_on():
    """`anthropic_on(server)`: Anthropic's client, without retries."""
    clients = []

    def make(server, token=None, **options):
        options = {"base_url": server.root_url, "api_key": token or server.token, "max_retries": 0, **options}
        clients.append(anthropic.Anthropic(**options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def chat(client, prompt, model="practice", schema=SENTIMENT, **options):
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    messages = [{"role": "system", "content": "Reply with JSON."}, {"role": "user", "content": prompt}]
    return client.chat.completions.create(model=model, messages=messages, response_format=form, **options)


def respond(client, prompt, model="practice", schema=SENTIMENT, **options):
    form = {"type": "json_schema", "name": "answer", "strict": True, "schema": schema}
    return client.responses.create(
        model=model, instructions="Reply with JSON.", input=prompt, text={"format": form}, store=False, **options
    )


def message(client, prompt, model="practice", schema=SENTIMENT, **options):
    return client.messages.create(
        model=model,
        system="Reply with JSON.",
        messages=[{"role": "user", "content": prompt}],
        output_config={"format": {"type": "json_schema", "schema": schema}},
        **{"max_tokens": 1000, **options},
    )
