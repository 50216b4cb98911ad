"""What CloudFront demands of a multi-tenant distribution and of the tenants' parameters, without looking elsewhere.

Source: CloudFront developer guide, "Unsupported features for multi-tenant distributions" and "Tenant customization";
quotas page; API reference (CreateDistributionTenant).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.aws.cloudfront.checks import invalid
from sandbox.aws.cloudfront.state import behaviors
from sandbox.aws.refusal import AwsRefusal

PARAMETERS = 5
PARAMETERS_IN_A_FIELD = 2
DOMAINS = 100
VALUE_CHARACTERS = 256
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-.]{1,126}[a-zA-Z0-9]")
REFERENCE = re.compile(r"\{\{([^{}]*)\}\}")
PARAMETER_NAME = re.compile(r"[a-zA-Z0-9-_]+")
_FORBIDDEN: dict[str, Any] = {
    "PriceClass": "PriceClass_All",
    "IsIPV6Enabled": False,
    "Staging": False,
    "ContinuousDeploymentPolicyId": "",
}
"""Member -> the only value that it may have; the connection group decides about IPv6."""


def is_multi_tenant(config: Mapping[str, Any]) -> bool:
    """Whether a DistributionConfig serves tenants only."""
    return config.get("ConnectionMode") == "tenant-only"


def multi_tenant_allowed(config: dict[str, Any]) -> None:
    """Refuse what a distribution for tenants cannot have, or a tenant configuration where there are no tenants."""
    defined = definitions(config)
    if not is_multi_tenant(config):
        if config.get("TenantConfig"):
            raise invalid("The parameter TenantConfig is only for distributions of the connection mode tenant-only.")
        return
    if config["Aliases"].get("Items"):
        raise invalid("A multi-tenant distribution has no Aliases: its tenants have domains.")
    for member, only in _FORBIDDEN.items():
        if config.get(member, only) != only:
            raise invalid(f"The parameter {member} is not supported for multi-tenant distributions.")
    if config["Logging"]["Enabled"]:
        raise invalid("Standard logging (legacy) is not supported for multi-tenant distributions.")
    if config["ViewerCertificate"]["CertificateSource"] == "iam":
        raise AwsRefusal(
            "InvalidViewerCertificate", "IAM certificates are not supported for multi-tenant distributions."
        )
    for behavior in behaviors(config):
        _behavior_allowed(behavior)
    _parameters_usable(config, defined)


def _parameters_usable(config: dict[str, Any], defined: Mapping[str, Any]) -> None:
    if len(defined) > PARAMETERS:
        raise invalid(f"At most {PARAMETERS} parameters are defined in a TenantConfig.")
    if not all(PARAMETER_NAME.fullmatch(name) for name in defined):
        raise invalid("The name of a parameter has letters, digits, hyphens and underscores.")
    for origin in config["Origins"]["Items"]:
        if (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity"):
            raise invalid("Origin access identities are not supported for multi-tenant distributions.")
        for field in ("DomainName", "OriginPath"):
            _references_defined(origin[field], defined, field)


def _behavior_allowed(behavior: Mapping[str, Any]) -> None:
    if not behavior.get("CachePolicyId"):
        raise invalid("ForwardedValues and TTLs in a behavior are not supported for multi-tenant distributions.")
    if behavior["TrustedSigners"]["Enabled"] or behavior["SmoothStreaming"]:
        raise invalid("Trusted signers and smooth streaming are not supported for multi-tenant distributions.")


def _references_defined(value: str, defined: Mapping[str, Any], field: str) -> None:
    named = REFERENCE.findall(value)
    if len(named) > PARAMETERS_IN_A_FIELD:
        raise invalid(f"At most {PARAMETERS_IN_A_FIELD} parameters in the field {field}.")
    for name in named:
        if name not in defined:
            raise invalid(f"The field {field} names the parameter {name!r}, which the TenantConfig does not define.")


def definitions(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Parameter -> its string schema. Refuses a name that is defined twice."""
    rows = (config.get("TenantConfig") or {}).get("ParameterDefinitions") or []
    found = {row["Name"]: row["Definition"].get("StringSchema") or {} for row in rows}
    if len(found) < len(rows):
        raise invalid("The parameter definitions of a TenantConfig have different names.")
    return found


def with_parameters(text: str, values: Mapping[str, str]) -> str:
    """`text` with every `{{name}}` replaced; a name without a value becomes the label `x`, for checks of form."""
    return REFERENCE.sub(lambda hit: values.get(hit.group(1), "x"), text)


def parameters_allowed(config: Mapping[str, Any], given: Sequence[Mapping[str, str]]) -> None:
    """Refuse a tenant's parameters that the distribution does not define, are too long, or are missing."""
    defined = definitions(config)
    names = [row["Name"] for row in given]
    if len(set(names)) < len(names):
        raise invalid("A parameter is given twice.")
    for row in given:
        if row["Name"] not in defined:
            raise invalid(f"The distribution does not define the parameter {row['Name']!r}.")
        if not 1 <= len(row["Value"]) <= VALUE_CHARACTERS:
            raise invalid(f"The value of the parameter {row['Name']!r} has 1 to {VALUE_CHARACTERS} characters.")
    for name, schema in defined.items():
        if schema.get("Required") and name not in names and not schema.get("DefaultValue"):
            raise invalid(f"The parameter {name!r} is required and has no default value.")
