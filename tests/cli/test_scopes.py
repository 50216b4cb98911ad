"""`--except-frozen`: tags become those of the weddings that may be purged hard now; what is left out is named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controlplane.cli.scopes import other_tags
from controlplane.errors import BadInput, FreezeUnknown, Refused
from tests.domain.calendars import AT, COMO_END, COMO_START, calendar, wedding

CALENDAR = calendar(
    wedding(), wedding("lugano", days=["2027-07-03"]), wedding("tivoli", days=["2027-07-03"], vendors=["caterer-2"])
)


def test_a_vendors_tag_becomes_its_other_weddings() -> None:
    """In como's window the florist's tag is lugano's; before it, if there is time enough, and after it both."""
    assert other_tags(["vendor:florist-7"], CALENDAR, AT) == (("wedding:lugano",), ("como",))
    both = ("wedding:como", "wedding:lugano")
    assert other_tags(["vendor:florist-7"], CALENDAR, COMO_END) == (both, ())
    assert other_tags(["vendor:florist-7"], CALENDAR, COMO_START - timedelta(hours=1)) == (both, ())
    assert other_tags(["vendor:florist-7"], CALENDAR, COMO_START - timedelta(minutes=1))[1] == ("como",)


def test_several_tags_are_one_list() -> None:
    """Each wedding once, in the tags' order; weddings that are named are left out like a vendor's."""
    tags = ["wedding:como", "vendor:caterer-2", "wedding:tivoli", "vendor:florist-7"]
    assert other_tags(tags, CALENDAR, AT) == (("wedding:tivoli", "wedding:lugano"), ("como",))


def test_what_cannot_be_left_out_is_refused() -> None:
    """A tag of what all share, nothing left, an unknown wedding, no calendar or an old one: nothing is purged."""
    with pytest.raises(BadInput, match="leaves nobody out"):
        other_tags(["vendor:florist-7", "page:schedule"], CALENDAR, AT)
    with pytest.raises(Refused, match="nothing is left: como is all that wedding:como touches"):
        other_tags(["wedding:como"], CALENDAR, AT)
    with pytest.raises(FreezeUnknown, match="does not know nobody"):
        other_tags(["wedding:nobody"], CALENDAR, AT)
    for made in (None, calendar(valid_for=timedelta(0))):
        with pytest.raises(FreezeUnknown, match="missing or too old"):
            other_tags(["wedding:como"], made, AT)
