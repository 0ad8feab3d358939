"""The pace that tunes itself, against providers with limits nobody told it. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from gui_app.engine.pacing.calls_at_once import UNPROVEN
from gui_app.engine.pacing.meaningless import TRIED
from gui_app.engine.pacing.pace import Pace, Ticket
from gui_app.jobs import Cause, RateLimits
from gui_app.providers.catalog import MOST_CONCURRENCY
from tests.engine.limited_servers import AtOnce, Bucket, Chance, NoLimit, Once, Tokens, Way, Windowed, run_rows
from tests.engine.virtual_time import in_virtual_time

IDEAL_S = 20.0
"""1,000 rows at 50 a second."""


@pytest.mark.parametrize("told", [None, "response", "arrival"])
@pytest.mark.parametrize("retry_after", [None, "exact"])
@pytest.mark.parametrize("burst", [10.0, 50.0, 100.0])
def test_an_unknown_rate_is_used_to_the_full_and_hardly_ever_overrun(
    told: str | None, retry_after: str | None, burst: float
) -> None:
    run = run_rows(Bucket((0.0, 50.0), cap=burst), way=Way(told=told, retry_after=retry_after), ceiling=200)
    assert run.ratio(IDEAL_S) <= 1.05
    assert run.refused_share < 0.02


@pytest.mark.parametrize("told", [None, "response", "arrival"])
def test_a_small_burst_costs_little_more(told: str | None) -> None:
    run = run_rows(Bucket((0.0, 50.0), cap=5.0), way=Way(told=told))
    assert run.ratio(IDEAL_S) <= 1.10
    assert run.refused_share < 0.03


@pytest.mark.parametrize("way", [Way(spread=0.4), Way(refusal_s=0.3), Way(spread=0.4, told="response")])
def test_latencies_that_scatter_and_refusals_that_come_late(way: Way) -> None:
    run = run_rows(Bucket((0.0, 50.0)), way=way)
    assert run.ratio(IDEAL_S) <= 1.05
    assert run.refused_share < (0.03 if way.refusal_s == way.latency_s else 0.02)


@pytest.mark.parametrize("told", [None, "response"])
@pytest.mark.parametrize("burst", [5.0, 10.0, 50.0])
def test_a_limit_that_halves_in_mid_run(told: str | None, burst: float) -> None:
    run = run_rows(Bucket((0.0, 50.0), (6.0, 25.0), cap=burst), way=Way(told=told), ceiling=200)
    assert run.ratio(6.0 + 700 / 25) <= 1.12
    assert run.refused_share < 0.02


@pytest.mark.parametrize("told", [None, "response"])
@pytest.mark.parametrize("burst", [10.0, 50.0])
def test_a_limit_that_doubles_in_mid_run(told: str | None, burst: float) -> None:
    run = run_rows(Bucket((0.0, 50.0), (10.0, 100.0), cap=burst), way=Way(told=told), ceiling=200)
    assert run.ratio(15.0) <= 1.25
    assert run.refused_share < 0.02
    run = run_rows(Bucket((0.0, 25.0), (20.0, 50.0), cap=burst), way=Way(told=told), ceiling=200)
    assert run.ratio(30.0) <= 1.25


def test_refusals_that_count_against_the_limit() -> None:
    run = run_rows(Bucket((0.0, 50.0), refusals_count=True))
    assert run.ratio(IDEAL_S) <= 1.05
    assert run.refused_share < 0.03


@pytest.mark.parametrize("sliding", [False, True])
def test_so_many_calls_in_each_second(sliding: bool) -> None:
    run = run_rows(Windowed(50, sliding=sliding))
    assert run.ratio(IDEAL_S) <= 1.12
    assert run.refused_share < 0.06


def test_so_many_calls_in_each_long_window() -> None:
    run = run_rows(Windowed(600, 12.0), way=Way(told="arrival", retry_after="exact"))
    assert run.ratio(12 + 400 / 66) <= 1.06
    assert run.refused_share < 0.01


@pytest.mark.parametrize("calls", [4, 8, 16])
def test_a_limit_of_calls_at_once(calls: int) -> None:
    run = run_rows(AtOnce(calls))
    assert run.ratio(1000 * 0.3 / calls) <= 1.10
    assert run.refused_share < 0.03


@pytest.mark.parametrize("latency_s", [0.05, 0.3, 1.0])
def test_without_a_limit_it_is_as_fast_as_the_best_fixed_number(latency_s: float) -> None:
    way = Way(latency_s=latency_s)
    free = run_rows(NoLimit(), way=way)
    fixed = run_rows(NoLimit(), way=way, start=None)
    assert free.seconds <= fixed.seconds * 1.05 + latency_s
    assert free.refused == 0


@pytest.mark.parametrize(("latency_s", "spread"), [(0.3, 0.4), (0.3, 0.7), (1.0, 0.4), (2.0, 0.0), (2.0, 0.4)])
def test_latencies_that_scatter_or_are_long_do_not_keep_it_small(latency_s: float, spread: float) -> None:
    way = Way(latency_s=latency_s, spread=spread)
    free = run_rows(NoLimit(), rows=2000, way=way, ceiling=200)
    fixed = run_rows(NoLimit(), rows=2000, way=way, ceiling=200, start=None)
    assert free.most_at_once >= 150
    assert free.seconds <= 1.75 * fixed.seconds
    assert free.refused == 0


@pytest.mark.parametrize("latency_s", [0.3, 1.0])
def test_a_short_job_without_a_limit_is_at_the_ceiling_after_a_few_rounds(latency_s: float) -> None:
    way = Way(latency_s=latency_s)
    free = run_rows(NoLimit(), rows=3000, way=way, ceiling=200)
    fixed = run_rows(NoLimit(), rows=3000, way=way, ceiling=200, start=None)
    assert free.seconds <= 1.4 * fixed.seconds
    best_of_half = run_rows(NoLimit(), rows=1000, way=way, ceiling=100, start=None)
    assert run_rows(NoLimit(), rows=1000, way=way, ceiling=200).seconds <= best_of_half.seconds


@pytest.mark.parametrize("latency_s", [0.3, 1.0, 2.0])
def test_without_a_limit_a_short_job_is_as_fast_as_with_two_hundred_from_the_start(latency_s: float) -> None:
    way = Way(latency_s=latency_s)
    free = run_rows(NoLimit(), rows=1000, way=way, ceiling=MOST_CONCURRENCY)
    fixed = run_rows(NoLimit(), rows=1000, way=way, ceiling=200, start=None)
    assert free.seconds <= 1.05 * fixed.seconds


async def _sent_before_an_answer(start: int, after_s: float, came_back: Cause | None = None) -> int:
    """How many are out by then, none of them answered, after one that came back at once."""
    loop = asyncio.get_running_loop()
    pace = Pace(500, start=start, now=loop.time)
    if came_back is not None:
        pace.release(await pace.acquire(), came_back)

    async def send() -> None:
        while True:
            await pace.acquire()

    sending = asyncio.ensure_future(send())
    await asyncio.sleep(after_s)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    return pace.in_flight


def test_more_go_out_while_the_first_answer_takes_its_time_and_nothing_is_refused() -> None:
    assert in_virtual_time(_sent_before_an_answer(20, after_s=0.14)) == 20
    assert 20 < in_virtual_time(_sent_before_an_answer(20, after_s=0.5)) < 70
    assert in_virtual_time(_sent_before_an_answer(20, after_s=60.0)) == UNPROVEN


def test_a_computer_with_little_room_gets_no_more_before_its_first_answer() -> None:
    assert in_virtual_time(_sent_before_an_answer(8, after_s=60.0)) == 8


@pytest.mark.parametrize("cause", [Cause.RATE_LIMIT, Cause.SERVER_ERROR, Cause.KEY_REFUSED])
def test_whatever_came_back_is_no_answer_that_would_let_more_go_out(cause: Cause) -> None:
    assert in_virtual_time(_sent_before_an_answer(20, after_s=60.0, came_back=cause)) <= 20


def test_a_limit_of_few_calls_is_not_overrun_by_what_goes_out_before_the_first_answer() -> None:
    run = run_rows(Bucket((0.0, 50.0), cap=10.0), way=Way(latency_s=2.0, refusal_s=0.05), ceiling=MOST_CONCURRENCY)
    assert run.refused_share < 0.02


def test_a_moment_without_a_turn_is_not_made_up_for_by_a_burst() -> None:
    """The computer was busy, and a hundred calls are overdue: a limit would refuse them all before that is known."""

    async def go() -> int:
        loop, late_s, sent = asyncio.get_running_loop(), 0.0, 0
        pace = Pace(500, start=20, now=lambda: loop.time() + late_s)

        async def send() -> None:
            nonlocal sent
            while True:
                ticket = await pace.acquire()
                sent += 1
                loop.call_later(0.3, pace.release, ticket, None)

        sending = asyncio.ensure_future(send())
        await asyncio.sleep(0.4)
        before, late_s = sent, 0.1
        await asyncio.sleep(0.002)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return sent - before

    assert 1 < in_virtual_time(go()) <= 10


def test_rows_tried_long_before_do_not_keep_it_small() -> None:
    """Five rows, then minutes of thinking: what is answered since counts, not the time that passed."""

    async def go() -> int:
        loop = asyncio.get_running_loop()
        pace, most = Pace(200, start=20, now=loop.time), 0

        async def send(calls: int) -> None:
            nonlocal most
            for _ in range(calls):
                ticket = await pace.acquire()
                most = max(most, pace.in_flight)
                await asyncio.sleep(0.3)
                pace.release(ticket, None)

        await asyncio.gather(*(send(1) for _ in range(5)))
        await asyncio.sleep(300.0)
        await asyncio.gather(*(send(15) for _ in range(200)))
        return most

    assert in_virtual_time(go()) == 200


def test_headers_that_tell_of_plenty_let_it_go_to_the_ceiling_at_once() -> None:
    plenty = Bucket((0.0, 500.0), cap=5000.0)
    told = run_rows(plenty, rows=1000, way=Way(latency_s=1.0, told="response"), ceiling=200)
    assert told.most_at_once == 200
    # One round of the first few, and then as fast as with a fixed number.
    assert told.seconds <= 1.0 + 1000 / 200 * 1.0 + 0.5


def test_headers_of_a_limit_that_allows_one_call_at_a_time() -> None:
    run = run_rows(Bucket((0.0, 10.0), cap=1.0), rows=300, way=Way(told="arrival"))
    assert run.seconds <= 2.2 * 30.0


def test_calls_that_are_sent_in_bunches_are_not_taken_for_too_many_at_once() -> None:
    """A small bucket and long answers: what comes back together goes out together."""
    run = run_rows(Bucket((0.0, 50.0), cap=5.0), way=Way(latency_s=2.0, refusal_s=0.01), ceiling=200)
    assert run.seconds <= 1.5 * (IDEAL_S + 2.0)
    assert run.refused_share < 0.02


def test_it_goes_on_growing_beyond_its_start_while_that_helps() -> None:
    run = run_rows(NoLimit(), rows=5000, start=20, ceiling=200)
    assert run.most_at_once == 200
    best_fixed = run_rows(NoLimit(), rows=5000, start=None, ceiling=100)
    assert run.seconds < best_fixed.seconds
    assert run.refused == 0


@pytest.mark.parametrize("slots", [4, 8, 30])
def test_it_stops_growing_where_more_calls_only_wait_longer(slots: int) -> None:
    async def go() -> int:
        loop, queue = asyncio.get_running_loop(), asyncio.Semaphore(slots)
        pace, most, left = Pace(100, start=4, now=loop.time), 0, 60 * slots

        async def work() -> None:
            nonlocal most, left
            while left > 0:
                left -= 1
                ticket = await pace.acquire()
                most = max(most, pace.in_flight)
                async with queue:
                    await asyncio.sleep(0.5)
                pace.release(ticket, None)

        await asyncio.gather(*(work() for _ in range(100)))
        assert loop.time() < 1.15 * 60 * 0.5 + 3
        return most

    # A few answers have to tell that they take longer before it can stop.
    assert in_virtual_time(go()) <= 5 * slots


def test_a_number_of_the_user_after_an_automatic_run_is_used_at_once() -> None:
    async def go() -> None:
        pace = Pace(20, start=20, now=asyncio.get_running_loop().time)
        pace.let_grow(200)
        pace.widen(100)
        await _let_out(pace, 100)
        assert pace.in_flight == 100

    _in_pace(go())


def test_a_number_set_by_the_user_is_used_at_once_and_never_exceeded() -> None:
    run = run_rows(NoLimit(), ceiling=100, start=None, rows=2000)
    assert run.most_at_once == 100
    assert run.seconds == pytest.approx(6.0, rel=0.01)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_refusals_for_no_reason_do_not_bring_the_pace_down(share: float) -> None:
    seconds = [run_rows(Chance(share, seed=seed), rows=1000).seconds for seed in range(10)]
    assert sum(seconds) / len(seconds) <= 2 * 1000 * 0.3 / 20 / (1 - share)


@pytest.mark.parametrize("share", [0.1, 0.3])
@pytest.mark.parametrize("latency_s", [0.005, 0.3])
def test_refusals_for_no_reason_cost_a_short_job_seconds_and_not_minutes(share: float, latency_s: float) -> None:
    seconds = []
    for seed in range(8):
        chance = Chance(share, seed=seed)
        seconds.append(run_rows(chance, rows=200, way=Way(latency_s=latency_s), start=None).seconds)
    assert sum(seconds) / len(seconds) <= 20.0


@pytest.mark.parametrize(("ceiling", "start"), [(2, None), (20, None), (20, 20)])
@pytest.mark.parametrize("refusals", [1, 3])
def test_a_wait_the_provider_asked_for_does_not_slow_the_rest_down_for_minutes(
    refusals: int, ceiling: int, start: int | None
) -> None:
    way = Way(latency_s=0.05, retry_after="exact")
    run = run_rows(Once(6, refusals, 12.0), rows=120, way=way, ceiling=ceiling, start=start)
    # Up to three waits of 12 s, one after the other, are asked for; the rest takes a few seconds.
    assert run.seconds <= 12.0 * refusals + 30.0


def test_limits_told_by_refusals_alone_hold_nothing_back_once_there_is_an_answer() -> None:
    """As servers do that only say "nothing left" when they refuse."""
    run = run_rows(Chance(0.3), rows=200, way=Way(latency_s=0.05, told="refusal"), start=None)
    assert run.seconds <= 20.0
    run = run_rows(Bucket((0.0, 50.0)), way=Way(told="refusal"))
    assert run.ratio(IDEAL_S) <= 1.05
    assert run.refused_share < 0.02


@pytest.mark.parametrize("told", ["arrival", "response"])
@pytest.mark.parametrize("output", [False, True])
@pytest.mark.parametrize(("taken", "used"), [(500, 500), (2000, 150)])
@pytest.mark.parametrize("over_s", [2.0, 10.0])
def test_a_limit_of_tokens_is_used_to_the_full_and_hardly_ever_overrun(
    told: str, output: bool, taken: float, used: float, over_s: float
) -> None:
    a_second = 20.0 * taken
    limit = Tokens(a_second, a_second * over_s, taken=taken, used=used, output=output)
    run = run_rows(limit, rows=600, way=Way(told=told))
    assert run.ratio((600.0 - 20.0 * over_s) / 20.0) <= 1.05
    assert run.refused_share < 0.015


def test_a_limit_of_tokens_that_is_never_told_is_overrun_more_often() -> None:
    """What the headers are worth: without them, this very limit is found by running into it."""
    untold, told = (
        run_rows(Tokens(10_000.0, 20_000.0, taken=500, used=500), rows=600, way=Way(told=headers))
        for headers in (None, "arrival")
    )
    assert untold.refused >= 2 * told.refused + 1


async def _let_out(pace: Pace, count: int) -> list[Ticket]:
    return [await pace.acquire() for _ in range(count)]


def _in_pace(work: object) -> None:
    in_virtual_time(work)  # type: ignore[arg-type]


def test_a_wish_to_wait_holds_all_sending_and_is_shown_and_capped() -> None:
    async def go() -> None:
        loop = asyncio.get_running_loop()
        pace = Pace(10, now=loop.time)
        tickets = await _let_out(pace, 3)
        pace.release(tickets[0], Cause.RATE_LIMIT, retry_after_s=12.0)
        assert pace.waiting_s == pytest.approx(12.0)
        assert pace.slowed
        await pace.acquire()
        assert loop.time() == pytest.approx(12.0, abs=0.05)
        pace.release(tickets[1], Cause.RATE_LIMIT, retry_after_s=1e9)
        assert pace.waiting_s == 300.0

    _in_pace(go())


def test_calls_of_a_trial_that_never_went_out_are_not_waited_for() -> None:
    async def go() -> None:
        loop = asyncio.get_running_loop()
        pace, began = Pace(100, now=loop.time), loop.time()
        trial = pace._learned._meaningless
        for number in range(10):
            trial.take(number)
            if number % 3 == 0:
                trial.refused(number)
        assert trial.begin_trial(0, 5.0, now=began)
        for ticket in await _let_out(pace, TRIED):
            pace.give_back(ticket)
        await pace.acquire()
        assert loop.time() - began < 1.0

    _in_pace(go())


@pytest.mark.parametrize("odd", [-1.0, 0.0, None])
def test_odd_wishes_hold_nothing(odd: float | None) -> None:
    async def go() -> None:
        pace = Pace(10, now=asyncio.get_running_loop().time)
        ticket = await pace.acquire()
        pace.release(ticket, Cause.RATE_LIMIT, retry_after_s=odd)
        assert pace.waiting_s == 0.0
        await pace.acquire()

    _in_pace(go())


@pytest.mark.parametrize(
    "odd",
    [
        RateLimits(0, 0, 0.0),
        RateLimits(None, 0, None),
        RateLimits(1, 10**12, 1e12),
        RateLimits(50, None, 1.0),
        RateLimits(50, 0, 1e9),
    ],
)
def test_odd_headers_never_stop_the_pace_for_good(odd: RateLimits) -> None:
    async def go() -> None:
        loop = asyncio.get_running_loop()
        pace = Pace(4, now=loop.time)
        for _ in range(30):
            ticket = await pace.acquire()
            await asyncio.sleep(0.1)
            pace.release(ticket, None, limits=odd)
        assert loop.time() < 3600

    _in_pace(go())


def test_overload_shrinks_the_window_and_quiet_lets_it_grow_again() -> None:
    async def go() -> None:
        loop = asyncio.get_running_loop()
        pace = Pace(10, now=loop.time)
        pace.release(await pace.acquire(), Cause.OVERLOADED)
        assert pace.window == 7
        assert 0 < pace.waiting_s <= 0.5

        async def work() -> None:
            for _ in range(100):
                ticket = await pace.acquire()
                await asyncio.sleep(0.1)
                pace.release(ticket, None)

        await asyncio.gather(*(work() for _ in range(12)))
        assert pace.window == 10

    _in_pace(go())


def test_a_place_given_up_goes_to_the_next_one() -> None:
    async def go() -> None:
        pace = Pace(1, now=asyncio.get_running_loop().time)
        first = await pace.acquire()
        waiting = [asyncio.create_task(pace.acquire()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        pace.release(first, None)
        waiting[1].cancel()  # It had just been let out.
        third = await waiting[2]
        assert pace.in_flight == 1
        pace.give_back(third)
        assert pace.in_flight == 0
        assert [task.cancelled() for task in waiting] == [True, True, False]

    _in_pace(go())


def test_a_larger_number_of_the_user_lets_more_out_at_once() -> None:
    async def go() -> None:
        pace = Pace(2, now=asyncio.get_running_loop().time)
        tasks = [asyncio.create_task(pace.acquire()) for _ in range(5)]
        await asyncio.sleep(0)
        assert pace.in_flight == 2
        pace.widen(4)
        await asyncio.sleep(0)
        assert pace.in_flight == 4
        tasks[4].cancel()
        await asyncio.wait(tasks)

    _in_pace(go())
