"""The providers that are ready to use, and the one door to open them. Imports no SDK."""

from __future__ import annotations

import ssl
from collections.abc import MutableMapping
from dataclasses import dataclass
from types import MappingProxyType

from gui_app.errors import N_, UserError
from gui_app.jobs import Account, Cause
from gui_app.keys import ANY_HOST_VARIABLE, OWN_ADDRESSES, environment_variables
from gui_app.providers.base import BatchProvider, CannotOpen, LiveProvider
from gui_app.providers.hosts import checked_base_url, is_loopback


@dataclass(frozen=True, slots=True)
class Entry:
    """One ready provider.

    Attributes:
        title: As shown; a name, the same in all languages. (`practice` and `compatible` have catalogue entries.)
        api: "responses", "messages" or "chat": how it is spoken to.
        base_url: Its own address; None where there is none ("compatible", "practice").
        needs_key: Without a key it does not answer.
        variables: The environment variables that may hold its key, the usual one first.
        local: Runs on this computer: costs nothing, and no row leaves the house.
        suggested_concurrency: Where "Automatic" starts.
        schema: Takes a JSON schema, at least for its newer models. Otherwise found out, beginning with `json_object`.
        batch: Has a Batch API at half price (the overnight lane).
        first_model: A first suggestion; "" where the server's own list decides.
    """

    name: str
    title: str
    api: str
    base_url: str | None
    needs_key: bool
    variables: tuple[str, ...] = ()
    local: bool = False
    suggested_concurrency: int = 10
    schema: bool = True
    batch: bool = False
    first_model: str = ""


MOST_CONCURRENCY = 500


def most_concurrency(name: str) -> int:
    """The most calls at once that "Automatic" goes to by itself, while more of them help."""
    # The practice model shares this computer's processors with the window.
    found = entry(name)
    return found.suggested_concurrency if found.name == "practice" else MOST_CONCURRENCY


def _hosted(name: str, title: str, api: str = "chat", *, schema: bool = True, first_model: str) -> Entry:
    return Entry(
        name,
        title,
        api,
        OWN_ADDRESSES[name],
        needs_key=True,
        variables=environment_variables(name),
        suggested_concurrency=20 if name == "openai" else 10,
        schema=schema,
        batch=name in ("openai", "anthropic", "qwen"),
        first_model=first_model,
    )


def _local(name: str, title: str) -> Entry:
    return Entry(name, title, "chat", OWN_ADDRESSES[name], False, (ANY_HOST_VARIABLE,), True, 4)


_ENTRIES = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            Entry("practice", N_("Practice model (made-up answers)"), "responses", None, False, local=True,
                  suggested_concurrency=16, batch=True, first_model="practice"),
            _hosted("openai", "OpenAI", "responses", first_model="gpt-6-luna"),
            _hosted("anthropic", "Anthropic", "messages", first_model="claude-haiku-5-5"),
            _local("ollama", "Ollama"),
            _local("lmstudio", "LM Studio"),
            _local("llamacpp", "llama.cpp / llamafile"),
            _local("vllm", "vLLM"),
            _hosted("openrouter", "OpenRouter", first_model="openai/gpt-6-luna"),
            _hosted("deepseek", "DeepSeek", schema=False, first_model="deepseek-v4-flash"),
            _hosted("qwen", "Qwen (DashScope)", schema=False, first_model="qwen-flash"),
            # A few at first: it may be somebody's own computer, which answers two at once.
            Entry("compatible", N_("Another server (OpenAI-compatible)"), "chat", None, False, (ANY_HOST_VARIABLE,),
                  suggested_concurrency=8),
        )
    }
)  # fmt: skip

_ALIASES = {
    "llamafile": "llamacpp",
    "llama.cpp": "llamacpp",
    "lm-studio": "lmstudio",
    "dashscope": "qwen",
}


def names() -> tuple[str, ...]:
    """All providers, in the order in which they are offered."""
    return tuple(_ENTRIES)


def entry(name: str) -> Entry:
    """The entry of that name ("llamafile" and the like find theirs).

    Raises:
        UserError: There is none.
    """
    key = name.strip().lower()
    found = _ENTRIES.get(_ALIASES.get(key, key))
    if found is None:
        raise UserError(
            N_("There is no provider named {name}. Choose one of: {names}."), name=name[:60], names=", ".join(names())
        )
    return found


def entry_or_other(name: str) -> Entry:
    """The entry of that name; that of "another server" for a name of a later version."""
    return _ENTRIES.get(_ALIASES.get(name, name), _ENTRIES["compatible"])


def address_of(account: Account) -> str:
    """Where calls for this account go, checked.

    Raises:
        CannotOpen: The address is missing or may not be used (HOST_REFUSED).
        UserError: There is no such provider.
    """
    found = entry(account.provider)
    address = account.base_url or found.base_url
    if not address:
        raise CannotOpen(
            Cause.HOST_REFUSED,
            N_("{provider} needs the address of a server, such as https://api.example.com/v1. Enter it first."),
            provider=found.title,
        )
    address = checked_base_url(address)
    if found.api == "messages":
        # This SDK puts /v1 in by itself; addresses are often copied with it.
        address = address.removesuffix("/v1")
    return address


def open_provider(
    account: Account,
    *,
    memory: MutableMapping[str, str] | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> LiveProvider:
    """A provider ready for calls. Imports its SDK when first used, which takes 1 to 5 s.

    Nothing is sent yet, and no event loop is needed: it may be called in a thread, so that a loop does not wait for
    the import. Use and close the provider on one loop.

    Args:
        memory: What was found out about models (which form of reply they take), by model; kept between sessions by
            the caller. None: forgotten when the provider is closed.
        ssl_context: Trusted instead of the system's certificates.

    Raises:
        CannotOpen: The address may not be used (HOST_REFUSED), or a key is needed and missing (KEY_REFUSED).
        UserError: There is no such provider.
    """
    found, address = _reachable(account)
    notes: MutableMapping[str, str] = {} if memory is None else memory
    if found.api == "responses":
        from gui_app.providers.openai import OpenAIProvider

        return OpenAIProvider(
            address,
            account.key,
            suggested_concurrency=found.suggested_concurrency,
            memory=notes,
            ssl_context=ssl_context,
        )
    if found.api == "messages":
        from gui_app.providers.anthropic import AnthropicProvider

        return AnthropicProvider(
            address,
            account.key,
            suggested_concurrency=found.suggested_concurrency,
            memory=notes,
            ssl_context=ssl_context,
        )
    from gui_app.providers.compatible import CompatibleProvider
    from gui_app.providers.manners import Form

    return CompatibleProvider(
        address,
        account.key,
        suggested_concurrency=4 if is_loopback(address) else found.suggested_concurrency,
        memory=notes,
        first_form=Form.SCHEMA if found.schema else Form.OBJECT,
        ssl_context=ssl_context,
    )


def open_batch_provider(
    account: Account,
    *,
    memory: MutableMapping[str, str] | None = None,
    settle_s: float | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> BatchProvider:
    """The provider's Batch API, ready for use. As `open_provider` otherwise.

    Args:
        memory: The same as the live provider's, so that what it found out about a model holds here too.
        settle_s: See `BatchLimits.settle_s`. None: as suits the provider.

    Raises:
        CannotOpen: As `open_provider`.
        UserError: There is no such provider, or it has no overnight lane.
    """
    found, address = _reachable(account)
    if not found.batch:
        raise UserError(
            N_("{provider} has no overnight lane. Choose “Now”, or another provider."), provider=found.title
        )
    notes: MutableMapping[str, str] = {} if memory is None else memory
    near = is_loopback(address)
    if found.api == "messages":
        from gui_app.providers.anthropic_batch import AnthropicBatchProvider

        # A whole body has to be read and checked before the batch is in any list.
        settle_s = settle_s if settle_s is not None else 5.0 if near else 600.0
        return AnthropicBatchProvider(address, account.key, memory=notes, settle_s=settle_s, ssl_context=ssl_context)
    from gui_app.providers.manners import Form
    from gui_app.providers.openai_batch import OpenAIBatchProvider

    return OpenAIBatchProvider(
        address,
        account.key,
        chat=found.api == "chat",
        # Whether other hosts keep foreign metadata, or refuse it, is not known.
        marked=found.api == "responses",
        first_form=Form.SCHEMA if found.schema else Form.OBJECT,
        memory=notes,
        settle_s=settle_s if settle_s is not None else 5.0 if near else 120.0,
        ssl_context=ssl_context,
    )


def _reachable(account: Account) -> tuple[Entry, str]:
    found = entry(account.provider)
    address = address_of(account)
    if account.key is None and found.needs_key and not is_loopback(address):
        raise CannotOpen(
            Cause.KEY_REFUSED,
            N_("{provider} needs a key. Enter it beside the model, or set {variable}."),
            provider=found.title,
            variable=found.variables[0],
        )
    return found, address


def load(name: str) -> None:
    """Import what a provider needs, which takes seconds the first time: call it off the event loop."""
    import importlib

    importlib.import_module(_MODULES[entry(name).api])


_MODULES = {
    "responses": "gui_app.providers.openai",
    "messages": "gui_app.providers.anthropic",
    "chat": "gui_app.providers.compatible",
}
