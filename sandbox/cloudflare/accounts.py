"""The one account of the run."""

from __future__ import annotations

from sandbox.cloudflare.answers import Answer, VendorRefusal
from sandbox.cloudflare.asks import Ask, matches, paged
from sandbox.cloudflare.world import World


def list_all(world: World, ask: Ask) -> Answer:
    """GET /accounts."""
    return paged([world.account] if matches(world.account, ask, "name") else [], ask)


def get(world: World, ask: Ask) -> Answer:
    """GET /accounts/{account_id}."""
    return Answer(own(world, ask))


def own(world: World, ask: Ask) -> dict[str, object]:
    """The account that the path names. Raises VendorRefusal for any other."""
    if ask.names["account_id"] != world.account["id"]:
        raise VendorRefusal(403, 9109, "Unauthorized to access requested resource")
    return world.account
