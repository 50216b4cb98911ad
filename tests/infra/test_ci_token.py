"""When CI's token at Cloudflare may live: for one slot, and in its week's slot."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from controlplane.adapters.system import catalogue_file
from infra.components.ci_token import check_slot
from infra.stack_settings import CiTokenSettings, SettingsError
from sandbox.world import FULL


@pytest.mark.parametrize(
    ("start", "end", "good"),
    [
        ("2027-06-14T00:00:00Z", "2027-06-14T04:00:00Z", True),
        ("2027-06-14T01:00:00Z", "2027-06-14T02:00:00Z", True),
        ("2027-06-14T00:00:01Z", "2027-06-14T04:00:01Z", False),
        ("2027-06-12T00:00:00Z", "2027-06-12T04:00:00Z", False),
    ],
)
def test_a_token_outside_the_slot_is_refused(start: str, end: str, good: bool) -> None:
    """A known calendar holds the token to its week's slot; without one nobody can say, and creations pass."""
    settings = CiTokenSettings.model_validate({"not_before": start, "expires_on": end, "zone_permissions": ["dns"]})
    calendar = catalogue_file.calendar(FULL.catalogue, FULL.begins)
    check_slot(settings, None)
    if good:
        check_slot(settings, calendar)
    else:
        with pytest.raises(SettingsError, match="that week's slot is 2027-06-"):
            check_slot(settings, calendar)


def test_a_token_for_longer_than_a_slot_is_none() -> None:
    """Four hours at most, and none that ends before it begins."""
    for end in ("2027-06-14T04:00:01Z", "2027-06-14T00:00:00Z"):
        with pytest.raises(ValidationError, match="a token lives for one slot"):
            CiTokenSettings.model_validate(
                {"not_before": "2027-06-14T00:00:00Z", "expires_on": end, "zone_permissions": ["dns"]}
            )
