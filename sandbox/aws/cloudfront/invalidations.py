"""Invalidations by path and by tag: at work until every POP has applied them.

Rules: developer guide "Invalidating files" (paths), "Invalidate by tags", quotas page; vendor notes on CallerReference.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.aws.cloudfront import tenants
from sandbox.aws.cloudfront.checks import invalid, marked_page
from sandbox.aws.cloudfront.state import Distribution, Invalidation
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

PATHS_IN_PROGRESS = 3000
WILDCARDS_IN_PROGRESS = 15
PATH_CHARACTERS = 4000
_TAG = re.compile(r"#[!-+\--~]{1,256}")
_PATH = re.compile(r"/[!-~]*")


def item_allowed(item: str, has_tags: bool) -> None:
    """Refuse a path or `#tag` that CloudFront would not invalidate."""
    if item.startswith("#"):
        if not has_tags:
            raise invalid("Your request contains a cache tag, but the distribution has no CacheTagConfig.")
        if not _TAG.fullmatch(item) or "*" in item:
            raise invalid(f"Your request contains the cache tag {item[:80]!r}, which is not valid.")
        return
    path = item if item.startswith("/") else f"/{item}"
    if not item or not _PATH.fullmatch(path) or len(path) > PATH_CHARACTERS or "~" in path:
        raise invalid("Your request contains one or more invalid invalidation paths.")
    if not item.startswith("/") or "*" in item[:-1]:
        raise invalid("Your request contains one or more invalid invalidation paths.")


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateInvalidation: of a distribution, with all of its tenants."""
    distribution = _distribution(world, call["DistributionId"])
    place = f"distribution/{distribution.id}"
    return _created(world, distribution.id, distribution.config, call["InvalidationBatch"], place)


def create_for_tenant(world: World, call: Call) -> dict[str, Any]:
    """CreateInvalidationForDistributionTenant: what one tenant's viewers get, and nobody else's."""
    tenant = tenants.found(world, call["Id"])
    config = world.cloudfront.distributions[tenant.distribution_id].config
    return _created(world, tenant.id, config, call["InvalidationBatch"], f"distribution-tenant/{tenant.id}")


def get(world: World, call: Call) -> dict[str, Any]:
    """GetInvalidation."""
    return _one(world, _distribution(world, call["DistributionId"]).id, call["Id"])


def get_for_tenant(world: World, call: Call) -> dict[str, Any]:
    """GetInvalidationForDistributionTenant."""
    return _one(world, tenants.found(world, call["DistributionTenantId"]).id, call["Id"])


def list_invalidations(world: World, call: Call) -> dict[str, Any]:
    """ListInvalidations, newest first."""
    return _listed(world, _distribution(world, call["DistributionId"]).id, call)


def list_for_tenant(world: World, call: Call) -> dict[str, Any]:
    """ListInvalidationsForDistributionTenant, newest first."""
    return _listed(world, tenants.found(world, call["Id"]).id, call)


def status(world: World, invalidation: Invalidation) -> str:
    """Completed once every known POP has applied it."""
    return "Completed" if world.edge.reached(invalidation.seq) else "InProgress"


def in_progress(world: World, owner: str) -> int:
    """How many invalidations of a distribution, or a tenant, are at work."""
    kept = world.cloudfront.invalidations.get(owner, [])
    return sum(status(world, invalidation) == "InProgress" for invalidation in kept)


def _created(world: World, owner: str, config: dict[str, Any], batch: dict[str, Any], place: str) -> dict[str, Any]:
    """The same reference and content again is the same invalidation."""
    items = batch["Paths"].get("Items") or []
    if not items:
        raise invalid("The parameter Paths must have at least one item.")
    known = world.cloudfront.invalidations[owner]
    for earlier in known:
        if earlier.batch["CallerReference"] == batch["CallerReference"]:
            if sorted(earlier.batch["Paths"]["Items"]) == sorted(items):
                return _answer(world, earlier, place)
            message = "The caller reference was used for an invalidation with other contents."
            raise AwsRefusal("InvalidationBatchAlreadyExists", message)
    for item in items:
        item_allowed(item, "CacheTagConfig" in config)
    _within_quota(world, known, items)
    invalidation = Invalidation(world.names.upper("I"), owner, batch, world.now(), seq=world.edge.grow())
    known.append(invalidation)
    return _answer(world, invalidation, place)


def _one(world: World, owner: str, invalidation_id: str) -> dict[str, Any]:
    for invalidation in world.cloudfront.invalidations[owner]:
        if invalidation.id == invalidation_id:
            return {"Invalidation": _shown(world, invalidation)}
    raise AwsRefusal("NoSuchInvalidation", "The specified invalidation does not exist.")


def _listed(world: World, owner: str, call: Call) -> dict[str, Any]:
    rows = [
        (kept.id, {"Id": kept.id, "CreateTime": kept.created, "Status": status(world, kept)})
        for kept in reversed(world.cloudfront.invalidations[owner])
    ]
    return {"InvalidationList": marked_page(rows, call.get("Marker"), call.get("MaxItems"))}


def _within_quota(world: World, known: list[Invalidation], items: list[str]) -> None:
    open_items = [
        item for kept in known if status(world, kept) == "InProgress" for item in kept.batch["Paths"]["Items"]
    ]
    plain = sum(not item.endswith("*") for item in (*open_items, *items))
    wildcards = sum(item.endswith("*") for item in (*open_items, *items))
    if plain > PATHS_IN_PROGRESS:
        if sum(not item.endswith("*") for item in items) > PATHS_IN_PROGRESS:
            raise AwsRefusal("BatchTooLarge", f"At most {PATHS_IN_PROGRESS} paths in one invalidation.")
        message = f"At most {PATHS_IN_PROGRESS} paths of a distribution can be in progress."
        raise AwsRefusal("TooManyInvalidationsInProgress", message)
    if wildcards > WILDCARDS_IN_PROGRESS:
        message = f"At most {WILDCARDS_IN_PROGRESS} wildcard paths of a distribution can be in progress."
        raise AwsRefusal("TooManyInvalidationsInProgress", message)


def _distribution(world: World, distribution_id: str) -> Distribution:
    distribution = world.cloudfront.distributions.get(distribution_id)
    if distribution is None:
        raise AwsRefusal("NoSuchDistribution", "The specified distribution does not exist.")
    return distribution


def _answer(world: World, invalidation: Invalidation, place: str) -> dict[str, Any]:
    base = "https://cloudfront.amazonaws.com/2020-05-31"
    return {
        "Invalidation": _shown(world, invalidation),
        "Location": f"{base}/{place}/invalidation/{invalidation.id}",
    }


def _shown(world: World, invalidation: Invalidation) -> dict[str, Any]:
    return {
        "Id": invalidation.id,
        "Status": status(world, invalidation),
        "CreateTime": invalidation.created,
        "InvalidationBatch": invalidation.batch,
    }
