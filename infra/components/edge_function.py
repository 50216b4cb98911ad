"""The edge function and the store that it reads. The store's keys are the control plane's: none is declared here."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi_aws import cloudfront

from infra import naming

SOURCE = Path(__file__).with_name("edge_function.js")


class EdgeFunction(pulumi.ComponentResource):
    """One CloudFront function with one KeyValueStore. Outputs: `function_arn`, `store_arn`."""

    function_arn: pulumi.Output[str]
    store_arn: pulumi.Output[str]

    def __init__(self, stack: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("wedcache:edge:EdgeFunction", "edge-function", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = naming.tags(stack, "platform")
        store = cloudfront.KeyValueStore("edge-store", name=naming.edge_name(stack, "edge"), tags=tags, opts=child)
        function = cloudfront.Function(
            "edge-function",
            name=naming.edge_name(stack, "viewer-request"),
            runtime="cloudfront-js-2.0",
            code=SOURCE.read_text(),
            key_value_store_associations=[store.arn],
            publish=True,
            tags=tags,
            opts=child,
        )
        self.function_arn = function.arn
        self.store_arn = store.arn
        self.register_outputs({"functionArn": self.function_arn, "storeArn": self.store_arn})
