"""One trial: a laptop begins an operation and is struck; another one with an empty disk finishes; the end is judged."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from controlplane.operations.intents import all_cards
from sandbox.chaos import host, judge
from sandbox.chaos.cloud import State
from sandbox.chaos.commands import Scene
from sandbox.chaos.laptop import Ended, LaptopPlant, end, fork, steps_kept, typed, wait
from sandbox.chaos.points import BEFORE, Strike
from sandbox.chaos.wire import Wire
from sandbox.world import PROJECT

PATIENCE_SECONDS = 150.0
SOCKET_SECONDS = 30.0
LEASE_LOST = 12
AGAIN = frozenset({11, LEASE_LOST, 13, 14, 18, 19})
TRIES = 4
STARVED = 3
"""How often a trial is begun again whose first laptop lost its lease by itself: the machine had no time for it."""
UNCONDITIONED = ("steering.", "switches.", "cdn ", "lock.", "path_denials.", "store.put")
"""Acts whose vendors know no precondition."""
CATALOGUE = PROJECT / "catalogue.yaml"
STEPS = "steps.json"


@dataclass
class Outcome:
    """What a trial showed. `wrong` is empty where it holds; `twice` counts the effects that happened once more."""

    scene: str
    strike: str
    fired: bool = False
    wrong: list[str] = field(default_factory=list)
    twice: int = 0
    starved: bool = False
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the fault fired and nothing is wrong."""
        return self.fired and not self.wrong

    def to_json(self) -> str:
        """For a file."""
        return json.dumps(asdict(self))


@dataclass
class World:
    """A world's process and the laptops in it; everything that it started ends with it."""

    folder: Path
    state: State
    mutant: Callable[[], None]
    pids: list[int] = field(default_factory=list)

    def __enter__(self) -> World:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host = fork(partial(self._serve), self.folder / "world.log")
        self.pids.append(self.host)
        until = time.monotonic() + SOCKET_SECONDS
        while not self._answers() and time.monotonic() < until:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        for pid in reversed(self.pids):
            end(pid)

    def _serve(self) -> int:
        host.run(self.socket, self.state)
        return 0

    @property
    def socket(self) -> Path:
        """Where the world answers: short, because such names are."""
        return self.folder / "w"

    def _answers(self) -> bool:
        try:
            self.seen()
        except OSError:
            return False
        return True

    def seen(self) -> State:
        """The world now."""
        wire = Wire(self.socket)
        try:
            return State.from_json(wire.ask("dump")["state"])
        finally:
            wire.close()

    def laptop(self, name: str, scene: Scene, work: Callable[[LaptopPlant], int], strike: Strike | None = None) -> int:
        """Start one; gives its pid."""
        disk = self.folder / name
        disk.mkdir()

        def begin() -> int:
            plant = LaptopPlant(self.socket, disk, CATALOGUE, scene.ahead, strike)
            self.mutant()
            code = work(plant)
            steps_kept(plant, disk / STEPS)
            return code

        pid = fork(begin, self.folder / f"{name}.log")
        self.pids.append(pid)
        return pid

    def ended(self, pid: int) -> Ended | None:
        """How a laptop ended; None if it did not."""
        found = wait(pid, PATIENCE_SECONDS)
        if found is not None and not found.stopped:
            self.pids.remove(pid)
        return found


def nothing() -> None:
    """No mutant."""


def begun(folder: Path, scene: Scene, mutant: Callable[[], None] = nothing) -> State:
    """The world in which the scene begins: what comes before was done, or cut off in the middle."""
    state = State(lost=list(scene.lost_before))
    for number, words in enumerate(scene.before):
        is_cut = scene.cut_off_before and number == len(scene.before) - 1
        strike = Strike(scene.cut_off_before, "before") if is_cut else None
        with World(folder / f"before-{number}", state, mutant) as world:
            found = world.ended(world.laptop("first", scene, _typing(words), strike))
            if found is None or (found.code != 0 and strike is None):
                raise RuntimeError(f"{' '.join(words)}: {found}; {(world.folder / 'first.log').read_text()[-2000:]}")
            state = world.seen()
    return State.from_json(State(**{**asdict(state), "lost": list(scene.lost), "effects": []}).to_json())


@dataclass
class Reference:
    """The scene without a death: its steps in order, the end, and how often each effect happened."""

    scene: Scene
    start: State
    end: State
    steps: list[str]
    marked: frozenset[int]
    """Steps that a mark follows."""


def reference(folder: Path, scene: Scene) -> Reference:
    """Play a scene undisturbed. Raises RuntimeError where that does not end well."""
    start = begun(folder, scene)
    with World(folder / "reference", start, nothing) as world:
        found = world.ended(world.laptop("first", scene, lambda plant: _first(plant, scene)))
        words = (world.folder / "first.log").read_text()
        if found is None or found.code != 0:
            raise RuntimeError(f"{scene.name} does not end well by itself: {found}\n{words[-3000:]}")
        kept = json.loads((world.folder / "first" / STEPS).read_text())
        done = world.seen()
    wrong = judge.untold(done)
    if wrong or not kept["steps"]:
        raise RuntimeError(f"{scene.name} by itself: {wrong or 'no step was made'}")
    return Reference(scene, start, done, kept["steps"], frozenset(kept["marked"]))


def played(folder: Path, known: Reference, strike: Strike, mutant: Callable[[], None] = nothing) -> Outcome:
    """A trial, begun again where its first laptop lost its lease before it was struck."""
    for number in range(STARVED):
        outcome = (_stopped if strike.stops else _killed)(folder / str(number), known, strike, mutant)
        if outcome.fired or not outcome.starved:
            break
    return outcome


def _killed(folder: Path, known: Reference, strike: Strike, mutant: Callable[[], None]) -> Outcome:
    """One laptop is killed, another one finishes."""
    began = time.monotonic()
    outcome = Outcome(known.scene.name, strike.name)
    with World(folder, known.start, mutant) as world:
        first = world.ended(world.laptop("first", known.scene, lambda plant: _first(plant, known.scene), strike))
        outcome.fired = first is not None and first.signal == signal.SIGKILL
        outcome.starved = first is not None and first.code == LEASE_LOST
        second = world.ended(world.laptop("second", known.scene, lambda plant: _finish(plant, known)))
        if second is None or second.code != 0:
            words = (world.folder / "second.log").read_text()[-600:]
            outcome.wrong.append(f"the second laptop ended with {second and (second.code, second.signal)}: {words}")
        if strike.mode == host.LATE:
            time.sleep(max(0.0, began + host.LATE_SECONDS + 0.5 - time.monotonic()))
        _judge(outcome, known, world.seen(), kills=1)
    outcome.seconds = round(time.monotonic() - began, 2)
    return outcome


def _stopped(folder: Path, known: Reference, strike: Strike, mutant: Callable[[], None]) -> Outcome:
    """One laptop is stopped past its lease, another one finishes, the first wakes: it can do nothing."""
    began = time.monotonic()
    outcome = Outcome(known.scene.name, strike.name)
    with World(folder, known.start, mutant) as world:
        pid = world.laptop("first", known.scene, lambda plant: _first(plant, known.scene), strike)
        first = world.ended(pid)
        outcome.fired = first is not None and first.stopped
        outcome.starved = first is not None and first.code == LEASE_LOST
        if not outcome.fired:
            outcome.wrong.append("the fault did not fire")
            return outcome
        second = world.ended(world.laptop("second", known.scene, lambda plant: _finish(plant, known)))
        if second is None or second.code != 0:
            words = (world.folder / "second.log").read_text()[-600:]
            outcome.wrong.append(f"the second laptop ended with {second and (second.code, second.signal)}: {words}")
        since = len(world.seen().effects)
        os.kill(pid, signal.SIGCONT)
        woken = world.ended(pid)
        if woken is None or woken.code is None:
            outcome.wrong.append(f"the first laptop did not end after it woke: {woken}")
        seen = world.seen()
        done = judge.effects(seen, pid, since)
        if sum(done.values()) > _under_way(known, strike):
            outcome.wrong.append(f"the first laptop woke and did {dict(done)}")
        _judge(outcome, known, seen, kills=1)
    outcome.seconds = round(time.monotonic() - began, 2)
    return outcome


def _under_way(known: Reference, strike: Strike) -> int:
    """One request that had left its last check behind, where the vendor knows no precondition.

    Without a mark the third point is right before the next step: behind that one's check.
    """
    number = strike.step if strike.when == BEFORE else strike.step + 1
    is_behind = strike.when == BEFORE or strike.step not in known.marked
    name = known.steps[number - 1] if number <= len(known.steps) else ""
    return int(is_behind and name.startswith(UNCONDITIONED))


def _judge(outcome: Outcome, known: Reference, seen: State, kills: int) -> None:
    if not outcome.fired:
        outcome.wrong.append("the fault did not fire")
    outcome.wrong += judge.differences(judge.facts(known.end), judge.facts(seen))
    outcome.wrong += judge.untold(seen)
    base, found = judge.effects(known.end), judge.effects(seen)
    outcome.wrong += judge.too_often(base, found, kills)
    outcome.twice = sum(count > base[what] for what, count in found.items())


def _command(plant: LaptopPlant, scene: Scene) -> tuple[str, ...]:
    if not scene.identity:
        return scene.command
    card = next(card for card in all_cards(plant.store) if card.operation.value == "emergency-on")
    return (*scene.command[:2], card.id, *scene.command[2:])


def _first(plant: LaptopPlant, scene: Scene) -> int:
    return typed(plant, _command(plant, scene))


def _finish(plant: LaptopPlant, known: Reference) -> int:
    """As on-call does: what has a card is resumed; what has none is typed again."""
    before = {key.removeprefix("intents/") for key in judge.registers(known.start) if key.startswith("intents/")}
    code = 1
    for _ in range(TRIES):
        fresh = [card.id for card in all_cards(plant.store) if card.id not in before]
        code = typed(plant, *(("ops", "resume", identity) for identity in fresh))
        if code == 0 and (not fresh or known.scene.identity):
            code = typed(plant, _command(plant, known.scene))
            code = 0 if code in known.scene.ready else code
        if code not in AGAIN:
            break
    return code


def _typing(words: tuple[str, ...]) -> Callable[[LaptopPlant], int]:
    return lambda plant: typed(plant, words)
