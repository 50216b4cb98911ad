"""The shared store: three buckets in three regions, written with preconditions; a majority of two decides."""

from __future__ import annotations

import pulumi
from pulumi_aws import s3

from infra import naming
from infra.stack_settings import StoreSettings


class SharedStore(pulumi.ComponentResource):
    """Versioned, private buckets. Outputs: `buckets` (region -> bucket name)."""

    buckets: dict[str, pulumi.Output[str]]

    def __init__(self, stack: str, settings: StoreSettings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("wedcache:store:SharedStore", "shared-store", {}, opts)
        self.buckets = {region: self._bucket(stack, settings.prefix, region) for region in settings.regions}
        self.register_outputs({"buckets": self.buckets})

    def _bucket(self, stack: str, prefix: str, region: str) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        bucket = s3.Bucket(
            f"store-{region}",
            bucket=naming.bucket(prefix, region),
            region=region,
            force_destroy=True,  # what it holds at run time (leases, cards) is not declared; protection guards it
            tags=naming.tags(stack, "platform"),
            opts=child,
        )
        s3.BucketVersioning(
            f"store-{region}",
            bucket=bucket.bucket,
            region=region,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )
        s3.BucketPublicAccessBlock(
            f"store-{region}",
            bucket=bucket.bucket,
            region=region,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        name: pulumi.Output[str] = bucket.bucket
        return name
