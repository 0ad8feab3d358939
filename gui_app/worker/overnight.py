"""The overnight side of a run: the provider's Batch API opened for it, and a live run's parts looked after."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from gui_app.engine.batches.part_source import Owner
from gui_app.engine.batches.runner import Asking, OvernightRunner
from gui_app.engine.events import JobProgress
from gui_app.engine.judging import Pricing
from gui_app.jobs import Account, Lane, Question, Recipe, RunOptions
from gui_app.providers import catalog
from gui_app.providers.base import BatchProvider
from gui_app.providers.hosts import is_loopback
from gui_app.store.parts import open_parts
from gui_app.store.reading.queries import JobReader
from gui_app.worker.connections import reachable
from gui_app.worker.protocol import RunOrder

POLL_S = (10.0, 300.0)
NEAR_POLL_S = (0.5, 10.0)
"""A server on this computer answers in seconds, and is nobody's to be careful with."""

PricingOf = Callable[[Recipe, RunOptions], Pricing]


async def open_overnight(
    order: RunOrder,
    columns: Sequence[str],
    question: Question | None,
    *,
    pricing_of: PricingOf,
    memory: MutableMapping[str, str],
    on_progress: Callable[[JobProgress], None],
) -> tuple[OvernightRunner, BatchProvider]:
    """A runner for an order, and the provider to close after it.

    Args:
        question: None: nothing is sent, only looked after.
        memory: What the live provider found out about models.

    Raises:
        UserError: The provider cannot be used, or has no overnight lane.
    """
    account = Account(order.recipe.provider, order.recipe.base_url, order.key)
    owner = owner_of(account)
    account = await reachable(account)
    provider = await asyncio.to_thread(lambda: catalog.open_batch_provider(account, memory=memory))
    # A part is priced at the batch price whatever lane the job is on now, and collecting asks for no limit.
    collecting = replace(order.options, lane=Lane.OVERNIGHT, budget_usd=None)
    runner = OvernightRunner(
        Path(order.job),
        asking=None if question is None else Asking(order.recipe, columns, question, order.scope),
        provider=provider,
        pricing_of=lambda recipe: pricing_of(recipe, collecting),
        owner=owner,
        options=order.options,
        on_progress=on_progress,
        linger=order.linger,
        poll_s=NEAR_POLL_S if is_loopback(catalog.address_of(account)) else POLL_S,
    )
    return runner, provider


def owner_of(account: Account) -> Owner:
    """Who has the batches of an account. The hint tells keys apart and nothing else: 24 bits of a salted hash."""
    if account.provider == "practice":
        return Owner("practice")
    host = catalog.address_of(account)
    hint = ""
    if account.key is not None:
        text = f"{host} {account.key.reveal()}".encode()
        hint = hashlib.blake2b(text, digest_size=3, person=b"rowmill-hint").hexdigest()
    return Owner(catalog.entry(account.provider).name, host, hint)


def has_open_parts(path: Path) -> bool:
    """Whether something of a job is still out overnight. Reads the file."""
    with closing(JobReader(path)) as reader:
        return bool(open_parts(reader))
