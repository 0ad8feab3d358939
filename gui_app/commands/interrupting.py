"""Ctrl+C and SIGTERM as a wish that is asked for, where they must not strike in the middle of something."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interrupts_noted() -> Iterator[Callable[[], bool]]:
    """Note the first interruption instead of raising it; the second one is raised at once.

    An import stores on a thread of its own. A KeyboardInterrupt in the moment that thread is started leaves it alone
    with a file that is then closed under it, which ends the process in SQLite.

    Yields:
        Whether one came.

    Raises:
        KeyboardInterrupt: At the end, if one came.
    """
    noted = False

    def note(*_: object) -> None:
        nonlocal noted
        if noted:
            raise KeyboardInterrupt
        noted = True

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield lambda: noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if noted:
        raise KeyboardInterrupt
