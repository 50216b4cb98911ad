"""The harder half of planning: what a difference means, both kinds of replacement, and who must go with whom. Pure."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from sandbox.engine import paths, urns
from sandbox.engine.graph import Graph, schedule
from sandbox.engine.questions import Answer, Check, Complaint, Diff, Diffed, Invalid, Load, Question
from sandbox.engine.resources import Goal, Resource, Step
from sandbox.engine.values import UNKNOWN, Value, reveal

if TYPE_CHECKING:
    from sandbox.engine.planner import Planner


def difference(planner: Planner, goal: Goal, old: Resource, new: Resource) -> Generator[Question, Answer, Diffed]:
    """Whether and how the resource changed; a changed provider or a replaced `deletedWith` forces a replacement."""
    if new.deleted_with and new.deleted_with in planner.replaced:
        return Diffed(True, ["deletedWith"])
    if (yield from _provider_changed(planner, old, new)):
        return Diffed(True, ["provider"])
    if not goal.custom:
        return Diffed(old.inputs != new.inputs)
    found = yield from _ask(old, new.urn, new.provider, dict(new.inputs), goal.ignore_changes, planner.preview)
    return _forced(found, goal.replace_on_changes)


def _provider_changed(planner: Planner, old: Resource, new: Resource) -> Generator[Question, Answer, bool]:
    """Whether another provider serves the resource now that cannot take over from the old one (its DiffConfig says)."""
    if old.provider == new.provider:
        return False
    if not old.provider or not new.provider:
        return True
    before, after = urns.provider_urn(old.provider), urns.provider_urn(new.provider)
    if planner.alias_to_new.get(before) == after:
        return False
    former, present = planner.olds[before], planner.provider_states[after]
    answer = yield Diff(after, "", former.id, former.inputs, former.outputs or {}, present.inputs)
    return bool(answer.difference.replaces)


def _ask(
    old: Resource, urn: str, provider: str, inputs: dict[str, Value], ignored: list[str], unknowns: bool
) -> Generator[Question, Answer, Diffed]:
    question = Diff(urn, provider, old.id, old.inputs, old.outputs or {}, inputs, tuple(ignored), unknowns)
    answer = yield question
    found: Diffed = answer.difference
    if found.changed is not None:
        return found
    kept, _ = paths.ignore(inputs, old.inputs, ignored)
    before, after = reveal(old.inputs), reveal(kept)
    keys = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    return Diffed(bool(keys), found.replaces, keys, found.delete_before_replace)


def _forced(found: Diffed, replace_on_changes: list[str]) -> Diffed:
    if not found.changed or not replace_on_changes:
        return found
    outer = [path for path in map(paths.parse, replace_on_changes) if path]
    forced = [
        key
        for key in (*found.keys, *found.paths)
        if any(paths.contains(path, paths.parse(key) or ()) for path in outer)
    ]
    return Diffed(True, list(dict.fromkeys([*found.replaces, *forced])), found.keys, found.delete_before_replace)


def replacement(
    planner: Planner, goal: Goal, old: Resource, new: Resource, found: Diffed, seed: bytes
) -> Generator[Question, Answer, list[Step]]:
    """The steps of a replacement: the new one first, or the old one (and its condemned dependents) first."""
    urn = new.urn
    if new.protect and old.protect:
        text = (
            f'unable to replace resource "{urn}"\nas it is currently marked for protection. To unprotect the resource, '
            "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
        )
        if not planner.preview:
            raise Invalid(urn, [text])
        planner.complaints.append(Complaint(urn, text))
    planner.replaced.add(urn)
    planner.operated.add(urn)
    if goal.custom:
        new.inputs = yield from planner.checked(new, Check(urn, new.provider, None, goal.properties, seed))
    first = found.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
    created = Step("create-replacement", old, new, found.replaces, found.keys, park=not first)
    replaced = Step("replace", old, new, found.replaces, found.keys)
    if not first:
        return [created, replaced]
    steps = yield from _condemned(planner, old)
    if old.provider:
        yield Load(old.provider)
    if not old.pending_replacement:
        planner.deleted.add(old.urn)
        steps.append(Step("delete-replaced", old, None, keep=True))
    return [*steps, replaced, created]


def _condemned(planner: Planner, root: Resource) -> Generator[Question, Answer, list[Step]]:
    """Deletes of the dependents that would be replaced because `root` goes first, dependents of dependents before
    them.
    """
    doomed = yield from _doomed(planner, root)
    steps = []
    for resource, keys in reversed(doomed):
        if id(resource) in planner.parked:
            continue
        planner.reasons[resource.urn] = keys
        if resource.delete:
            steps.append(Step("delete", resource, None))
        elif resource.protect:
            raise Invalid(root.urn, [_protected_dependent(resource, root)])
        else:
            steps.append(Step("delete-replaced", resource, None, keep=True))
        planner.deleted.add(resource.urn)
        planner.parked.add(id(resource))
    return steps


def _doomed(planner: Planner, root: Resource) -> Generator[Question, Answer, list[tuple[Resource, list[str]]]]:
    going = {root.urn}
    doomed: list[tuple[Resource, list[str]]] = []
    if root not in planner.graph:
        return doomed
    settled = planner.operated | planner.created | planner.deleted | planner.replaced
    for candidate in planner.graph.dependents_of(root, settled - {root.urn}):
        if not candidate.custom or candidate.external:
            continue
        if urns.provider_urn(candidate.provider) in going:
            yield Load(candidate.provider)
            keys: list[str] | None = []
        elif candidate.deleted_with in going:
            keys = []
        else:
            keys = yield from _touched(candidate, going)
        if keys is not None:
            doomed.append((candidate, keys))
            going.add(candidate.urn)
    return doomed


def _touched(candidate: Resource, going: set[str]) -> Generator[Question, Answer, list[str] | None]:
    """The properties that force a replacement of `candidate` once all in `going` are new; None for none."""
    inputs = dict(candidate.inputs)
    touched = [key for key in inputs if going.intersection(candidate.property_dependencies.get(key, ()))]
    if not touched:
        return None
    inputs.update(dict.fromkeys(touched, UNKNOWN))
    if candidate.provider:
        yield Load(candidate.provider)
    ignored = candidate.ignore_changes
    found = yield from _ask(candidate, candidate.urn, candidate.provider, inputs, ignored, unknowns=True)
    found = _forced(found, candidate.replace_on_changes)
    return found.replaces if found.replaces else None


def _protected_dependent(resource: Resource, root: Resource) -> str:
    return (
        f'unable to replace resource "{resource.urn}" as part of replacing "{root.urn}" as it is currently marked for '
        "protection. To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program and "
        f"run `pulumi up`, or use the command:\n`pulumi state unprotect '{resource.urn}'`"
    )


def rounds(steps: list[Step], resources: list[Resource]) -> list[list[Step]]:
    """The delete steps in rounds over the graph of all resources, those that end with a destroy included."""
    return schedule(steps, Graph(resources))


def shown(value: Value) -> str:
    """A property value as it may be printed in a refusal."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "<nil>" if value is None else str(value)
