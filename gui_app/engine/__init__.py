"""Jobs in motion, on plain asyncio. Also usable as a library: `batch`, `abatch`, `abatch_as_completed`, `overnight`."""

from __future__ import annotations

from gui_app.engine.in_memory import abatch, abatch_as_completed, batch
from gui_app.engine.inputs_overnight import overnight

__all__ = ["abatch", "abatch_as_completed", "batch", "overnight"]
