"""A caller's own copy of a value that can be changed: decoding the kept bytes, beside the other ways to copy."""

from __future__ import annotations

import copy
import timeit
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from benchmarks.row import Benchmark, Row
from controlplane.cache.isolation import Isolation
from controlplane.cache.serializers import MsgPack

NAME = "isolated-values"
BAR = 0.25
SIZES = (8, 80)


def guest(number: int) -> dict[str, Any]:
    """One guest of a list, about 75 bytes."""
    return {
        "name": f"Guest Number {number}",
        "table": number % 12,
        "rsvp": number % 3 == 0,
        "tags": ["family", "vegan"],
        "mail": f"g{number}@example.org",
    }


def walked(value: Any) -> Any:
    """A copy by a walk over dicts and lists."""
    if type(value) is dict:
        return {name: walked(item) for name, item in value.items()}
    return [walked(item) for item in value] if type(value) is list else value


def micros(work: Callable[[], object], times: int) -> float:
    """The best of five series, per call."""
    return min(timeit.repeat(work, number=times, repeat=5)) / times * 1e6


def measure() -> Sequence[Row]:
    """One row a size."""
    return [_row(count) for count in SIZES]


def _row(count: int) -> Row:
    """A list of `count` guests, as a loader brings it."""
    serializer, value = MsgPack(), [guest(number) for number in range(count)]
    payload = serializer.encode(value)
    kept = Isolation("frozen").of_loaded(value, payload, serializer, None)
    if kept is None or kept.thaw is None or kept.thaw(kept.value) != value:
        raise AssertionError("the kept bytes do not stand for the value")
    thaw, times = kept.thaw, 4000 // count
    ours = micros(lambda: thaw(kept.value), times)
    floor = micros(lambda: copy.deepcopy(value), times)
    rivals = {"a walk": micros(lambda: walked(value), times), "json": micros(_json(value), times)}
    return Row(
        f"{NAME}-{len(payload)}",
        "a caller's own copy of a list of dicts",
        round(ours, 2),
        "us",
        round(floor, 2),
        round(ours / floor, 3),
        f"<= {BAR}x copy.deepcopy",
        holds=ours <= BAR * floor,
        conditions=f"{count} guests, {len(payload)} bytes as MessagePack, best of 5, GC on",
        rivals={name: round(figure, 2) for name, figure in rivals.items()},
    )


def _json(value: Any) -> Callable[[], object]:
    """Decoding the same value from JSON."""
    raw = msgspec.json.encode(value)
    return lambda: msgspec.json.decode(raw)


BENCHMARK = Benchmark(NAME, measure)
