"""Cache, origin request and response headers policies: the same calls for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.aws.cloudfront import policy_rules
from sandbox.aws.cloudfront.checks import invalid, matched, page
from sandbox.aws.cloudfront.managed_policies import MANAGED
from sandbox.aws.cloudfront.state import Policy, behaviors
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 20
Handler = Callable[[World, Call], dict[str, Any] | None]


@dataclass(frozen=True)
class Kind:
    """One kind of policy: its noun in operation and error names, its plural, its path, its rules."""

    noun: str
    plural: str
    path: str
    rules: Callable[[dict[str, Any]], dict[str, Any]]


KINDS = (
    Kind("CachePolicy", "CachePolicies", "cache-policy", policy_rules.cache_policy),
    Kind("OriginRequestPolicy", "OriginRequestPolicies", "origin-request-policy", policy_rules.origin_request_policy),
    Kind(
        "ResponseHeadersPolicy",
        "ResponseHeadersPolicies",
        "response-headers-policy",
        policy_rules.response_headers_policy,
    ),
)


def found(world: World, noun: str, policy_id: str) -> Policy:
    """The policy of that kind and id, AWS's managed ones included. Refuses with NoSuch<noun>."""
    known = world.cloudfront.policies[noun].get(policy_id) or MANAGED[noun].get(policy_id)
    if known is None:
        raise AwsRefusal(f"NoSuch{noun}", f"The {noun} does not exist: {policy_id}")
    return known


def users(world: World, noun: str, policy_id: str) -> list[str]:
    """The ids of the distributions that use a policy."""
    return [
        distribution.id
        for distribution in world.cloudfront.distributions.values()
        if any(behavior.get(f"{noun}Id") == policy_id for behavior in behaviors(distribution.config))
    ]


def handlers() -> Iterator[tuple[str, Handler]]:
    """(operation, handler) of all three kinds."""
    for kind in KINDS:
        yield f"Create{kind.noun}", _create(kind)
        yield f"Get{kind.noun}", _get(kind)
        yield f"Get{kind.noun}Config", _get_config(kind)
        yield f"Update{kind.noun}", _update(kind)
        yield f"Delete{kind.noun}", _delete(kind)
        yield f"List{kind.plural}", _list(kind)


def _shown(kind: Kind, policy: Policy) -> dict[str, Any]:
    return {"Id": policy.id, "LastModifiedTime": policy.modified, f"{kind.noun}Config": policy.config}


def _unique(world: World, kind: Kind, name: str, but: str = "") -> None:
    others = (policy for policy in world.cloudfront.policies[kind.noun].values() if policy.id != but)
    if any(policy.config["Name"] == name for policy in others):
        raise AwsRefusal(f"{kind.noun}AlreadyExists", f"A {kind.noun} with the name {name} already exists.")


def _create(kind: Kind) -> Handler:
    def create(world: World, call: Call) -> dict[str, Any]:
        kept = world.cloudfront.policies[kind.noun]
        config = kind.rules(call[f"{kind.noun}Config"])
        _unique(world, kind, config["Name"])
        if len(kept) >= QUOTA:
            raise AwsRefusal(f"TooMany{kind.plural}", f"At most {QUOTA} custom {kind.plural} in an account.")
        policy = Policy(world.names.uuid(), config, world.names.upper(), world.now())
        kept[policy.id] = policy
        world.edge.grow()
        location = f"https://cloudfront.amazonaws.com/2020-05-31/{kind.path}/{policy.id}"
        return {kind.noun: _shown(kind, policy), "ETag": policy.etag, "Location": location}

    return create


def _get(kind: Kind) -> Handler:
    def get(world: World, call: Call) -> dict[str, Any]:
        policy = found(world, kind.noun, call["Id"])
        return {kind.noun: _shown(kind, policy), "ETag": policy.etag}

    return get


def _get_config(kind: Kind) -> Handler:
    def get_config(world: World, call: Call) -> dict[str, Any]:
        policy = found(world, kind.noun, call["Id"])
        return {f"{kind.noun}Config": policy.config, "ETag": policy.etag}

    return get_config


def _update(kind: Kind) -> Handler:
    def update(world: World, call: Call) -> dict[str, Any]:
        policy = found(world, kind.noun, call["Id"])
        if policy.type == "managed":
            raise AwsRefusal("IllegalUpdate", "You cannot update a managed policy.")
        matched(call.get("IfMatch"), policy.etag)
        config = kind.rules(call[f"{kind.noun}Config"])
        _unique(world, kind, config["Name"], but=policy.id)
        policy.config, policy.etag, policy.modified = config, world.names.upper(), world.now()
        seq = world.edge.grow()
        for user in users(world, kind.noun, policy.id):
            # A changed policy is deployed by deploying the distributions that use it.
            distribution = world.cloudfront.distributions[user]
            distribution.seq, distribution.changed_at = seq, world.monotonic()
        return {kind.noun: _shown(kind, policy), "ETag": policy.etag}

    return update


def _delete(kind: Kind) -> Handler:
    def delete(world: World, call: Call) -> None:
        policy = found(world, kind.noun, call["Id"])
        if policy.type == "managed":
            raise AwsRefusal("IllegalDelete", "You cannot delete a managed policy.")
        matched(call.get("IfMatch"), policy.etag)
        using = users(world, kind.noun, policy.id)
        if using:
            message = f"Cannot delete the {kind.noun} because it is attached to distributions: {', '.join(using)}"
            raise AwsRefusal(f"{kind.noun}InUse", message)
        del world.cloudfront.policies[kind.noun][policy.id]
        world.edge.grow()

    return delete


def _list(kind: Kind) -> Handler:
    def list_policies(world: World, call: Call) -> dict[str, Any]:
        kept = {**MANAGED[kind.noun], **world.cloudfront.policies[kind.noun]}
        wanted = call.get("Type")
        if wanted not in (None, "managed", "custom"):
            raise invalid(f"The parameter Type is not valid: {wanted}")
        rows = [
            (policy.id, {"Type": policy.type, kind.noun: _shown(kind, policy)})
            for policy in kept.values()
            if wanted in (None, policy.type)
        ]
        return {f"{kind.noun}List": page(rows, call.get("Marker"), call.get("MaxItems"))}

    return list_policies
