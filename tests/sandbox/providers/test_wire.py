"""The protocol around the types: attaching, configuring, previews, secrets, what is not supported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.providers import types
from sandbox.providers.row import Type
from sandbox.providers.server import Servers
from sandbox.providers.values import UNKNOWN, decode, encode
from sandbox.run import Run
from tests.sandbox.providers.conftest import Cloud
from tests.sandbox.providers.declared import NONE_KEY
from tests.sandbox.providers.engine import SEED, Engine, Resource, urn_of

POLICY = "aws:cloudfront/cachePolicy:CachePolicy"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
STORE = "aws:cloudfront/keyValueStore:KeyValueStore"


def test_configure_accepts_what_the_engine_needs(cloud: Cloud) -> None:
    """Secrets, resources and previews are accepted; the same configuration twice keeps the clients."""
    provider = cloud.servers.providers["aws"]
    before = provider.vendors
    answer = cloud.aws.configure(dict(before.settings))
    assert answer.acceptSecrets
    assert answer.acceptResources
    assert answer.supportsPreview
    assert provider.vendors is before


def test_the_version_is_the_sdks(cloud: Cloud) -> None:
    """The plugin's version is that of the SDK whose classes the schemas were derived from."""
    from importlib.metadata import version

    assert cloud.aws.stub.GetPluginInfo(empty_pb2.Empty()).version == version("pulumi-aws")


def test_unsupported_types_name_the_supported_ones(cloud: Cloud) -> None:
    """A type without a row is refused with the list of those that have one."""
    with pytest.raises(grpc.RpcError) as failed:
        cloud.aws.reasons("aws:ec2/vpc:Vpc", {})
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND
    told = str(failed.value.details())
    assert "aws:ec2/vpc:Vpc is not supported here" in told
    assert all(token in told for token in types.of_package("aws"))


def test_wrong_provider_configuration_is_refused(cloud: Cloud) -> None:
    """A misspelt setting or endpoint is named with what was meant."""
    answer = cloud.aws.stub.CheckConfig(
        provider_pb2.CheckRequest(
            urn="urn:pulumi:t::p::pulumi:providers:aws::d",
            news=encode({"reigon": "eu-central-1", "endpoints": '[{"cloudfrnt": "http://127.0.0.1:1"}]'}),
        )
    )
    reasons = [failure.reason for failure in answer.failures]
    assert "did you mean 'region'?" in reasons[0]
    assert "did you mean 'cloudfront'?" in reasons[1]


def test_a_preview_asks_no_vendor_and_knows_what_it_cannot_know() -> None:
    """Computed outputs are unknown, inputs are themselves, and no call is made: there is nobody to call."""
    servers = Servers()
    with grpc.insecure_channel(f"127.0.0.1:{servers.ports['aws']}") as channel:
        engine = Engine(channel)
        engine.configure({"endpoints": '[{"cloudfront": "http://127.0.0.1:9"}]'})
        resource = Resource(POLICY, "critical")
        declared = engine.check(resource, {"parametersInCacheKeyAndForwardedToOrigin": UNKNOWN})
        outputs = engine.preview(resource, declared)
    servers.stop()
    assert outputs["arn"] is outputs["etag"] is UNKNOWN
    assert outputs["parametersInCacheKeyAndForwardedToOrigin"] is UNKNOWN
    assert outputs["name"] == declared["name"]


def test_no_cloud_is_asked_that_the_stack_does_not_name() -> None:
    """Without an endpoint the vendors' public addresses are never used: the create is refused in words."""
    servers = Servers()
    tokens = {"aws": STORE, "cloudflare": "cloudflare:index/zone:Zone"}
    for package, settings in tokens.items():
        with grpc.insecure_channel(f"127.0.0.1:{servers.ports[package]}") as channel:
            engine = Engine(channel)
            engine.configure({"region": "eu-central-1", "accessKey": "x", "secretKey": "y"})
            declared = {"name": "x.example", "account": {"id": "a"}} if package == "cloudflare" else {}
            with pytest.raises(grpc.RpcError) as failed:
                engine.create(settings, "x", declared)
            assert "ask no address that the stack does not name" in str(failed.value.details())
    servers.stop()


def test_cancel_stops_nothing(cloud: Cloud) -> None:
    """The engine sends Cancel to an attached server after every run; other runs go on."""
    cloud.aws.stub.Cancel(empty_pb2.Empty())
    made = cloud.aws.create(STORE, "after-cancel", {})
    cloud.aws.delete(made)


def test_secrets_stay_secret_through_check_and_preview(cloud: Cloud) -> None:
    """A secret input comes back in its envelope, wherever it lies; what the SDK marks secret always does."""
    secret = encode({"description": "d", "authToken": "0123456789abcdef", "tags": {"a": "b"}}, {("tags", "a")})
    request = provider_pb2.CheckRequest(urn=urn_of(GROUP, "g"), news=secret, randomSeed=SEED)
    checked = cloud.aws.stub.Check(request)
    assert decode(checked.inputs)[1] == {("tags", "a")}
    answer = cloud.aws.stub.Create(
        provider_pb2.CreateRequest(urn=urn_of(GROUP, "g"), properties=checked.inputs, preview=True)
    )
    assert ("tags", "a") in decode(answer.properties)[1]


def test_names_follow_the_seed_and_stay(cloud: Cloud) -> None:
    """The same seed gives the same name, another one another; an existing name is kept by later checks."""
    resource = Resource(STORE, "kvs")
    first = cloud.aws.check(resource, {})
    assert first == cloud.aws.check(resource, {})
    other = cloud.aws.check(resource, {}, seed=bytes(32))
    assert other["name"] != first["name"]
    resource.inputs = first
    assert cloud.aws.check(resource, {}, seed=bytes(32)) == first


@pytest.mark.parametrize(("explicit", "first_delete"), [(True, True), (False, False)])
def test_replacement_deletes_first_only_where_names_would_collide(
    cloud: Cloud, explicit: bool, first_delete: bool
) -> None:
    """An explicit physical name cannot exist twice; an automatic one gets a new suffix."""
    token = "aws:elasticache/parameterGroup:ParameterGroup"
    named = {"name": "mine"} if explicit else {}
    resource = Resource(token, "pg")
    resource.inputs = cloud.aws.check(resource, {"family": "valkey8", **named})
    answer = cloud.aws.diff(resource, cloud.aws.check(resource, {"family": "valkey9", **named}))
    assert list(answer.replaces) == ["family"]
    assert answer.deleteBeforeReplace is first_delete


def test_ignored_changes_do_not_differ(cloud: Cloud) -> None:
    """A path that the engine ignores is no difference."""
    resource = Resource(POLICY, "critical")
    resource.inputs = cloud.aws.check(resource, {"parametersInCacheKeyAndForwardedToOrigin": NONE_KEY})
    answer = cloud.aws.stub.Diff(
        provider_pb2.DiffRequest(
            id="x",
            urn=resource.urn,
            old_inputs=encode(resource.inputs),
            news=encode({**resource.inputs, "comment": "new"}),
            ignoreChanges=["comment"],
        )
    )
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_the_process_says_where_it_serves_and_leaves_at_once(tmp_path: Path) -> None:
    """`ready aws:PORT,cloudflare:PORT`, the same in the registry, and gone within a second of SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.providers", "--run", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    attach = Run(tmp_path).endpoint("providers")
    assert line == f"ready {attach}"
    for one in attach.split(","):
        package, port = one.split(":")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert package in stub.GetSchema(provider_pb2.GetSchemaRequest(), timeout=10).schema
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stdout.close()


def test_every_row_has_its_schema_and_is_unique() -> None:
    """Twenty-two types, each with a derived schema, and every name that a row mentions exists."""
    assert len({row.token for row in types.ROWS}) == len(types.ROWS) == 23
    for row in types.ROWS:
        assert not set(_mentioned(row)) - set(row.schema.inputs) - set(row.schema.outputs), row.token


def _mentioned(row: Type) -> list[str]:
    rules = row.rules
    paths = [*row.force_new, *row.fill, *row.volatile, *rules.defaults, *rules.computed, *rules.unreadable]
    return [path.split(".", 1)[0] for path in [*paths, *([row.autoname] if row.autoname else [])]]
