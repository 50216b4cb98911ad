"""Emergency mode changes nothing that infra declares: after on, and after off, a preview has nothing to do."""

from __future__ import annotations

import json

import pytest

from controlplane.domain.emergency import EDGE, POOL, SWITCH, wants_of
from controlplane.domain.inventory import Inventory
from controlplane.domain.scope import parse_scope
from infra import ownership
from sandbox.cloudflare.cache_switches import SWITCHES
from tests.infra.conftest import Stacks
from tests.infra.landscape import Declared

LOAD_BALANCER_POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
SMART_TOPOLOGY = "cache/tiered_cache_smart_topology_enable"
"""What the resource `TieredCache` writes (terraform-provider-cloudflare, tiered_cache)."""


def test_everything_that_emergency_mode_may_change_is_the_control_planes(stacks: Stacks, shared: Declared) -> None:
    """Keys of the edge store and switches are no resources; a pool's `enabled` is ignored wherever it is declared."""
    inventory = Inventory.from_json(stacks.inventory.read_text())
    scopes = ["platform", *(f"region:{region.name}" for region in inventory.regions)]
    settings = {name for scope in scopes for name in wants_of(parse_scope(scope), inventory, ())}
    assert {name.partition(":")[0] + ":" for name in settings} == {EDGE, POOL, SWITCH}
    declared = {row["type"] for row in shared.clouds}
    assert not {token for token in declared if "keyvaluestoreKey" in token or "argo" in token.lower()}
    switches = {name.removeprefix(SWITCH) for name in settings if name.startswith(SWITCH)}
    assert switches == set(ownership.EMERGENCY_SWITCHES) <= set(SWITCHES) - {SMART_TOPOLOGY}
    pools = [row for row in shared.clouds if row["type"] == LOAD_BALANCER_POOL]
    assert len(pools) == len({name for name in settings if name.startswith(POOL)})
    assert all("enabled" in row["ignoreChanges"] for row in pools)


@pytest.mark.parametrize(("name", "value", "shows"), [("enabled", False, False), ("name", "by hand", True)])
def test_a_preview_of_a_spared_regions_pool_has_nothing_to_do(
    stacks: Stacks, name: str, value: object, shows: bool
) -> None:
    """Also where the engine has read the disabled pool back into its state; any other change would show."""
    kept = stacks.platform.folder / f"backend/.pulumi/stacks/{stacks.platform.project}/{stacks.platform.stack}.json"
    before = kept.read_text()
    state = json.loads(before)
    pools = [row for row in state["checkpoint"]["latest"]["resources"] if row["type"] == LOAD_BALANCER_POOL]
    for part in ("inputs", "outputs"):
        assert pools[0][part][name] != value
        pools[0][part][name] = value
    try:
        kept.write_text(json.dumps(state))
        ran = stacks.platform.run("preview", "--expect-no-changes")
    finally:
        kept.write_text(before)
    assert (ran.code != 0, "[diff: name]" in ran.text) == (shows, shows), ran.text
    assert ran.changes == []
