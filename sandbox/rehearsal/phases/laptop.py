"""A laptop dies in the middle of a failover; another one with an empty disk and the kit finishes it."""

from __future__ import annotations

import time
from typing import Any

from controlplane.bootstrap import plant
from controlplane.domain.failover import Intent
from controlplane.operations.intents import open_cards, withdraw_intent
from sandbox import people
from sandbox.probe import probe
from sandbox.rehearsal.phases.home import return_home
from sandbox.rehearsal.phases.loss import detect
from sandbox.rehearsal.second_laptop import Laptop, dies_after, effects
from sandbox.rehearsal.stage import Stage, StageBroken

DIES_AFTER = "route"
UNCACHED = "https://como.weddings.example/guests?guest=1"


def play(stage: Stage) -> None:
    """Lose the region once more; the first laptop dies after a vendor's effect, the second finishes; home again."""
    kit = stage.run.folder.resolve() / "kit"
    stage.must("kit", "pack", str(kit), "--key", str(people.key(stage.run, "boris")))
    second = Laptop.bare(stage.run)
    before = second.state
    stage.stop_region(stage.world.home)
    if detect(stage.world, plant(stage.profile), time.monotonic()) is None:
        raise StageBroken(f"nobody called {stage.world.home} down")
    begun = time.monotonic()
    death = dies_after(stage, DIES_AFTER, "failover", stage.world.home, "--yes")
    if stage.sabotage == "lost-card":
        lose_card(stage)
    took = finish(stage, second, str(kit))
    left = time.monotonic()
    stage.record(
        "second-laptop",
        disk_before=before,
        first_code=death.code,
        first_steps=death.steps,
        words=death.words,
        **took,
        seconds=round(left - begun, 3),
        effects=effects(stage.run, begun, left),
        served_by=served_by(stage),
        target=stage.world.standby,
    )
    stage.wake_region(stage.world.home)
    back = return_home(stage)
    stage.record("laptop-home", code=back.code, words=back.err[-400:])


def finish(stage: Stage, second: Laptop, kit: str) -> dict[str, Any]:
    """Open the kit, find the open operation, go on with it, and once more: how each of these ended."""
    signers = stage.run.folder.resolve() / "allowed_signers"
    signers.write_text("\n".join(plant(stage.profile).inventory.allowed_signers) + "\n")
    opened = second.ask("kit", "open", kit, "--trust", str(signers))
    listed = second.ask("ops", "list", "--output", "json")
    rows = listed.json["operations"] if listed.code == 0 else []
    cards = [row["id"] for row in rows if row["state"] == "open"]
    if not cards:
        words = (opened.err + listed.err)[-400:]
        return {"opened": opened.code, "card": "", "code": None, "again": None, "performers": 0, "second_words": words}
    done = second.ask("ops", "resume", cards[0], "--output", "json")
    again = second.ask("ops", "resume", cards[0], "--output", "json")
    story = second.ask("ops", "story", cards[0], "--output", "json")
    return {
        "opened": opened.code,
        "card": cards[0],
        "code": done.code,
        "again": again.code,
        "performers": len(story.json["by"]) if story.code == 0 else 0,
        "second_words": done.err[-800:],
    }


def served_by(stage: Stage) -> dict[str, str]:
    """Which region answers an uncached page through a POP of CloudFront, asked as a guest."""
    pop = stage.world.first("cloudfront")
    return {pop: str(probe(UNCACHED, pop, {}, stage.run)["headers"].get("x-wedcache-region", "nobody"))}


def lose_card(stage: Stage) -> None:
    """The counter-experiment: what the first laptop began is written nowhere."""
    store = plant(stage.profile).store
    for card in open_cards(store):
        if isinstance(card, Intent):
            withdraw_intent(store, card)
