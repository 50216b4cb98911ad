"""Cloudflare's knobs, one row each: what is declared (in the API's own shape) and what a guest must see of it.

What a row declares: `cache` (parameters of its cache rule), `response` (action and parameters of its cache response
rule), `transform` (headers of its response header rule), `settings` (of the zone), `record` (the DNS record of its own
host), `pool` (its own pool), `balancer` (the load balancer of its own host). `$first`, `$second`, `$dead` are the
scratch pools of one origin each, `$own` is the row's pool, `$monitor` the monitor that finds every origin unwell.
"""

from __future__ import annotations

from typing import Any

from sandbox.rehearsal.knobs.row import (
    LONG,
    SHORT,
    Ask,
    Knob,
    Sends,
    cached,
    cached_two,
    copies,
    header,
    origin,
    status,
)
from sandbox.rehearsal.knobs.witness import FIRST, SECOND

ZONE = "probe.example"
HOST = f"www.{ZONE}"
ELIGIBLE: dict[str, Any] = {"cache": {"cache": True}}
TWICE: dict[str, Any] = {"fill": (Ask(),)}
NEIGHBOURS: dict[str, Any] = {"fill": (Ask(), Ask("b")), "then": (Ask(), Ask("b")), "read": cached_two}
SIZES: dict[str, Any] = {"then": (Ask(query="size=1"), Ask(query="size=2")), "read": copies}
STALE = Sends({"Cache-Control": f"max-age={SHORT}, stale-while-revalidate={LONG}"})


def eligible(**settings: Any) -> dict[str, Any]:
    """A cache rule that makes the row's paths eligible, with more settings."""
    return {"cache": {"cache": True, **settings}}


def tagged(slug: str) -> Sends:
    """Answers that carry a tag of the row's own for each leaf; they may be served stale for an hour."""
    control = f"max-age={LONG}, stale-while-revalidate={LONG}"
    return Sends({"Cache-Control": control, "Cache-Tag": f"{slug}-{{leaf}}"})


def own_host(slug: str) -> dict[str, Any]:
    """Guests ask the row's own host; what they see is which origin answers."""
    return {"then": (Ask(host=f"{slug}.{ZONE}"),), "read": origin}


def balanced(*pools: str, fallback: str = "$second", **more: Any) -> dict[str, Any]:
    """The row's load balancer over pools in order."""
    return {"balancer": {"default_pools": list(pools), "fallback_pool": fallback, **more}}


def pool(*, first: bool = True, second: bool | None = None, **more: Any) -> dict[str, Any]:
    """The row's own pool: the first origin, and the second one where `second` says whether it is enabled."""
    origins = [{"name": "first", "address": FIRST, "enabled": first}]
    if second is not None:
        origins.append({"name": "second", "address": SECOND, "enabled": second})
    return {"pool": {"origins": origins, **more}}


CACHE_RULES = (
    Knob("cache rule: eligible", "eligible", ("DYNAMIC", "HIT"), cached, {}, ELIGIBLE, **TWICE),
    Knob(
        "cache rule: edge TTL",
        "edge-ttl",
        ("HIT", "EXPIRED"),
        cached,
        eligible(edge_ttl={"mode": "override_origin", "default": LONG}),
        eligible(edge_ttl={"mode": "override_origin", "default": SHORT}),
        **TWICE,
    ),
    Knob(
        "cache rule: browser TTL",
        "browser-ttl",
        (f"max-age={LONG}", "max-age=600"),
        header("cache-control"),
        eligible(browser_ttl={"mode": "respect_origin"}),
        eligible(browser_ttl={"mode": "override_origin", "default": 600}),
    ),
    Knob(
        "cache rule: query string in the custom key",
        "key",
        before=eligible(cache_key={"custom_key": {"query_string": {"include": {"all": True}}}}),
        after=eligible(cache_key={"custom_key": {"query_string": {"exclude": {"all": True}}}}),
        wanted=("apart", "together"),
        **SIZES,
    ),
    Knob(
        "cache rule: stale while updating",
        "updating",
        ("UPDATING", "EXPIRED"),
        cached,
        eligible(serve_stale={"disable_stale_while_updating": False}),
        eligible(serve_stale={"disable_stale_while_updating": True}),
        sends=STALE,
        **TWICE,
    ),
)

RESPONSE_RULES = (
    Knob(
        "cache response rule: stale-while-revalidate",
        "directive",
        ("EXPIRED", "UPDATING"),
        cached,
        ELIGIBLE,
        {
            **ELIGIBLE,
            "response": ("set_cache_control", {"stale-while-revalidate": {"operation": "set", "value": LONG}}),
        },
        sends=Sends({"Cache-Control": f"max-age={SHORT}"}),
        **TWICE,
    ),
    Knob(
        "cache response rule: tags",
        "tags",
        ("HIT", "MISS"),
        cached,
        ELIGIBLE,
        {**ELIGIBLE, "response": ("set_cache_tags", {"operation": "add", "values": ["probe-by-rule"]})},
        purge_before={"kind": "hard", "tags": ["probe-by-rule"]},
        purge_after={"kind": "hard", "tags": ["probe-by-rule"]},
        **TWICE,
    ),
    Knob(
        "cache response rule: strip Set-Cookie",
        "strip",
        ("BYPASS", "HIT"),
        cached,
        ELIGIBLE,
        {**ELIGIBLE, "response": ("set_cache_settings", {"strip_set_cookie": True})},
        sends=Sends({"Cache-Control": f"max-age={LONG}", "Set-Cookie": "seat=1"}),
        **TWICE,
    ),
    Knob(
        "response header rule",
        "ruled",
        ("none", "added"),
        header("x-probe-added"),
        {},
        {"transform": {"X-Probe-Added": {"operation": "set", "value": "added"}}},
    ),
)

SETTINGS = (
    Knob(
        "zone setting: always_use_https",
        "https",
        ("200", "301"),
        status,
        {"settings": {"always_use_https": "off"}},
        {"settings": {"always_use_https": "on"}},
        then=(Ask(secure=False),),
    ),
    Knob(
        "zone setting: cache_level",
        "level",
        before={**ELIGIBLE, "settings": {"cache_level": "aggressive"}},
        after={**ELIGIBLE, "settings": {"cache_level": "simplified"}},
        wanted=("apart", "together"),
        **SIZES,
    ),
    Knob(
        "zone setting: development_mode",
        "development",
        ("HIT", "BYPASS"),
        cached,
        {**ELIGIBLE, "settings": {"development_mode": "off"}},
        {**ELIGIBLE, "settings": {"development_mode": "on"}},
        last=True,
        **TWICE,
    ),
)

PURGES = (
    Knob(
        "purge by tag",
        "tag-purge",
        ("HIT, neighbour HIT", "MISS, neighbour HIT"),
        before=ELIGIBLE,
        after=ELIGIBLE,
        sends=tagged("tag-purge"),
        purge_after={"kind": "hard", "tags": ["tag-purge-a"]},
        **NEIGHBOURS,
    ),
    Knob(
        "soft purge by tag",
        "softly",
        ("HIT, neighbour HIT", "UPDATING, neighbour HIT"),
        before=ELIGIBLE,
        after=ELIGIBLE,
        sends=tagged("softly"),
        purge_after={"kind": "soft", "tags": ["softly-a"]},
        **NEIGHBOURS,
    ),
    Knob(
        "purge by URL",
        "by-url",
        ("HIT, neighbour HIT", "MISS, neighbour HIT"),
        before=ELIGIBLE,
        after=ELIGIBLE,
        purge_after={"kind": "hard", "files": [f"https://{HOST}/by-url/after/a"]},
        **NEIGHBOURS,
    ),
    Knob(
        "purge by prefix",
        "by-prefix",
        ("HIT, neighbour HIT", "MISS, neighbour HIT"),
        before=ELIGIBLE,
        after=ELIGIBLE,
        purge_after={"kind": "hard", "prefixes": [f"{HOST}/by-prefix/after/a"]},
        **NEIGHBOURS,
    ),
)

STEERING = (
    Knob(
        "DNS record: proxied or DNS only",
        "proxied",
        ("200 first", "530"),
        before={"record": {"content": FIRST, "proxied": True}},
        after={"record": {"content": FIRST, "proxied": False}},
        **own_host("proxied"),
    ),
    Knob(
        "DNS record: content",
        "content",
        ("200 first", "200 second"),
        before={"record": {"content": FIRST, "proxied": True}},
        after={"record": {"content": SECOND, "proxied": True}},
        **own_host("content"),
    ),
    Knob(
        "load balancer: order of pools",
        "order",
        ("200 first", "200 second"),
        before=balanced("$first", "$second"),
        after=balanced("$second", "$first"),
        **own_host("order"),
    ),
    Knob(
        "load balancer: pool disabled",
        "pool-off",
        ("200 first", "200 second"),
        before={**pool(enabled=True), **balanced("$own", "$second")},
        after={**pool(enabled=False), **balanced("$own", "$second")},
        **own_host("pool-off"),
    ),
    Knob(
        "load balancer: origin disabled in its pool",
        "origin-off",
        ("200 first", "200 second"),
        before={**pool(first=True, second=False), **balanced("$own")},
        after={**pool(first=False, second=True), **balanced("$own")},
        **own_host("origin-off"),
    ),
    Knob(
        "load balancer: fallback pool",
        "fallback",
        ("200 first", "200 second"),
        before={**pool(enabled=False), **balanced("$own", fallback="$first")},
        after={**pool(enabled=False), **balanced("$own", fallback="$second")},
        **own_host("fallback"),
    ),
    Knob(
        "load balancer: monitor of a pool",
        "monitor",
        ("200 first", "200 second"),
        before={**pool(), **balanced("$own", "$second")},
        after={**pool(monitor="$monitor"), **balanced("$own", "$second")},
        **own_host("monitor"),
    ),
    Knob(
        "load balancer: failover across pools",
        "across",
        ("521", "200 second"),
        before=balanced("$dead", "$second"),
        after=balanced("$dead", "$second", adaptive_routing={"failover_across_pools": True}),
        **own_host("across"),
    ),
)

KNOBS: tuple[Knob, ...] = (*CACHE_RULES, *RESPONSE_RULES, *SETTINGS, *PURGES, *STEERING)
