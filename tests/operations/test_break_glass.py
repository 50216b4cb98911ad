"""Spending a grant on fakes: one winner of many, nothing written where it is refused, marks that tell who and when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from controlplane.adapters.ssh.signatures import SshSignatures
from controlplane.domain.break_glass import NAMESPACE, Grant, Request
from controlplane.domain.break_glass_people import read_signers
from controlplane.domain.break_glass_times import Stamp
from controlplane.errors import BreakGlassInvalid, Unavailable, UnsafeClock
from controlplane.operations.break_glass import Means, ask, deny, judge, signers_of, spend
from tests.contracts.test_signatures import public, written
from tests.domain.test_break_glass import AT, REQUEST, WANTED
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeSharedStore


@dataclass
class FakeTimes:
    """`StoreTimes`: one clock for all buckets, which stamps the first look at an object in the fake store."""

    clock: FakeClock
    store: FakeSharedStore
    off: timedelta = timedelta(0)
    seen: dict[str, datetime] = field(default_factory=dict)

    def stamps(self, key: str) -> Sequence[Stamp]:
        now = self.clock.at + self.off
        if self.store.get(key) is not None:
            self.seen.setdefault(key, now)
        return [Stamp(now, self.seen.get(key))] * 3


@dataclass
class Scene:
    """Everything of one laptop; `grant` is signed by lena and boris."""

    means: Means
    clock: FakeClock
    store: FakeSharedStore
    times: FakeTimes
    signatures: dict[str, str]
    announced: list[str]

    def text(self, *people: str, request: Request = REQUEST) -> str:
        return Grant(request, tuple(self.signatures[person] for person in people)).text


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Person -> (allowed_signers line, signature of the request)."""
    found = {}
    for person in ("lena", "boris", "carla"):
        key = written(tmp_path_factory.mktemp(person), "ed25519")
        found[person] = (f"{person} {public(key)}", SshSignatures().sign(REQUEST.text.encode(), key, NAMESPACE))
    return found


@pytest.fixture
def scene(keys: dict[str, tuple[str, str]]) -> Scene:
    """A laptop at the time of the request, which lies in the store."""
    clock, store, announced = FakeClock(AT), FakeSharedStore(), []  # type: ignore[var-annotated]  # a list of lines
    times = FakeTimes(clock, store)
    signers = read_signers(line for line, _ in keys.values())
    means = Means(store, times, SshSignatures(), signers, clock, "laptop", announced.append)
    ask(means, REQUEST)
    times.stamps(f"break-glass/asked/{REQUEST.digest}")
    return Scene(means, clock, store, times, {one: made for one, (_, made) in keys.items()}, announced)


def test_of_many_at_once_one_passes(scene: Scene) -> None:
    """Sixteen laptops judged the same grant good; one may start, fifteen are told who was faster."""
    judged = judge(scene.means, scene.text("lena", "boris"), WANTED)

    def start(number: int) -> str:
        try:
            spend(replace(scene.means, me=f"laptop-{number}"), judged, "wedcache purge")
        except BreakGlassInvalid as told:
            return str(told)
        return "passed"

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(start, range(16)))
    assert said.count("passed") == 1
    winner = f"laptop-{said.index('passed')}"
    assert all(f"by {winner} (wedcache purge)" in one for one in said if one != "passed")
    assert scene.announced == []


@pytest.mark.parametrize("people", [("lena", "boris"), ("boris", "lena")])
def test_signatures_count_in_any_order(scene: Scene, people: tuple[str, str]) -> None:
    """Whoever signed first, both are named, and the marks have the text, the door and the time."""
    judged = judge(scene.means, scene.text(*people), WANTED)
    assert judged.people == people
    spend(scene.means, judged, "wedcache purge")
    mark = json.loads(scene.store.registers[f"break-glass/spent/{REQUEST.digest}"] or "")
    assert (mark["people"], mark["door"], mark["by"]) == (list(people), "wedcache purge", "laptop")
    assert mark["at"] == "2027-06-12T10:00:00Z"
    assert mark["text"] == scene.text(*people)


def test_three_signatures_are_one_too_many(scene: Scene) -> None:
    """A grant is two persons' word; a third one's is not part of it."""
    assert len(signers_of(scene.means, Grant(REQUEST, tuple(scene.signatures.values())))) == 3
    with pytest.raises(BreakGlassInvalid):
        judge(scene.means, scene.text("lena", "boris", "carla"), WANTED)


def test_judging_writes_nothing_and_a_refusal_asks_nobody(scene: Scene) -> None:
    """What does not fit is refused before the store is asked; what fits is judged without a write."""
    scene.store.calls.clear()
    judge(scene.means, scene.text("lena", "boris"), WANTED)
    assert scene.store.calls == []
    scene.store.is_down = True
    with pytest.raises(BreakGlassInvalid, match="another plan"):
        judge(scene.means, scene.text("lena", "boris"), replace(WANTED, plan="sha256:other"))
    with pytest.raises(Unavailable) as away:
        judge(scene.means, scene.text("lena", "boris"), WANTED)
    assert away.value.exit_code == 18


def test_expiry_stops_starting_by_the_latest_clock(scene: Scene) -> None:
    """A bucket's clock 50 s ahead of ours ends it 50 s early; a clock that is a minute off decides nothing."""
    scene.clock.at = REQUEST.not_after - timedelta(seconds=40)
    judge(scene.means, scene.text("lena", "boris"), WANTED)
    scene.times.off = timedelta(seconds=50)
    with pytest.raises(BreakGlassInvalid, match="it expired"):
        judge(scene.means, scene.text("lena", "boris"), WANTED)
    for off in (61, -61):
        scene.times.off = timedelta(seconds=off)
        scene.clock.at = AT + timedelta(minutes=5)
        with pytest.raises(UnsafeClock):
            judge(scene.means, scene.text("lena", "boris"), WANTED)
        with pytest.raises(UnsafeClock):
            ask(scene.means, REQUEST)


def test_a_no_is_final(scene: Scene) -> None:
    """An answer of no voids the request for two persons as for one, also when it comes after the signatures."""
    text = scene.text("lena", "boris")
    judge(scene.means, text, WANTED)
    deny(scene.means, Grant(REQUEST))
    with pytest.raises(BreakGlassInvalid, match="answered with no"):
        judge(scene.means, text, WANTED)


def test_one_person_after_ten_minutes_of_the_stores_own_time(scene: Scene) -> None:
    """9:59 is too early, 10:00 is enough; then it is announced, and a mark says so."""
    scene.clock.at = AT + timedelta(minutes=10, seconds=-1)
    with pytest.raises(BreakGlassInvalid, match="a second person has to sign"):
        judge(scene.means, scene.text("lena"), WANTED)
    scene.clock.at = AT + timedelta(minutes=10)
    judged = judge(scene.means, scene.text("lena"), WANTED)
    assert judged.is_solo
    spend(scene.means, judged, "wedcache purge")
    assert [line.split(" alone")[0] for line in scene.announced] == ["lena"]
    assert f"break-glass/solo/{REQUEST.digest}" in scene.store.objects
