"""Purge (`purge_cache`) and soft purge (`invalidate_cache`): one selector a request, per-plan counts and rates.

The request is answered at once, as the vendor does; POPs learn of it through the edge snapshot.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from cloudflare.types.cache import cache_purge_params as params

from sandbox.cloudflare.action_checks import is_tag
from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.limits import TAG_CHARACTERS, Plan
from sandbox.cloudflare.shape import problems
from sandbox.cloudflare.throttle import TokenBucket
from sandbox.cloudflare.world import World
from sandbox.cloudflare.zones import is_host

BAD_PURGE = 1012
TOO_FAST = 1134
SELECTORS = ("files", "tags", "hosts", "prefixes", "purge_everything")


def hard(world: World, ask: Ask) -> Answer:
    """POST /zones/{zone_id}/purge_cache: POPs delete."""
    return _purge(world, ask, "hard")


def soft(world: World, ask: Ask) -> Answer:
    """POST /zones/{zone_id}/invalidate_cache: POPs mark stale."""
    return _purge(world, ask, "soft")


def _purge(world: World, ask: Ask, kind: str) -> Answer:
    zone = world.zone(ask.names["zone_id"])
    name, items = selected(ask.body, zone.name, world.plan)
    _pay(world, ask, name, len(items))
    chosen: Json = {"everything": True} if name == "purge_everything" else {name: items}
    world.remember_purge({"zone_id": zone.row["id"], "kind": kind, **chosen})
    return Answer({"id": zone.row["id"]})


def selected(body: Any, zone_name: str, plan: Plan) -> tuple[str, list[Any]]:
    """The one selector of a purge and its items, checked. Raises VendorRefusal for anything the vendor refuses."""
    if not isinstance(body, dict) or len(body) != 1 or next(iter(body)) not in SELECTORS:
        raise VendorRefusal(400, BAD_PURGE, f"Request must contain one of {', '.join(SELECTORS)}, and nothing else")
    name, items = next(iter(body.items()))
    if name == "purge_everything":
        if items is not True:
            raise VendorRefusal(400, BAD_PURGE, "purge_everything must be true")
        return name, [True]
    most = plan.urls_per_request if name == "files" else plan.items_per_request
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        raise VendorRefusal(400, 1094, f"{name} must hold 1 to {most} items on {plan.label}")
    checked = [_CHECKS[name](item, zone_name) for item in items]
    return name, checked


def _tag(item: Any, zone_name: str) -> Any:
    if not isinstance(item, str) or not is_tag(item):
        raise VendorRefusal(
            400, 1130, f"a cache tag has 1 to {TAG_CHARACTERS} printable ASCII characters without spaces"
        )
    return item


def _host(item: Any, zone_name: str) -> Any:
    if not isinstance(item, str) or not _inside(item, zone_name):
        raise VendorRefusal(400, 1016, f"{item!r} is not a host of the zone {zone_name}")
    return item


def _prefix(item: Any, zone_name: str) -> Any:
    text = item if isinstance(item, str) else ""
    if "://" in text or "?" in text or "#" in text:
        raise VendorRefusal(400, 1111, f"prefix {text!r}: no scheme, no query, no fragment")
    host, slash, _ = text.partition("/")
    if not slash or not _inside(host, zone_name):
        raise VendorRefusal(400, 1016, f"prefix {item!r} is not a host of the zone {zone_name} followed by a path")
    return item


def _file(item: Any, zone_name: str) -> Any:
    found = problems(item, str | params.CachePurgeSingleFileWithURLAndHeadersFile, "/files")
    url = urlsplit(item if isinstance(item, str) else str(item.get("url", "")) if isinstance(item, dict) else "")
    if found or url.scheme not in ("http", "https") or not _inside(url.hostname or "", zone_name):
        raise VendorRefusal(400, 1016, f"{item!r} is not a full URL of the zone {zone_name}")
    return item


def _inside(host: str, zone_name: str) -> bool:
    name = host.lower()
    return is_host(name) and (name == zone_name or name.endswith(f".{zone_name}"))


_CHECKS = {"tags": _tag, "hosts": _host, "prefixes": _prefix, "files": _file}


def _pay(world: World, ask: Ask, name: str, count: int) -> None:
    """Take from the account's bucket: one operation a request, or one URL each for `files`."""
    plan = world.plan
    if name == "files":
        size = max(plan.url_rate, float(plan.urls_per_request))
        bucket = world.buckets.setdefault("urls", TokenBucket(plan.url_rate, size, ask.monotonic))
        wait = bucket.take(count, ask.monotonic)
    else:
        bucket = world.buckets.setdefault("items", TokenBucket(plan.purge_rate, plan.purge_bucket, ask.monotonic))
        wait = bucket.take(1, ask.monotonic)
    if wait:
        refusal = VendorRefusal(429, TOO_FAST, "Unable to purge: rate limit reached. Please wait and retry")
        refusal.headers["retry-after"] = str(max(1, round(wait + 0.5)))
        raise refusal
