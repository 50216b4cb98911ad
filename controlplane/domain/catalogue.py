"""The catalogue (`wedcache.catalogue/1`): the weddings and what the platform knows of them, as its owner writes it.

The published JSON schema, `catalogue.schema.json`, is made from these models. What one model cannot see alone (ids used
twice, unknown zones, venues at sea) is found by `catalogue_check`.
"""

from __future__ import annotations

import enum
import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from controlplane.domain import country, duration, instant

DEFAULT_LEAD = timedelta(hours=12)
DEFAULT_LAG = timedelta(hours=6)


class Priority(enum.Enum):
    """How much a wedding gets of what is scarce; also its default lead, lag and delivery."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Delivery(enum.Enum):
    """A CloudFront distribution of its own, or a tenant of its tier's and cell's."""

    DEDICATED = "dedicated"
    TENANT = "tenant"


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return duration.parse_duration(value if isinstance(value, str) else str(value))


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise ValueError(f"{value!r} is not a date; write year-month-day: 2027-06-12")
    try:
        day = date.fromisoformat(value)
    except ValueError as why:
        raise ValueError(f"{value!r} is not a date of the calendar: {why}") from why
    if not 2000 <= day.year < 2100:
        raise ValueError(f"{value!r}: the year must be 2000 to 2099")
    return day


def _instant(value: object) -> datetime:
    return value if isinstance(value, datetime) and value.tzinfo else instant.parse_instant(str(value))


def _country(value: object) -> str:
    code = str(value)
    if code not in country.CODES:
        meant = country.MEANT.get(code.upper()) or (code.upper() if code.upper() in country.CODES else "")
        hint = f"; did you mean {meant!r}?" if meant else "; two capital letters, as IT or NO"
        raise ValueError(f"{code!r} is not an ISO 3166-1 country{hint}")
    return code


Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": duration.PATTERN})
]
Day = Annotated[date, BeforeValidator(_date)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Country = Annotated[str, BeforeValidator(_country), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
Host = Annotated[str, Field(pattern=rf"^{_LABEL}(\.{_LABEL})+$", max_length=253)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Margins(_Entry):
    """Lead and lag of a priority, elapsed time before the first and after the last event day."""

    lead: Duration = DEFAULT_LEAD
    lag: Duration = DEFAULT_LAG


class Venue(_Entry):
    """Where a leg is celebrated. `zone` may be left out on land, where it follows from the coordinates."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, strict=True)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, strict=True)
    zone: str | None = None


class LegEntry(_Entry):
    """Further event days of a wedding, at another venue."""

    days: tuple[Day, ...] = Field(min_length=1)
    venue: Venue


class PlatformWindow(_Entry):
    """A window for everything: either `start` and `end` as instants, or local `dates` in a `zone`."""

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")
    start: Instant | None = None
    end: Instant | None = None
    dates: tuple[Day, ...] = ()
    zone: str | None = None


class Wedding(_Entry):
    """One wedding. Event days are local dates at the venue."""

    id: Identifier
    name: str = Field(min_length=1, max_length=200)
    priority: Priority
    delivery: Delivery | None = None
    days: tuple[Day, ...] = Field(min_length=1)
    venue: Venue
    legs: tuple[LegEntry, ...] = ()
    lead: Duration | None = None
    lag: Duration | None = None
    home: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    cell: Identifier = "default"
    hosts: tuple[Host, ...] = Field(min_length=1)
    guests: dict[Country, Annotated[int, Field(ge=0, strict=True)]] = {}
    vendors: tuple[Identifier, ...] = ()

    @property
    def shape(self) -> Delivery:
        """The delivery that is written, or the priority's: high has a distribution of its own."""
        return self.delivery or (Delivery.DEDICATED if self.priority is Priority.HIGH else Delivery.TENANT)


class Platform(_Entry):
    """What all weddings share. `read_only: strict` also keeps owners from writing what is of the medium and low tiers
    while their wedding's window holds; without it owners always write.
    """

    zone: Host
    defaults: dict[Priority, Margins] = {}
    windows: tuple[PlatformWindow, ...] = ()
    vendors: tuple[Identifier, ...] = ()
    read_only: Literal["strict"] | None = None


class Catalogue(_Entry):
    """The whole file."""

    schema_: Literal["wedcache.catalogue/1"] = Field(alias="schema")
    platform: Platform
    weddings: tuple[Wedding, ...] = ()

    def margins(self, wedding: Wedding) -> Margins:
        """The wedding's own lead and lag, where it has none its priority's, where that has none 12 h and 6 h."""
        default = self.platform.defaults.get(wedding.priority, Margins())
        return Margins(
            lead=default.lead if wedding.lead is None else wedding.lead,
            lag=default.lag if wedding.lag is None else wedding.lag,
        )


def json_schema() -> dict[str, Any]:
    """The JSON schema of the catalogue (draft 2020-12), as published in `catalogue.schema.json`."""
    made = Catalogue.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "wedcache.catalogue/1", **made}
