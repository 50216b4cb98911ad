"""CloudFront functions: a DEVELOPMENT stage that is written, a LIVE stage that is published."""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront import stores
from sandbox.aws.cloudfront.checks import NAME, invalid, matched, page
from sandbox.aws.cloudfront.state import Function, Stage, behaviors
from sandbox.aws.cloudfront.tags import checked_tags
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 100
CODE_BYTES = 10 * 1024


def found(world: World, name: str) -> Function:
    """The function of that name. Refuses with NoSuchFunctionExists."""
    function = world.cloudfront.functions.get(name)
    if function is None:
        raise AwsRefusal("NoSuchFunctionExists", "The specified function does not exist.")
    return function


def published(world: World, arn: str) -> Stage:
    """The LIVE stage of the function with that ARN. Refuses as a distribution that names it is refused."""
    for function in world.cloudfront.functions.values():
        if function.arn == arn and function.live is not None:
            return function.live
    message = f"The function {arn} does not exist or was never published to the LIVE stage."
    raise AwsRefusal("InvalidFunctionAssociation", message)


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateFunction."""
    name = call["Name"]
    if not NAME.fullmatch(name):
        raise invalid("The parameter Name must be 1-64 letters, digits, hyphens or underscores.")
    if name in world.cloudfront.functions:
        raise AwsRefusal("FunctionAlreadyExists", "A function with the same name already exists in this AWS account.")
    if len(world.cloudfront.functions) >= QUOTA:
        raise AwsRefusal("TooManyFunctions", f"At most {QUOTA} functions in an account.")
    config, code = _checked(world, call)
    tags = checked_tags(call.get("Tags"))
    at = world.now()
    arn = f"arn:aws:cloudfront::{world.account}:function/{name}"
    function = Function(name, arn, Stage(config, code, world.names.upper("ETV"), at, at))
    world.cloudfront.functions[name] = function
    if tags:
        world.cloudfront.tags[arn] = tags
    location = f"https://cloudfront.amazonaws.com/2020-05-31/function/{arn}"
    return {**_described(world, function, "DEVELOPMENT"), "Location": location}


def describe(world: World, call: Call) -> dict[str, Any]:
    """DescribeFunction: the DEVELOPMENT stage unless LIVE is asked for."""
    return _described(world, found(world, call["Name"]), call.get("Stage", "DEVELOPMENT"))


def get(world: World, call: Call) -> dict[str, Any]:
    """GetFunction: the code of a stage."""
    stage = _stage(found(world, call["Name"]), call.get("Stage", "DEVELOPMENT"))
    return {"FunctionCode": stage.code, "ETag": stage.etag, "ContentType": "application/octet-stream"}


def update(world: World, call: Call) -> dict[str, Any]:
    """UpdateFunction: writes the DEVELOPMENT stage only."""
    function = found(world, call["Name"])
    matched(call.get("IfMatch"), function.development.etag)
    config, code = _checked(world, call)
    created = function.development.created
    function.development = Stage(config, code, world.names.upper("ETV"), created, world.now())
    return _described(world, function, "DEVELOPMENT")


def publish(world: World, call: Call) -> dict[str, Any]:
    """PublishFunction: copies DEVELOPMENT to LIVE, from where POPs take it."""
    function = found(world, call["Name"])
    matched(call.get("IfMatch"), function.development.etag)
    draft = function.development
    function.live = Stage(draft.config, draft.code, world.names.upper("ETV"), draft.created, world.now())
    seq = world.edge.grow()
    for distribution in _users(world, function.arn):
        distribution.seq, distribution.changed_at = seq, world.monotonic()
    return {"FunctionSummary": _summary(world, function, "LIVE")}


def delete(world: World, call: Call) -> None:
    """DeleteFunction: refused while a distribution uses it."""
    function = found(world, call["Name"])
    matched(call.get("IfMatch"), function.development.etag)
    if _users(world, function.arn):
        message = "Cannot delete the function because it's attached to one or more cache behaviors."
        raise AwsRefusal("FunctionInUse", message)
    del world.cloudfront.functions[function.name]
    world.cloudfront.tags.pop(function.arn, None)
    world.edge.grow()


def list_functions(world: World, call: Call) -> dict[str, Any]:
    """ListFunctions, of one stage if asked."""
    stage = call.get("Stage", "DEVELOPMENT")
    rows = [
        (function.name, _summary(world, function, stage))
        for function in world.cloudfront.functions.values()
        if stage == "DEVELOPMENT" or function.live is not None
    ]
    return {"FunctionList": page(rows, call.get("Marker"), call.get("MaxItems"))}


def _checked(world: World, call: Call) -> tuple[dict[str, Any], bytes]:
    config, code = call["FunctionConfig"], bytes(call["FunctionCode"])
    if len(code) > CODE_BYTES:
        raise AwsRefusal("FunctionSizeLimitExceeded", "The function is too large. At most 10 KB.")
    if not code.strip():
        raise invalid("The parameter FunctionCode is required.")
    try:
        code.decode()
    except UnicodeDecodeError as error:
        raise invalid("The parameter FunctionCode is not text.") from error
    if len(config["Comment"]) > 128:
        raise invalid("The parameter Comment is longer than 128 characters.")
    named = stores.associated(config)
    if len(named) > 1:
        raise invalid("A function is associated with one key value store at most.")
    if named and config["Runtime"] != "cloudfront-js-2.0":
        raise invalid("Key value stores need the runtime cloudfront-js-2.0.")
    for arn in named:
        store = stores.by_arn(world, arn)
        if store is None or not stores.is_ready(world, store):
            raise invalid(f"The key value store {arn} does not exist or is not ready.")
    return {"KeyValueStoreAssociations": {"Quantity": 0}, **config}, code


def _users(world: World, arn: str) -> list[Any]:
    return [
        distribution
        for distribution in world.cloudfront.distributions.values()
        for behavior in behaviors(distribution.config)
        for item in behavior["FunctionAssociations"].get("Items") or []
        if item["FunctionARN"] == arn
    ]


def _stage(function: Function, stage: str) -> Stage:
    kept = function.live if stage == "LIVE" else function.development
    if kept is None:
        raise AwsRefusal("NoSuchFunctionExists", "The specified function does not exist in the LIVE stage.")
    return kept


def _described(world: World, function: Function, stage: str) -> dict[str, Any]:
    return {"FunctionSummary": _summary(world, function, stage), "ETag": _stage(function, stage).etag}


def _summary(world: World, function: Function, stage: str) -> dict[str, Any]:
    kept = _stage(function, stage)
    draft, live = function.development, function.live
    is_published = live is not None and (stage == "LIVE" or (draft.code, draft.config) == (live.code, live.config))
    state = "DEPLOYED" if _users(world, function.arn) else "UNASSOCIATED"
    return {
        "Name": function.name,
        "Status": state if is_published else "UNPUBLISHED",
        "FunctionConfig": kept.config,
        "FunctionMetadata": {
            "FunctionARN": function.arn,
            "Stage": stage,
            "CreatedTime": kept.created,
            "LastModifiedTime": kept.modified,
        },
    }
