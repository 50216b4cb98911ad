"""The composition root: the only module that knows every adapter. Everything is made when it is first asked for."""

from __future__ import annotations

import os
import random
import socket
import sys
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from controlplane.adapters.system.last_good import Copy, LastGood
from controlplane.domain.inventory import PLATFORM_KEY, Inventory, WeddingEntry, wedding_key
from controlplane.errors import BadInput, Unavailable
from controlplane.ports.cache_switches import CacheSwitches
from controlplane.ports.cdn import Cdn
from controlplane.ports.clock import Clock
from controlplane.ports.edge_probe import Ask, EdgeProbe
from controlplane.ports.edge_store import EdgeStore
from controlplane.ports.host_names import HostNames
from controlplane.ports.path_denials import PathDenials
from controlplane.ports.steering import Steering
from controlplane.ports.vendor_lock import VendorLock
from controlplane.settings import Profile, read_profile, reveal

if TYPE_CHECKING:
    from controlplane.adapters.aws.buckets import BucketStore
    from controlplane.adapters.aws.session import AwsSession
    from controlplane.adapters.cloudflare.client import CloudflareApi
    from controlplane.adapters.http.origin_reader import OriginReader
    from controlplane.adapters.http.region_probe import RegionProbe
    from controlplane.agent.world import Tools
    from controlplane.operations.break_glass import Means as GlassMeans
    from controlplane.operations.fail_over import Means

CALENDAR_COPY = "calendar.json"


class Plant:
    """What one command or one agent works with, wired from a profile and the inventory."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.copies = LastGood(profile.state)

    @cached_property
    def me(self) -> str:
        """Who acts, unique to this process: it names ballots, leases and cards."""
        return f"{os.environ.get('USER', 'unknown')}@{socket.gethostname()}:{os.getpid()}:{random.getrandbits(24):06x}"

    @cached_property
    def aws(self) -> AwsSession:
        """boto3 clients of this profile."""
        from controlplane.adapters.aws.session import AwsSession

        aws = self.profile.aws
        secret = reveal(aws.secret_key) if aws.secret_key else None
        return AwsSession(aws.endpoint, aws.access_key, secret, aws.proxy)

    @cached_property
    def cloudflare(self) -> CloudflareApi:
        """The Cloudflare SDK of this profile."""
        from controlplane.adapters.cloudflare.client import CloudflareApi

        return CloudflareApi(reveal(self.profile.cloudflare.token), self.profile.cloudflare.base_url)

    @cached_property
    def store(self) -> BucketStore:
        """The shared store on its three buckets."""
        from controlplane.adapters.aws.buckets import BucketStore

        return BucketStore(self.aws, self.profile.store, self.me, random.Random())  # noqa: S311  (jitter)

    @cached_property
    def inventory_copy(self) -> Copy:
        """The inventory's text: from the shared store, or the last good copy with its age.

        Raises Unavailable if neither the store nor this machine has one that can be read.
        """
        found = self.copies.following(self.store, PLATFORM_KEY, Inventory.from_json, may_go=False)
        if found is None:
            raise Unavailable(
                f"no inventory: neither the shared store nor this machine has {PLATFORM_KEY}",
                next_step="`pulumi up` writes it; check the profile's store and credentials",
            )
        return found

    @cached_property
    def inventory(self) -> Inventory:
        """What infra exported. Raises Unavailable if neither the store nor this machine has it."""
        return Inventory.from_json(self.inventory_copy.text)

    @cached_property
    def weddings(self) -> tuple[WeddingEntry, ...]:
        """The entries of the weddings' stacks."""
        prefix = wedding_key("").removesuffix(".json")
        try:
            names = list(self.store.names(prefix))
        except Unavailable:
            names = [f"{prefix}{path.name}" for path in (self.profile.state / prefix).glob("*.json")]
        copies = [self.copies.following(self.store, name, WeddingEntry.from_json) for name in names]
        return tuple(WeddingEntry.from_json(copy.text) for copy in copies if copy is not None)

    @cached_property
    def clock(self) -> Clock:
        """The machine's clock, or the endpoint that the inventory names."""
        if self.inventory.clock is not None:
            from controlplane.adapters.http.clock import EndpointClock

            return EndpointClock(self.inventory.clock)
        from controlplane.adapters.system.clock import SystemClock

        return SystemClock()

    @cached_property
    def edge_store(self) -> EdgeStore:
        """CloudFront's key value store."""
        from controlplane.adapters.aws.edge_store import KeyValueEdgeStore

        chance = random.Random()  # noqa: S311  (jitter)
        return KeyValueEdgeStore(self.aws, self.inventory.cloudfront.key_value_store_arn, chance)

    @cached_property
    def steering(self) -> Steering:
        """Cloudflare's pools by region."""
        from controlplane.adapters.cloudflare.steering import CloudflareSteering

        edge = self.inventory.cloudflare
        return CloudflareSteering(self.cloudflare, edge.account_id, edge.pools)

    @cached_property
    def switches(self) -> CacheSwitches:
        """Cloudflare's cache switches of the zone."""
        from controlplane.adapters.cloudflare.switches import CloudflareSwitches

        return CloudflareSwitches(self.cloudflare, self.inventory.cloudflare.zone_id)

    @cached_property
    def origins(self) -> OriginReader:
        """The regions' origins, asked past every CDN."""
        from controlplane.adapters.http.origin_reader import OriginReader

        return OriginReader(self.profile.connect, self.inventory.ca)

    @cached_property
    def names(self) -> HostNames:
        """Where Cloudflare's zone leads names."""
        from controlplane.adapters.cloudflare.names import CloudflareNames

        return CloudflareNames(self.cloudflare, self.inventory.cloudflare.zone_id, self.inventory.cloudflare.pools)

    @cached_property
    def path_denials(self) -> PathDenials:
        """Cloudflare's denied paths; CloudFront's are in its key value store."""
        from controlplane.adapters.cloudflare.denials import CloudflareDenials

        return CloudflareDenials(self.cloudflare, self.inventory.cloudflare.zone_id)

    @cached_property
    def cdns(self) -> tuple[Cdn, ...]:
        """Both CDNs, as purging sees them."""
        from controlplane.adapters.aws.cloudfront import CloudFrontCdn
        from controlplane.adapters.cloudflare.cdn import CloudflareCdn

        return (
            CloudFrontCdn(
                self.aws,
                [entry.distribution_id for entry in self.weddings if entry.tenant_id is None],
                {entry.wedding: entry.tenant_id for entry in self.weddings if entry.tenant_id is not None},
            ),
            CloudflareCdn(self.cloudflare, self.inventory.cloudflare.zone_id),
        )

    @cached_property
    def edges(self) -> dict[str, str]:
        """Every host that guests ask for -> its CDN: a host is on exactly one."""
        found: dict[str, str] = {row.host: row.edge for row in self.inventory.hosts}
        return found | {host: "cloudfront" for entry in self.weddings for host in entry.hosts}

    @cached_property
    def pops(self) -> dict[str, tuple[str, ...]]:
        """CDN -> the POPs that warming reaches."""
        return {"cloudfront": self.inventory.cloudfront.pops, "cloudflare": self.inventory.cloudflare.pops}

    @cached_property
    def probe(self) -> EdgeProbe:
        """Requests through POPs, to the inventory's hosts only."""
        from controlplane.adapters.http.edge_probe import CurlEdgeProbe

        hosts = {row.host: "" for row in self.inventory.hosts}
        hosts |= {host: entry.distribution_domain for entry in self.weddings for host in entry.hosts}
        return CurlEdgeProbe(hosts, self.profile.connect, self.inventory.ca)

    @cached_property
    def prober(self) -> RegionProbe:
        """The regions' health paths, asked directly."""
        from controlplane.adapters.http.region_probe import RegionProbe

        return RegionProbe(self.profile.connect, self.inventory.ca)

    def uncached(self, path: str, nth: int = 0) -> dict[str, Ask]:
        """CDN -> a request of `path`, which no CDN caches, on the first host of each CDN, at its `nth` POP."""
        found: dict[str, Ask] = {}
        for host, edge in self.edges.items():
            pops = self.pops[edge] or (None,)
            found.setdefault(edge, Ask(host, path, edge, pops[nth % len(pops)]))
        return found

    def means(self, tell: Callable[[str, float], None], check: Callable[[], None]) -> Means:
        """What failover and failback work with; `tell` hears each step and its seconds, `check` guards each effect."""
        from controlplane.operations.fail_over import Means

        return Means(
            store=self.store,
            edge=self.edge_store,
            steering=self.steering,
            probe=self.probe,
            clock=self.clock,
            origins={region.name: region.origin for region in self.inventory.regions},
            uncached=self.uncached("/guests"),
            is_healthy=lambda region: self.prober.is_healthy(self.inventory.region(region)),
            home=self.inventory.home,
            tell=tell,
            pause=time.sleep,
            check=check,
            monitor_seconds=self.inventory.cloudflare.monitor_seconds,
        )

    @cached_property
    def lock(self) -> VendorLock:
        """IAM's deny of the frozen roles."""
        from controlplane.adapters.aws.iam_lock import IamLock

        return IamLock(self.aws)

    def glass(self, announce: Callable[[str], None]) -> GlassMeans:
        """What break-glass grants are judged and spent with; `announce` hears of a solo grant. Raises BadInput."""
        from controlplane.adapters.ssh.signatures import SshSignatures
        from controlplane.domain.break_glass_people import SignersUnreadable, read_signers
        from controlplane.operations.break_glass import Means as GlassMeans

        try:
            signers = read_signers(self.inventory.allowed_signers)
        except SignersUnreadable as why:
            raise BadInput(f"the inventory's {why}", next_step="mend wedcache:allowed_signers, `pulumi up`") from why
        nonce = f"{random.getrandbits(64):016x}"
        return GlassMeans(self.store, self.store, SshSignatures(), signers, self.clock, f"{self.me} {nonce}", announce)

    def agent_tools(self, region: str) -> Tools:
        """What the agent of `region` works with. Raises BadInput for a region that the inventory does not have."""
        from controlplane.adapters.redis.control import RedisControlKeys
        from controlplane.adapters.redis.examine import examine
        from controlplane.adapters.redis.owners_updates import RedisOwnersUpdates
        from controlplane.adapters.redis.purge_log import RedisPurgeLog
        from controlplane.agent.world import Tools

        try:
            entry = self.inventory.region(region)
        except KeyError as error:
            raise BadInput(str(error.args[0])) from error
        url = entry.cache.url
        return Tools(
            region=region,
            me=f"{region} {self.me}",
            inventory=self.inventory,
            clock=self.clock,
            store=self.store,
            edge=self.edge_store,
            keys=RedisControlKeys(url),
            purges=RedisPurgeLog(url),
            prober=self.prober,
            updates=RedisOwnersUpdates(url),
            tell=lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201  (an agent's talk is its log)
            examine=lambda: examine(url),
        )

    def operation_id(self, kind: str) -> str:
        """A new operation's id: sortable by the calendar, unique by chance."""
        return f"{kind}-{self.clock.now():%Y%m%dT%H%M%S}-{random.getrandbits(24):06x}"

    def last_good_calendar(self) -> str | None:
        """The calendar's text as this machine last read it."""
        kept = self.copies.read(CALENDAR_COPY)
        return kept.text if kept else None

    def keep_calendar(self, text: str) -> None:
        """Keep the calendar where infra's hooks and the offline gate find it."""
        self.copies.keep(CALENDAR_COPY, text)


def plant(profile: str) -> Plant:
    """The plant of a profile. Reads the profile only. Raises BadInput."""
    return Plant(read_profile(profile))
