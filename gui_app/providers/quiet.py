"""Keeps prompts, keys and addresses out of the SDKs' log records."""

from __future__ import annotations

import logging

# anthropic logs whole prompts at DEBUG, httpx2 logs addresses with their query at INFO.
_TALKATIVE = ("openai", "anthropic", "httpx2", "httpcore2", "httpx", "httpcore", "aiohttp", "keyring")


def quiet_sdk_logs() -> None:
    """Let only warnings of the SDKs and their transports through, whatever `OPENAI_LOG` and the like say.

    Call it after logging is configured. `open_provider` calls it again after importing an SDK, because openai
    and anthropic set their own levels from the environment while they are imported.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
        for child in [key for key in logging.root.manager.loggerDict if key.startswith(name + ".")]:
            logging.getLogger(child).setLevel(logging.NOTSET)
