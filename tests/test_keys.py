"""Keys: where they are found, where they are kept, and for whom they are never found."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from keyring.backends.fail import Keyring as FailKeyring
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError

from gui_app.errors import KeyStoreError
from gui_app.jobs import Secret
from gui_app.keys import FoundKey, KeyStore, environment_variables, origin_of

OPENAI = "https://api.openai.com/v1"


class Chain:
    """A keychain in memory, with what can go wrong."""

    def __init__(self, *, fails: Exception | None = None, forgets: bool = False, gate: threading.Event | None = None):
        self.entries: dict[tuple[str, str], str] = {}
        self.fails, self.forgets, self.gate = fails, forgets, gate
        self.visits = 0

    def _visit(self) -> None:
        self.visits += 1
        if self.gate is not None:
            self.gate.wait(30)
        if self.fails is not None:
            raise self.fails

    def get_password(self, service: str, username: str) -> str | None:
        self._visit()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._visit()
        if not self.forgets:
            self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._visit()
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")


def store(environ: Mapping[str, str] | None = None, chain: Any = None, **options: Any) -> KeyStore:
    return KeyStore(environ or {}, chain if chain is not None else Chain(), **options)


def found(key: FoundKey | None) -> tuple[str, str, str] | None:
    return None if key is None else (key.secret.reveal(), key.origin, key.variable)


def test_a_saved_key_is_found_again_from_the_keychain() -> None:
    chain = Chain()
    assert store(chain=chain).save("openai", None, Secret(" sk-1 \n")) == "keychain"
    assert found(store(chain=chain).find("openai", None)) == ("sk-1", "keychain", "")
    assert found(store(chain=chain).find("openai", OPENAI + "/")) == ("sk-1", "keychain", "")
    # The probe leaves nothing behind.
    assert list(chain.entries.values()) == ["sk-1"]


@pytest.mark.parametrize(
    ("provider", "base_url"),
    [
        ("openai", "https://api.openai.com.evil.com/v1"),
        ("openai", "https://evil.com/api.openai.com/v1"),
        ("openai", "https://api.openai.com:8443/v1"),
        ("openai", "http://api.openai.com/v1"),
        ("openai", "https://eu.api.openai.com/v1"),
        ("compatible", OPENAI),
        ("anthropic", None),
    ],
)
def test_a_key_for_one_host_is_never_found_for_another(provider: str, base_url: str | None) -> None:
    chain = Chain()
    keys = store(chain=chain)
    keys.save("openai", OPENAI, Secret("sk-1"))
    broken = store(chain=Chain(fails=KeyringLocked()))
    broken.save("openai", OPENAI, Secret("sk-1"))
    assert keys.find(provider, base_url) is None
    assert broken.find(provider, base_url) is None


@pytest.mark.parametrize(
    "same",
    [
        "https://API.OpenAI.com/v1",
        "https://api.openai.com:443/other",
        "https://api.openai.com.",
        " https://api.openai.com",
    ],
)
def test_the_same_host_spelled_otherwise_is_the_same(same: str) -> None:
    keys = store()
    keys.save("openai", OPENAI, Secret("sk-1"))
    assert found(keys.find("openai", same)) == ("sk-1", "keychain", "")


def test_a_variable_goes_before_the_keychain_and_is_named() -> None:
    chain = Chain()
    keys = store({"OPENAI_API_KEY": "sk-env"}, chain)
    keys.save("openai", None, Secret("sk-kept"))
    assert found(keys.find("openai", None)) == ("sk-env", "environment", "OPENAI_API_KEY")


@pytest.mark.parametrize(
    ("provider", "variable", "own", "foreign"),
    [
        ("openai", "OPENAI_API_KEY", "https://eu.api.openai.com/v1", "https://evil.com/v1"),
        ("openai", "OPENAI_API_KEY", OPENAI, "https://api.openai.com.evil.com/v1"),
        ("openai", "OPENAI_API_KEY", OPENAI, "http://api.openai.com/v1"),
        ("openai", "OPENAI_API_KEY", OPENAI, "https://notapi.openai.com"),
        ("anthropic", "ANTHROPIC_API_KEY", "https://api.anthropic.com", "http://localhost:9000"),
        ("deepseek", "DEEPSEEK_API_KEY", "https://api.deepseek.com/v1", "https://api.openai.com"),
    ],
)
def test_a_providers_variable_is_for_its_own_host_unless_the_user_typed_another(
    provider: str, variable: str, own: str, foreign: str
) -> None:
    keys = store({variable: "sk-env"})
    assert found(keys.find(provider, own)) == ("sk-env", "environment", variable)
    assert keys.find(provider, foreign) is None
    assert found(keys.find(provider, foreign, typed=True)) == ("sk-env", "environment", variable)


def test_the_variable_for_any_host_is_for_any_compatible_one_but_not_for_openai_or_anthropic() -> None:
    keys = store({"ROWMILL_API_KEY": "any"})
    for provider, base_url in (
        ("compatible", "https://llm.example.com/v1"),
        ("ollama", None),
        ("openrouter", None),
        ("openai", "http://localhost:9000/v1"),
    ):
        assert found(keys.find(provider, base_url)) == ("any", "environment", "ROWMILL_API_KEY")
    assert keys.find("openai", None) is None
    assert keys.find("anthropic", None) is None


def test_blank_variables_do_not_count_and_changes_are_seen() -> None:
    environ = {"OPENAI_API_KEY": "  "}
    keys = store(environ)
    assert keys.find("openai", None) is None
    environ["OPENAI_API_KEY"] = "sk-now"
    assert found(keys.find("openai", None)) == ("sk-now", "environment", "OPENAI_API_KEY")


@pytest.mark.parametrize(
    ("failing", "problem"),
    [
        (KeyringLocked("locked"), "locked"),
        (InitError("no collection"), "locked"),
        (RuntimeError("No recommended backend was available"), "denied"),
        (PermissionError("denied"), "denied"),
        (OSError("-25308"), "denied"),
    ],
)
def test_without_a_working_keychain_a_key_lives_for_this_session(failing: Exception, problem: str) -> None:
    chain = Chain(fails=failing)
    keys = store(chain=chain)
    assert not keys.keychain_works()
    assert keys.save("openai", None, Secret("sk-1")) == "session"
    assert keys.keychain_problem == problem
    assert found(keys.find("openai", None)) == ("sk-1", "session", "")
    assert store(chain=Chain()).find("openai", None) is None
    keys.forget("openai", None)
    assert keys.find("openai", None) is None


def test_a_keychain_that_keeps_nothing_does_not_count() -> None:
    keys = store(chain=Chain(forgets=True))
    assert not keys.keychain_works()
    assert keys.save("openai", None, Secret("sk-1")) == "session"


def test_no_keychain_at_all_is_missing() -> None:
    # The suite runs with keyring's own "there is none".
    keys = KeyStore({})
    assert not keys.keychain_works()
    assert keys.keychain_problem == "missing"
    assert keys.save("openai", None, Secret("sk-1")) == "session"
    assert found(keys.find("openai", None)) == ("sk-1", "session", "")


def test_keyrings_backend_that_always_fails_is_survived() -> None:
    keys = store(chain=FailKeyring())
    assert not keys.keychain_works()
    assert keys.find("openai", None) is None


def test_a_keychain_that_never_answers_is_given_up() -> None:
    gate = threading.Event()
    try:
        keys = store(chain=Chain(gate=gate), deadline_s=0.05)
        assert not keys.keychain_works()
        assert keys.keychain_problem == "slow"
        assert keys.save("openai", None, Secret("sk-1")) == "session"
        assert found(keys.find("openai", None)) == ("sk-1", "session", "")
    finally:
        gate.set()


def test_a_keychain_that_was_unlocked_is_used_from_then_on() -> None:
    chain = Chain(fails=KeyringLocked())
    keys = store(chain=chain)
    assert keys.save("openai", None, Secret("sk-1")) == "session"
    chain.fails = None
    assert keys.save("openai", None, Secret("sk-2")) == "keychain"
    assert found(keys.find("openai", None)) == ("sk-2", "keychain", "")


def test_a_working_keychain_is_probed_once() -> None:
    chain = Chain()
    keys = store(chain=chain)
    assert keys.keychain_works()
    before = chain.visits
    assert keys.keychain_works()
    assert chain.visits == before


def test_a_forgotten_key_is_gone_and_forgetting_twice_is_no_error() -> None:
    chain = Chain()
    keys = store({"OPENAI_API_KEY": ""}, chain)
    keys.save("openai", None, Secret("sk-1"))
    keys.save("anthropic", None, Secret("sk-2"))
    keys.forget("openai", None)
    keys.forget("openai", None)
    assert keys.find("openai", None) is None
    assert found(keys.find("anthropic", None)) == ("sk-2", "keychain", "")


def test_a_key_that_cannot_be_removed_is_told() -> None:
    chain = Chain()
    keys = store(chain=chain)
    keys.save("openai", None, Secret("sk-1"))

    def refuse(service: str, username: str) -> None:
        raise PasswordDeleteError("no")

    chain.delete_password = refuse  # type: ignore[method-assign]
    with pytest.raises(KeyStoreError, match="did not remove"):
        keys.forget("openai", None)


@pytest.mark.parametrize("text", ["", "  ", "sk 1", "sk-\x00", "sk-\n2", "sk-长", "“sk-1”", "sk-\u200b1"])
def test_what_cannot_be_a_key_is_refused_in_words(text: str) -> None:
    chain = Chain()
    with pytest.raises(KeyStoreError):
        store(chain=chain).save("openai", None, Secret(text))
    assert chain.entries == {}


@pytest.mark.parametrize("address", ["", "nonsense", "ftp://x", "https://", "https://x:y", "https://[::1"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(KeyStoreError):
        origin_of(address)


def test_a_provider_without_an_address_needs_one() -> None:
    with pytest.raises(KeyStoreError, match="no address"):
        store().find("compatible", None)


def test_the_usual_variable_is_named_first() -> None:
    assert environment_variables("openai") == ("OPENAI_API_KEY", "ROWMILL_API_KEY")
    assert environment_variables("compatible") == ("ROWMILL_API_KEY",)


def test_a_key_shows_itself_nowhere() -> None:
    keys = store({"OPENAI_API_KEY": "sk-canary"})
    key = keys.find("openai", None)
    keys.save("anthropic", None, Secret("sk-canary"))
    assert "canary" not in repr((key, keys, vars(keys)["_session"]))


IN_THE_KEYCHAIN = """
import os, sys
from gui_app.jobs import Secret
from gui_app.keys import KeyStore
keys = KeyStore({}, deadline_s=float(os.environ["DEADLINE_S"]))
if sys.argv[1] == "save":
    print(keys.save("openai", None, Secret("sk-real")), keys.keychain_problem)
elif sys.argv[1] == "find":
    key = keys.find("openai", None)
    print(key.origin + " " + key.secret.reveal() if key else "none " + keys.keychain_problem)
    print(KeyStore({}).find("openai", "https://evil.example.com/v1"))
else:
    keys.forget("openai", None)
    print(keys.find("openai", None))
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.long
def test_a_real_keychain_keeps_finds_and_forgets(tmp_path: Any) -> None:
    done = in_a_session(
        tmp_path,
        'printf "pw\\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null; '
        '"$PYTHON" -c "$CODE" save; "$PYTHON" -c "$CODE" find; "$PYTHON" -c "$CODE" forget',
    )
    assert done.splitlines() == ["keychain ", "keychain sk-real", "None", "None"]


@pytest.mark.long
def test_a_locked_real_keychain_leaves_the_session(tmp_path: Any) -> None:
    # Started, never unlocked: it would ask for a password in a window that nobody can open here.
    done = in_a_session(
        tmp_path, 'gnome-keyring-daemon --start --components=secrets >/dev/null; "$PYTHON" -c "$CODE" save'
    )
    assert done.split()[0] == "session"
    assert done.split()[1] in ("locked", "denied", "slow")


@pytest.mark.long
def test_a_session_without_a_keychain_leaves_the_session(tmp_path: Any) -> None:
    assert in_a_session(tmp_path, '"$PYTHON" -c "$CODE" save').split()[0] == "session"


def in_a_session(folder: Any, commands: str) -> str:
    """Run shell commands under a session bus of their own, with a home of their own."""
    with tempfile.TemporaryDirectory() as short:  # Sockets lie there, and their paths may not be long.
        environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_RUNTIME_DIR": short,
            "PYTHON": sys.executable,
            "CODE": IN_THE_KEYCHAIN,
            "DEADLINE_S": "3",
        }
        del environment["PYTHON_KEYRING_BACKEND"]
        done = subprocess.run(
            ["dbus-run-session", "--", "bash", "-c", commands + "; true"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    return done.stdout or done.stderr
