"""What the parts of the Model tab that ask the provider need to know: where it is, and with which key."""

from __future__ import annotations

from typing import Protocol

from gui_app.errors import UserError
from gui_app.jobs import Account
from gui_app.providers.base import CannotOpen
from gui_app.sentences import explain, filled


class Connection(Protocol):
    """The provider that is chosen; `ModelPanel` is one."""

    def provider(self) -> str:
        """A name from `providers.catalog`."""
        ...

    def base_url(self) -> str | None:
        """The address as typed; None for the provider's own."""
        ...

    def model_id(self) -> str:
        """The model, chosen or typed; "" for none."""
        ...

    def account(self) -> Account:
        """Where calls go and with which key."""
        ...

    def cannot_ask(self) -> str:
        """Why nothing can be asked there, in words; "" when it can."""
        ...

    async def key_kept(self) -> None:
        """Wait until a key that is being stored is."""
        ...


def said(error: UserError) -> str:
    """An error in words. A provider that cannot even be asked says better why than its cause does."""
    return filled(error.sentence, error.details) if isinstance(error, CannotOpen) else explain(error)
