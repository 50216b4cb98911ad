"""Key value stores as CloudFront's own API shows them (the pairs are the data plane's: `keyvaluestore.py`)."""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront.checks import NAME, invalid, matched, page
from sandbox.aws.cloudfront.state import Store
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 50
PROVISIONING_SECONDS = 0.2


def found(world: World, name: str) -> Store:
    """The store of that name. Refuses with EntityNotFound."""
    store = world.cloudfront.stores.get(name)
    if store is None:
        raise AwsRefusal("EntityNotFound", "The key value store was not found.")
    return store


def by_arn(world: World, arn: str) -> Store | None:
    """The store with that ARN, or None."""
    return next((store for store in world.cloudfront.stores.values() if store.arn == arn), None)


def is_ready(world: World, store: Store) -> bool:
    """Whether the store has left PROVISIONING."""
    return world.monotonic() >= store.ready_at


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateKeyValueStore."""
    name = call["Name"]
    if not NAME.fullmatch(name):
        raise invalid("The parameter Name must be 1-64 letters, digits, hyphens or underscores.")
    if len(call.get("Comment", "")) > 128:
        raise invalid("The parameter Comment is longer than 128 characters.")
    if "ImportSource" in call.parameters:
        raise AwsRefusal("NotImplemented", "The sandbox imports no pairs from S3; write them with UpdateKeys.", 501)
    if name in world.cloudfront.stores:
        raise AwsRefusal("EntityAlreadyExists", "A key value store with this name already exists.")
    if len(world.cloudfront.stores) >= QUOTA:
        raise AwsRefusal("EntityLimitExceeded", f"At most {QUOTA} key value stores in an account.")
    store_id = world.names.uuid()
    store = Store(
        id=store_id,
        name=name,
        arn=f"arn:aws:cloudfront::{world.account}:key-value-store/{store_id}",
        comment=call.get("Comment", ""),
        etag=world.names.upper(),
        data_etag=world.names.upper("K"),
        created=world.now(),
        modified=world.now(),
        ready_at=world.monotonic() + PROVISIONING_SECONDS,
    )
    world.cloudfront.stores[name] = store
    world.cloudfront.tags[store.arn].update(
        {tag["Key"]: tag.get("Value", "") for tag in (call.get("Tags") or {}).get("Items") or []}
    )
    world.edge.grow()
    location = f"https://cloudfront.amazonaws.com/2020-05-31/key-value-store/{store.arn}"
    return {"KeyValueStore": _shown(world, store), "ETag": store.etag, "Location": location}


def describe(world: World, call: Call) -> dict[str, Any]:
    """DescribeKeyValueStore."""
    store = found(world, call["Name"])
    return {"KeyValueStore": _shown(world, store), "ETag": store.etag}


def update(world: World, call: Call) -> dict[str, Any]:
    """UpdateKeyValueStore: only the comment can change."""
    store = found(world, call["Name"])
    matched(call.get("IfMatch"), store.etag)
    store.comment, store.etag, store.modified = call["Comment"], world.names.upper(), world.now()
    return {"KeyValueStore": _shown(world, store), "ETag": store.etag}


def delete(world: World, call: Call) -> None:
    """DeleteKeyValueStore: refused while a function is associated with it."""
    store = found(world, call["Name"])
    matched(call.get("IfMatch"), store.etag)
    using = [
        function.name
        for function in world.cloudfront.functions.values()
        for stage in (function.development, function.live)
        if stage is not None and store.arn in associated(stage.config)
    ]
    if using:
        message = f"The key value store is associated with functions: {', '.join(sorted(set(using)))}"
        raise AwsRefusal("CannotDeleteEntityWhileInUse", message)
    del world.cloudfront.stores[store.name]
    world.cloudfront.tags.pop(store.arn, None)
    world.edge.grow()


def list_stores(world: World, call: Call) -> dict[str, Any]:
    """ListKeyValueStores, by status if asked."""
    rows = [(store.name, _shown(world, store)) for store in world.cloudfront.stores.values()]
    if "Status" in call.parameters:
        rows = [(name, shown) for name, shown in rows if shown["Status"] == call["Status"]]
    return {"KeyValueStoreList": page(rows, call.get("Marker"), call.get("MaxItems"))}


def associated(function_config: dict[str, Any]) -> list[str]:
    """The ARNs of the stores that a FunctionConfig names."""
    items = (function_config.get("KeyValueStoreAssociations") or {}).get("Items") or []
    return [item["KeyValueStoreARN"] for item in items]


def _shown(world: World, store: Store) -> dict[str, Any]:
    """A store as the API shows it. One without a comment shows no Comment, whatever the model says of that member:
    the acceptance tests of AWS's Terraform provider rest on it."""
    return {
        "Name": store.name,
        "Id": store.id,
        **({"Comment": store.comment} if store.comment else {}),
        "ARN": store.arn,
        "Status": "READY" if is_ready(world, store) else "PROVISIONING",
        "LastModifiedTime": store.modified,
    }
