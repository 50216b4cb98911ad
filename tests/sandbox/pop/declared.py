"""What tests declare: snapshots in the shape that the vendor emulators serve."""

from __future__ import annotations

from typing import Any

from tests.sandbox.pop.world import HOME, STANDBY


def items(*values: Any) -> dict[str, Any]:
    """CloudFront's list shape."""
    return {"Quantity": len(values), "Items": list(values)}


def origin(name: str, domain: str, **changes: Any) -> dict[str, Any]:
    """A custom origin over TLS with short times."""
    custom = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginReadTimeout": changes.pop("OriginReadTimeout", 30),
    }
    return {
        "Id": name,
        "DomainName": domain,
        "OriginPath": "",
        "ConnectionAttempts": 1,
        "ConnectionTimeout": 1,
        "CustomHeaders": items(),
        "CustomOriginConfig": custom,
        **changes,
    }


def behaviour(**changes: Any) -> dict[str, Any]:
    """A behaviour of all methods under the policy `tier`."""
    methods = items("HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH")
    return {
        "TargetOriginId": "home",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {**methods, "CachedMethods": items("HEAD", "GET")},
        "CachePolicyId": "tier",
        **changes,
    }


def cache_policy(**changes: Any) -> dict[str, Any]:
    """A cache policy with nothing but the path in its key; `headers`, `cookies`, `queries` name what is in it."""
    key: dict[str, Any] = {
        "EnableAcceptEncodingGzip": changes.pop("gzip", False),
        "EnableAcceptEncodingBrotli": changes.pop("brotli", False),
    }
    for given, config, kind, listed in (
        ("headers", "HeadersConfig", "HeaderBehavior", "Headers"),
        ("cookies", "CookiesConfig", "CookieBehavior", "Cookies"),
        ("queries", "QueryStringsConfig", "QueryStringBehavior", "QueryStrings"),
    ):
        names = changes.pop(given, None)
        key[config] = {kind: "none"} if names is None else {kind: "whitelist", listed: items(*names)}
    return {
        "Name": "tier",
        "MinTTL": 0,
        "DefaultTTL": 60,
        "MaxTTL": 86400,
        "ParametersInCacheKeyAndForwardedToOrigin": key,
        **changes,
    }


def distribution(**changes: Any) -> dict[str, Any]:
    """One distribution for como.weddings.example; `behaviour` changes the default behaviour."""
    config = {
        "Enabled": True,
        "Aliases": items("como.weddings.example"),
        "Origins": items(origin("home", HOME), origin("standby", STANDBY)),
        "DefaultCacheBehavior": behaviour(**changes.pop("behaviour", {})),
        "CacheBehaviors": items(),
        **changes,
    }
    return {
        "id": "E1",
        "arn": "arn:aws:cloudfront::1:distribution/E1",
        "domain": "d1.cloudfront.net",
        "status": "Deployed",
        "config": config,
    }


def cloudfront(policy: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A whole snapshot (without its number)."""
    return {"distributions": [distribution(**changes)], "cache_policies": {"tier": policy or cache_policy()}}


def rule(action: str, parameters: dict[str, Any], expression: str = "true", **changes: Any) -> dict[str, Any]:
    """One rule of a ruleset."""
    return {
        "ref": "r",
        "enabled": True,
        "action": action,
        "expression": expression,
        "action_parameters": parameters,
        **changes,
    }


def zone(**changes: Any) -> dict[str, Any]:
    """The zone with `app` proxied to the home origin; `request`, `response`, `transform` are lists of rules."""
    phases = {
        "request": "http_request_cache_settings",
        "response": "http_response_cache_settings",
        "transform": "http_response_headers_transform",
    }
    rulesets = {phase: {"rules": changes.pop(name, [])} for name, phase in phases.items()}
    return {
        "id": "z1",
        "name": "weddings.example",
        "status": "active",
        "plan": "business",
        "settings": {"ssl": "strict", "browser_cache_ttl": 0, **changes.pop("settings", {})},
        "rulesets": rulesets,
        "dns": [
            {"name": "app.weddings.example", "type": "CNAME", "content": HOME, "proxied": True},
            {"name": "como.weddings.example", "type": "CNAME", "content": "d1.cloudfront.net", "proxied": False},
        ],
        "load_balancers": [],
        **changes,
    }


def cloudflare(**changes: Any) -> dict[str, Any]:
    """A whole snapshot (without its number); `pools` and `monitors` beside the zone's own changes."""
    pools, monitors = changes.pop("pools", {}), changes.pop("monitors", {})
    return {"zones": [zone(**changes)], "pools": pools, "monitors": monitors}
