"""Who signed a request, for which service and region: read from the Authorization header, without checking it."""

from __future__ import annotations

import re
from dataclasses import dataclass

REVOKED = "REVOKED"
"""The access key id that stands for a wrong or revoked credential."""

_SCOPE = re.compile(r"Credential=([^,\s]+)")
_REGION_SET = "*"

# Signing names that differ from botocore's name of the service.
_SERVICES = {"monitoring": "cloudwatch", "s3express": "s3"}


@dataclass(frozen=True)
class Caller:
    """The access key id and the credential scope of one request; SigV4A has no region in its scope ("*")."""

    access_key: str
    region: str
    service: str


def caller_of(authorization: str | None, query: str = "") -> Caller | None:
    """The caller of a signed request (header, or a presigned URL's query); None where it is unsigned."""
    match = _SCOPE.search(authorization or "")
    scope = match.group(1) if match else ""
    if not scope and "X-Amz-Credential=" in query:
        scope = query.split("X-Amz-Credential=", 1)[1].split("&", 1)[0].replace("%2F", "/")
    parts = scope.split("/")
    if len(parts) >= 5:
        key, region, service = "/".join(parts[:-4]), parts[-3], parts[-2]
    elif len(parts) == 4:
        key, region, service = parts[0], _REGION_SET, parts[2]
    else:
        return None
    service = service.lower()
    return Caller(key, region, _SERVICES.get(service, service))
