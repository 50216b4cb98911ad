"""Settings and calls that cannot work are refused where they are written, not at the first read that needs them."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.cache import Settings
from controlplane.cache.testing import FakeRegion
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput
from tests.cache.scene import Source, in_loop


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"soft_timeout": "1s"}, "soft_timeout is '1s'; it must be a number of seconds"),
        ({"blind_after": None}, "blind_after is None; it must be a number"),
        ({"throttle": True}, "throttle is True; it must be a number"),
        ({"max_entries": 1.5}, "max_entries is 1.5; it must be a whole number"),
        ({"max_bytes": "64MiB"}, "max_bytes is '64MiB'; it must be a whole number"),
        ({"max_fills": 0}, "max_fills is 0; it must be above zero"),
        ({"drain_timeout": float("nan")}, "drain_timeout is nan; it must be above zero"),
        ({"source_lag": -1.0}, "source_lag is -1.0; it must be above zero"),
        ({"one_load": {"high"}}, "one_load and tiers name 'high'; they take members of Tier"),
        ({"tiers": {"low": {"fresh": "5m"}}}, "one_load and tiers name 'low'; they take members of Tier"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_setting_of_the_wrong_kind_is_named(settings: dict[str, Any], wanted: str) -> None:
    """The setting, what was given and what it takes; a tier's name in place of the tier would never match one."""
    with pytest.raises(BadInput, match=wanted):
        Settings(**settings)


def test_what_may_be_zero_or_whole_is_taken() -> None:
    """No lag is the default, and whole numbers are seconds too."""
    settings = Settings(source_lag=0, soft_timeout=1, one_load=frozenset({Tier.HIGH}))
    assert (settings.source_lag, settings.soft_timeout) == (0, 1)


@in_loop
async def test_a_tiers_name_is_no_tier() -> None:
    """A call that names its tier by a text is told to give the tier."""
    high: Any = "high"
    async with FakeRegion().cache() as cache:
        with pytest.raises(BadInput, match="tier='high' is no member of Tier"):
            await cache.read("k", Source(), tier=high)
        with pytest.raises(BadInput, match="tier='high' is no member of Tier"):
            await cache.put("k", 1, tier=high)
