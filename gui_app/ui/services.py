"""What the window's parts are given by whoever builds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui_app.keys import KeyStore
    from gui_app.settings import Settings
    from gui_app.worker.client import WorkerClient


@dataclass(frozen=True)
class Services:
    """Passed by constructor; nothing in the window finds these by itself."""

    worker: WorkerClient
    settings: Settings
    keys: KeyStore
