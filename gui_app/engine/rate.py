"""How fast rows are finished, over the last half minute."""

from __future__ import annotations

from collections import deque

_OVER_S, _NOTED_EVERY_S, _LEAST_S = 30.0, 0.5, 0.9


class FinishRate:
    """Noted as the run goes on; by a clock that only goes forwards."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, int]] = deque()

    def note(self, now: float, finished: int) -> None:
        """So many rows have their final state by now. What comes soon after the last note is left out."""
        if self._noted and now - self._noted[-1][0] < _NOTED_EVERY_S:
            return
        self._noted.append((now, finished))
        while now - self._noted[0][0] > _OVER_S:
            self._noted.popleft()

    def per_s(self) -> float | None:
        """Rows a second; None while too little is known."""
        if len(self._noted) < 2:
            return None
        (began, first), (ended, last) = self._noted[0], self._noted[-1]
        return (last - first) / (ended - began) if ended - began > _LEAST_S else None
