"""The shapes in which CloudFront's knobs are declared, so that a row of their table is short. Pure."""

from __future__ import annotations

from typing import Any

from sandbox.rehearsal.knobs.row import SHORT, Ask, Sends, cached_two

HOST, ALIAS = "probe.weddings.example", "probe-alias.weddings.example"
READS = """import cf from 'cloudfront';
const store = cf.kvs();
async function handler(event) {
    const word = await store.get('word');
    return { statusCode: 423, statusDescription: 'Locked', headers: { 'x-probe-word': { value: word } } };
}
"""
PUBLISHED = """function handler(event) {
    return { statusCode: 200, statusDescription: 'OK', headers: { 'x-probe-code': { value: 'CODE' } } };
}
"""
TWICE: dict[str, Any] = {"fill": (Ask(),)}
NEIGHBOURS: dict[str, Any] = {"fill": (Ask(), Ask("b")), "then": (Ask(), Ask("b")), "read": cached_two}
SAYS_NOTHING, SAYS_SHORT = Sends({}), Sends({"Cache-Control": f"max-age={SHORT}"})


def listed(*items: Any) -> dict[str, Any]:
    """CloudFront's list shape."""
    return {"Quantity": len(items), "Items": list(items)} if items else {"Quantity": 0}


def lifetimes(least: int, standard: int, most: int) -> dict[str, Any]:
    """A cache policy's three lifetimes in seconds."""
    return {"policy": {"MinTTL": least, "DefaultTTL": standard, "MaxTTL": most}}


def in_key(part: str, behaviour: str, names: str, *chosen: str) -> dict[str, Any]:
    """A cache policy with `chosen` names of one kind in its key, none without any."""
    node = {behaviour: "whitelist", names: listed(*chosen)} if chosen else {behaviour: "none"}
    return {"policy": {"ParametersInCacheKeyAndForwardedToOrigin": {part: node}}}


def group(*statuses: int) -> dict[str, Any]:
    """The origin group of both origins, failing over on `statuses`."""
    members = listed({"OriginId": "first"}, {"OriginId": "second"})
    return {"groups": [{"Id": "both", "FailoverCriteria": {"StatusCodes": listed(*statuses)}, "Members": members}]}


def runs(function: str) -> dict[str, Any]:
    """A behaviour with a function on viewer requests."""
    return {"FunctionAssociations": listed({"FunctionARN": function, "EventType": "viewer-request"})}


def methods(*names: str) -> dict[str, Any]:
    """A behaviour with these methods."""
    return {"behaviour": {"AllowedMethods": {**listed(*names), "CachedMethods": listed("GET", "HEAD")}}}
