"""Adds the AWS API's names, list wrappings and enums to a schema, from botocore's models.

A Pulumi property and an API member are the same when they differ in letter case only; the few others are in `RENAMES`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session

Spec = dict[str, Any]

# (API structure, Pulumi property) -> member: what letter case cannot tell. Read from terraform-provider-aws' flex code.
RENAMES: dict[tuple[str, str], str] = {
    ("DistributionConfig", "orderedCacheBehaviors"): "CacheBehaviors",
    ("DistributionConfig", "loggingConfig"): "Logging",
    ("Origin", "originId"): "Id",
    ("OriginGroup", "originId"): "Id",
    ("OriginCustomHeader", "name"): "HeaderName",
    ("OriginCustomHeader", "value"): "HeaderValue",
    ("LambdaFunctionAssociation", "lambdaArn"): "LambdaFunctionARN",
    ("GeoRestriction", "locations"): "Items",
    ("Origin", "customOriginConfigs"): "CustomOriginConfig",
    ("Origin", "originShields"): "OriginShield",
    ("Origin", "vpcOriginConfigs"): "VpcOriginConfig",
    ("ParameterDefinition", "definitions"): "Definition",
    ("ParameterDefinitionSchema", "stringSchemas"): "StringSchema",
    ("Customizations", "geoRestriction"): "GeoRestrictions",
    ("CreateReplicationGroupMessage", "description"): "ReplicationGroupDescription",
    ("CreateReplicationGroupMessage", "nodeType"): "CacheNodeType",
    ("CreateReplicationGroupMessage", "parameterGroupName"): "CacheParameterGroupName",
    ("CreateReplicationGroupMessage", "subnetGroupName"): "CacheSubnetGroupName",
    ("CreateReplicationGroupMessage", "securityGroupNames"): "CacheSecurityGroupNames",
    ("CreateReplicationGroupMessage", "maintenanceWindow"): "PreferredMaintenanceWindow",
    ("CreateReplicationGroupMessage", "nodeGroupConfigurations"): "NodeGroupConfiguration",
    ("CreateCacheParameterGroupMessage", "name"): "CacheParameterGroupName",
    ("CreateCacheParameterGroupMessage", "family"): "CacheParameterGroupFamily",
    ("PutObjectRequest", "kmsKeyId"): "SSEKMSKeyId",
    ("PutObjectRequest", "objectLockLegalHoldStatus"): "ObjectLockLegalHoldStatus",
    ("PutObjectRequest", "websiteRedirect"): "WebsiteRedirectLocation",
}


@cache
def model(service: str) -> Any:
    """botocore's model of a service."""
    return botocore.session.Session().get_service_model(service)


def name(fields: dict[str, Spec], shape: Any, unnamed: frozenset[str]) -> None:
    """Write `api`, `wrap`, `api_type` and `enum` into every field that the API structure has.

    Raises KeyError for a property that neither the structure nor `unnamed` (properties with code of their own) knows.
    """
    members = {member.lower(): member for member in shape.members}
    for prop, spec in fields.items():
        if prop in unnamed:
            continue
        member = RENAMES.get((shape.name, prop)) or members.get(prop.lower())
        if member is None:
            raise KeyError(f"{shape.name} has no member for {prop}: name it in RENAMES or in `unnamed`")
        spec["api"] = member
        _describe(spec, shape.members[member], unnamed)


def _describe(spec: Spec, shape: Any, unnamed: frozenset[str]) -> None:
    if shape.type_name == "structure":
        if "Quantity" in shape.members:
            spec["wrap"] = "quantity"
        elif spec["type"] == "array":  # the newer provider types have a list of one for a nested object
            spec["wrap"] = "single"
            name(spec["items"]["fields"], shape, unnamed)
            return
        if "fields" in spec:
            name(spec["fields"], shape, unnamed)
        elif spec["type"] == "array":
            _describe(spec["items"], shape.members["Items"].member, unnamed)
        return
    if shape.type_name == "list":
        _describe(spec["items"] if spec["type"] == "array" else spec, shape.member, unnamed)
        return
    if getattr(shape, "enum", None):
        spec["enum"] = sorted(shape.enum)
    if shape.type_name == "string" and spec["type"] == "integer":
        spec["api_type"] = "string"
