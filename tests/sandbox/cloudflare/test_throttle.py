"""The two limiters: no window of any length is ever over the limit, and what is allowed is given."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloudflare import limits
from sandbox.cloudflare.throttle import CallWindow, TokenBucket

STEPS = st.lists(st.tuples(st.floats(0, 3), st.integers(1, 8)), min_size=1, max_size=60)


@given(st.floats(0.05, 60), st.integers(1, 60), STEPS)
def test_bucket_never_exceeds_its_rate_in_any_window(rate: float, size: int, steps: list[tuple[float, int]]) -> None:
    """Between any two admitted requests at most size + rate x seconds operations were admitted."""
    bucket, now, admitted = TokenBucket(rate, size, 0.0), 0.0, [(0.0, 0)]
    for pause, count in steps:
        now += pause
        if bucket.take(count, now) == 0.0:
            admitted.append((now, count))
    for first, last in itertools.combinations_with_replacement(range(len(admitted)), 2):
        taken = sum(count for _, count in admitted[first : last + 1])
        seconds = admitted[last][0] - admitted[first][0]
        assert taken <= size + rate * seconds + 1e-6


@given(st.floats(0.05, 60), st.integers(1, 60), STEPS)
def test_bucket_tells_the_true_wait(rate: float, size: int, steps: list[tuple[float, int]]) -> None:
    """A refused request that fits the bucket at all is admitted after the wait that it was told, and not before."""
    bucket, now = TokenBucket(rate, size, 0.0), 0.0
    for pause, count in steps:
        now += pause
        wait = bucket.take(count, now)
        if wait and count <= size:
            assert bucket.take(count, now + wait * 0.9) > 0
            now += wait + 1e-6
            assert bucket.take(count, now) == 0.0


def test_bucket_of_each_plan_refills_at_its_rate() -> None:
    """A full bucket gives its size at once, then the plan's rate: 5 a minute on Free, 10 a second on Business."""
    for plan, seconds, more in ((limits.PLANS["free"], 60.0, 5), (limits.PLANS["business"], 1.0, 10)):
        bucket = TokenBucket(plan.purge_rate, plan.purge_bucket, 0.0)
        at_once = sum(bucket.take(1, 0.0) == 0.0 for _ in range(1000))
        later = sum(bucket.take(1, seconds + 1e-6) == 0.0 for _ in range(1000))
        assert (at_once, later) == (plan.purge_bucket, more)


@given(st.lists(st.integers(1, 900), min_size=1, max_size=12), st.lists(st.floats(0, 400), min_size=12, max_size=12))
def test_call_window_never_exceeds_1200_in_any_five_minutes(bursts: list[int], pauses: list[float]) -> None:
    """However calls come, no five minutes hold more than 1,200 admitted ones."""
    window, now, admitted = CallWindow(), 0.0, []
    for burst, pause in zip(bursts, pauses, strict=False):
        admitted += [now for _ in range(burst) if window.admit(now) == 0.0]
        now += pause
    for start in set(admitted):
        inside = sum(1 for at in admitted if start <= at < start + limits.API_WINDOW_SECONDS)
        assert inside <= limits.API_CALLS


def test_one_call_too_many_blocks_for_five_minutes() -> None:
    """The 1,201st call blocks every call for 300 s, then calls are admitted again."""
    window = CallWindow()
    assert all(window.admit(0.0) == 0.0 for _ in range(limits.API_CALLS))
    assert window.remaining() == 0
    assert window.admit(1.0) == limits.API_BLOCK_SECONDS
    assert window.admit(300.9) > 0
    assert window.admit(301.0) == 0.0
