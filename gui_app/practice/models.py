"""The practice models on offer, and how each behaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from gui_app.practice.faults import Batching, Faults


@dataclass(frozen=True, slots=True)
class PracticeModel:
    """One model: its id, the name people see, its live faults and the way of its batches."""

    id: str
    name: str
    faults: Faults = field(default_factory=Faults)
    batching: Batching = field(default_factory=Batching)


MODELS: tuple[PracticeModel, ...] = (
    PracticeModel(
        "practice",
        "Practice model",
        Faults(latency_ms=(300, 1200)),
        Batching(seconds=45, per_thousand_s=0.6, cancelling_s=5),
    ),
    PracticeModel("practice-instant", "Practice model, no waiting", Faults(), Batching(seconds=1)),
    PracticeModel(
        "practice-with-faults",
        "Practice model with faults",
        Faults(
            latency_ms=(200, 900),
            rate_limited=0.04,
            failing=0.05,
            stubborn=0.01,
            slow=0.04,
            off_list=0.03,
            refused=0.02,
            cut_off=0.01,
            too_long=0.01,
        ),
        Batching(seconds=45, per_thousand_s=0.6, cancelling_s=5, null_response=0.01, expired=0.02),
    ),
)
"""In the order they are listed to the user."""

RELEASED_AT = 1_790_812_800
"""When the models appeared, as providers tell it: Unix seconds, 2026-10-01."""
