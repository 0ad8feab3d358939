"""A keychain for tests: it works, and can be looked into."""

from __future__ import annotations


class Keychain(dict[tuple[str, str], str]):
    """A keychain that works."""

    def get_password(self, service: str, username: str) -> str | None:
        return self.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self[service, username]
