"""A small cloud for contract and command-line tests: both vendors' emulators over one run folder."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from controlplane.adapters.aws.session import AwsSession
from controlplane.adapters.cloudflare.client import CloudflareApi
from controlplane.domain.inventory import PLATFORM_KEY, Inventory, StoreBucket, WeddingEntry, wedding_key
from sandbox.faults import Faults
from sandbox.run import Run
from tests.fakes.inventory import REGIONS, STORE, inventory, wedding
from tests.sandbox.aws.conftest import Aws, started
from tests.sandbox.aws.declared import OPTIMIZED, distribution, parameter, shared
from tests.sandbox.aws.test_functions import ready_store
from tests.sandbox.cloudflare.emulator import Emulator, running

CANARY_AWS, CATALOGUE = "canary-aws-secret-7f3a", Path(__file__).resolve().parents[2] / "catalogue.yaml"
_NUMBERS = itertools.count(1)


@dataclass
class Cloud:
    """Both emulators and what was provisioned in them."""

    aws: Aws
    cloudflare: Emulator
    apis: list[CloudflareApi] = field(default_factory=list)

    @property
    def run(self) -> Run:
        """The run folder of both."""
        return self.aws.run

    @property
    def faults(self) -> Faults:
        """The faults of both."""
        return self.aws.faults

    def session(self) -> AwsSession:
        """The control plane's AWS clients."""
        return AwsSession(self.aws.url, "wedcache", CANARY_AWS, self.aws.url)

    def api(self, token: str | None = None) -> CloudflareApi:
        """The control plane's Cloudflare client; closed with the cloud."""
        url = f"http://127.0.0.1:{self.cloudflare.port}/client/v4"
        self.apis.append(CloudflareApi(token or self.cloudflare.secret(), url))
        return self.apis[-1]

    def buckets(self) -> tuple[StoreBucket, ...]:
        """Three fresh buckets in three regions."""
        name = f"store-{next(_NUMBERS)}"
        for region in STORE:
            self.aws.client("s3", region).create_bucket(
                Bucket=f"{name}-{region}",
                **({} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}),
            )
        return tuple(StoreBucket(bucket=f"{name}-{region}", region=region) for region in STORE)

    def distribution(self) -> str:
        """A distribution with cache tags."""
        config = distribution(f"ref-{next(_NUMBERS)}", OPTIMIZED)
        return str(self.aws.client("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]["Id"])

    def tenant(self, name: str) -> str:
        """A tenant of a distribution of its own, with its host."""
        label = f"{name}-{next(_NUMBERS)}"
        config = shared(f"ref-{label}", TenantConfig={"ParameterDefinitions": [parameter("home")]})
        client = self.aws.client("cloudfront")
        known = client.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
        domains = [{"Domain": f"{label}.weddings.example"}]
        made = client.create_distribution_tenant(DistributionId=known, Name=label, Domains=domains)
        return str(made["DistributionTenant"]["Id"])

    def pairs(self) -> str:
        """An empty key value store."""
        return ready_store(self.aws.client("cloudfront"), f"pairs-{next(_NUMBERS)}")

    def pools(self) -> dict[str, str]:
        """A pool for each region."""
        client: Any = self.cloudflare.client()
        return {
            region: client.load_balancers.pools.create(
                account_id=self.cloudflare.account,
                name=f"{region}-{next(_NUMBERS)}",
                origins=[{"name": region, "address": f"{region}.origin.weddings.example"}],
            ).id
            for region in REGIONS
        }

    def mutations(self) -> list[tuple[str, str]]:
        """Every mutating vendor call so far: (service, operation).

        A majority of two goes on before the third bucket has answered: wait until nothing comes any more.
        """
        deadline, seen = time.monotonic() + 5, -1
        while (size := self.run.calls.stat().st_size) != seen and time.monotonic() < deadline:
            seen = size
            time.sleep(0.25)
        return [(row["service"], row["operation"]) for row in self.aws.calls() if row["mutating"]]


@dataclass(frozen=True)
class Platform:
    """A provisioned platform: its buckets and its inventory, written to all three."""

    cloud: Cloud
    buckets: tuple[StoreBucket, ...]
    inventory: Inventory
    wedding: WeddingEntry

    def write(self, key: str, text: str) -> None:
        """Write an object to every bucket, as infra does."""
        for one in self.buckets:
            self.cloud.aws.client("s3", one.region).put_object(Bucket=one.bucket, Key=key, Body=text.encode())

    def retire(self) -> None:
        """Delete its pools: an account holds only so many, and every test's platform has some."""
        for pool in self.inventory.cloudflare.pools.values():
            self.cloud.cloudflare.client().load_balancers.pools.delete(pool, account_id=self.cloud.cloudflare.account)

    def delete(self, key: str) -> None:
        """Delete an object from every bucket."""
        for one in self.buckets:
            self.cloud.aws.client("s3", one.region).delete_object(Bucket=one.bucket, Key=key)

    def profile(self, folder: Path, name: str = "test", **changes: Any) -> Path:
        """Write a profile for this platform into `folder`/.wedcache/profiles."""
        token, secret = folder / "cloudflare.token", folder / "aws.secret"
        token.write_text(changes.pop("token", self.cloud.cloudflare.secret()))
        secret.write_text(CANARY_AWS)
        endpoint = changes.pop("endpoint", self.cloud.aws.url)
        base_url = changes.pop("base_url", f"http://127.0.0.1:{self.cloud.cloudflare.port}/client/v4")
        rows = ", ".join(f'{{bucket = "{one.bucket}", region = "{one.region}"}}' for one in self.buckets)
        lines = [
            'schema = "wedcache.profile/1"',
            f"catalogue = {json.dumps(str(CATALOGUE))}",
            f"state = {json.dumps(str(folder / 'state'))}",
            f"store = [{rows}]",
            "[aws]",
            f'endpoint = "{endpoint}"',
            f'proxy = "{endpoint}"',
            'access_key = "wedcache"',
            f"secret_key = {json.dumps(f'file:{secret}')}",
            "[cloudflare]",
            f'base_url = "{base_url}"',
            f"token = {json.dumps(f'file:{token}')}",
            "[connect]",
            '"*.weddings.example" = "127.0.0.1:9"',
            '"*.FRA56-P1.cloudfront.net" = "127.0.0.1:9"',
        ]
        path = folder / ".wedcache" / "profiles" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
        return path


def provisioned(cloud: Cloud) -> Platform:
    """A platform of its own: buckets, distribution, key value store, pools, zone, inventory."""
    buckets = cloud.buckets()
    whole = inventory().model_dump(mode="json", by_alias=True)
    whole["store"] = [one.model_dump() for one in buckets]
    whole["cloudfront"]["key_value_store_arn"] = cloud.pairs()
    whole["cloudflare"] |= {
        "account_id": cloud.cloudflare.account,
        "zone_id": cloud.cloudflare.zone(cloud.cloudflare.client()),
        "pools": cloud.pools(),
    }
    entry = wedding().model_copy(update={"distribution_id": cloud.distribution()})
    platform = Platform(cloud, buckets, Inventory.from_mapping(whole), entry)
    platform.write(PLATFORM_KEY, platform.inventory.to_json())
    platform.write(wedding_key(entry.wedding), entry.to_json())
    return platform


@contextmanager
def running_cloud(folder: Path) -> Iterator[Cloud]:
    """Both emulators; nothing of the machine's own AWS or proxy configuration reaches the clients."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with running(folder) as cloudflare:
            for aws in started(folder):
                cloud = Cloud(aws, cloudflare)
                yield cloud
                for api in cloud.apis:
                    api.close()
