"""Providers that are open, each with its pace: one for a provider, host and key, shared by all jobs of the process."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace

from gui_app.engine.pacing.pace import Pace
from gui_app.jobs import Account, Secret
from gui_app.practice import launch
from gui_app.providers import catalog
from gui_app.providers.base import LiveProvider
from gui_app.worker.garbage import uncollected


@dataclass(slots=True)
class Connection:
    """Attributes: address: where its calls go."""

    provider: LiveProvider
    pace: Pace
    address: str


class Connections:
    """Opened when they are first asked for, and kept until `close`.

    Attributes:
        memory: What was found out about the models, for every provider that is opened.
    """

    def __init__(self) -> None:
        self.memory: dict[str, str] = {}
        self._open: dict[tuple[str, str, str], Connection] = {}
        self._connecting = asyncio.Lock()

    async def open(self, account: Account, concurrency: int | None) -> Connection:
        """The one connection of an account, opened the first time.

        Args:
            concurrency: A job's own number of calls at once; None: automatic.

        Raises:
            UserError: The provider cannot be used at all.
        """
        # One at a time: the first one of a provider imports its SDK.
        async with self._connecting:
            account = await reachable(account)
            slot = (account.provider, account.base_url or "", _fingerprint(account.key))
            connection = self._open.get(slot)
            if connection is None:
                # Off the loop: the first one imports an SDK, and running jobs must not wait for that.
                provider = await asyncio.to_thread(self._opened, account)
                suggested = provider.suggested_concurrency
                pace = Pace(concurrency or suggested, start=None if concurrency else suggested)
                connection = Connection(provider, pace, catalog.address_of(account))
                self._open[slot] = connection
            # A job's own number bounds the job; the pace bounds all jobs of the provider together.
            if concurrency:
                connection.pace.widen(concurrency)
            else:
                connection.pace.let_grow(catalog.most_concurrency(account.provider))
            return connection

    def _opened(self, account: Account) -> LiveProvider:
        with uncollected():
            return catalog.open_provider(account, memory=self.memory)

    async def close(self) -> None:
        """Close them all."""
        for connection in self._open.values():
            await connection.provider.close()
        self._open.clear()


async def reachable(account: Account) -> Account:
    """The account as it is; for practice, at the server of this computer, which is started where it does not run."""
    if account.provider != "practice":
        return account
    server = await asyncio.to_thread(launch.ensure_running)
    return replace(account, base_url=server.base_url, key=Secret(server.token))


def _fingerprint(key: Secret | None) -> str:
    return "" if key is None else hashlib.blake2b(key.reveal().encode(), digest_size=8).hexdigest()
