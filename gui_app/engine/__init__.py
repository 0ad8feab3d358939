"""Jobs in motion, on plain asyncio. Also usable as a library: `batch`, `abatch`, `abatch_as_completed`, `overnight`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gui_app.engine.batches.inputs import overnight
    from gui_app.engine.in_memory import abatch, abatch_as_completed, batch

__all__ = ["abatch", "abatch_as_completed", "batch", "overnight"]

# Imported when they are asked for: the window needs the events alone, and opens a fifth of a second sooner so.
_HOMES = {"overnight": "gui_app.engine.batches.inputs"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "gui_app.engine.in_memory")), name)
