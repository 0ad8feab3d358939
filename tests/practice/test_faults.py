"""Which prompt meets which fault, and the limits on requests."""

import pytest

from gui_app.practice.asked import Refused
from gui_app.practice.faults import Draw, Fate, Faults
from gui_app.practice.limits import Gate
from gui_app.practice.models import MODELS

PROMPTS = [f"prompt {number}" for number in range(4000)]


def shares(faults, seed=0):
    draw = Draw(faults, "practice", seed)
    fates = [draw.lot(prompt).fate for prompt in PROMPTS]
    return {fate: fates.count(fate) / len(fates) for fate in set(fates)}


def test_faults_strike_about_as_often_as_their_shares_say():
    found = shares(Faults(rate_limited=0.2, refused=0.05))
    assert found[Fate.RATE_LIMITED] == pytest.approx(0.2, abs=0.03)
    assert found[Fate.REFUSED] == pytest.approx(0.05, abs=0.02)
    assert found[Fate.NONE] == pytest.approx(0.75, abs=0.03)


def test_the_same_prompt_meets_the_same_fault_and_another_seed_another():
    faults = Faults(failing=0.5)
    one, same, other = (Draw(faults, "practice", seed) for seed in (1, 1, 2))
    assert [one.lot(p) for p in PROMPTS] == [same.lot(p) for p in PROMPTS]
    assert [one.lot(p).fate for p in PROMPTS] != [other.lot(p).fate for p in PROMPTS]


def test_a_whole_share_strikes_every_prompt():
    assert shares(Faults(off_list=1.0)) == {Fate.OFF_LIST: 1.0}


def test_shares_beyond_one_are_refused():
    with pytest.raises(ValueError, match="add up to 1"):
        Faults(failing=0.6, refused=0.6)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Faults(failing=-0.1)


def test_a_word_decides_before_the_shares():
    draw = Draw(Faults(failing=1.0, by_word={"POISON": Fate.REFUSED}), "practice")
    assert draw.lot("some POISON here").fate is Fate.REFUSED
    assert draw.lot("some honey here").fate is Fate.FAILING


def test_latency_lies_in_its_range_and_differs_by_prompt():
    draw = Draw(Faults(latency_ms=(300, 1200)), "practice")
    waits = {draw.lot(prompt).latency_s for prompt in PROMPTS[:200]}
    assert 0.3 <= min(waits) <= max(waits) <= 1.2
    assert len(waits) > 190


def test_a_slow_prompt_takes_the_slow_time():
    draw = Draw(Faults(slow=1.0, latency_ms=(1, 2), slow_ms=(5000, 6000)), "practice")
    assert 5.0 <= draw.lot("any").latency_s <= 6.0


def test_the_model_with_faults_has_some_of_each_and_mostly_none():
    model = next(model for model in MODELS if model.id == "practice-with-faults")
    found = shares(model.faults)
    assert found[Fate.NONE] > 0.7
    assert {Fate.RATE_LIMITED, Fate.FAILING, Fate.SLOW, Fate.OFF_LIST, Fate.REFUSED, Fate.CUT_OFF} <= found.keys()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def entered(gate, times):
    count = 0
    for _ in range(times):
        try:
            gate.enter()
        except Refused:
            continue
        gate.leave()
        count += 1
    return count


def test_a_rate_lets_in_its_burst_and_then_its_rate():
    clock = Clock()
    gate = Gate(Faults(requests_per_second=10, burst=5), clock)
    assert entered(gate, 20) == 5
    clock.now += 0.3
    assert entered(gate, 20) == 3


def test_a_refusal_says_how_long_to_wait():
    gate = Gate(Faults(requests_per_second=2, burst=1), Clock())
    gate.enter()
    with pytest.raises(Refused) as refused:
        gate.enter()
    assert refused.value.retry_after_s == pytest.approx(0.5)


def test_refusals_can_count_against_the_limit():
    clock = Clock()
    gate = Gate(Faults(requests_per_second=10, burst=2, refusals_count=True), clock)
    assert entered(gate, 10) == 2
    clock.now += 0.1
    assert entered(gate, 1) == 0


def test_only_so_many_are_let_in_at_once():
    gate = Gate(Faults(concurrency=2), Clock())
    gate.enter()
    gate.enter()
    with pytest.raises(Refused):
        gate.enter()
    gate.leave()
    gate.enter()
    assert gate.inside == 2


def test_headers_tell_what_is_left():
    gate = Gate(Faults(requests_per_second=10, burst=20, limit_headers=True), Clock())
    gate.enter()
    assert gate.headers(anthropic=False) == {
        "x-ratelimit-limit-requests": "20",
        "x-ratelimit-remaining-requests": "19",
        "x-ratelimit-reset-requests": "100ms",
    }
    assert gate.headers(anthropic=True)["anthropic-ratelimit-requests-remaining"] == "19"
    assert Gate(Faults(requests_per_second=10), Clock()).headers(anthropic=False) == {}
