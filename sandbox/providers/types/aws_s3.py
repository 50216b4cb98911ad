"""S3 buckets, their versioning and public access blocks, and objects. Each honours its own `region`.

Source of facts: S3 API reference; force-new from terraform-provider-aws' documentation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sandbox.providers.check import Failure
from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import from_api, to_api
from sandbox.providers.types.aws_tags import pairs
from sandbox.providers.values import asset_bytes, base64_bytes

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
DECLARED_ON_BUCKET = frozenset({"bucket", "forceDestroy", "region", "tags"})
BATCH = 1000  # DeleteObjects takes so many keys


def _client(ask: Ask) -> Any:
    return ask.vendors.aws("s3", ask.region)


# Buckets -------------------------------------------------------------------------------------------------------------


def _check_bucket(properties: Properties) -> Iterable[Failure]:
    """The deprecated inline properties are resources of their own in pulumi-aws 7."""
    for name in sorted(set(properties) - DECLARED_ON_BUCKET - {"__defaults"}):
        yield Failure(name, f"'{name}' on a bucket is not supported here: declare its own resource (aws.s3.Bucket…)")


def _create_bucket(ask: Ask) -> str:
    place = {} if ask.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": ask.region}}
    _client(ask).create_bucket(Bucket=ask.inputs["bucket"], **place)
    return str(ask.inputs["bucket"])


def _find_bucket(ask: Ask) -> str | None:
    _client(ask).head_bucket(Bucket=ask.inputs["bucket"])
    return str(ask.inputs["bucket"])


def _finish_bucket(ask: Ask, identity: str) -> None:
    tags = ask.inputs.get("tags", {})
    if tags:
        _client(ask).put_bucket_tagging(Bucket=identity, Tagging={"TagSet": pairs(tags)})
    elif ask.old.get("tags"):
        _client(ask).delete_bucket_tagging(Bucket=identity)


def _read_bucket(ask: Ask, identity: str) -> Properties:
    client = _client(ask)
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
        _empty(_client(ask), identity)
    _client(ask).delete_bucket(Bucket=identity)


def _empty(client: Any, bucket: str, only_key: str | None = None) -> None:
    """Delete every version and delete marker, or those of one key."""
    prefix = {} if only_key is None else {"Prefix": only_key}
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, **prefix):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found if only_key in (None, one["Key"])]
        for start in range(0, len(doomed), BATCH):
            client.delete_objects(Bucket=bucket, Delete={"Objects": doomed[start : start + BATCH], "Quiet": True})


# Versioning ----------------------------------------------------------------------------------------------------------


def _put_versioning(ask: Ask) -> str:
    wanted = ask.inputs["versioningConfiguration"]
    if wanted["status"] != "Disabled":
        mfa = {"MFADelete": wanted["mfaDelete"]} if "mfaDelete" in wanted else {}
        serial = {"MFA": ask.inputs["mfa"]} if "mfa" in ask.inputs else {}
        _client(ask).put_bucket_versioning(
            Bucket=ask.inputs["bucket"], VersioningConfiguration={"Status": wanted["status"], **mfa}, **serial
        )
    return str(ask.inputs["bucket"])


def _read_versioning(ask: Ask, identity: str) -> Properties:
    live = _client(ask).get_bucket_versioning(Bucket=identity)
    configuration = {"status": live.get("Status", "Disabled")}
    if "MFADelete" in live:
        configuration["mfaDelete"] = live["MFADelete"]
    return {"bucket": identity, "region": ask.region, "versioningConfiguration": configuration}


def _update_versioning(ask: Ask, identity: str) -> None:
    _put_versioning(ask)


def _delete_versioning(ask: Ask, identity: str) -> None:
    """S3 cannot forget versioning: it is suspended, as Terraform does it."""
    client = _client(ask)
    if client.get_bucket_versioning(Bucket=identity).get("Status") == "Enabled":
        client.put_bucket_versioning(Bucket=identity, VersioningConfiguration={"Status": "Suspended"})


# Public access blocks ------------------------------------------------------------------------------------------------


def _put_access_block(ask: Ask) -> str:
    wanted = to_api(load(ACCESS_BLOCK).inputs, ask.inputs)
    _client(ask).put_public_access_block(Bucket=ask.inputs["bucket"], PublicAccessBlockConfiguration=wanted)
    return str(ask.inputs["bucket"])


def _read_access_block(ask: Ask, identity: str) -> Properties:
    live = _client(ask).get_public_access_block(Bucket=identity)["PublicAccessBlockConfiguration"]
    return {**from_api(load(ACCESS_BLOCK).inputs, live), "bucket": identity, "region": ask.region}


def _update_access_block(ask: Ask, identity: str) -> None:
    _put_access_block(ask)


def _delete_access_block(ask: Ask, identity: str) -> None:
    if not ask.inputs.get("skipDestroy"):
        _client(ask).delete_public_access_block(Bucket=identity)


# Objects -------------------------------------------------------------------------------------------------------------


def body_of(inputs: Properties) -> bytes:
    """The object's content from `content`, `contentBase64` or `source`."""
    if "content" in inputs:
        return str(inputs["content"]).encode()
    if "contentBase64" in inputs:
        return base64_bytes(inputs["contentBase64"])
    return asset_bytes(inputs["source"]) if "source" in inputs else b""


def _check_object(properties: Properties) -> Iterable[Failure]:
    given = [name for name in ("content", "contentBase64", "source") if name in properties]
    if len(given) > 1:
        yield Failure(given[1], f"{' and '.join(given)} exclude each other")


def _put_object(ask: Ask) -> str:
    wanted = to_api(load(OBJECT).inputs, ask.inputs)
    if ask.inputs.get("tags"):
        from urllib.parse import urlencode

        wanted["Tagging"] = urlencode(ask.inputs["tags"])
    _client(ask).put_object(**wanted, Body=body_of(ask.inputs))
    return f"{ask.inputs['bucket']}/{ask.inputs['key']}"


def _read_object(ask: Ask, identity: str) -> Properties:
    client = _client(ask)
    bucket, key = identity.split("/", 1)
    head = client.head_object(Bucket=bucket, Key=key)
    etag = head["ETag"].strip('"')
    names = {
        "CacheControl": "cacheControl",
        "ContentType": "contentType",
        "ContentEncoding": "contentEncoding",
        "ContentLanguage": "contentLanguage",
        "ContentDisposition": "contentDisposition",
        "Metadata": "metadata",
        "StorageClass": "storageClass",
        "ServerSideEncryption": "serverSideEncryption",
        "WebsiteRedirectLocation": "websiteRedirect",
        "VersionId": "versionId",
    }
    live: Properties = {ours: head[theirs] for theirs, ours in names.items() if theirs in head}
    tags = {tag["Key"]: tag["Value"] for tag in client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}
    live |= {
        "bucket": bucket,
        "key": key,
        "region": ask.region,
        "etag": etag,
        "tags": tags,
        "tagsAll": tags,
        "arn": f"arn:aws:s3:::{bucket}/{key}",
    }
    if "content" in ask.inputs:
        live["content"] = _live_content(client, bucket, key, ask.inputs["content"], etag)
    return live


def _live_content(client: Any, bucket: str, key: str, declared: str, etag: str) -> str:
    """The declared text while the object's MD5 is still its own, otherwise what lies there now."""
    if hashlib.md5(declared.encode(), usedforsecurity=False).hexdigest() == etag:
        return declared
    return str(client.get_object(Bucket=bucket, Key=key)["Body"].read().decode(errors="replace"))


def _update_object(ask: Ask, identity: str) -> None:
    _put_object(ask)


def _delete_object(ask: Ask, identity: str) -> None:
    bucket, key = identity.split("/", 1)
    _empty(_client(ask), bucket, only_key=key)


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
    Type(
        token=OBJECT,
        create=_put_object,
        read=_read_object,
        update=_update_object,
        delete=_delete_object,
        check=_check_object,
        autoname="key",
        name_limit=1024,
        random_name=False,
        force_new=frozenset({"bucket", "key", "region"}),
        rules=Rules(
            unreadable=frozenset(
                {
                    "acl",
                    "bucketKeyEnabled",
                    "checksumAlgorithm",
                    "contentBase64",
                    "forceDestroy",
                    "kmsKeyId",
                    "source",
                    "sourceHash",
                    "overrideProvider",
                    "objectLockMode",
                    "objectLockLegalHoldStatus",
                    "objectLockRetainUntilDate",
                }
            ),
            computed=frozenset({"region", "etag", "contentType", "storageClass", "serverSideEncryption"}),
            defaults={"contentType": "binary/octet-stream"},
        ),
        volatile=frozenset({"etag", "versionId"}),
    ),
)
