"""Notices early that most rows go wrong for one reason, before the whole file is paid for."""

from __future__ import annotations

from collections import Counter

from gui_app.jobs import Cause

FIRST_LOOK = 20
LAST_LOOK = 50


class Guard:
    """Watches the first rows of a run. Speaks at most once."""

    def __init__(self, *, active: bool = True) -> None:
        self._active = active
        self._seen = 0
        self._causes: Counter[Cause] = Counter()

    def saw(self, cause: Cause | None) -> Cause | None:
        """A row got its final state.

        Args:
            cause: None when it is done.

        Returns:
            The cause more than half of the rows share, once at least 20 were seen; else None.
        """
        if not self._active:
            return None
        self._seen += 1
        if cause is not None:
            self._causes[cause] += 1
        if self._seen >= FIRST_LOOK and self._causes:
            worst, count = self._causes.most_common(1)[0]
            if count * 2 > self._seen:
                self._active = False
                return worst
        if self._seen >= LAST_LOOK:
            self._active = False
        return None
