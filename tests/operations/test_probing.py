"""What an agent sees: regions that are down, late or well, since when, and CDNs that do not answer; on fakes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from controlplane.agent.loop import say_alive
from controlplane.agent.probing import PATIENT_SECONDS, probe_edges, probe_regions, time_slow_regions
from controlplane.agent.world import Seen
from controlplane.domain.health import Health
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.domain.inventory import RegionEntry
from tests.fakes.clock import FakeClock
from tests.fakes.inventory import HOME, STANDBY
from tests.operations.agent_scene import FakeProber, Scene


@dataclass
class Slow(FakeProber):
    """A prober of regions that answer after some seconds, on the scene's own clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    seconds: dict[str, float] = field(default_factory=dict)

    def is_healthy(self, region: RegionEntry, timeout: float = 1.0) -> bool:
        wait = self.seconds.get(region.name, 0.0)
        self.clock.pause(min(wait, timeout))
        return wait <= timeout and region.name not in self.down


def told(scene: Scene) -> Heartbeat:
    """What the home region's agent last wrote."""
    return Heartbeat.from_json(scene.store.objects[heartbeat_key(HOME)])


async def beats(scene: Scene, seen: Seen, times: int = 3) -> None:
    """So many rounds of probes and closer looks, then a heartbeat."""
    for _ in range(times):
        await probe_regions(scene.tools(), seen)
        await time_slow_regions(scene.tools(), seen)
    await say_alive(scene.tools(), seen)


def test_a_region_that_answers_late_is_down_and_said_to_be_late() -> None:
    """Too late for the probe, within the patient look: the heartbeat carries the seconds and since when."""
    scene, seen = Scene(), Seen()
    prober = Slow(clock=scene.clock, seconds={STANDBY: 3.0})
    scene.prober = prober
    asyncio.run(beats(scene, seen))
    said = told(scene)
    assert (said.views[STANDBY], said.late, list(said.down_since)) == (Health.DOWN, {STANDBY: 3.0}, [STANDBY])
    first = said.down_since[STANDBY]
    asyncio.run(beats(scene, seen))
    assert told(scene).down_since[STANDBY] == first
    prober.seconds.clear()
    asyncio.run(beats(scene, seen))
    assert (told(scene).views[STANDBY], told(scene).late, told(scene).down_since) == (Health.UP, {}, {})


def test_a_silent_region_is_never_late() -> None:
    """No answer within the patience either: slow and silent are told apart."""
    scene, seen = Scene(), Seen()
    scene.prober = Slow(clock=scene.clock, seconds={STANDBY: PATIENT_SECONDS + 1})
    asyncio.run(beats(scene, seen))
    assert (told(scene).views[STANDBY], told(scene).late) == (Health.DOWN, {})


def test_a_cdn_is_down_after_three_silences_and_up_after_one_answer() -> None:
    """Each CDN has its own view in the heartbeat, and the loss is told once."""
    scene, seen = Scene(), Seen()
    tools = scene.tools()
    answers = {"cloudfront": False, "cloudflare": True}
    tools.ask_edges = lambda: answers

    async def rounds(times: int) -> None:
        for _ in range(times):
            await probe_edges(tools, seen)
        await say_alive(tools, seen)

    asyncio.run(rounds(2))
    assert told(scene).edges == {"cloudfront": Health.UNKNOWN, "cloudflare": Health.UP}
    asyncio.run(rounds(2))
    assert told(scene).edges["cloudfront"] is Health.DOWN
    answers["cloudfront"] = True
    asyncio.run(rounds(1))
    assert told(scene).edges["cloudfront"] is Health.UP
    assert sum("cloudfront does not answer" in line for line in scene.told) == 1


def test_since_when_a_cache_is_silent_is_carried_until_it_answers() -> None:
    """The first silent beat's time stays, and is gone with the first answer."""
    scene, seen = Scene(), Seen()
    asyncio.run(beats(scene, seen))
    assert told(scene).cache_silent_since is None
    scene.keys[HOME].is_cut = True
    asyncio.run(beats(scene, seen))
    first = told(scene).cache_silent_since
    scene.clock.pause(60)
    asyncio.run(beats(scene, seen))
    assert first is not None
    assert told(scene).cache_silent_since == first
    scene.keys[HOME].is_cut = False
    asyncio.run(beats(scene, seen))
    assert told(scene).cache_silent_since is None
