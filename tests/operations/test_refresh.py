"""Owners' updates on fakes: new pages are warm in every city before guests get them, and nobody gets a cold one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

import pytest

from controlplane.domain.content_update import ContentUpdate
from controlplane.errors import BadInput, Incomplete, Unavailable
from controlplane.operations.refresh import Means, refresh
from controlplane.ports.edge_probe import Answer, Ask
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeCdn, FakeEdgeProbe, FakeEdgeStore

COMO, PORTAL = "como.weddings.example", "app.weddings.example"
TIMELINE = "/api/weddings/como/timeline"
TAG = "page:como.schedule"
POPS = {"cloudfront": ("FRA56-P1", "SIN2-P1"), "cloudflare": ("FRA",)}
MANIFESTS = {
    COMO: [("/schedule", "critical", TAG), ("/", "critical", "page:como.home"), ("/photos/1-320.jpg", "low", "")],
    PORTAL: [(TIMELINE, "high", TAG), ("/", "low", "page:portal.portal")],
}
NOW, BEFORE = 1000.0, 400.0


@dataclass
class World:
    """POPs that keep a copy by edition. `truth`: when the origin's values were loaded, given after `new_after`
    seconds; `late` POPs hear of the store's keys only after so many requests; `deaf` ones never answer."""

    store: FakeEdgeStore = field(default_factory=FakeEdgeStore)
    cloudflare: FakeCdn = field(default_factory=lambda: FakeCdn("cloudflare"))
    cloudfront: FakeCdn = field(default_factory=lambda: FakeCdn("cloudfront"))
    clock: FakeClock = field(default_factory=FakeClock)
    truth: float = NOW
    new_after: float = 0.0
    late: Counter[str] = field(default_factory=Counter)
    deaf: set[str] = field(default_factory=set)
    kept: dict[tuple[str | None, str, str], float] = field(default_factory=dict)
    guests: list[str] = field(default_factory=list)
    refetched: set[str] = field(default_factory=set)

    def respond(self, ask: Ask) -> Answer:
        if ask.path == "/warm.json":
            rows = [{"path": path, "tier": tier, "tags": tag.split()} for path, tier, tag in MANIFESTS[ask.host]]
            return Answer(ask, 200, {}, json.dumps({"schema": "wedcache.manifest/1", "pages": rows}).encode())
        if ask.pop in self.deaf:
            return Answer(ask, 0, error="timed out")
        return self.look(ask)

    def look(self, ask: Ask) -> Answer:
        """What a POP makes of a request."""
        pop, place = str(ask.pop), f"{ask.host}{ask.path}"
        if ask.edge == "cloudflare" and self.cloudflare.purges and place not in self.refetched:
            self.refetched.add(place)
            self.kept[pop, place, ""] = self.truth
            return Answer(ask, 200, {"cf-cache-status": "UPDATING", "x-wedcache-born": f"{BEFORE}"})
        keys = self.store.keys
        if self.late[pop] > 0:
            self.late[pop] -= 1
            keys = {}
        edition = keys.get(f"edition:{place}", "")
        if ask.edition and keys.get(f"next:{place}") == ask.edition:
            edition = ask.edition
        is_kept = (pop, place, edition) in self.kept
        truth = self.truth if self.clock.elapsed - FakeClock().elapsed >= self.new_after else BEFORE
        born = self.kept.setdefault((pop, place, edition), truth if edition else BEFORE)
        word = "HIT" if is_kept or not edition else "MISS"
        name, said = (
            ("cf-cache-status", word) if ask.edge == "cloudflare" else ("x-cache", f"{word.title()} from cloudfront")
        )
        return Answer(ask, 200, {name: said, "x-wedcache-born": f"{born}"})

    def visit(self) -> None:
        """Guests of every POP look at every page of the wedding."""
        for pop in POPS["cloudfront"]:
            for path, _, _ in MANIFESTS[COMO]:
                self.guests.append(self.look(Ask(COMO, path, "cloudfront", pop)).cache)

    def means(self) -> Means:
        """Guests come after every write to the edge store, and in every pause."""
        self.store.after = self.visit

        def pause(seconds: float) -> None:
            self.clock.pause(seconds)
            self.visit()

        return Means(
            probe=FakeEdgeProbe(frozenset({COMO, PORTAL}), self.respond),
            store=self.store,
            cdns=[self.cloudfront, self.cloudflare],
            edges={COMO: "cloudfront", PORTAL: "cloudflare"},
            pops=POPS,
            clock=self.clock,
            pause=pause,
            edition=lambda: f"{len(self.store.writes):016x}",
        )


def update(*tags: str) -> ContentUpdate:
    """An update of Como's pages."""
    return ContentUpdate(id="u1", wedding="como", tags=tags or (TAG,), born=NOW, by="test")


def test_every_city_gives_the_new_page_and_no_guest_waits_for_it() -> None:
    """Both CDNs' pages that carry the tag, and only they; guests of every moment hit; CloudFront is not purged."""
    world = World()
    carried = refresh(update(), world.means())
    assert carried.pages == ((COMO, "/schedule"), (PORTAL, TIMELINE))
    assert set(carried.seen) == {"FRA56-P1", "SIN2-P1", "FRA"}
    assert len(world.guests) > 6
    assert set(world.guests) == {"HIT"}
    assert world.cloudflare.purges == [((TAG,), True, "u1")]
    assert world.cloudfront.purges == []
    assert set(world.store.keys) == {f"edition:{COMO}/schedule"}


def test_a_pop_that_hears_late_of_a_key_is_waited_for() -> None:
    """Its first answers are old copies, which are no proof; no guest meets a cold page meanwhile."""
    world = World(late=Counter({"SIN2-P1": 4}))
    refresh(update(), world.means())
    assert set(world.guests) == {"HIT"}


def test_a_copy_that_an_origin_gave_too_early_is_given_up() -> None:
    """A region that hears of the write after we warm: its old answer stays under a name that no guest ever gets."""
    world = World(new_after=3.0)
    carried = refresh(update(), world.means())
    assert set(carried.seen) == {"FRA56-P1", "SIN2-P1", "FRA"}
    assert set(world.guests) == {"HIT"}
    assert world.kept["FRA56-P1", f"{COMO}/schedule", world.store.keys[f"edition:{COMO}/schedule"]] == NOW


def test_a_second_update_replaces_the_edition_of_the_first() -> None:
    """One key a page, whatever was carried before."""
    world = World()
    refresh(update(), world.means())
    first = dict(world.store.keys)
    refresh(update(), world.means())
    assert set(world.store.keys) == set(first)
    assert world.store.keys != first


def test_what_the_origin_still_has_old_is_never_called_new() -> None:
    """14 words for each page and POP; guests get the page all the same, because to be current comes first."""
    world = World(truth=BEFORE)
    with pytest.raises(Incomplete, match=r"update u1: 3 of 3 copies were not seen to be new") as caught:
        refresh(update(), world.means())
    assert set(caught.value.report) == {
        f"{COMO}/schedule@FRA56-P1",
        f"{COMO}/schedule@SIN2-P1",
        f"{PORTAL}{TIMELINE}@FRA",
    }


def test_a_pop_that_does_not_answer_holds_nobody_up() -> None:
    """The others get the new page; the missing POP is named."""
    world = World(deaf={"SIN2-P1"})
    with pytest.raises(Incomplete) as caught:
        refresh(update(), world.means())
    assert caught.value.report == {f"{COMO}/schedule@SIN2-P1": "timed out"}
    assert f"edition:{COMO}/schedule" in world.store.keys


@pytest.mark.parametrize("tags", [("page:ubud.schedule",), ("vendor:florist-7",), ("page:schedule",)])
def test_what_is_not_the_owners_is_refused(tags: tuple[str, ...]) -> None:
    """Another wedding's tag, a vendor's, a kind of page of all weddings: nothing is asked of anybody."""
    world = World()
    with pytest.raises(BadInput, match="not its own"):
        refresh(update(TAG, *tags), world.means())
    with pytest.raises(BadInput, match="21 tags"):
        refresh(update(*[f"photo:como.{number}" for number in range(21)]), world.means())
    assert (world.store.writes, world.cloudflare.purges) == ([], [])


def test_without_the_edge_store_guests_keep_what_they_have() -> None:
    """Unavailable, to be tried again; no page changed its edition."""
    world = World()
    means = world.means()
    world.store.is_down = True
    with pytest.raises(Unavailable):
        refresh(update(), means)
    assert world.store.writes == []
