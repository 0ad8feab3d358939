"""Provider keys: from the environment, the system's keychain, or this session's memory; each bound to one host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from gui_app.errors import N_, KeyStoreError
from gui_app.jobs import Secret

T = TypeVar("T")

SERVICE = "Rowmill"
"""The name under which the keychain lists our entries."""

OWN_ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "openai": "https://api.openai.com/v1",
        "anthropic": "https://api.anthropic.com",
        "openrouter": "https://openrouter.ai/api/v1",
        "deepseek": "https://api.deepseek.com",
        "qwen": "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "ollama": "http://localhost:11434/v1",
        "lmstudio": "http://localhost:1234/v1",
        "llamacpp": "http://localhost:8080/v1",
        "vllm": "http://localhost:8000/v1",
    }
)
"""Where each provider lives. Here, and not in the catalogue, because a key is only as safe as its address."""

_USUAL_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "openai": "OPENAI_API_KEY",
        "anthropic": "ANTHROPIC_API_KEY",
        "openrouter": "OPENROUTER_API_KEY",
        "deepseek": "DEEPSEEK_API_KEY",
        "qwen": "DASHSCOPE_API_KEY",
    }
)
ANY_HOST_VARIABLE = "ROWMILL_API_KEY"

_DEFAULT_PORTS = {"http": 80, "https": 443}


class KeychainBackend(Protocol):
    """What of `keyring`'s backends is used."""

    def get_password(self, service: str, username: str) -> str | None:  # noqa: D102
        ...

    def set_password(self, service: str, username: str, password: str) -> None:  # noqa: D102
        ...

    def delete_password(self, service: str, username: str) -> None:  # noqa: D102
        ...


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key and where it came from.

    Attributes:
        origin: "environment", "keychain" or "session".
        variable: The environment variable's name; "" for the other origins.
    """

    secret: Secret
    origin: str
    variable: str = ""


def origin_of(base_url: str) -> str:
    """Scheme, host and port of an address, spelled one way: what a key is bound to.

    Raises:
        KeyStoreError: The address has no host, a port that is none, or a scheme other than http and https.
    """
    try:
        parts = urlsplit(base_url.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in _DEFAULT_PORTS or not host:
        raise KeyStoreError(
            N_("{address} is not an address. It should look like https://api.example.com/v1."), address=base_url[:100]
        )
    host = host.lower().rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}" + ("" if port is None or port == _DEFAULT_PORTS[scheme] else f":{port}")


def environment_variables(provider: str) -> tuple[str, ...]:
    """The variables that may hold this provider's key, the usual one first."""
    usual = _USUAL_VARIABLES.get(provider)
    return (usual, ANY_HOST_VARIABLE) if usual else (ANY_HOST_VARIABLE,)


def _is_own_address(provider: str, origin: str) -> bool:
    own = OWN_ADDRESSES.get(provider)
    if own is None:
        return False
    own_origin = origin_of(own)
    # Regional doors such as https://eu.api.openai.com belong to the same provider.
    return origin == own_origin or (
        own_origin.startswith("https://")
        and origin.startswith("https://")
        and origin.endswith("." + own_origin.removeprefix("https://"))
    )


class KeyStore:
    """Finds and keeps keys, one a provider and host. A key kept for one host is never found for another.

    The order is: environment variable, keychain, this session only.

    All methods that touch the keychain block (`find`, `save`, `forget`, `keychain_works`), a locked one for as
    long as `deadline_s` while it waits for its password: call them off the window's thread. Any thread will do.

    Args:
        environ: Where variables are looked up; usually `os.environ`. Read at every call.
        backend: A `keyring` backend. None: the one that `keyring` finds for this system, asked for when first needed.
        deadline_s: How long one visit to the keychain may take before it counts as out of reach.
    """

    def __init__(
        self, environ: Mapping[str, str], backend: KeychainBackend | None = None, *, deadline_s: float = 30.0
    ) -> None:
        self._environ = environ
        self._backend = backend
        self._looked_for_backend = backend is not None
        self._deadline_s = deadline_s
        self._session: dict[str, Secret] = {}
        self._works: bool | None = None
        self._lock = threading.Lock()
        self.keychain_problem = ""
        """Why the last visit to the keychain failed: "", "missing", "locked", "denied" or "slow"."""

    def find(self, provider: str, base_url: str | None, *, typed: bool = False) -> FoundKey | None:
        """The key for a provider at a host, or None. Blocks.

        A provider's usual variable counts for that provider's own host only, so that a recipe or job file cannot send
        it elsewhere; `ROWMILL_API_KEY` counts for every other host.

        Args:
            base_url: None means the provider's own address.
            typed: The user typed this address here and now, which is consent to send the usual variable's key there.

        Raises:
            KeyStoreError: `base_url` is not an address.
        """
        entry, origin = self._entry(provider, base_url)
        for variable in environment_variables(provider):
            if variable == ANY_HOST_VARIABLE:
                # Never to OpenAI or Anthropic themselves: it is the key of somebody else's server.
                allowed = not _is_own_address(provider, origin) or provider not in ("openai", "anthropic")
            else:
                allowed = typed or _is_own_address(provider, origin)
            value = self._environ.get(variable, "").strip()
            if allowed and value:
                return FoundKey(Secret(value), "environment", variable)
        if entry in self._session:
            return FoundKey(self._session[entry], "session")
        stored = self._visit(lambda backend: backend.get_password(SERVICE, entry) or "")
        return FoundKey(Secret(stored), "keychain") if stored else None

    def save(self, provider: str, base_url: str | None, secret: Secret) -> str:
        """Keep a key for this provider and host. Blocks.

        Returns:
            Where it went: "keychain", or "session" where the keychain is out of reach (`keychain_problem` says why).

        Raises:
            KeyStoreError: The key is blank or has characters no key has, or `base_url` is not an address.
        """
        entry, _ = self._entry(provider, base_url)
        value = secret.reveal().strip()
        if not value:
            raise KeyStoreError(N_("The key is empty. Paste the key that the provider gave you."))
        if not value.isascii() or not value.isprintable() or " " in value:
            raise KeyStoreError(
                N_("This does not look like a key: it has spaces or characters that keys never have. Copy it again.")
            )
        if self.keychain_works():
            stored = self._visit(lambda backend: _write(backend, entry, value))
            if stored:
                self._session.pop(entry, None)
                return "keychain"
        self._session[entry] = Secret(value)
        return "session"

    def forget(self, provider: str, base_url: str | None) -> None:
        """Remove the key kept for this provider and host, if any. The environment is not touched. Blocks.

        Raises:
            KeyStoreError: The keychain holds it and refuses to remove it, or `base_url` is not an address.
        """
        entry, _ = self._entry(provider, base_url)
        self._session.pop(entry, None)
        if not self._visit(lambda backend: backend.get_password(SERVICE, entry)):
            return
        if not self._visit(lambda backend: _delete(backend, entry)):
            raise KeyStoreError(
                N_("The keychain did not remove the key. Remove the entry {entry} in the system's keychain."),
                entry=f"{SERVICE}: {entry}",
            )

    def keychain_works(self) -> bool:
        """Whether keys outlive this session: something was written, read back and deleted. Blocks; asked once."""
        with self._lock:
            # A keychain that was locked or slow may have been opened since; a missing one does not appear.
            if self._works is None or (not self._works and self.keychain_problem in ("locked", "slow")):
                self._works = bool(self._visit(_probe))
            return self._works

    def _entry(self, provider: str, base_url: str | None) -> tuple[str, str]:
        address = base_url or OWN_ADDRESSES.get(provider)
        if address is None:
            raise KeyStoreError(
                N_("{provider} has no address of its own. Enter the server's address first."), provider=provider
            )
        origin = origin_of(address)
        return f"{provider} {origin}", origin

    def _visit(self, action: Callable[[KeychainBackend], T]) -> T | None:
        """Run one action against the keychain, in a thread with a deadline. None when it failed."""
        outcome: list[T] = []
        problem: list[str] = []

        def run() -> None:
            try:
                backend = self._find_backend()
                if backend is None:
                    problem.append("missing")
                else:
                    outcome.append(action(backend))
            except Exception as error:  # Backends raise anything, D-Bus and Win32 errors included.
                problem.append(_problem_name(error))

        # A daemon: a keychain that never answers must not keep the program from ending.
        thread = threading.Thread(target=run, name="keychain", daemon=True)
        thread.start()
        thread.join(self._deadline_s)
        self.keychain_problem = "slow" if thread.is_alive() else (problem[0] if problem else "")
        return outcome[0] if outcome and not thread.is_alive() else None

    def _find_backend(self) -> KeychainBackend | None:
        if not self._looked_for_backend:
            import keyring

            found: Any = keyring.get_keyring()
            # `fail` is no keychain; `null` forgets; keyrings.alt writes keys into a plain file.
            if not type(found).__module__.startswith(("keyring.backends.fail", "keyring.backends.null", "keyrings.")):
                self._backend = found
            self._looked_for_backend = True
        return self._backend


def _write(backend: KeychainBackend, entry: str, value: str) -> bool:
    backend.set_password(SERVICE, entry, value)
    return backend.get_password(SERVICE, entry) == value


def _delete(backend: KeychainBackend, entry: str) -> bool:
    backend.delete_password(SERVICE, entry)
    return True


def _probe(backend: KeychainBackend) -> bool:
    entry = "test entry, may be deleted"
    if not _write(backend, entry, "probe"):
        return False
    backend.delete_password(SERVICE, entry)
    return True


def _problem_name(error: Exception) -> str:
    kind = type(error).__name__
    if kind in ("KeyringLocked", "InitError", "LockedException", "PromptDismissedException"):
        return "locked"
    if kind in ("NoKeyringError", "ImportError", "ModuleNotFoundError"):
        return "missing"
    return "denied"
