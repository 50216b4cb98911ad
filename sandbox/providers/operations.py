"""What the provider protocol's verbs do, without gRPC: rows are called, retried and read back here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.providers import naming, project
from sandbox.providers.check import Failure, failures
from sandbox.providers.refusals import NotReady, made_once, patiently, translated
from sandbox.providers.row import Ask, Type
from sandbox.providers.values import UNKNOWN, has_unknown

Properties = dict[str, Any]


@dataclass(frozen=True)
class Live:
    """A resource as it lives: its id, the inputs that would declare it, all its outputs."""

    identity: str
    inputs: Properties
    outputs: Properties


class PartlyMade(Exception):
    """The resource exists, but the rest of its creation failed; the engine must remember it."""

    def __init__(self, live: Live, reason: str) -> None:
        super().__init__(reason)
        self.live = live


def check(
    row: Type, urn: str, news: Properties, olds: Properties, seed: bytes, names: naming.Naming
) -> tuple[Properties, list[Failure]]:
    """The inputs with defaults and a physical name, and everything that the vendor would refuse."""
    inputs = {**{name: value for name, value in row.fill.items() if name not in news}, **news}
    wrong = list(failures(row.schema.inputs, news))
    if row.autoname and row.autoname not in news:
        made = naming.physical_name(row, urn, olds, seed, names)
        if made is None:
            wrong.append(Failure(row.autoname, f"'{row.autoname}' is needed: automatic names are switched off"))
        else:
            inputs[row.autoname] = made
    if not wrong:
        wrong.extend(row.check(inputs))
    return inputs, wrong


def preview(row: Type, inputs: Properties, state: Properties) -> Properties:
    """The outputs that a create (empty `state`) or an update would leave: unknown where only the vendor can say."""
    vendors = set(row.schema.outputs) - set(row.schema.inputs) | row.rules.computed
    if not state:
        return {**{name: UNKNOWN for name in vendors if "." not in name}, **inputs}
    changed = dict.fromkeys(row.volatile, UNKNOWN)
    kept = {name: value for name, value in state.items() if name not in row.schema.inputs or name in row.rules.computed}
    return {**kept, **changed, **inputs}


def create(row: Type, ask: Ask) -> Live:
    """Create exactly one and wait until it is complete; raises PartlyMade once something exists."""
    if has_unknown(ask.inputs):
        raise ValueError("an input is still unknown; nothing was asked of the vendor")
    identity = made_once(lambda: row.create(ask), lambda: row.find(ask))
    try:
        patiently(lambda: row.finish(ask, identity))
        return _seen(row, ask, identity)
    except Exception as error:
        known = Live(identity, ask.inputs, {**ask.inputs})
        reason = f"it exists as {identity}, but {translated(error) or error}"
        raise PartlyMade(known, reason) from error


def read(row: Type, ask: Ask, identity: str) -> Live | None:
    """The resource as it lives now; None when it is gone."""
    try:
        found = patiently(lambda: row.read(ask, identity))
    except Exception as error:
        said = translated(error)
        if said is not None and said.gone:
            return None
        raise
    if found is None:
        return None
    inputs = project.inputs(row.schema.inputs, ask.inputs, found, row.rules)
    if not ask.inputs:
        inputs |= {name: found[name] for name in _always_declared(row) if name in found}
    return Live(str(found.get("id", identity)), inputs, _outputs(row, inputs, found))


def _always_declared(row: Type) -> set[str]:
    """What an import must name even where it is a default: an import has no earlier inputs to compare with."""
    required = {name for name, spec in row.schema.inputs.items() if spec.get("required")}
    return required | set(row.fill) | set(row.force_new) | ({row.autoname} if row.autoname else set())


def update(row: Type, ask: Ask, identity: str) -> Live:
    """Change it in place, wait until it is complete, and read it back; may be repeated."""
    patiently(lambda: row.update(ask, identity))
    patiently(lambda: row.finish(ask, identity))
    return _seen(row, ask, identity)


def delete(row: Type, ask: Ask, identity: str) -> None:
    """Delete it; what is gone already is a success."""
    try:
        patiently(lambda: row.delete(ask, identity))
    except Exception as error:
        said = translated(error)
        if said is None or not said.gone:
            raise


def _seen(row: Type, ask: Ask, identity: str) -> Live:
    """Read back after a change; what was asked for is stored as asked."""
    found = patiently(lambda: row.read(ask, identity))
    if found is None:
        raise NotReady(f"{identity} cannot be read back")
    return Live(identity, ask.inputs, _outputs(row, ask.inputs, found))


def _outputs(row: Type, inputs: Properties, found: Properties) -> Properties:
    """Everything the SDK's class exposes: the vendor's values, with inputs in the program's own spelling."""
    known = (set(row.schema.outputs) | set(row.schema.inputs)) - {"id"}
    kept = {name: value for name, value in found.items() if name in known}
    return {**kept, **inputs}
