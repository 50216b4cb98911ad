"""One request as the handlers see it: already authenticated, with the time as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.cloudflare.answers import Answer, Json, VendorRefusal

if TYPE_CHECKING:
    from sandbox.cloudflare.permissions import Token


@dataclass(frozen=True)
class Ask:
    """A request: names from the path, query, body, the token that signed it, and both clocks' readings."""

    names: dict[str, str]
    query: dict[str, list[str]]
    body: Any
    token: Token
    now: datetime
    monotonic: float

    def one(self, name: str) -> str | None:
        """The last value of a query parameter, or None."""
        values = self.query.get(name)
        return values[-1] if values else None

    @property
    def dry_run(self) -> bool:
        """Whether the caller wants validation only (`dry_run=true`)."""
        return self.one("dry_run") == "true"

    @property
    def fields(self) -> Json:
        """The body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise VendorRefusal(400, 6007, "Malformed JSON in request body: an object is required")
        return self.body

    @property
    def stamp(self) -> str:
        """The calendar time as the vendor prints it."""
        return instant(self.now)


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def paged(rows: list[Json], ask: Ask, *, default: int = 20, most: int = 50) -> Answer:
    """A page of `rows` by `page` and `per_page`, with `result_info`. Raises VendorRefusal outside the range."""
    try:
        page = int(float(ask.one("page") or 1))
        size = int(float(ask.one("per_page") or default))
    except ValueError:
        raise VendorRefusal(400, 6003, "Invalid request: page and per_page are numbers") from None
    if page < 1 or not 1 <= size <= most:
        raise VendorRefusal(400, 6003, f"Invalid request: page starts at 1 and per_page lies in 1..{most}")
    part = rows[(page - 1) * size : page * size]
    info = {
        "page": page,
        "per_page": size,
        "count": len(part),
        "total_count": len(rows),
        "total_pages": -(-len(rows) // size),
    }
    return Answer(part, result_info=info)


def matches(row: Json, ask: Ask, *names: str) -> bool:
    """Whether `row` passes the list filters `name`, `name.exact`, `.contains`, `.startswith`, `.endswith`."""
    for name in names:
        have = str(row.get(name, "")).lower()
        for suffix, test in _FILTERS.items():
            want = ask.one(name + suffix)
            if want is not None and not test(have, want.lower()):
                return False
    return True


_FILTERS = {
    "": str.__eq__,
    ".exact": str.__eq__,
    ".contains": str.__contains__,
    ".startswith": str.startswith,
    ".endswith": str.endswith,
}
