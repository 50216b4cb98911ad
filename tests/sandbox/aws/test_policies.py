"""Cache, origin request and response headers cloudfront."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import Aws, code_of
from tests.sandbox.aws.declared import behavior, cache_policy, distribution, listed

Fresh = Callable[[str], str]
NOTHING: dict[str, Any] = {
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}


def test_a_cache_policy_is_kept_whole_and_its_etag_changes(cloudfront: Any) -> None:
    """What was declared comes back with defaults filled in; each update has a new ETag and needs the old one."""
    made = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("high"))
    policy_id = made["CachePolicy"]["Id"]
    assert made["Location"].endswith(f"/cache-policy/{policy_id}")
    config = cloudfront.get_cache_policy_config(Id=policy_id)["CachePolicyConfig"]
    assert config["Comment"] == ""
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["HeadersConfig"]["Headers"] == listed("Accept-Language")
    assert key["EnableAcceptEncodingBrotli"] is False
    changed = cloudfront.update_cache_policy(
        Id=policy_id, IfMatch=made["ETag"], CachePolicyConfig=cache_policy("high", MaxTTL=90000)
    )
    assert changed["ETag"] != made["ETag"]
    with pytest.raises(ClientError) as stale:
        cloudfront.delete_cache_policy(Id=policy_id, IfMatch=made["ETag"])
    assert code_of(stale) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as missing:
        cloudfront.delete_cache_policy(Id=policy_id)
    assert code_of(missing) == ("InvalidIfMatchVersion", 400)
    cloudfront.delete_cache_policy(Id=policy_id, IfMatch=changed["ETag"])
    with pytest.raises(ClientError) as gone:
        cloudfront.get_cache_policy(Id=policy_id)
    assert code_of(gone) == ("NoSuchCachePolicy", 404)


def test_default_ttls_are_filled_in(cloudfront: Any) -> None:
    """Without DefaultTTL and MaxTTL a policy has a day and a year."""
    bare = {"Name": "bare", "MinTTL": 0}
    config = cloudfront.create_cache_policy(CachePolicyConfig=bare)["CachePolicy"]["CachePolicyConfig"]
    assert (config["DefaultTTL"], config["MaxTTL"]) == (86400, 31536000)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"MinTTL": 4000}, "InvalidArgument"),
        ({"MaxTTL": 10}, "InvalidArgument"),
        ({"Name": "two words"}, "InvalidArgument"),
        ({"Comment": "x" * 129}, "InvalidArgument"),
        ({"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0}, "InvalidArgument"),
    ],
)
def test_a_cache_policy_that_cannot_be_is_refused(cloudfront: Any, changes: dict[str, Any], code: str) -> None:
    """TTLs out of order, bad names and keys without caching are InvalidArgument."""
    with pytest.raises(ClientError) as refused:
        cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("bad", **changes))
    assert code_of(refused) == (code, 400)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"HeaderBehavior": "whitelist"}, "InvalidArgument"),
        ({"HeaderBehavior": "none", "Headers": listed("Accept")}, "InvalidArgument"),
        ({"HeaderBehavior": "whitelist", "Headers": {"Quantity": 2, "Items": ["Accept"]}}, "InconsistentQuantities"),
        (
            {"HeaderBehavior": "whitelist", "Headers": listed(*(f"x-{i}" for i in range(11)))},
            "TooManyHeadersInCachePolicy",
        ),
        ({"HeaderBehavior": "whitelist", "Headers": listed("Cookie")}, "InvalidArgument"),
        ({"HeaderBehavior": "allViewer"}, "MalformedXML"),
    ],
)
def test_the_lists_of_a_policy_are_checked(cloudfront: Any, headers: dict[str, Any], code: str) -> None:
    """A list stands exactly where its behaviour uses one, with the right Quantity, within the quota."""
    config = cache_policy("lists")
    config["ParametersInCacheKeyAndForwardedToOrigin"]["HeadersConfig"] = headers
    with pytest.raises(ClientError) as refused:
        cloudfront.create_cache_policy(CachePolicyConfig=config)
    assert code_of(refused) == (code, 400)


def test_names_are_unique_and_an_account_has_twenty(own_aws: Aws) -> None:
    """A second policy of a name and the twenty-first policy are refused."""
    policies = own_aws.client("cloudfront")
    policies.create_cache_policy(CachePolicyConfig=cache_policy("tier-0"))
    with pytest.raises(ClientError) as twice:
        policies.create_cache_policy(CachePolicyConfig=cache_policy("tier-0"))
    assert code_of(twice) == ("CachePolicyAlreadyExists", 409)
    for number in range(1, 20):
        policies.create_cache_policy(CachePolicyConfig=cache_policy(f"tier-{number}"))
    with pytest.raises(ClientError) as many:
        policies.create_cache_policy(CachePolicyConfig=cache_policy("tier-20"))
    assert code_of(many) == ("TooManyCachePolicies", 400)
    shown = policies.list_cache_policies(Type="custom", MaxItems="15")["CachePolicyList"]
    assert shown["Quantity"] == 15
    rest = policies.list_cache_policies(Type="custom", Marker=shown["NextMarker"])["CachePolicyList"]
    assert [item["Type"] for item in rest["Items"]] == ["custom"] * 5


def test_a_policy_in_use_and_a_managed_one_cannot_be_deleted(cloudfront: Any) -> None:
    """CachePolicyInUse while a distribution names it; managed policies are AWS's."""
    made = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("used"))
    cloudfront.create_distribution(DistributionConfig=distribution("used", made["CachePolicy"]["Id"]))
    with pytest.raises(ClientError) as used:
        cloudfront.delete_cache_policy(Id=made["CachePolicy"]["Id"], IfMatch=made["ETag"])
    assert code_of(used) == ("CachePolicyInUse", 409)
    managed = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    with pytest.raises(ClientError) as illegal:
        cloudfront.delete_cache_policy(Id=managed, IfMatch=cloudfront.get_cache_policy(Id=managed)["ETag"])
    assert code_of(illegal)[0] == "IllegalDelete"


def test_origin_request_policies(cloudfront: Any, fresh: Fresh) -> None:
    """They are kept whole, and refuse headers that belong into the cache key."""
    config = {"Name": fresh("orp"), **NOTHING, "QueryStringsConfig": {"QueryStringBehavior": "all"}}
    made = cloudfront.create_origin_request_policy(OriginRequestPolicyConfig=config)
    shown = made["OriginRequestPolicy"]["OriginRequestPolicyConfig"]
    assert shown == {"Comment": "", **config}
    whitelist = {"HeaderBehavior": "whitelist", "Headers": listed("Authorization")}
    with pytest.raises(ClientError) as refused:
        cloudfront.create_origin_request_policy(
            OriginRequestPolicyConfig={**config, "Name": fresh("orp"), "HeadersConfig": whitelist}
        )
    assert code_of(refused) == ("InvalidArgument", 400)


def test_response_headers_policies(cloudfront: Any, fresh: Fresh) -> None:
    """Custom and security headers are kept whole; eleven headers and hop-by-hop headers are refused."""
    headers = [{"Header": "x-tier", "Value": "high", "Override": True}]
    security = {
        "StrictTransportSecurity": {"Override": True, "AccessControlMaxAgeSec": 31536000, "IncludeSubdomains": True},
        "ContentTypeOptions": {"Override": True},
    }
    config = {"Name": fresh("rhp"), "CustomHeadersConfig": listed(*headers), "SecurityHeadersConfig": security}
    made = cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=config)
    policy_id = made["ResponseHeadersPolicy"]["Id"]
    kept = cloudfront.get_response_headers_policy(Id=policy_id)["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
    assert kept == {"Comment": "", **config}
    for items, code in (
        ([{**headers[0], "Header": f"x-{i}"} for i in range(11)], "TooManyCustomHeadersInResponseHeadersPolicy"),
        ([{**headers[0], "Header": "Transfer-Encoding"}], "InvalidArgument"),
        ([headers[0], {**headers[0], "Header": "X-Tier"}], "InvalidArgument"),
    ):
        wrong = {"Name": fresh("rhp"), "CustomHeadersConfig": listed(*items)}
        with pytest.raises(ClientError) as refused:
            cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=wrong)
        assert code_of(refused) == (code, 400)


def test_an_unknown_policy_cannot_be_declared(cloudfront: Any, fresh: Fresh) -> None:
    """A distribution that names a policy that is not there is refused with that policy's own code."""
    for member, code in (
        ("CachePolicyId", "NoSuchCachePolicy"),
        ("OriginRequestPolicyId", "NoSuchOriginRequestPolicy"),
        ("ResponseHeadersPolicyId", "NoSuchResponseHeadersPolicy"),
    ):
        managed = "658327ea-f89d-4fab-a63d-7e88639e58f6"
        wrong = behavior(managed, **{member: "00000000-0000-0000-0000-000000000000"})
        with pytest.raises(ClientError) as refused:
            cloudfront.create_distribution(
                DistributionConfig=distribution(fresh("ref"), managed, DefaultCacheBehavior=wrong)
            )
        assert code_of(refused) == (code, 404)
