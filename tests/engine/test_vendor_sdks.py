"""The vendors' own SDK classes on the stand-in: default and explicit providers, components, secrets, invokes."""

from __future__ import annotations

import json

from tests.engine.workbench import Bench

PROGRAM = """
import pulumi
import pulumi_aws as aws
import pulumi_cloudflare as cloudflare

class Edge(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("wedcache:edge:Edge", name, {}, opts)
        self.policy = aws.cloudfront.CachePolicy(
            f"{name}-policy",
            default_ttl=50,
            min_ttl=1,
            parameters_in_cache_key_and_forwarded_to_origin=(
                aws.cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginArgs(
                    cookies_config=aws.cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfigArgs(
                        cookie_behavior="none"
                    ),
                    headers_config={"header_behavior": "none"},
                    query_strings_config={"query_string_behavior": "none"},
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

edge = Edge("edge")
token = cloudflare.Provider("zone", api_token=pulumi.Output.secret("t0ken"))
asked = aws.get_region()
record = cloudflare.DnsRecord(
    "como",
    name="como.weddings.example",
    ttl=1,
    type="CNAME",
    content=edge.policy.arn,
    zone_id="z1",
    comment=pulumi.Output.secret("hush"),
    opts=pulumi.ResourceOptions(provider=token),
)
pulumi.export("record", record.content)
pulumi.export("asked", asked.id)
"""


def test_real_sdk_classes_reach_their_providers(bench: Bench) -> None:
    """Inputs arrive in the schema's names, versions name the default provider, secrets stay sealed, invokes pass."""
    (bench.folder / "__main__.py").write_text(PROGRAM)
    ran = bench.must("up", "--yes", "--skip-preview")
    recorded = bench.resources()
    assert {"default_7_51_1", "zone", "edge", "edge-policy", "como"} <= set(recorded)
    assert recorded["zone"]["inputs"]["version"] == "6.23.1"
    policy = next(call for call in ran.calls if call.method == "Create" and call.name == "edge-policy")
    inside = policy.detail["properties"]["parametersInCacheKeyAndForwardedToOrigin"]
    assert inside["cookiesConfig"] == {"cookieBehavior": "none"}
    assert recorded["edge-policy"]["urn"].endswith(
        "wedcache:edge:Edge$aws:cloudfront/cachePolicy:CachePolicy::edge-policy"
    )
    assert recorded["como"]["provider"].startswith("urn:pulumi:dev::demo::pulumi:providers:cloudflare::zone::")
    assert recorded["como"]["inputs"]["content"] == "arn:edge-policy-1"
    assert not {"hush", "t0ken"} & set(json.dumps(bench.state()).replace('"', " ").split())
    assert [call.name for call in ran.calls if call.method == "Invoke"] == ["aws:index/getRegion:getRegion"]
