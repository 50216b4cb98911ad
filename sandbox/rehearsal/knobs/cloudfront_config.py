"""The scratch distribution and its policies in the API's own shape, from the table of knobs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.rehearsal.knobs.cloudfront_shapes import HOST, listed
from sandbox.rehearsal.knobs.row import LONG, Knob, filled
from sandbox.rehearsal.knobs.witness import FIRST, SECOND

NOTHING_IN_KEY = {
    "EnableAcceptEncodingGzip": False,
    "EnableAcceptEncodingBrotli": False,
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
FORWARDED = {
    "Name": "probe-forwards",
    "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": listed("X-Probe-Word")},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
ADDED = {
    "Name": "probe-headers",
    "CustomHeadersConfig": listed({"Header": "X-Probe-Added", "Value": "added", "Override": True}),
}


def cache_policy(slug: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A CachePolicyConfig: nothing in the key, an hour by default, and the row's changes."""
    config = {"Name": f"probe-{slug}", "MinTTL": 0, "DefaultTTL": LONG, "MaxTTL": LONG, **changes}
    key = {**NOTHING_IN_KEY, **changes.get("ParametersInCacheKeyAndForwardedToOrigin", {})}
    return {**config, "ParametersInCacheKeyAndForwardedToOrigin": key}


def distribution(
    knobs: Sequence[Knob], sides: Mapping[str, str], names: Mapping[str, str], reference: str
) -> dict[str, Any]:
    """The DistributionConfig in which every knob stands as its side (slug -> before or after) says.

    `names`: `$name` or `policy:<slug>` -> id. Each row has a behaviour of its own for its paths.
    """
    declared = {knob.slug: knob.declared(sides[knob.slug]) for knob in knobs}
    origins = [_origin("first", FIRST), _origin("second", SECOND)]
    origins += [_origin(slug, FIRST) | one["origin"] for slug, one in declared.items() if "origin" in one]
    config: dict[str, Any] = {
        "CallerReference": reference,
        "Comment": "probes of the rehearsal",
        "Enabled": True,
        "Aliases": listed(HOST, *_all(declared, "aliases")),
        "Origins": listed(*origins),
        "OriginGroups": listed(*_all(declared, "groups")),
        "CustomErrorResponses": listed(*_all(declared, "errors")),
        "DefaultCacheBehavior": _behaviour("", {}, names),
        "CacheBehaviors": listed(*(_behaviour(slug, one, names) for slug, one in declared.items())),
        "ViewerCertificate": {
            "ACMCertificateArn": names["$certificate"],
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }
    for one in declared.values():
        config.update(one.get("distribution", {}))
    return config


def _all(declared: Mapping[str, Mapping[str, Any]], part: str) -> list[Any]:
    return [item for one in declared.values() for item in one.get(part, [])]


def _origin(name: str, domain: str) -> dict[str, Any]:
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    return {"Id": name, "DomainName": domain, "CustomOriginConfig": custom}


def _behaviour(slug: str, declared: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    row = {
        "TargetOriginId": slug if "origin" in declared else "first",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": names.get(f"policy:{slug}", names["policy:"]),
        **filled(declared.get("behaviour", {}), names),
    }
    return {"PathPattern": f"/{slug}/*", **row} if slug else row
