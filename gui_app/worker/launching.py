"""How this program starts itself again in another role."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from gui_app.paths import program
from gui_app.worker import protocol


def command(role: str) -> list[str]:
    """The command line of a role: "worker", "task". Never holds a key or a row."""
    return [*program(), role]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a role: this one's, without keys. Those go over the pipe, to the job that needs them."""
    from gui_app.providers import catalog

    keys = {name for provider in catalog.names() for name in catalog.entry(provider).variables}
    return {name: value for name, value in given.items() if name not in keys}


async def start(role: str) -> asyncio.subprocess.Process:
    """Start a role with pipes to its standard input and output."""
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    return await asyncio.create_subprocess_exec(
        *command(role),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment(os.environ),
        limit=protocol.LINE_LIMIT_BYTES,
        **options,
    )
