"""What AWS's Terraform provider reads, as plain HTTP: facts that an SDK hides."""

from __future__ import annotations

import urllib.request

from tests.sandbox.aws.conftest import Aws

SIGNED = "AWS4-HMAC-SHA256 Credential=wedcache-ci/20270612/us-east-1/cloudfront/aws4_request, Signature=0"


def _read(aws: Aws, path: str) -> str:
    request = urllib.request.Request(f"{aws.url}/2020-05-31/{path}", headers={"authorization": SIGNED})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text: str = answer.read().decode()
    return text


def test_a_store_without_a_comment_shows_none(aws: Aws) -> None:
    """The provider refuses an apply that answers an undeclared comment with an empty one."""
    cloudfront = aws.client("cloudfront")
    for name, comment, seen in (("bare-store", {}, False), ("told-store", {"Comment": "edge"}, True)):
        cloudfront.create_key_value_store(Name=name, **comment)
        described = cloudfront.describe_key_value_store(Name=name)
        assert ("<Comment>edge</Comment>" in _read(aws, f"key-value-store/{name}")) is seen
        assert ("Comment" in _read(aws, f"key-value-store/{name}")) is seen
        cloudfront.delete_key_value_store(Name=name, IfMatch=described["ETag"])
