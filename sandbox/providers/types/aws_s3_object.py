"""S3 objects, in buckets of any region.

Source of facts: S3 API reference; force-new from terraform-provider-aws' documentation of aws_s3_object.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from sandbox.providers.check import Failure
from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import to_api
from sandbox.providers.types.aws_s3 import client_of, empty
from sandbox.providers.values import asset_bytes, base64_bytes

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


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
        wanted["Tagging"] = urlencode(ask.inputs["tags"])
    client_of(ask).put_object(**wanted, Body=body_of(ask.inputs))
    return f"{ask.inputs['bucket']}/{ask.inputs['key']}"


def _read_object(ask: Ask, identity: str) -> Properties:
    client = client_of(ask)
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
    empty(client_of(ask), bucket, only_key=key)


ROWS = (
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
