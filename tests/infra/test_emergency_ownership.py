"""Emergency mode changes nothing that infra declares: after on, and after off, a preview has nothing to do."""

from __future__ import annotations

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
