"""Cloudflare's cache key, and which kept answers a purge order means.

Source: Cloudflare docs, cache/how-to/cache-keys and cache/how-to/purge-cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.pop.cloudflare_policy import Zone, ZoneCaching
from sandbox.pop.entries import Entry, Purge
from sandbox.pop.key import Choice, Take, chosen_query, digest
from sandbox.pop.messages import Request


def cache_key(caching: ZoneCaching, request: Request) -> tuple[str, str]:
    """The cache key of a request, and path with the query as it stands in the key."""
    custom = (caching.settings.get("cache_key") or {}).get("custom_key") or {}
    query = key_query(caching, request, custom)
    parts = [caching.zone.id, request.host, request.path, query]
    wanted = custom.get("header") or {}
    included = sorted(name.lower() for name in wanted.get("include") or [])
    present = sorted(name.lower() for name in wanted.get("check_presence") or [])
    parts += [f"{name}:{request.headers.get(name) or ''}" for name in included]
    parts += [f"{name}?{name in request.headers}" for name in present]
    cookies = request.cookies()
    parts += [f"{name}={cookies.get(name, '')}" for name in sorted((custom.get("cookie") or {}).get("include") or [])]
    return digest(parts), f"{request.path}?{query}" if query else request.path


def key_query(caching: ZoneCaching, request: Request, custom: Mapping[str, Any]) -> str:
    """The query string as the key sees it."""
    level = caching.zone.settings.get("cache_level", "aggressive")
    if level == "simplified" and "query_string" not in custom:
        return ""
    query = chosen_query(request.query, _choice(custom.get("query_string") or {}))
    settings = caching.settings.get("cache_key") or {}
    if settings.get("ignore_query_strings_order") or caching.zone.settings.get("sort_query_string_for_cache") == "on":
        query = "&".join(sorted(query.split("&")))
    return query


def _choice(node: Mapping[str, Any]) -> Choice:
    """`include` or `exclude`, each a list, "*", {"list": [...]} or {"all": true}; the default is everything."""
    for name, named, everything in (("include", Take.NAMED, Take.ALL), ("exclude", Take.ALL_BUT, Take.NONE)):
        given = node.get(name)
        if isinstance(given, Mapping):
            given = "*" if given.get("all") else given.get("list")
        if given in ("*", ["*"]):
            return Choice(everything)
        if given is not None:
            return Choice(named, frozenset(given))
    return Choice(Take.ALL)


def purge_of(order: Mapping[str, Any], zone: Zone) -> Purge:
    """A purge order: any of files, tags, hosts, prefixes, or everything; soft marks stale, hard deletes."""
    tags = frozenset(tag.lower() for tag in order.get("tags") or [])
    tests: list[Callable[[Entry], bool]] = []
    if order.get("everything"):
        tests.append(lambda entry: True)
    if tags:
        tests.append(lambda entry: bool(tags & entry.tags))
    if order.get("hosts"):
        hosts = frozenset(host.lower() for host in order["hosts"])
        tests.append(lambda entry: entry.host in hosts)
    if order.get("files"):
        files = frozenset(_located(file, zone) for file in order["files"])
        tests.append(lambda entry: (entry.host, entry.target) in files)
    if order.get("prefixes"):
        prefixes = tuple(prefix.partition("://")[2] or prefix for prefix in order["prefixes"])
        tests.append(lambda entry: any(_under(entry, prefix) for prefix in prefixes))
    by_tag = tags if tags and len(tests) == 1 else None
    return Purge(zone.id, order["kind"] == "soft", lambda entry: any(test(entry) for test in tests), by_tag)


def _located(file: str | Mapping[str, Any], zone: Zone) -> tuple[str, str]:
    """Host and key target of a purged URL: the same rules make it as made the key."""
    url = file if isinstance(file, str) else str(file["url"])
    host, _, rest = url.partition("://")[2].partition("/")
    path, _, query = rest.partition("?")
    request = Request("GET", host.lower(), f"/{path}", query)
    return request.host, cache_key(zone.caching(request), request)[1]


def _under(entry: Entry, prefix: str) -> bool:
    location = f"{entry.host}{entry.target}"
    if not location.startswith(prefix):
        return False
    return prefix.endswith("/") or location[len(prefix) : len(prefix) + 1] in ("", "/", "?")
