"""The narrow world in memory: one set of fakes that several performers share, each with an empty disk."""

from __future__ import annotations

from dataclasses import dataclass, field

from controlplane.domain.edge_keys import ROUTE
from controlplane.domain.failover import Intent, Operation
from controlplane.domain.roles import ROLES_KEY, current
from controlplane.operations.fail_over import Means
from controlplane.ports.edge_probe import Answer, Ask
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeEdgeProbe, FakeEdgeStore, FakeSteering
from tests.fakes.inventory import HOME, REGIONS, STANDBY
from tests.fakes.store import FakeSharedStore

PORTAL, WEDDING = "app.weddings.example", "como.weddings.example"
ORIGINS = {region: f"{region}.origin.weddings.example" for region in REGIONS}


@dataclass
class World:
    """Vendors and guests as they are; `lost` regions answer nobody."""

    store: FakeSharedStore = field(default_factory=FakeSharedStore)
    edge: FakeEdgeStore = field(default_factory=FakeEdgeStore)
    steering: FakeSteering = field(default_factory=lambda: FakeSteering(dict.fromkeys(REGIONS, (True, True))))
    clock: FakeClock = field(default_factory=FakeClock)
    lost: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def respond(self, ask: Ask) -> Answer:
        """What a guest gets: the KeyValueStore steers CloudFront, pools steer Cloudflare."""
        if ask.edge == "cloudfront":
            origin = self.edge.keys.get(ROUTE, ORIGINS[HOME])
            region = next(region for region, host in ORIGINS.items() if host == origin)
        else:
            enabled = [region for region, (is_enabled, _) in self.steering.states.items() if is_enabled]
            region = next((one for one in enabled if one not in self.lost), "nowhere")
        if region in self.lost or region == "nowhere":
            return Answer(ask, 504)
        return Answer(ask, 200, {"x-wedcache-region": region})

    def means(self) -> Means:
        """A laptop's means."""
        return Means(
            store=self.store,
            edge=self.edge,
            steering=self.steering,
            probe=FakeEdgeProbe(frozenset({PORTAL, WEDDING}), self.respond),
            clock=self.clock,
            origins=ORIGINS,
            uncached={
                "cloudflare": Ask(PORTAL, "/guests", "cloudflare"),
                "cloudfront": Ask(WEDDING, "/guests", "cloudfront"),
            },
            is_healthy=lambda region: region not in self.lost,
            home=HOME,
            monitor_seconds=15,
            tell=lambda step, _: self.told.append(step),
            pause=self.clock.pause,
            check=lambda: None,
        )

    def intent(self, operation: Operation = Operation.FAILOVER, number: int = 1) -> Intent:
        """The card of a failover from home to the standby, or of the way back, at the next epoch."""
        epoch = current(self.store.registers.get(ROLES_KEY), HOME).epoch + 1
        return Intent(
            id=f"{operation.value}-{number}",
            operation=operation,
            region=HOME,
            target=STANDBY if operation is Operation.FAILOVER else HOME,
            epoch=epoch,
            by="laptop",
            begun_at=f"2027-06-12T14:00:{number:02}Z",
            digest="",
        )


class Killed(BaseException):
    """The process is gone: no handler of ours sees it."""


def kill_after(world: World, number: int) -> None:
    """Let the `number`-th effect happen and the process die right after it."""
    left = number

    def strike() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    for vendor in (world.store, world.edge, world.steering):
        vendor.after = strike
