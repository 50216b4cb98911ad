"""S3 buckets, their versioning and public access blocks. Each honours its own `region`.

Source of facts: S3 API reference; force-new from terraform-provider-aws' documentation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.providers.check import Failure
from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import from_api, to_api
from sandbox.providers.types.aws_tags import pairs

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
DECLARED_ON_BUCKET = frozenset({"bucket", "forceDestroy", "region", "tags"})
BATCH = 1000  # DeleteObjects takes so many keys


def client_of(ask: Ask) -> Any:
    """S3 in the resource's own region."""
    return ask.vendors.aws("s3", ask.region)


# Buckets -------------------------------------------------------------------------------------------------------------


def _check_bucket(properties: Properties) -> Iterable[Failure]:
    """The deprecated inline properties are resources of their own in pulumi-aws 7."""
    for name in sorted(set(properties) - DECLARED_ON_BUCKET - {"__defaults"}):
        yield Failure(name, f"'{name}' on a bucket is not supported here: declare its own resource (aws.s3.Bucket…)")


def _create_bucket(ask: Ask) -> str:
    place = {} if ask.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": ask.region}}
    client_of(ask).create_bucket(Bucket=ask.inputs["bucket"], **place)
    return str(ask.inputs["bucket"])


def _find_bucket(ask: Ask) -> str | None:
    client_of(ask).head_bucket(Bucket=ask.inputs["bucket"])
    return str(ask.inputs["bucket"])


def _finish_bucket(ask: Ask, identity: str) -> None:
    tags = ask.inputs.get("tags", {})
    if tags:
        client_of(ask).put_bucket_tagging(Bucket=identity, Tagging={"TagSet": pairs(tags)})
    elif ask.old.get("tags"):
        client_of(ask).delete_bucket_tagging(Bucket=identity)


def _read_bucket(ask: Ask, identity: str) -> Properties:
    client = client_of(ask)
    client.head_bucket(Bucket=identity)
    region = client.get_bucket_location(Bucket=identity).get("LocationConstraint") or "us-east-1"
    tags: dict[str, str] = {}
    try:
        tags = {tag["Key"]: tag["Value"] for tag in client.get_bucket_tagging(Bucket=identity)["TagSet"]}
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchTagSet":
            raise
    return {
        "bucket": identity,
        "region": region,
        "tags": tags,
        "tagsAll": tags,
        "bucketRegion": region,
        "arn": f"arn:aws:s3:::{identity}",
        "bucketDomainName": f"{identity}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{identity}.s3.{region}.amazonaws.com",
    }


def _update_bucket(ask: Ask, identity: str) -> None:
    """Only tags can change, and `finish` writes them."""


def _delete_bucket(ask: Ask, identity: str) -> None:
    if ask.inputs.get("forceDestroy"):
        empty(client_of(ask), identity)
    client_of(ask).delete_bucket(Bucket=identity)


def empty(client: Any, bucket: str, only_key: str | None = None) -> None:
    """Delete every version and delete marker, or those of one key. Listed to the end first: a page begins after a
    version that the page before named, which must still be there."""
    prefix = {} if only_key is None else {"Prefix": only_key}
    pages = list(client.get_paginator("list_object_versions").paginate(Bucket=bucket, **prefix))
    found = [one for page in pages for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))]
    doomed = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found if only_key in (None, one["Key"])]
    for start in range(0, len(doomed), BATCH):
        client.delete_objects(Bucket=bucket, Delete={"Objects": doomed[start : start + BATCH], "Quiet": True})


# Versioning ----------------------------------------------------------------------------------------------------------


def _put_versioning(ask: Ask) -> str:
    wanted = ask.inputs["versioningConfiguration"]
    if wanted["status"] != "Disabled":
        mfa = {"MFADelete": wanted["mfaDelete"]} if "mfaDelete" in wanted else {}
        serial = {"MFA": ask.inputs["mfa"]} if "mfa" in ask.inputs else {}
        client_of(ask).put_bucket_versioning(
            Bucket=ask.inputs["bucket"], VersioningConfiguration={"Status": wanted["status"], **mfa}, **serial
        )
    return str(ask.inputs["bucket"])


def _read_versioning(ask: Ask, identity: str) -> Properties:
    live = client_of(ask).get_bucket_versioning(Bucket=identity)
    configuration = {"status": live.get("Status", "Disabled")}
    if "MFADelete" in live:
        configuration["mfaDelete"] = live["MFADelete"]
    return {"bucket": identity, "region": ask.region, "versioningConfiguration": configuration}


def _update_versioning(ask: Ask, identity: str) -> None:
    _put_versioning(ask)


def _delete_versioning(ask: Ask, identity: str) -> None:
    """S3 cannot forget versioning: it is suspended, as Terraform does it."""
    client = client_of(ask)
    if client.get_bucket_versioning(Bucket=identity).get("Status") == "Enabled":
        client.put_bucket_versioning(Bucket=identity, VersioningConfiguration={"Status": "Suspended"})


# Public access blocks ------------------------------------------------------------------------------------------------


def _put_access_block(ask: Ask) -> str:
    wanted = to_api(load(ACCESS_BLOCK).inputs, ask.inputs)
    client_of(ask).put_public_access_block(Bucket=ask.inputs["bucket"], PublicAccessBlockConfiguration=wanted)
    return str(ask.inputs["bucket"])


def _read_access_block(ask: Ask, identity: str) -> Properties:
    live = client_of(ask).get_public_access_block(Bucket=identity)["PublicAccessBlockConfiguration"]
    return {**from_api(load(ACCESS_BLOCK).inputs, live), "bucket": identity, "region": ask.region}


def _update_access_block(ask: Ask, identity: str) -> None:
    _put_access_block(ask)


def _delete_access_block(ask: Ask, identity: str) -> None:
    if not ask.inputs.get("skipDestroy"):
        client_of(ask).delete_public_access_block(Bucket=identity)


ROWS = (
    Type(
        token=BUCKET,
        create=_create_bucket,
        find=_find_bucket,
        finish=_finish_bucket,
        read=_read_bucket,
        update=_update_bucket,
        delete=_delete_bucket,
        check=_check_bucket,
        autoname="bucket",
        name_limit=63,
        lower_name=True,
        force_new=frozenset({"bucket", "region"}),
        fill={"forceDestroy": False},
        rules=Rules(unreadable=frozenset({"forceDestroy"}), computed=frozenset({"region"})),
    ),
    Type(
        token=VERSIONING,
        create=_put_versioning,
        read=_read_versioning,
        update=_update_versioning,
        delete=_delete_versioning,
        force_new=frozenset({"bucket", "region", "expectedBucketOwner"}),
        rules=Rules(
            unreadable=frozenset({"mfa", "expectedBucketOwner"}),
            computed=frozenset({"region"}),
            defaults={"versioningConfiguration.mfaDelete": "Disabled"},
        ),
    ),
    Type(
        token=ACCESS_BLOCK,
        create=_put_access_block,
        read=_read_access_block,
        update=_update_access_block,
        delete=_delete_access_block,
        force_new=frozenset({"bucket", "region"}),
        rules=Rules(unreadable=frozenset({"skipDestroy"}), computed=frozenset({"region"})),
    ),
)
