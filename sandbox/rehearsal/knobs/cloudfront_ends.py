"""The way into the emulated AWS for the knobs, what to wait for there, and how everything is deleted again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sandbox.provision import CERTIFICATE_REGION
from sandbox.rehearsal.stage import StageBroken
from sandbox.run import Run

CALLER = "rehearsal-knobs"
PATIENCE_SECONDS = 15.0


def client(run: Run, service: str) -> Any:
    """A boto3 client that asks this run's AWS under the knobs' own name."""
    import boto3

    return boto3.client(
        service,
        region_name=CERTIFICATE_REGION,
        endpoint_url=f"http://{run.endpoint('aws')}",
        aws_access_key_id=CALLER,
        aws_secret_access_key="not-a-secret",
    )


def pairs_client(run: Run) -> Any:
    """The data plane of key value stores; its host carries the account, so the emulator is reached as a proxy."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "cloudfront-keyvaluestore",
        region_name=CERTIFICATE_REGION,
        endpoint_url="http://kvs.sandbox",
        aws_access_key_id=CALLER,
        aws_secret_access_key="not-a-secret",
        config=Config(proxies={"http": f"http://{run.endpoint('aws')}"}),
    )


def certificate(run: Run) -> str:
    """The ARN of the account's certificate. Raises StageBroken without one: an alias needs it."""
    found = client(run, "acm").list_certificates()["CertificateSummaryList"]
    if not found:
        raise StageBroken("the account has no certificate in ACM; request one before the scratch distribution is made")
    return str(found[0]["CertificateArn"])


def wait(what: str, ask: Callable[[], str], wanted: str) -> None:
    """Ask until the vendor says `wanted`. Raises StageBroken after `PATIENCE_SECONDS`."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while (said := ask()) != wanted:
        if time.monotonic() > ends_at:
            raise StageBroken(f"{what} is still {said} after {PATIENCE_SECONDS:.0f} s, not {wanted}")
        time.sleep(0.02)


def deployed(cloudfront: Any, name: str) -> None:
    """Wait until every POP has taken the distribution's last change."""
    wait(f"distribution {name}", lambda: cloudfront.get_distribution(Id=name)["Distribution"]["Status"], "Deployed")


def delete_distribution(cloudfront: Any, name: str) -> None:
    """Disable it, wait until that is deployed, delete it."""
    known = cloudfront.get_distribution_config(Id=name)
    etag, config = known["ETag"], known["DistributionConfig"]
    if config["Enabled"]:
        changed = cloudfront.update_distribution(Id=name, IfMatch=etag, DistributionConfig={**config, "Enabled": False})
        etag = changed["ETag"]
    deployed(cloudfront, name)
    cloudfront.delete_distribution(Id=name, IfMatch=etag)


def delete_policy(cloudfront: Any, kind: str, name: str) -> None:
    """Delete a policy of a kind as boto3 spells it: cache_policy, origin_request_policy, response_headers_policy."""
    etag = getattr(cloudfront, f"get_{kind}")(Id=name)["ETag"]
    getattr(cloudfront, f"delete_{kind}")(Id=name, IfMatch=etag)


def delete_function(cloudfront: Any, name: str) -> None:
    """Delete a function that no distribution uses any more."""
    cloudfront.delete_function(Name=name, IfMatch=cloudfront.describe_function(Name=name)["ETag"])


def delete_store(cloudfront: Any, name: str) -> None:
    """Delete a key value store that no function names any more."""
    cloudfront.delete_key_value_store(Name=name, IfMatch=cloudfront.describe_key_value_store(Name=name)["ETag"])
