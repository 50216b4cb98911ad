"""Cloudflare rules applied to one request or answer: what expressions see, and what actions do to headers.

Source: Cloudflare docs, ruleset-engine, cache/how-to/cache-response-rules, rules/transform.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.pop.directives import Directives
from sandbox.pop.expressions import Unreadable, compiled, matches
from sandbox.pop.messages import Headers, Request, Response

log = logging.getLogger("sandbox.pop.cloudflare")


@dataclass(frozen=True)
class Rule:
    """One enabled rule of a ruleset."""

    ref: str
    expression: str
    action: str
    parameters: Mapping[str, Any]

    def matches(self, facts: Mapping[str, Any]) -> bool:
        """Whether it matches; an expression that cannot be read matches nothing and is logged."""
        try:
            return matches(self.expression, facts)
        except Unreadable as error:
            log.warning("rule %s matches nothing, its expression cannot be read: %s", self.ref, error)
            return False


def request_facts(request: Request) -> dict[str, Any]:
    """The fields of a request that expressions may name."""
    name = request.path.rpartition("/")[2]
    scheme = "https" if request.secure else "http"
    return {
        "http.host": request.host,
        "http.cookie": request.headers.get("cookie") or "",
        "http.referer": request.headers.get("referer") or "",
        "http.user_agent": request.headers.get("user-agent") or "",
        "http.request.method": request.method,
        "http.request.uri": request.target,
        "http.request.uri.path": request.path,
        "http.request.uri.path.extension": name.rpartition(".")[2].lower() if "." in name else "",
        "http.request.uri.query": request.query,
        "http.request.full_uri": f"{scheme}://{request.host}{request.target}",
        "http.request.headers": _grouped(request.headers),
        "ssl": request.secure,
    }


def response_facts(facts: Mapping[str, Any], response: Response) -> dict[str, Any]:
    """The request's fields with those of the origin's answer."""
    media = (response.headers.get("content-type") or "").partition(";")[0].strip().lower()
    return {
        **facts,
        "http.response.code": response.status,
        "http.response.headers": _grouped(response.headers),
        "http.response.content_type.media_type": media,
    }


def _grouped(headers: Headers) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name, []).append(value)
    return grouped


def strips(rules: Iterable[Rule], flag: str) -> bool:
    """Whether a cache response rule strips what `flag` names."""
    return any(rule.action == "set_cache_settings" and rule.parameters.get(flag) for rule in rules)


def edge_directives(headers: Headers, rules: Iterable[Rule]) -> tuple[Directives, bool]:
    """The directives that the edge obeys, and whether a cache response rule had a say in them."""
    names = ("cloudflare-cdn-cache-control", "cdn-cache-control", "cache-control")
    text = next((headers.get(name) for name in names if name in headers), None)
    changing = [rule for rule in rules if rule.action == "set_cache_control"]
    return rewritten(Directives.parse(text), changing, for_viewer=False), bool(changing)


def rewritten(directives: Directives, rules: Iterable[Rule], *, for_viewer: bool) -> Directives:
    """Directives after `set_cache_control` rules; those marked `cloudflare_only` do not reach the viewer."""
    for rule in rules:
        if rule.action != "set_cache_control":
            continue
        for name, change in rule.parameters.items():
            if not isinstance(change, Mapping) or (for_viewer and change.get("cloudflare_only")):
                continue
            directive = name.replace("_", "-")
            if change.get("operation") == "remove":
                directives = directives.without(directive)
            else:
                value = change.get("value")
                directives = directives.with_set(directive, "" if value is None else str(int(value)))
    return directives


def status_ttl(rows: Iterable[Mapping[str, Any]], status: int) -> float | None:
    """The TTL by status code of a cache rule: -1 no-store, 0 no-cache; None where no row speaks of `status`."""
    for row in rows:
        span = row.get("status_code_range") or {}
        single = row.get("status_code", row.get("status_code_value"))
        if single == status or (span and span.get("from", 100) <= status <= span.get("to", 999)):
            return float(row["value"])
    return None


def transformed(headers: Headers, rule: Rule, facts: Mapping[str, Any]) -> Headers:
    """Headers after one response header transform rule; `cf-*` headers cannot be touched."""
    for name, change in (rule.parameters.get("headers") or {}).items():
        lowered = name.lower()
        if lowered.startswith(("cf-", "x-cf-")):
            continue
        if change.get("operation") == "remove":
            headers = headers.without(lowered)
            continue
        value = str(compiled(change["expression"])(facts)) if change.get("expression") else str(change.get("value", ""))
        if change.get("operation") == "add":
            headers = Headers((*headers.rows, (lowered, value)))
        else:
            headers = headers.with_set(lowered, value)
    return headers
