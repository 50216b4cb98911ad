"""What can be derived from no SDK: enums and names that only the vendors' documents tell. Each row says from where."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]
ON_OFF = ["off", "on"]

# token -> path -> what to set on the spec
AMENDMENTS: dict[str, dict[str, Spec]] = {
    # Terraform provider docs, aws_elasticache_replication_group: "Valid values are redis or valkey".
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "engine": {"enum": ["redis", "valkey"]},
        "authTokenUpdateStrategy": {"enum": ["DELETE", "ROTATE", "SET"]},
    },
    # S3 API reference, PutBucketAcl and CreateBucket.
    "aws:s3/bucket:Bucket": {
        "acl": {
            "enum": [
                "authenticated-read",
                "aws-exec-read",
                "log-delivery-write",
                "private",
                "public-read",
                "public-read-write",
            ]
        },
        "accelerationStatus": {"enum": ["Enabled", "Suspended"]},
        "requestPayer": {"enum": ["BucketOwner", "Requester"]},
    },
    # S3 API reference, VersioningConfiguration; "Disabled" is Terraform's word for never switched on.
    "aws:s3/bucketVersioning:BucketVersioning": {
        "versioningConfiguration.status": {"enum": ["Disabled", "Enabled", "Suspended"]},
        "versioningConfiguration.mfaDelete": {"enum": ["Disabled", "Enabled"]},
    },
}


def amend(token: str, inputs: dict[str, Spec]) -> None:
    """Write the amendments of `token` into its inputs; raises KeyError for a path that no longer exists."""
    for path, change in AMENDMENTS.get(token, {}).items():
        fields, spec = inputs, {}
        for step in path.split("."):
            spec = fields[step]
            fields = (spec.get("items") or spec).get("fields", {})
        spec.update(change)
