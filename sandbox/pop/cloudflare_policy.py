"""What was declared for a Cloudflare zone, as frozen values, and the caching rules that they mean for one request.

Source of the rules: Cloudflare docs, cache/concepts/{default-cache-behavior,cache-control,revalidation,
cache-responses}, cache/how-to/{cache-rules/settings,cache-response-rules}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.pop.cloudflare_rules import (
    Rule,
    edge_directives,
    request_facts,
    response_facts,
    rewritten,
    status_ttl,
    strips,
    transformed,
)
from sandbox.pop.decide import Lifetime, NotCached
from sandbox.pop.directives import Directives, declared_lifetime
from sandbox.pop.expressions import compiled
from sandbox.pop.load_balancer import Balancer
from sandbox.pop.messages import Headers, Request, Response

STATIC_EXTENSIONS = frozenset(
    {
        "7z", "avi", "avif", "apk", "bin", "bmp", "bz2", "class", "css", "csv", "doc", "docx", "dmg", "ejs", "eot",
        "eps", "exe", "flac", "gif", "gz", "ico", "iso", "jar", "jpg", "jpeg", "js", "mid", "midi", "mkv", "mp3", "mp4",
        "ogg", "otf", "pdf", "pict", "pls", "png", "ppt", "pptx", "ps", "rar", "svg", "svgz", "swf", "tar", "tif",
        "tiff", "ttf", "webm", "webp", "woff", "woff2", "xls", "xlsx", "zip", "zst",
    }
)  # fmt: skip
# Seconds by status where the origin says nothing.
DEFAULT_TTLS = {200: 7200.0, 206: 7200.0, 301: 7200.0, 302: 1200.0, 303: 1200.0, 404: 180.0, 410: 180.0}
TAG_HEADER_LIMIT = 16 * 1024
REVALIDATING = ("s-maxage", "must-revalidate", "proxy-revalidate", "no-cache")


@dataclass(frozen=True)
class DnsTarget:
    """A proxied record: where its name leads."""

    name: str
    content: str


@dataclass(frozen=True)
class Zone:
    """One active zone."""

    id: str
    name: str
    enterprise: bool
    settings: Mapping[str, Any]
    rules: Mapping[str, tuple[Rule, ...]]
    records: tuple[DnsTarget, ...] = ()
    balancers: Mapping[str, Balancer] = field(default_factory=dict)

    def record(self, host: str) -> DnsTarget | None:
        """The proxied record for `host`; an exact name goes before a wildcard."""
        names = (host, f"*.{host.partition('.')[2]}")
        return next((record for name in names for record in self.records if record.name == name), None)

    def matching(self, phase: str, facts: Mapping[str, Any]) -> list[Rule]:
        """The rules of a phase that match, in order."""
        return [rule for rule in self.rules.get(phase, ()) if rule.matches(facts)]

    def blocked(self, request: Request) -> Response | None:
        """The answer of the first custom firewall rule that blocks the request; None where none does."""
        for rule in self.matching("http_request_firewall_custom", request_facts(request)):
            if rule.action == "block":
                told = rule.parameters.get("response") or {}
                kind = str(told.get("content_type", "text/html"))
                headers = Headers((("content-type", kind), ("cache-control", "private, no-store")))
                return Response(int(told.get("status_code", 403)), headers, str(told.get("content", "")).encode())
        return None

    def caching(self, request: Request) -> ZoneCaching:
        """The cache settings for one request: the last matching rule wins, setting by setting."""
        facts = request_facts(request)
        merged: dict[str, Any] = {}
        for rule in self.matching("http_request_cache_settings", facts):
            if rule.action == "set_cache_settings":
                merged.update(rule.parameters)
        extension = request.path.rpartition("/")[2].rpartition(".")[2].lower()
        standard = "." in request.path.rpartition("/")[2] and extension in STATIC_EXTENSIONS
        return ZoneCaching(self, facts, merged, bool(merged.get("cache", standard or request.path == "/robots.txt")))


@dataclass(frozen=True)
class ZoneCaching:
    """The rules for one request; implements `decide.Caching`. `settings` are the merged cache rule parameters."""

    zone: Zone
    facts: Mapping[str, Any]
    settings: Mapping[str, Any]
    eligible: bool

    @property
    def enabled(self) -> bool:
        """Not in development mode, and eligible by extension or rule."""
        return self.eligible and self.zone.settings.get("development_mode") != "on"

    def lifetime(self, request: Request, response: Response, now: float) -> Lifetime | NotCached:
        """Edge TTL by rule or origin; stale directives unless something switches them off."""
        rules = self._response_rules(response)
        directives, by_rule = edge_directives(response.headers, rules)
        edge = self.settings.get("edge_ttl") or {}
        overrides = edge.get("mode") == "override_origin"
        if "set-cookie" in response.headers and not overrides and not strips(rules, "strip_set_cookie"):
            return NotCached("bypass: the origin sent Set-Cookie")
        origin_control = by_rule or self._origin_control()
        if "authorization" in request.headers and not (
            origin_control and directives.has_any("public", "s-maxage", "must-revalidate")
        ):
            return NotCached("bypass: the request carries Authorization")
        ttl = self._ttl(response, directives, edge, origin_control, now)
        if isinstance(ttl, NotCached):
            return ttl
        if self.zone.settings.get("always_online") == "on" or (origin_control and directives.has_any(*REVALIDATING)):
            return Lifetime(ttl)
        disabled = (self.settings.get("serve_stale") or {}).get("disable_stale_while_updating")
        swr = 0.0 if disabled else directives.seconds("stale-while-revalidate") or 0.0
        return Lifetime(ttl, swr, directives.seconds("stale-if-error"))

    def tags(self, response: Response) -> frozenset[str]:
        """`Cache-Tag` (up to 16 KB) with what cache response rules add, remove or set; lowered."""
        text = (response.headers.get("cache-tag") or "")[:TAG_HEADER_LIMIT]
        tags = {part.strip().lower() for part in text.split(",")} - {""}
        for rule in self._response_rules(response):
            if rule.action != "set_cache_tags":
                continue
            given = {str(tag).lower() for tag in self._values(rule, response)}
            operation = rule.parameters.get("operation")
            tags = given if operation == "set" else tags - given if operation == "remove" else tags | given
        return frozenset(tags)

    def retained(self, response: Response) -> Response:
        """Without Set-Cookie (it is never kept) and without validators that a response rule strips."""
        dropped = {"set-cookie"}
        rules = self._response_rules(response)
        for flag, name in (("strip_etags", "etag"), ("strip_last_modified", "last-modified")):
            if self.settings.get(flag) or strips(rules, flag):
                dropped.add(name)
        return response.with_headers(response.headers.without(*dropped))

    def viewer_headers(self, response: Response) -> Headers:
        """What the viewer sees: no Cache-Tag, Cache-Control as rules and the browser TTL make it."""
        headers = response.headers.without("cache-tag", "cdn-cache-control", "cloudflare-cdn-cache-control")
        directives = Directives.parse(headers.get("cache-control"))
        shown = rewritten(directives, self._response_rules(response), for_viewer=True)
        if self.eligible and response.status < 400:
            shown = self._browser_ttl(shown)
        if shown != directives:
            text = shown.text()
            headers = headers.with_set("cache-control", text) if text else headers.without("cache-control")
        for rule in self.zone.matching("http_response_headers_transform", response_facts(self.facts, response)):
            headers = transformed(headers, rule, response_facts(self.facts, response))
        return headers

    def _browser_ttl(self, shown: Directives) -> Directives:
        browser = self.settings.get("browser_ttl") or {}
        if browser.get("mode") == "override_origin":
            return shown.with_set("max-age", str(int(browser.get("default", 0))))
        if browser.get("mode") in ("bypass", "bypass_by_default"):
            return Directives((("no-store", ""),)) if browser["mode"] == "bypass" or not shown.rows else shown
        zone_wide = float(self.zone.settings.get("browser_cache_ttl", 0) or 0)
        if browser.get("mode") == "respect_origin" or shown.has_any("no-store", "private", "no-cache"):
            return shown
        return (
            shown.with_set("max-age", str(int(zone_wide))) if zone_wide > (shown.seconds("max-age") or 0.0) else shown
        )

    def _ttl(
        self, response: Response, directives: Directives, edge: Mapping[str, Any], origin_control: bool, now: float
    ) -> float | NotCached:
        by_status = status_ttl(edge.get("status_code_ttl") or (), response.status)
        if by_status is not None:
            return NotCached(f"a rule forbids to keep status {response.status}") if by_status < 0 else by_status
        mode, standard = edge.get("mode", "respect_origin"), DEFAULT_TTLS.get(response.status)
        if mode == "override_origin" and standard is not None:
            return float(edge.get("default", standard))
        if directives.has_any("no-store", "private"):
            return NotCached("bypass: the origin sent no-store or private")
        declared = 0.0 if "no-cache" in directives else declared_lifetime(response.headers, directives, now)
        if declared is not None and response.status < 500:
            return declared if declared > 0 or origin_control else NotCached("bypass: the origin allows no age")
        if mode == "bypass_by_default":
            return NotCached("bypass: the origin declares no lifetime")
        if standard is None:
            return NotCached(f"status {response.status} is not kept by default")
        return float(edge.get("default", standard))

    def _origin_control(self) -> bool:
        """Origin Cache Control: fixed on below Enterprise, a cache rule's switch there."""
        return bool(self.settings.get("origin_cache_control", True)) if self.zone.enterprise else True

    def _response_rules(self, response: Response) -> list[Rule]:
        return self.zone.matching("http_response_cache_settings", response_facts(self.facts, response))

    def _values(self, rule: Rule, response: Response) -> list[Any]:
        if rule.parameters.get("expression"):
            value = compiled(rule.parameters["expression"])(response_facts(self.facts, response))
            return value if isinstance(value, list) else [value]
        return list(rule.parameters.get("values") or [])
