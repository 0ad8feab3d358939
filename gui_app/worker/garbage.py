"""When a process that runs jobs looks for garbage: seldom, and never while it imports."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_seldom = False


def collect_seldom() -> None:
    """For processes that run jobs: a row's objects are gone with the row, by themselves.

    Looking for circles among them, as often as Python does unasked, finds none and takes a tenth of the time; looking
    once more through all that was imported, when the process ends and gives it back anyway, a quarter of a second.
    """
    global _seldom
    _seldom = True
    gc.set_threshold(20_000, 20, 20)
    atexit.register(gc.freeze)


@contextmanager
def uncollected() -> Iterator[None]:
    """For imports, which make much and drop nothing.

    Looking through what they make again and again takes a tenth of their time; in a process of `collect_seldom` it is
    never looked through, afterwards neither. Where all was imported before, nothing is done, so that what a long life
    leaves behind is not taken for what was imported.
    """
    was, before = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if _seldom and len(sys.modules) > before:
            gc.freeze()
        if was:
            gc.enable()
