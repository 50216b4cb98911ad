"""The data plane of key value stores (service `cloudfront-keyvaluestore`).

Limits from the developer guide's quotas: key 512 bytes, value 1 KB, 50 keys or 3 MB a request, 5 MB a store. Writes
hold to this service's own ETag; CloudFront's ETag of the same store is another one.
"""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront import stores
from sandbox.aws.cloudfront.state import Store
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

KEY_BYTES = 512
VALUE_BYTES = 1024
KEYS_A_REQUEST = 50
BYTES_A_REQUEST = 3 * 1024 * 1024
BYTES_A_STORE = 5 * 1024 * 1024
PAGE = 50


def describe(world: World, call: Call) -> dict[str, Any]:
    """DescribeKeyValueStore: size, number of pairs and the ETag that writes must send."""
    store = _store(world, call)
    return {
        "ETag": store.data_etag,
        "ItemCount": len(store.pairs),
        "TotalSizeInBytes": _size(store.pairs),
        "KvsARN": store.arn,
        "Created": store.created,
        "LastModified": store.modified,
        "Status": "READY",
    }


def get_key(world: World, call: Call) -> dict[str, Any]:
    """GetKey."""
    store = _store(world, call)
    key = call["Key"]
    if key not in store.pairs:
        raise AwsRefusal("ResourceNotFoundException", f"Key {key} was not found.")
    return {"Key": key, "Value": store.pairs[key], **_totals(store)}


def list_keys(world: World, call: Call) -> dict[str, Any]:
    """ListKeys: at most 50 a page, in key order; NextToken is the last key shown."""
    store = _store(world, call)
    size = call.get("MaxResults", PAGE)
    if not 1 <= size <= PAGE:
        raise AwsRefusal("ValidationException", f"MaxResults must be between 1 and {PAGE}.")
    after = call.get("NextToken", "")
    keys = sorted(key for key in store.pairs if key > after)
    answer: dict[str, Any] = {"Items": [{"Key": key, "Value": store.pairs[key]} for key in keys[:size]]}
    if len(keys) > size:
        answer["NextToken"] = keys[size - 1]
    return answer


def put_key(world: World, call: Call) -> dict[str, Any]:
    """PutKey."""
    return _written(world, call, puts={call["Key"]: call["Value"]}, deletes=[])


def delete_key(world: World, call: Call) -> dict[str, Any]:
    """DeleteKey: refused for a key that is not there."""
    if call["Key"] not in _store(world, call).pairs:
        raise AwsRefusal("ResourceNotFoundException", f"Key {call['Key']} was not found.")
    return _written(world, call, puts={}, deletes=[call["Key"]])


def update_keys(world: World, call: Call) -> dict[str, Any]:
    """UpdateKeys: puts and deletes of one request happen all or not at all."""
    given = call.get("Puts") or []
    puts = {pair["Key"]: pair["Value"] for pair in given}
    deletes = [item["Key"] for item in call.get("Deletes") or []]
    named = [pair["Key"] for pair in given] + deletes
    if not named:
        raise AwsRefusal("ValidationException", "At least one of Puts and Deletes must name a key.")
    if len(set(named)) < len(named):
        raise AwsRefusal("ValidationException", "A key is named more than once in the request.")
    return _written(world, call, puts, deletes)


def _store(world: World, call: Call) -> Store:
    store = stores.by_arn(world, call["KvsARN"])
    if store is None or not stores.is_ready(world, store):
        raise AwsRefusal("ResourceNotFoundException", f"Key value store {call['KvsARN']} was not found.")
    return store


def _written(world: World, call: Call, puts: dict[str, str], deletes: list[str]) -> dict[str, Any]:
    store = _store(world, call)
    if call.get("IfMatch") != store.data_etag:
        message = "The ETag in If-Match is not the store's current one. Describe the store, then try again."
        raise AwsRefusal("ConflictException", message)
    if len(puts) + len(deletes) > KEYS_A_REQUEST or _size(puts) > BYTES_A_REQUEST:
        raise AwsRefusal("ValidationException", f"At most {KEYS_A_REQUEST} keys or 3 MB in one request.")
    for key, value in puts.items():
        if not 1 <= len(key.encode()) <= KEY_BYTES:
            raise AwsRefusal("ValidationException", f"A key has 1 to {KEY_BYTES} bytes.")
        if len(value.encode()) > VALUE_BYTES:
            raise AwsRefusal("ValidationException", f"A value has at most {VALUE_BYTES} bytes (key {key}).")
    pairs = {key: value for key, value in store.pairs.items() if key not in deletes} | puts
    if _size(pairs) > BYTES_A_STORE:
        raise AwsRefusal("ServiceQuotaExceededException", "A store holds at most 5 MB.")
    store.pairs, store.data_etag, store.modified = pairs, world.names.upper("K"), world.now()
    world.edge.grow()
    return {"ETag": store.data_etag, **_totals(store)}


def _totals(store: Store) -> dict[str, int]:
    return {"ItemCount": len(store.pairs), "TotalSizeInBytes": _size(store.pairs)}


def _size(pairs: dict[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in pairs.items())
