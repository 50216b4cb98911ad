"""Takedowns on fakes: denied before purged, finished by any laptop, kept by agents when a Redis comes back old."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from controlplane.agent.denying import push_denials
from controlplane.agent.pushing import push_calendar, push_edge
from controlplane.agent.world import Seen
from controlplane.domain.purge import receipt_key as purge_receipt
from controlplane.domain.takedown import TAKEDOWNS_KEY, Register, TakedownCard, digest_of, receipt_key, sample_urls
from controlplane.domain.takedown_targets import takes_of
from controlplane.errors import BadInput, Incomplete, Refused, VerificationFailed
from controlplane.operations.intents import intent_key
from controlplane.operations.ledger import Record, chain
from controlplane.operations.take_down import TakedownMeans, begin, reconcile
from controlplane.ports.control_keys import DENIED
from controlplane.ports.edge_probe import Answer, Ask
from tests.cache.fakes import FakePurgeLog
from tests.cache.scene import in_loop
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeCdn, FakeEdgeProbe, FakeEdgeStore, FakePathDenials
from tests.fakes.inventory import HOME, REGIONS, STANDBY, wedding
from tests.fakes.store import FakeSharedStore
from tests.operations.agent_scene import CutKeys, Scene
from tests.operations.world import PORTAL, WEDDING, Killed

PHOTO = "photo:como.3"
EDGES = {WEDDING: "cloudfront", PORTAL: "cloudflare"}
POPS = {"cloudfront": ("FRA56-P1", "SIN2-P1"), "cloudflare": ("FRA", "SIN")}
PATHS = {WEDDING: ("/", "/photos/3-640.jpg", "/photos/3-1280.jpg", "/photos/30-640.jpg"), PORTAL: ("/search",)}


def card_of(*targets: str, tags: tuple[str, ...] = (), number: int = 1) -> TakedownCard:
    """The card of a takedown of como's."""
    takes = takes_of(targets, tags, [wedding()], EDGES)
    return TakedownCard(
        id=f"takedown-{number}",
        target=" ".join(takes),
        epoch=1,
        digest=digest_of(takes),
        by="laptop",
        begun_at="2027-06-12T10:00:00Z",
        takes=takes,
        urls=sample_urls(takes, PATHS),
    )


@dataclass
class World:
    """Both CDNs deny what they were told; regions confirm, unless they are `silent`."""

    store: FakeSharedStore = field(default_factory=FakeSharedStore)
    edge: FakeEdgeStore = field(default_factory=FakeEdgeStore)
    denials: FakePathDenials = field(default_factory=FakePathDenials)
    cdns: tuple[FakeCdn, FakeCdn] = field(default_factory=lambda: (FakeCdn(), FakeCdn("cloudflare")))
    clock: FakeClock = field(default_factory=FakeClock)
    silent: set[str] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)
    """POPs that obey nobody."""
    told: list[str] = field(default_factory=list)

    def means(self) -> TakedownMeans:
        """A laptop's means."""
        return TakedownMeans(
            store=self.store,
            edge=self.edge,
            denials=self.denials,
            cdns=self.cdns,
            probe=FakeEdgeProbe(frozenset(EDGES), self.respond),
            regions=REGIONS,
            edges=EDGES,
            pops=POPS,
            clock=self.clock,
            pause=self.pause,
            check=lambda: None,
            record=Record(self.store, self.clock, "laptop", "takedown-1"),
            tell=lambda step, _: self.told.append(step),
        )

    def respond(self, ask: Ask) -> Answer:
        """What a guest gets."""
        register = Register.from_json(self.store.registers.get(TAKEDOWNS_KEY))
        denied = register.denies(ask.host, ask.path) and ask.pop not in self.deaf
        there = self.edge.keys.get(f"deny:{ask.host}") or self.denials.denied.get(ask.host)
        return Answer(ask, 410 if denied and there else 200)

    def pause(self, seconds: float) -> None:
        """Agents do their duty while somebody waits."""
        self.clock.pause(seconds)
        register = Register.from_json(self.store.registers.get(TAKEDOWNS_KEY))
        for region in set(REGIONS) - self.silent:
            self.store.objects[receipt_key(region)] = f'{{"epoch": {register.epoch}}}'
            for name in [name for name in self.store.objects if name.startswith("purges/")]:
                self.store.objects[purge_receipt(name.removeprefix("purges/"), region)] = f'{{"region": "{region}"}}'


def test_denied_first_then_purged_then_seen_to_be_gone() -> None:
    """In this order; the card is closed with the ledger, and what is next to it is neither denied nor purged."""
    world = World()
    order: list[str] = []
    world.edge.after = lambda: order.append("deny")
    world.store.after = lambda: order.extend(key for kind, key in world.store.calls[-1:] if key.startswith("purges/"))
    done = reconcile(world.means(), begin(world.store, card_of(PHOTO)))
    assert done.state == "done"
    assert order == ["deny", "purges/takedown-1"]
    assert world.told == ["deny", "regions", "purge", "verify"]
    assert world.edge.keys == {f"deny:{WEDDING}": "/photos/3-*"}
    assert world.denials.denied == {}, "no host of Cloudflare's is touched"
    assert [cdn.purges for cdn in world.cdns] == [[((PHOTO,), False, "takedown-1")]] * 2
    assert done.urls == ((WEDDING, "/photos/3-"), (WEDDING, "/photos/3-1280.jpg"), (WEDDING, "/photos/3-640.jpg"))
    assert chain(world.store, "takedown-1").is_closed


def test_a_page_of_the_portal_is_denied_at_cloudflare() -> None:
    """Each CDN denies what it serves."""
    world = World()
    reconcile(world.means(), begin(world.store, card_of(f"https://{PORTAL}/search", tags=("page:search",))))
    assert world.denials.denied == {PORTAL: ("/search",)}


def test_again_and_beside_others_it_changes_nothing_more() -> None:
    """The same takedown twice is one; another one of the same host is added."""
    world = World()
    for number in (1, 2):
        reconcile(world.means(), begin(world.store, card_of(PHOTO, number=number)))
    assert Register.from_json(world.store.registers[TAKEDOWNS_KEY]).epoch == 1
    assert len(world.edge.writes) == 1
    reconcile(world.means(), begin(world.store, card_of(f"https://{WEDDING}/*", number=3)))
    assert world.edge.keys == {f"deny:{WEDDING}": "/*"}


@pytest.mark.parametrize("number", range(1, 12))
def test_a_laptop_that_dies_anywhere_leaves_a_card_that_another_finishes(number: int) -> None:
    """After any effect: the next performer ends with the same world, and each effect happened at most twice."""
    world = World()
    left = number

    def strike() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    card = card_of(PHOTO)
    for vendor in (world.store, world.edge, world.denials):
        vendor.after = strike
    try:
        reconcile(world.means(), begin(world.store, card))
    except Killed:
        left = -1
        text = world.store.registers.get(intent_key(card.id))
        if text is None:
            return
        assert reconcile(world.means(), TakedownCard.from_json(text)).state == "done"
    assert world.edge.keys == {f"deny:{WEDDING}": "/photos/3-*"}
    assert len(world.edge.writes) == 1
    assert [len(cdn.purges) for cdn in world.cdns] == [1, 1]


def test_a_region_that_is_away_is_named_and_keeps_nobody_waiting_for_the_edge() -> None:
    """13 with the region; the photo is gone for guests, the card stays open, and is finished when it is back."""
    world = World(silent={STANDBY})
    card = begin(world.store, card_of(PHOTO))
    with pytest.raises(Incomplete) as caught:
        reconcile(world.means(), card)
    assert set(caught.value.report) == {STANDBY, f"purge at {STANDBY}"}
    assert "verify" in world.told
    world.silent.clear()
    assert reconcile(world.means(), card).state == "done"


def test_without_any_denial_nothing_is_purged() -> None:
    """No CDN and no region denies it: a purge would only fetch it again."""
    world = World(silent=set(REGIONS))
    world.edge.is_down = True
    with pytest.raises(Incomplete, match="not purged"):
        reconcile(world.means(), begin(world.store, card_of(PHOTO)))
    assert [cdn.purges for cdn in world.cdns] == [[], []]


def test_a_pop_that_still_serves_it_is_named() -> None:
    """14 with URL and POP, and the card stays open."""
    world = World(deaf={"SIN2-P1"})
    with pytest.raises(VerificationFailed) as caught:
        reconcile(world.means(), begin(world.store, card_of(PHOTO)))
    assert caught.value.exit_code == 14
    assert set(caught.value.report) == {f"https://{WEDDING}{path} at SIN2-P1" for _, path in card_of(PHOTO).urls}


def test_more_than_the_edge_holds_is_refused_before_anything() -> None:
    """Named, with what to do; no card, no effect."""
    world = World()
    with pytest.raises(Refused, match="take down what they have in common"):
        begin(world.store, card_of(*(f"photo:como.{number}" for number in range(100, 200))))
    assert not world.store.calls


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("guest:como.7", "does not say which paths"),
        ("photo:como", "is not a photo's tag"),
        ("photo:nobody.3", "there are como"),
        ("weding:como", "did you mean wedding:como"),
        ("https://elsewhere.example/x", "not a URL of a host that there is"),
        ("http://como.weddings.example/x", "not a URL of a host that there is"),
        (f"https://{WEDDING}/gallery", "does not say which copies carry it"),
        (f"https://{WEDDING}/photos/*/3", "at the end only"),
        (f"https://{WEDDING}/gallery?x=1", "with every query"),
    ],
)
def test_what_cannot_be_taken_down_says_what_can(target: str, words: str) -> None:
    """Before anything is asked of anybody."""
    with pytest.raises(BadInput, match=words.replace("?", r"\?")):
        card_of(target)


@in_loop
async def test_a_redis_that_comes_back_older_is_purged_and_told_again() -> None:
    """Whatever it had forgotten: the list and the purge are there after the agent's next look."""
    scene, seen = Scene(), Seen()
    begin(scene.store, card_of(PHOTO))
    tools = scene.tools()
    await push_denials(tools, seen)
    assert (await scene.keys[HOME].get(DENIED)) is None, "nothing is denied before the register says so"
    scene.store.registers[TAKEDOWNS_KEY] = taken().to_json()
    for _ in range(2):
        await push_denials(tools, seen)
    held = await scene.keys[HOME].get(DENIED)
    assert held is not None
    assert held.epoch == 1
    assert [(purge.tags, purge.kind.value) for purge in scene.logs[HOME].purges] == [((PHOTO,), "hard")]
    assert scene.store.objects[receipt_key(HOME)] == f'{{"region": "{HOME}", "epoch": 1}}'
    scene.keys[HOME], scene.logs[HOME] = CutKeys(), FakePurgeLog()
    await push_denials(scene.tools(), seen)
    assert (await scene.keys[HOME].get(DENIED)) == held
    assert len(scene.logs[HOME].purges) == 1


@in_loop
async def test_what_somebody_deletes_at_the_edge_is_denied_again() -> None:
    """The agent that keeps the edge's store writes it back, and never takes a later denial away."""
    scene, seen = Scene(), Seen()
    scene.publish()
    scene.store.registers[TAKEDOWNS_KEY] = taken().to_json()
    await push_calendar(scene.tools(), seen)
    await push_edge(scene.tools(), seen)
    assert scene.edge.keys[f"deny:{WEDDING}"] == "/photos/3-*"
    scene.edge.write({f"deny:{WEDDING}": None})
    await push_edge(scene.tools(), seen)
    assert scene.edge.keys[f"deny:{WEDDING}"] == "/photos/3-*"


def taken() -> Register:
    """The register after one takedown."""
    world = World()
    reconcile(world.means(), begin(world.store, card_of(PHOTO)))
    return Register.from_json(world.store.registers[TAKEDOWNS_KEY])
