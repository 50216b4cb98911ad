"""How a run begins: the account, the plan and five API tokens, from the run's registry or made and written there."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.clock import OffsetClock
from sandbox.cloudflare.asks import instant
from sandbox.cloudflare.limits import plan_named
from sandbox.cloudflare.permissions import Token, digest, every_policy
from sandbox.cloudflare.world import World
from sandbox.run import Run

DEFAULT_PLAN = "business"
OPERATOR, READ_ONLY, REVOKED = "cloudflare-operator", "cloudflare-readonly", "cloudflare-revoked"
PULUMI = "cloudflare-pulumi"
"""The programs' own token: what they ask for is told apart from what operators ask for."""

PROBES = "cloudflare-probes"
"""The rehearsal's own token: its scratch objects are nobody's declaration and no operator's act."""

NAMES = (OPERATOR, PULUMI, PROBES, READ_ONLY, REVOKED)


def opened(
    run: Run, clock: OffsetClock, *, plan: str | None, new_id: Callable[[], str], new_secret: Callable[[], str]
) -> World:
    """A world for the run. Registry keys: `cloudflare_account`, `cloudflare_plan`, `tokens`. Raises KeyError for a plan
    that does not exist."""
    with run.edit() as registry:
        account_id = registry.setdefault("cloudflare_account", new_id())
        chosen = plan_named(plan or registry.get("cloudflare_plan", DEFAULT_PLAN))
        registry["cloudflare_plan"] = chosen.name
        values = registry.setdefault("tokens", {})
        for name in NAMES:
            values.setdefault(name, new_secret())
        secrets = {name: str(values[name]) for name in NAMES}
    stamp = instant(clock.now())
    account = {
        "id": account_id,
        "name": "wedcache sandbox",
        "type": "enterprise" if chosen.enterprise else "standard",
        "created_on": stamp,
        "settings": {"enforce_twofactor": False},
    }
    world = World(account=account, user_id=new_id(), plan=chosen, new_id=new_id, new_secret=new_secret)
    for name, value in secrets.items():
        token = Token(
            id=new_id(),
            name=name,
            digest=digest(value),
            policies=every_policy(account_id, world.user_id, write=name != READ_ONLY),
            issued_on=stamp,
            modified_on=stamp,
            status="disabled" if name == REVOKED else "active",
        )
        world.tokens[token.id] = token
    return world
