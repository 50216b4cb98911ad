"""What the edges are told: time to live, regions behind each behaviour, Cloudflare's rules, encryption."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.domain.tier import Tier
from infra.components.edge_distribution import PERSONAL_PATHS as WEDDING_PERSONAL
from infra.components.edge_rules import cache_rules, response_rules
from tests.infra.landscape import Declared

WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def distribution(own: Declared) -> dict[str, Any]:
    """The inputs of the wedding's distribution."""
    (inputs,) = own.inputs("Distribution")
    return inputs


@pytest.fixture
def behaviours(distribution: dict[str, Any]) -> list[dict[str, Any]]:
    """All its behaviours, the default one last."""
    return [*distribution["orderedCacheBehaviors"], distribution["defaultCacheBehavior"]]


@pytest.mark.parametrize("tier", Tier)
def test_a_tiers_policy_keeps_what_the_tier_promises(tier: Tier, shared: Declared) -> None:
    """MinTTL is 0 (more would cache `private`), the longest life is fresh and stale together."""
    (policy,) = [row for row in shared.of("CachePolicy") if row["urn"].endswith(f"::cache-{tier.value}")]
    inputs, profile = policy["inputs"], tier.profile
    assert (inputs["minTtl"], inputs["defaultTtl"]) == (0, profile.fresh.total_seconds())
    assert inputs["maxTtl"] == (profile.fresh + profile.stale).total_seconds()
    key = inputs["parametersInCacheKeyAndForwardedToOrigin"]
    assert (key["enableAcceptEncodingGzip"], key["enableAcceptEncodingBrotli"]) == (True, True)
    assert key["cookiesConfig"] == {"cookieBehavior": "none"}


def test_personal_paths_are_never_kept(shared: Declared) -> None:
    """Their policy's bounds are all 0, and with no life CloudFront takes no compression or query in the key."""
    (policy,) = [row for row in shared.of("CachePolicy") if row["urn"].endswith("::cache-personal")]
    inputs = policy["inputs"]
    assert (inputs["minTtl"], inputs["defaultTtl"], inputs["maxTtl"]) == (0, 0, 0)
    key = inputs["parametersInCacheKeyAndForwardedToOrigin"]
    assert (key["enableAcceptEncodingGzip"], key["enableAcceptEncodingBrotli"]) == (False, False)
    assert key["queryStringsConfig"] == {"queryStringBehavior": "none"}


def test_the_origin_group_leaves_a_failing_home(distribution: dict[str, Any]) -> None:
    """A time-out counts as 504 and a refused connection as 503: both are in the list; the home comes first."""
    (group,) = distribution["originGroups"]
    assert {503, 504} <= set(group["failoverCriteria"]["statusCodes"])
    assert [member["originId"] for member in group["members"]] == ["eu-central-1", "us-east-1"]
    assert {origin["originId"] for origin in distribution["origins"]} == {"eu-central-1", "us-east-1"}


def test_origins_are_given_up_soon(distribution: dict[str, Any]) -> None:
    """Connecting and reading together take at most 3 s, over TLS alone: stale answers wait that out each time."""
    for origin in distribution["origins"]:
        custom = origin["customOriginConfig"]
        assert origin["connectionAttempts"] * origin["connectionTimeout"] + custom["originReadTimeout"] <= 3
        assert (custom["originProtocolPolicy"], custom["originSslProtocols"]) == ("https-only", ["TLSv1.2"])


def test_no_write_goes_to_the_origin_group(behaviours: list[dict[str, Any]]) -> None:
    """CloudFront refuses writes with an origin group: behaviours that write name the home, and cache nothing."""
    for behaviour in behaviours:
        grouped = behaviour["targetOriginId"] == "regions"
        assert grouped != bool(WRITES & set(behaviour["allowedMethods"])), behaviour
        assert set(behaviour["cachedMethods"]) == {"GET", "HEAD"}
        assert behaviour["cachePolicyId"].startswith("cache-personal") != grouped
        assert behaviour["originRequestPolicyId"].startswith("forward-reads" if grouped else "forward-personal")
    assert [behaviour.get("pathPattern") for behaviour in behaviours if behaviour["targetOriginId"] != "regions"] == [
        *WEDDING_PERSONAL
    ]


def test_personal_paths_come_before_the_tiers(distribution: dict[str, Any]) -> None:
    """The first matching behaviour wins, so that no tier's pattern can catch a personal path."""
    patterns = [behaviour["pathPattern"] for behaviour in distribution["orderedCacheBehaviors"]]
    assert patterns[: len(WEDDING_PERSONAL)] == [*WEDDING_PERSONAL]
    assert len(set(patterns)) == len(patterns)


def test_the_edge_function_runs_on_every_behaviour(behaviours: list[dict[str, Any]], shared: Declared) -> None:
    """The freeze and the route reach every request; its store is the one that the control plane writes."""
    (function,) = shared.of("Function")
    (store,) = shared.of("KeyValueStore")
    wanted = [{"eventType": "viewer-request", "functionArn": function["outputs"]["arn"]}]
    assert all(behaviour["functionAssociations"] == wanted for behaviour in behaviours)
    assert function["inputs"]["keyValueStoreAssociations"] == [store["outputs"]["arn"]]
    assert (function["inputs"]["publish"], function["inputs"]["runtime"]) == (True, "cloudfront-js-2.0")


def test_the_origin_hears_of_the_freeze_and_of_the_host(shared: Declared) -> None:
    """Reads forward the host and the freeze header; personal paths hold nothing back."""
    forwarded = {row["urn"].rsplit("-", 1)[-1]: row["inputs"] for row in shared.of("OriginRequestPolicy")}
    assert set(forwarded["reads"]["headersConfig"]["headers"]["items"]) == {"Host", "X-Wedcache-Freeze"}
    assert forwarded["personal"]["headersConfig"] == {"headerBehavior": "allViewer"}
    assert forwarded["personal"]["cookiesConfig"] == {"cookieBehavior": "all"}


def test_viewers_speak_tls_of_today(distribution: dict[str, Any], behaviours: list[dict[str, Any]]) -> None:
    """The floor is TLS 1.2 of 2021 or newer; plain HTTP is only redirected; the zone's certificate is used."""
    certificate = distribution["viewerCertificate"]
    assert certificate["minimumProtocolVersion"] >= "TLSv1.2_2021"
    assert certificate["acmCertificateArn"].startswith("arn:aws:acm:us-east-1:")
    assert {behaviour["viewerProtocolPolicy"] for behaviour in behaviours} == {"redirect-to-https"}
    assert distribution["cacheTagConfig"] == {"headerName": "Cache-Tag"}


def test_one_ruleset_a_phase_with_stable_refs(shared: Declared) -> None:
    """A phase has one entry point ruleset; each rule has a `ref` of its own, so an edit never re-creates the others."""
    phases = [inputs["phase"] for inputs in shared.inputs("Ruleset")]
    assert sorted(phases) == ["http_request_cache_settings", "http_response_cache_settings"]
    for inputs in shared.inputs("Ruleset"):
        refs = [rule["ref"] for rule in inputs["rules"]]
        assert all(refs)
        assert len(set(refs)) == len(refs)
    assert [rule["ref"] for rule in cache_rules("h.example")] == ["pages", "personal"]
    assert [rule["ref"] for rule in response_rules("h.example")] == ["stale"]


def test_cloudflares_last_rule_keeps_personal_paths_out() -> None:
    """The last match wins there: it is the one that never caches, and it names its host."""
    last = cache_rules("app.weddings.example")[-1]
    assert last["action_parameters"] == {"cache": False}
    for words in ('http.host eq "app.weddings.example"', '"/guests"', '"/rsvp"', '"/_ops/"'):
        assert words in last["expression"]


def test_one_cdn_never_stands_behind_the_other(own: Declared, shared: Declared) -> None:
    """A wedding's name is DNS-only; the portal's load balancer is proxied and prefers the home."""
    for record in own.inputs("DnsRecord"):
        assert (record["proxied"], record["type"], record["name"]) == (False, "CNAME", "como.weddings.example")
    (balancer,) = shared.inputs("LoadBalancer")
    home, standby = balancer["defaultPools"]
    assert balancer["proxied"] is True
    assert (home.rsplit("-", 1)[0], balancer["fallbackPool"]) == ("pool-eu-central-1", standby)


def test_caches_and_buckets_are_closed(shared: Declared) -> None:
    """Valkey is encrypted in rest and transit, keeps what has no TTL, is served on no weekend; buckets are private."""
    for group in shared.inputs("ReplicationGroup"):
        assert (group["engine"], group["atRestEncryptionEnabled"], group["transitEncryptionEnabled"]) == (
            "valkey",
            True,
            True,
        )
        assert group["maintenanceWindow"][:3] in ("tue", "wed")
        assert (group["automaticFailoverEnabled"], group["numCacheClusters"]) == (True, 2)
    for parameters in shared.inputs("ParameterGroup"):
        assert {"name": "maxmemory-policy", "value": "volatile-lru"} in parameters["parameters"]
    for block in shared.inputs("BucketPublicAccessBlock"):
        flags = {name: value for name, value in block.items() if name not in ("bucket", "region")}
        assert len(flags) == 4
        assert set(flags.values()) == {True}
    versioned = {inputs["bucket"] for inputs in shared.inputs("BucketVersioning")}
    assert versioned == {inputs["bucket"] for inputs in shared.inputs("Bucket")}
