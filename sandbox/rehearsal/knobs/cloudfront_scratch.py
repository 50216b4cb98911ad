"""A distribution of our own at the emulated CloudFront, with everything that its knobs need; nothing of it stays.

It is made and changed through boto3 under a caller's name of its own, and waits as a client of CloudFront does: for the
store to be READY, the distribution to be Deployed, the invalidation to be Completed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from sandbox.rehearsal.knobs import cloudfront_ends as ends
from sandbox.rehearsal.knobs.cloudfront_config import ADDED, FORWARDED, cache_policy, distribution
from sandbox.rehearsal.knobs.cloudfront_shapes import HOST, READS, listed
from sandbox.rehearsal.knobs.row import AFTER, BEFORE, Knob
from sandbox.run import Run

STORE = "probe-pairs"


class CloudFrontScratch:
    """The scratch distribution: made, changed, purged; everything is deleted when `undo` unwinds."""

    host = HOST

    def __init__(self, run: Run, knobs: Sequence[Knob], undo: ExitStack, reference: str) -> None:
        self._client = ends.client(run, "cloudfront")
        self._pairs = ends.pairs_client(run)
        self._knobs = knobs
        self._undo = undo
        self._reference = reference
        self._sides = {knob.slug: BEFORE for knob in knobs}
        self._names = {"$certificate": ends.certificate(run)}
        self._id = ""

    def make(self) -> None:
        """Everything as it is before the changes, deployed."""
        self._make_policies()
        self._make_functions()
        made = self._client.create_distribution(DistributionConfig=self._config())
        self._id = made["Distribution"]["Id"]
        self._undo.callback(ends.delete_distribution, self._client, self._id)
        ends.deployed(self._client, self._id)

    def change(self, knobs: Sequence[Knob]) -> None:
        """Change `knobs` to what they are after, and wait until that is deployed."""
        self._sides |= {knob.slug: AFTER for knob in knobs}
        for knob in knobs:
            declared = knob.declared(AFTER)
            if "policy" in declared:
                name = self._names[f"policy:{knob.slug}"]
                etag = self._client.get_cache_policy(Id=name)["ETag"]
                config = cache_policy(knob.slug, declared["policy"])
                self._client.update_cache_policy(Id=name, IfMatch=etag, CachePolicyConfig=config)
            if "code" in declared:
                self._publish("probe-published", declared["code"])
            if "pairs" in declared:
                self._write(declared["pairs"])
        self._update()
        ends.deployed(self._client, self._id)

    def purge(self, orders: Sequence[Mapping[str, Any]], side: str) -> None:
        """One invalidation of all that the orders name, and wait until it is Completed."""
        items = sorted({item for order in orders for item in order["items"]})
        batch = {"CallerReference": f"{self._reference}-{side}", "Paths": listed(*items)}
        made = self._client.create_invalidation(DistributionId=self._id, InvalidationBatch=batch)
        name = made["Invalidation"]["Id"]
        ends.wait(
            f"invalidation {name} Completed",
            lambda: self._client.get_invalidation(DistributionId=self._id, Id=name)["Invalidation"]["Status"],
            "Completed",
        )

    def _config(self) -> dict[str, Any]:
        return distribution(self._knobs, self._sides, self._names, self._reference)

    def _make_policies(self) -> None:
        client, names = self._client, self._names
        rows = {knob.slug: knob.before["policy"] for knob in self._knobs if "policy" in knob.before}
        for slug, changes in {"": {}, **rows}.items():
            made = client.create_cache_policy(CachePolicyConfig=cache_policy(slug, changes))
            names[f"policy:{slug}"] = made["CachePolicy"]["Id"]
            self._undo.callback(ends.delete_policy, client, "cache_policy", made["CachePolicy"]["Id"])
        forwards = client.create_origin_request_policy(OriginRequestPolicyConfig=FORWARDED)["OriginRequestPolicy"]
        names["$forwards"] = forwards["Id"]
        self._undo.callback(ends.delete_policy, client, "origin_request_policy", forwards["Id"])
        added = client.create_response_headers_policy(ResponseHeadersPolicyConfig=ADDED)["ResponseHeadersPolicy"]
        names["$headers"] = added["Id"]
        self._undo.callback(ends.delete_policy, client, "response_headers_policy", added["Id"])

    def _make_functions(self) -> None:
        client = self._client
        store = client.create_key_value_store(Name=STORE)["KeyValueStore"]["ARN"]
        self._names["$store"] = store
        self._undo.callback(ends.delete_store, client, STORE)
        ends.wait(
            "the key value store READY",
            lambda: client.describe_key_value_store(Name=STORE)["KeyValueStore"]["Status"],
            "READY",
        )
        codes = [knob.before["code"] for knob in self._knobs if "code" in knob.before]
        for name, code, stores in (("reads", READS, [store]), ("published", codes[0], [])):
            config = {
                "Comment": "probes of the rehearsal",
                "Runtime": "cloudfront-js-2.0",
                "KeyValueStoreAssociations": listed(*({"KeyValueStoreARN": one} for one in stores)),
            }
            made = client.create_function(Name=f"probe-{name}", FunctionConfig=config, FunctionCode=code.encode())
            self._undo.callback(ends.delete_function, client, f"probe-{name}")
            client.publish_function(Name=f"probe-{name}", IfMatch=made["ETag"])
            self._names[f"${name}"] = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
        self._write({name: value for knob in self._knobs for name, value in knob.before.get("pairs", {}).items()})

    def _publish(self, name: str, code: str) -> None:
        known = self._client.describe_function(Name=name)
        config = known["FunctionSummary"]["FunctionConfig"]
        changed = self._client.update_function(
            Name=name, IfMatch=known["ETag"], FunctionConfig=config, FunctionCode=code.encode()
        )
        self._client.publish_function(Name=name, IfMatch=changed["ETag"])

    def _write(self, pairs: Mapping[str, str]) -> None:
        store = self._names["$store"]
        etag = self._pairs.describe_key_value_store(KvsARN=store)["ETag"]
        puts = [{"Key": name, "Value": value} for name, value in pairs.items()]
        self._pairs.update_keys(KvsARN=store, IfMatch=etag, Puts=puts)

    def _update(self) -> None:
        etag = self._client.get_distribution_config(Id=self._id)["ETag"]
        self._client.update_distribution(Id=self._id, IfMatch=etag, DistributionConfig=self._config())
