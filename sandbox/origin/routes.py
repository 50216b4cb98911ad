"""Which path is which tier: one table for both sites of the origin (pure)."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from controlplane.domain.tier import Tier


class Site(enum.Enum):
    """A wedding's own site, or the portal that all weddings share."""

    WEDDING = "wedding"
    PORTAL = "portal"


class Kind(enum.Enum):
    """How an answer may be kept: by caches, by nobody, or that the request changes something."""

    CACHEABLE = "cacheable"
    PERSONAL = "personal"
    WRITE = "write"
    OPERATOR = "operator"
    MANIFEST = "manifest"


@dataclass(frozen=True)
class Route:
    """One row: `page` names it in tags and keys, `depends` are the pages whose text it shows."""

    site: Site
    method: str
    pattern: str
    page: str
    kind: Kind
    tier: Tier | None = None
    depends: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    immutable: bool = False


_W, _P = Site.WEDDING, Site.PORTAL
_C = Kind.CACHEABLE

TABLE: tuple[Route, ...] = (
    Route(_W, "GET", r"/", "home", _C, Tier.CRITICAL, ("home",)),
    Route(_W, "GET", r"/schedule", "schedule", _C, Tier.CRITICAL, ("schedule",)),
    Route(_W, "GET", r"/travel", "travel", _C, Tier.HIGH, ("travel",)),
    Route(_W, "GET", r"/gallery", "gallery", _C, Tier.MEDIUM, ("gallery",)),
    Route(_W, "GET", r"/photos/(?P<photo>\d{1,4})-(?P<width>\d{2,4})\.jpg", "photo", _C, Tier.LOW, ("gallery",)),
    Route(_W, "GET", r"/guests", "guests", Kind.PERSONAL, query=("guest",)),
    Route(_W, "GET", r"/warm\.json", "manifest", Kind.MANIFEST),
    Route(_W, "POST", r"/rsvp", "rsvp", Kind.WRITE),
    Route(_W, "PUT", r"/pages/(?P<name>[a-z]{1,20})", "page-update", Kind.WRITE),
    Route(_W, "GET", r"/_ops/(?P<x>[\w./-]{1,80})", "ops", Kind.OPERATOR),
    Route(_P, "GET", r"/", "portal", _C, Tier.LOW, ("portal",)),
    Route(_P, "GET", r"/vendors/(?P<vendor>[a-z][a-z0-9-]{0,39})", "vendor", _C, Tier.MEDIUM),
    Route(_P, "GET", r"/search", "search", _C, Tier.MEDIUM, query=("q", "page")),
    Route(
        _P, "GET", r"/api/weddings/(?P<wedding>[a-z][a-z0-9-]{1,39})/timeline", "timeline", _C, Tier.HIGH, ("schedule",)
    ),
    Route(_P, "GET", r"/static/app\.(?P<fingerprint>[0-9a-f]{12})\.css", "asset", _C, Tier.LOW, immutable=True),
    Route(_P, "GET", r"/warm\.json", "manifest", Kind.MANIFEST),
    Route(_P, "GET", r"/_ops/(?P<x>[\w./-]{1,80})", "ops", Kind.OPERATOR),
)

_COMPILED = tuple((row, re.compile(row.pattern)) for row in TABLE)


@dataclass(frozen=True)
class Asked:
    """A request that the table knows: its row, the wedding it is about ("" for none) and the path's variables."""

    route: Route
    wedding: str
    variables: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key in memory and Redis; unknown query parameters do not take part."""
        parts = [self.route.site.value, self.wedding or "-", self.route.page, *self.variables.values()]
        parts += [f"{name}={self.query[name]}" for name in self.route.query if self.query.get(name)]
        return ":".join(parts)

    @property
    def tags(self) -> tuple[str, ...]:
        """Cache tags, the most specific last: wedding, page, the vendor, and the contents that a change must reach."""
        tags = [f"wedding:{self.wedding}"] if self.wedding else []
        tags.append(f"page:{self.route.page}")
        if "vendor" in self.variables:
            tags.append(f"vendor:{self.variables['vendor']}")
        if "photo" in self.variables:
            tags.append(f"photo:{self.wedding}.{self.variables['photo']}")
        owner = self.wedding or "portal"
        return (*tags, *(content_tag(owner, page) for page in self.route.depends))


def content_tag(owner: str, page: str) -> str:
    """The tag of one page of one owner: what an owner's update purges, and nothing of any other wedding."""
    return f"page:{owner}.{page}"


def showing(wedding: str, page: str) -> tuple[Asked, ...]:
    """The cacheable requests that show one page of a wedding and are named by the wedding alone (photos are not)."""
    return tuple(
        Asked(row, wedding, dict.fromkeys(pattern.groupindex, wedding), dict.fromkeys(row.query, ""))
        for row, pattern in _COMPILED
        if page in row.depends and set(pattern.groupindex) <= {"wedding"} and wedding
    )


def find(site: Site, wedding: str, method: str, path: str, query: Mapping[str, str]) -> Asked | tuple[str, ...]:
    """The row for a request, or the methods that this path allows (empty: no such path). HEAD asks as GET."""
    allowed: list[str] = []
    for row, pattern in _COMPILED:
        if row.site is not site:
            continue
        matched = pattern.fullmatch(path)
        if matched is None:
            continue
        if row.method == ("GET" if method == "HEAD" else method):
            variables = matched.groupdict()
            about = variables.get("wedding", wedding)
            return Asked(row, about, variables, {name: query.get(name, "") for name in row.query})
        allowed.append(row.method)
    return tuple(allowed)


def tier_of(site: Site, path: str) -> Tier:
    """The tier of a cacheable path. Raises KeyError for any other."""
    asked = find(site, "", "GET", path, {})
    if not isinstance(asked, Asked) or asked.route.tier is None:
        raise KeyError(path)
    return asked.route.tier


def tags_of(site: Site, wedding: str, path: str) -> tuple[str, ...]:
    """The cache tags of a cacheable path. Raises KeyError for any other."""
    asked = find(site, wedding, "GET", path, {})
    if not isinstance(asked, Asked):
        raise KeyError(path)
    return asked.tags
