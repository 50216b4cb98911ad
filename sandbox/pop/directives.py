"""Cache-Control as a value (RFC 9111, 5.2), with the stale directives of RFC 5861."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from sandbox.pop.messages import Headers


@dataclass(frozen=True)
class Directives:
    """Directive name (lower case) -> its value, "" for one without; a later repetition is ignored."""

    rows: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> Directives:
        """The directives in a header value; anything unreadable is left out."""
        rows: dict[str, str] = {}
        for part in (text or "").split(","):
            name, _, value = part.strip().partition("=")
            name = name.strip().lower()
            if name:
                rows.setdefault(name, value.strip().strip('"'))
        return cls(tuple(rows.items()))

    def __contains__(self, name: str) -> bool:
        return any(known == name for known, _ in self.rows)

    def seconds(self, name: str) -> float | None:
        """A directive's delta-seconds; None where absent or not a whole number."""
        for known, value in self.rows:
            if known == name:
                return float(value) if value.isdecimal() else None
        return None

    def has_any(self, *names: str) -> bool:
        """Whether one of `names` is present."""
        return any(known in names for known, _ in self.rows)

    def with_set(self, name: str, value: str = "") -> Directives:
        """The same with one directive set."""
        return Directives((*(row for row in self.rows if row[0] != name), (name, value)))

    def without(self, name: str) -> Directives:
        """The same without one directive."""
        return Directives(tuple(row for row in self.rows if row[0] != name))

    def text(self) -> str:
        """The header value."""
        return ", ".join(f"{name}={value}" if value else name for name, value in self.rows)


def declared_lifetime(headers: Headers, directives: Directives, now: float) -> float | None:
    """Seconds of freshness that an origin declared for a shared cache: s-maxage, else max-age, else Expires; else None.

    `now` (unix seconds) stands in for a missing Date header. An unreadable Expires means "already expired".
    """
    for name in ("s-maxage", "max-age"):
        seconds = directives.seconds(name)
        if seconds is not None:
            return seconds
    expires = headers.get("expires")
    if expires is None:
        return None
    date = http_date(headers.get("date"))
    until = http_date(expires)
    if until is None:
        return 0.0
    return max(0.0, until - (now if date is None else date))


def http_date(text: str | None) -> float | None:
    """An HTTP date as unix seconds; None where absent or unreadable."""
    if not text:
        return None
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
