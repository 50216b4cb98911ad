"""From an edge snapshot (DistributionConfig and policies as botocore answers) to `cloudfront_policy` values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sandbox.pop.cloudfront_policy import (
    DEFAULT_TTL,
    MAX_TTL,
    Behaviour,
    CacheRules,
    Distribution,
    Edge,
    ErrorPage,
    Failover,
    Forwarding,
    Function,
    ViewerHeaders,
    listed,
)
from sandbox.pop.key import Choice, Take
from sandbox.pop.messages import Headers
from sandbox.pop.origin import Origin

Node = Mapping[str, Any]
PARAMETER = re.compile(r"\{\{([^{}]*)\}\}")

TAKES = {
    "none": Take.NONE,
    "all": Take.ALL,
    "allViewer": Take.ALL,
    "allViewerAndWhitelistCloudFront": Take.ALL,
    "whitelist": Take.NAMED,
    "allExcept": Take.ALL_BUT,
}


def compile_edge(snapshot: Node) -> Edge:
    """Everything that a POP may know. Raises KeyError where a policy is named that was not declared."""
    functions = {
        arn: Function(node["code"], node.get("runtime", ""), _pairs(snapshot, node))
        for arn, node in snapshot.get("functions", {}).items()
    }
    found = [one for node in snapshot.get("distributions", []) for one in _served(snapshot, node)]
    return Edge(tuple(found), functions)


def _served(snapshot: Node, node: Node) -> Iterator[Distribution]:
    """A distribution; of one for tenants what it is for each: viewers never reach it under its own name."""
    whole = _distribution(snapshot, node)
    if node["config"].get("ConnectionMode") != "tenant-only":
        yield whole
        return
    rows = (node["config"].get("TenantConfig") or {}).get("ParameterDefinitions") or []
    defaults = {row["Name"]: (row["Definition"].get("StringSchema") or {}).get("DefaultValue") or "" for row in rows}
    for tenant in snapshot.get("tenants", []):
        if tenant["distribution_id"] == node["id"]:
            values = {**defaults, **tenant["parameters"]}
            yield replace(
                whole,
                tenant=tenant["id"],
                aliases=tuple(tenant["domains"]),
                enabled=whole.enabled and bool(tenant["enabled"]),
                origins={name: _of_tenant(origin, values) for name, origin in whole.origins.items()},
            )


def _of_tenant(origin: Origin, values: Mapping[str, str]) -> Origin:
    """The origin with the tenant's parameters in its name and path: `{{name}}`."""

    def filled(text: str) -> str:
        return PARAMETER.sub(lambda hit: values.get(hit.group(1), ""), text)

    return replace(origin, domain=filled(origin.domain), path_prefix=filled(origin.path_prefix))


def _pairs(snapshot: Node, function: Node) -> Mapping[str, str] | None:
    stores = function.get("kvs") or []
    return dict(snapshot.get("kvs", {}).get(stores[0], {})) if stores else None


def _distribution(snapshot: Node, node: Node) -> Distribution:
    config = node["config"]
    errors = listed(config.get("CustomErrorResponses"))
    error_ttls = tuple(
        (int(row["ErrorCode"]), float(row["ErrorCachingMinTTL"]))
        for row in errors
        if row.get("ErrorCachingMinTTL") is not None
    )
    tag_header = (config.get("CacheTagConfig") or {}).get("HeaderName")
    shared = (snapshot, tag_header.lower() if tag_header else None, error_ttls)
    ordered = [_behaviour(*shared, row, row["PathPattern"]) for row in listed(config.get("CacheBehaviors"))]
    return Distribution(
        id=node["id"],
        domain=node["domain"].lower(),
        enabled=bool(config.get("Enabled", True)),
        aliases=tuple(alias.lower() for alias in listed(config.get("Aliases"))),
        root_object=config.get("DefaultRootObject") or "",
        origins={row["Id"]: _origin(row) for row in listed(config.get("Origins"))},
        groups={row["Id"]: _failover(row) for row in listed(config.get("OriginGroups"))},
        behaviours=(*ordered, _behaviour(*shared, config["DefaultCacheBehavior"], "*")),
        error_pages={
            int(row["ErrorCode"]): ErrorPage(row["ResponsePagePath"], int(row.get("ResponseCode") or row["ErrorCode"]))
            for row in errors
            if row.get("ResponsePagePath")
        },
    )


def _origin(row: Node) -> Origin:
    custom = row.get("CustomOriginConfig") or {}
    headers = Headers.of([(item["HeaderName"], item["HeaderValue"]) for item in listed(row.get("CustomHeaders"))])
    completion = row.get("ResponseCompletionTimeout")
    return Origin(
        domain=row["DomainName"],
        secure=custom.get("OriginProtocolPolicy", "https-only") != "http-only",
        path_prefix=row.get("OriginPath") or "",
        headers=headers,
        connect_timeout=float(row.get("ConnectionTimeout") or 10),
        read_timeout=float(custom.get("OriginReadTimeout") or 30),
        attempts=int(row.get("ConnectionAttempts") or 3),
        completion_timeout=float(completion) if completion else None,
    )


def _failover(row: Node) -> Failover:
    primary, secondary = (member["OriginId"] for member in listed(row["Members"]))
    statuses = listed(row["FailoverCriteria"]["StatusCodes"])
    return Failover(primary, secondary, frozenset(int(status) for status in statuses))


def _behaviour(
    snapshot: Node, tag_header: str | None, error_ttls: tuple[tuple[int, float], ...], row: Node, pattern: str
) -> Behaviour:
    methods = row.get("AllowedMethods") or {}
    forwarding = _forwarding(snapshot, row.get("OriginRequestPolicyId"))
    return Behaviour(
        pattern=pattern,
        target=row["TargetOriginId"],
        viewer_protocol=row.get("ViewerProtocolPolicy", "allow-all"),
        allowed=frozenset(listed(methods) or ["GET", "HEAD"]),
        cached=frozenset(listed(methods.get("CachedMethods")) or ["GET", "HEAD"]),
        cache=_cache_rules(snapshot, row, tag_header, error_ttls, forwarding),
        forwarding=forwarding,
        viewer_headers=_viewer_headers(snapshot, row.get("ResponseHeadersPolicyId")),
        function=next(
            (
                association["FunctionARN"]
                for association in listed(row.get("FunctionAssociations"))
                if association["EventType"] == "viewer-request"
            ),
            None,
        ),
    )


def _cache_rules(
    snapshot: Node, row: Node, tag_header: str | None, error_ttls: tuple[tuple[int, float], ...], sent: Forwarding
) -> CacheRules:
    if not row.get("CachePolicyId"):
        # Without a cache policy the legacy TTLs stand in the behaviour; nothing but the path is in the key.
        policy: Node = {
            "MinTTL": row.get("MinTTL", 0),
            "DefaultTTL": row.get("DefaultTTL"),
            "MaxTTL": row.get("MaxTTL"),
        }
    else:
        policy = snapshot.get("cache_policies", {})[row["CachePolicyId"]]
    parameters = policy.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
    cookies = _choice(parameters.get("CookiesConfig"), "CookieBehavior", "Cookies")
    encodings = [
        name
        for name, flag in (("br", "EnableAcceptEncodingBrotli"), ("gzip", "EnableAcceptEncodingGzip"))
        if parameters.get(flag)
    ]
    minimum = float(policy.get("MinTTL") or 0)
    return CacheRules(
        min_ttl=minimum,
        default_ttl=max(minimum, _seconds(policy, "DefaultTTL", DEFAULT_TTL)),
        max_ttl=max(minimum, _seconds(policy, "MaxTTL", MAX_TTL)),
        headers=_choice(parameters.get("HeadersConfig"), "HeaderBehavior", "Headers", lower=True),
        cookies=cookies,
        queries=_choice(parameters.get("QueryStringsConfig"), "QueryStringBehavior", "QueryStrings"),
        encodings=tuple(encodings),
        tag_header=tag_header,
        error_ttls=error_ttls,
        keeps_cookies=cookies.take is not Take.NONE or sent.cookies.take is not Take.NONE,
    )


def _seconds(policy: Node, name: str, otherwise: float) -> float:
    value = policy.get(name)
    return otherwise if value is None else float(value)


def _forwarding(snapshot: Node, policy_id: str | None) -> Forwarding:
    if not policy_id:
        return Forwarding()
    policy = snapshot.get("origin_request_policies", {})[policy_id]
    return Forwarding(
        headers=_choice(policy.get("HeadersConfig"), "HeaderBehavior", "Headers", lower=True),
        cookies=_choice(policy.get("CookiesConfig"), "CookieBehavior", "Cookies"),
        queries=_choice(policy.get("QueryStringsConfig"), "QueryStringBehavior", "QueryStrings"),
    )


def _choice(node: Node | None, behaviour: str, names: str, *, lower: bool = False) -> Choice:
    node = node or {}
    chosen = (str(name) for name in listed(node.get(names)))
    return Choice(TAKES[node.get(behaviour, "none")], frozenset(name.lower() if lower else name for name in chosen))


def _viewer_headers(snapshot: Node, policy_id: str | None) -> ViewerHeaders:
    if not policy_id:
        return ViewerHeaders()
    policy = snapshot.get("response_headers_policies", {})[policy_id]
    items = [
        (item["Header"].lower(), item["Value"], bool(item.get("Override", False)))
        for item in listed(policy.get("CustomHeadersConfig"))
    ]
    removed = frozenset(item["Header"].lower() for item in listed(policy.get("RemoveHeadersConfig")))
    return ViewerHeaders((*items, *_security_headers(policy.get("SecurityHeadersConfig") or {})), removed)


def _security_headers(node: Node) -> list[tuple[str, str, bool]]:
    rows: list[tuple[str, str, bool]] = []

    def add(key: str, name: str, value: str) -> None:
        if key in node:
            rows.append((name, value, bool(node[key].get("Override", False))))

    transport = node.get("StrictTransportSecurity") or {}
    flags = "".join(
        f"; {text}"
        for flag, text in (("IncludeSubdomains", "includeSubDomains"), ("Preload", "preload"))
        if transport.get(flag)
    )
    add(
        "StrictTransportSecurity",
        "strict-transport-security",
        f"max-age={transport.get('AccessControlMaxAgeSec')}{flags}",
    )
    add("ContentTypeOptions", "x-content-type-options", "nosniff")
    add("FrameOptions", "x-frame-options", str((node.get("FrameOptions") or {}).get("FrameOption")))
    add("ReferrerPolicy", "referrer-policy", str((node.get("ReferrerPolicy") or {}).get("ReferrerPolicy")))
    policy = node.get("ContentSecurityPolicy") or {}
    add("ContentSecurityPolicy", "content-security-policy", str(policy.get("ContentSecurityPolicy")))
    return rows
