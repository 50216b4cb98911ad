"""Distributions: nothing that was declared is lost, nothing that AWS refuses is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import Aws, code_of, until
from tests.sandbox.aws.declared import CERTIFICATE, OPTIMIZED, behavior, distribution, listed, origin

Fresh = Callable[[str], str]


@pytest.fixture(scope="module")
def function_arn(cloudfront: Any) -> str:
    """A published function."""
    made = cloudfront.create_function(
        Name="associated",
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        FunctionCode=b"function handler(event) { return event.request; }",
    )
    cloudfront.publish_function(Name="associated", IfMatch=made["ETag"])
    return str(made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])


def test_what_is_declared_is_kept(cloudfront: Any, fresh: Fresh, function_arn: str) -> None:
    """Origin groups, functions, tags header, error responses, OAC and shields come back as they were sent."""
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": fresh("oac"),
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]
    photos = {
        "Id": "photos",
        "DomainName": "photos.s3.eu-central-1.amazonaws.com",
        "OriginAccessControlId": control,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "ResponseCompletionTimeout": 20,
    }
    shielded = origin("us-east-1", OriginShield={"Enabled": True, "OriginShieldRegion": "us-east-1"})
    errors = {"ErrorCode": 503, "ResponsePagePath": "/sorry", "ResponseCode": "503", "ErrorCachingMinTTL": 1}
    config = distribution(
        fresh("ref"),
        OPTIMIZED,
        Origins=listed(origin("eu-central-1"), shielded, photos),
        Aliases=listed(f"{fresh('como')}.weddings.example"),
        ViewerCertificate=CERTIFICATE,
        CustomErrorResponses=listed(errors),
        DefaultCacheBehavior=behavior(
            OPTIMIZED, FunctionAssociations=listed({"EventType": "viewer-request", "FunctionARN": function_arn})
        ),
        CacheBehaviors=listed({**behavior(OPTIMIZED), "PathPattern": "/photos/*", "TargetOriginId": "photos"}),
    )
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
    kept = cloudfront.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    assert kept["CacheTagConfig"] == {"HeaderName": "Cache-Tag"}
    assert kept["OriginGroups"]["Items"][0]["Members"] == config["OriginGroups"]["Items"][0]["Members"]
    assert kept["DefaultCacheBehavior"]["TargetOriginId"] == "both"
    assert kept["DefaultCacheBehavior"]["FunctionAssociations"]["Items"][0]["FunctionARN"] == function_arn
    assert "MinTTL" not in kept["DefaultCacheBehavior"]
    assert "ForwardedValues" not in kept["DefaultCacheBehavior"]
    assert kept["CustomErrorResponses"] == listed(errors)
    assert kept["Aliases"] == config["Aliases"]
    assert kept["Origins"]["Items"][1]["OriginShield"] == shielded["OriginShield"]
    assert kept["Origins"]["Items"][2] == {
        "OriginPath": "",
        "CustomHeaders": {"Quantity": 0},
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
        "OriginShield": {"Enabled": False},
        **photos,
    }
    assert kept["ViewerCertificate"]["Certificate"] == CERTIFICATE["ACMCertificateArn"]
    listing = cloudfront.list_distributions()["DistributionList"]["Items"]
    assert made["Id"] in [item["Id"] for item in listing]


def test_update_holds_to_the_version_read(cloudfront: Any, fresh: Fresh) -> None:
    """A stale or absent If-Match changes nothing, and each update has another ETag and time."""
    config = distribution(fresh("ref"), OPTIMIZED)
    made = cloudfront.create_distribution(DistributionConfig=config)
    distribution_id = made["Distribution"]["Id"]
    changed = cloudfront.update_distribution(
        Id=distribution_id, IfMatch=made["ETag"], DistributionConfig={**config, "Comment": "second"}
    )
    assert changed["ETag"] != made["ETag"]
    assert changed["Distribution"]["LastModifiedTime"] > made["Distribution"]["LastModifiedTime"]
    with pytest.raises(ClientError) as stale:
        cloudfront.update_distribution(Id=distribution_id, IfMatch=made["ETag"], DistributionConfig=config)
    assert code_of(stale) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as absent:
        cloudfront.update_distribution(Id=distribution_id, DistributionConfig=config)
    assert code_of(absent) == ("InvalidIfMatchVersion", 400)
    with pytest.raises(ClientError) as illegal:
        cloudfront.update_distribution(
            Id=distribution_id, IfMatch=changed["ETag"], DistributionConfig={**config, "CallerReference": "other"}
        )
    assert code_of(illegal) == ("IllegalUpdate", 400)
    assert cloudfront.get_distribution(Id=distribution_id)["Distribution"]["DistributionConfig"]["Comment"] == "second"


def test_delete_needs_disabled_and_deployed(cloudfront: Any, fresh: Fresh) -> None:
    """A distribution goes from InProgress to Deployed and, disabled, can then be deleted; before: test_settling."""
    config = distribution(fresh("ref"), OPTIMIZED)
    made = cloudfront.create_distribution(DistributionConfig=config)
    distribution_id = made["Distribution"]["Id"]
    assert made["Distribution"]["Status"] == "InProgress"
    with pytest.raises(ClientError) as enabled:
        cloudfront.delete_distribution(Id=distribution_id, IfMatch=made["ETag"])
    assert code_of(enabled) == ("DistributionNotDisabled", 409)
    disabled = cloudfront.update_distribution(
        Id=distribution_id, IfMatch=made["ETag"], DistributionConfig={**config, "Enabled": False}
    )
    until(lambda: cloudfront.get_distribution(Id=distribution_id)["Distribution"]["Status"] == "Deployed")
    cloudfront.delete_distribution(Id=distribution_id, IfMatch=disabled["ETag"])
    with pytest.raises(ClientError) as gone:
        cloudfront.get_distribution(Id=distribution_id)
    assert code_of(gone) == ("NoSuchDistribution", 404)


def test_a_host_and_a_reference_belong_to_one_distribution(cloudfront: Any, fresh: Fresh) -> None:
    """A CNAME that another distribution has, and a caller reference used before, are refused."""
    host = f"{fresh('host')}.weddings.example"
    taken = {"Aliases": listed(host), "ViewerCertificate": CERTIFICATE}
    reference = fresh("ref")
    made = cloudfront.create_distribution(DistributionConfig=distribution(reference, OPTIMIZED, **taken))
    with pytest.raises(ClientError) as twice:
        cloudfront.create_distribution(DistributionConfig=distribution(fresh("ref"), OPTIMIZED, **taken))
    assert code_of(twice) == ("CNAMEAlreadyExists", 409)
    with pytest.raises(ClientError) as again:
        cloudfront.create_distribution(DistributionConfig=distribution(reference, OPTIMIZED))
    assert code_of(again) == ("DistributionAlreadyExists", 409)
    cloudfront.update_distribution(
        Id=made["Distribution"]["Id"],
        IfMatch=made["ETag"],
        DistributionConfig=distribution(reference, OPTIMIZED, Comment="its own host is not taken", **taken),
    )


def test_tags_are_kept_changed_and_listed(cloudfront: Any, fresh: Fresh) -> None:
    """Tags given at creation and later are listed; those of a resource that is not there are refused."""
    tagged = {
        "DistributionConfig": distribution(fresh("ref"), OPTIMIZED),
        "Tags": {"Items": [{"Key": "wedding", "Value": "como"}, {"Key": "tier", "Value": "high"}]},
    }
    made = cloudfront.create_distribution_with_tags(DistributionConfigWithTags=tagged)["Distribution"]
    cloudfront.tag_resource(Resource=made["ARN"], Tags={"Items": [{"Key": "tier", "Value": "critical"}]})
    cloudfront.untag_resource(Resource=made["ARN"], TagKeys={"Items": ["wedding"]})
    assert cloudfront.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"] == [
        {"Key": "tier", "Value": "critical"}
    ]
    with pytest.raises(ClientError) as gone:
        cloudfront.list_tags_for_resource(Resource="arn:aws:cloudfront::123456789012:distribution/NONE")
    assert code_of(gone) == ("NoSuchResource", 404)


def test_additional_metrics_are_a_subscription(cloudfront: Any, fresh: Fresh) -> None:
    """A monitoring subscription is made once, read, and deleted."""
    made = cloudfront.create_distribution(DistributionConfig=distribution(fresh("ref"), OPTIMIZED))["Distribution"]
    wanted = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}
    cloudfront.create_monitoring_subscription(DistributionId=made["Id"], MonitoringSubscription=wanted)
    with pytest.raises(ClientError) as twice:
        cloudfront.create_monitoring_subscription(DistributionId=made["Id"], MonitoringSubscription=wanted)
    assert code_of(twice) == ("MonitoringSubscriptionAlreadyExists", 409)
    assert cloudfront.get_monitoring_subscription(DistributionId=made["Id"])["MonitoringSubscription"] == wanted
    cloudfront.delete_monitoring_subscription(DistributionId=made["Id"])
    with pytest.raises(ClientError) as gone:
        cloudfront.get_monitoring_subscription(DistributionId=made["Id"])
    assert code_of(gone) == ("NoSuchMonitoringSubscription", 404)


def test_a_pop_that_has_not_applied_a_change_holds_it_in_progress(own_aws: Aws) -> None:
    """Deployed means that every known POP acknowledged the change."""
    cloudfront = own_aws.client("cloudfront")
    own_aws.acknowledge("FRA56-P1", 0)
    made = cloudfront.create_distribution(DistributionConfig=distribution("pop", OPTIMIZED))["Distribution"]
    snapshot = own_aws.edge()
    assert snapshot is not None
    assert snapshot["distributions"][0]["status"] == "InProgress"
    own_aws.acknowledge("FRA56-P1", snapshot["seq"])
    assert cloudfront.get_distribution(Id=made["Id"])["Distribution"]["Status"] == "Deployed"
