"""The plan: (state, goals, provider answers) -> steps. Pure; it asks by yielding a question and is sent the answer.

One `Planner` serves one run. `register(goal)` is called for each resource as the program declares it; `deletions()`
once the program has ended. The order of questions (Check, Diff, Check again at a replacement, Diff of dependents
before a delete-before-replace) is the CLI's (pkg/resource/deploy/step_generator.go).
"""

from __future__ import annotations

from collections.abc import Generator

from sandbox.engine import replacing, urns
from sandbox.engine.goals import fresh_state
from sandbox.engine.graph import Graph
from sandbox.engine.paths import ignore
from sandbox.engine.questions import Answer, Check, Complaint, Invalid, Load, Question
from sandbox.engine.resources import Goal, Resource, Snapshot, Step
from sandbox.engine.saved_plan import Held

Asking = Generator[Question, Answer, list[Step]]


class Planner:
    """Turns goals into steps against `prior`. `complaints` collects refusals that do not end the planning at once."""

    def __init__(
        self, prior: Snapshot, stack: str, project: str, *, preview: bool, held: Held, destroying: bool = False
    ) -> None:
        self._place = (stack, project)
        self.preview = preview
        self.destroying = destroying
        self.prior = prior
        self.held = held
        self.olds = {resource.urn: resource for resource in prior.resources if not resource.delete}
        self.graph = Graph(prior.resources)
        self.complaints: list[Complaint] = []
        self.seen: set[str] = set()
        self.replaced: set[str] = set()
        self.deleted: set[str] = set()
        self.operated: set[str] = set()
        self.created: set[str] = set()
        self.parked: set[int] = set()
        self.reasons: dict[str, list[str]] = {}
        self.alias_to_new: dict[str, str] = {}
        self.new_to_alias: dict[str, str] = {}
        self.provider_states: dict[str, Resource] = {}
        self._skipped: set[str] = set()
        self._ending: list[Resource] = []

    def register(self, goal: Goal, seed: bytes) -> Asking:
        """The steps for one declared resource. Raises Invalid where it cannot be planned."""
        urn = self._claim(goal)
        old, alias = self._old(urn, goal)
        new = fresh_state(goal, urn, old, [alias] if alias else [])
        if urns.is_provider(goal.kind):
            self.provider_states[urn] = new
        if self.destroying:
            ending = self._destroyed(goal, old, new)
            if ending is not None:
                return ending
        recreating = urn in self.deleted
        seed = self.held.seed(urn) or seed
        yield from self._check(goal, old, new, seed, recreating)
        steps = yield from self._decide(goal, old, new, seed, recreating)
        self.held.steps(steps)
        return steps

    def _claim(self, goal: Goal) -> str:
        stack, project = self._place
        if goal.parent and goal.parent not in self.seen:
            raise Invalid("", [f"could not find parent resource {goal.parent}"])
        urn = urns.make(stack, project, goal.parent, goal.kind, goal.name)
        if urn in self.seen:
            raise Invalid(urn, [f"Duplicate resource URN '{urn}'; try giving it a unique name"])
        self.seen.add(urn)
        return urn

    def _old(self, urn: str, goal: Goal) -> tuple[Resource | None, str]:
        if urn in self.olds:
            return self.olds[urn], ""
        for alias in [*goal.aliases, *self._inherited(urn, goal)]:
            if alias in self.olds:
                if alias in self.seen or alias in self.alias_to_new:
                    raise Invalid(urn, [f"Duplicate resource alias '{alias}' applied to resource with URN '{urn}'"])
                self.alias_to_new[alias] = urn
                self.new_to_alias[urn] = alias
                return self.olds[alias], alias
        return None, ""

    def _inherited(self, urn: str, goal: Goal) -> list[str]:
        """What a child was called when its parent had its former name."""
        former = self.new_to_alias.get(goal.parent)
        if not former:
            return []
        name = urns.name(urn)
        parent_name = urns.name(goal.parent)
        if name.startswith(parent_name):
            name = urns.name(former) + name.removeprefix(parent_name)
        return [urns.make(*self._place, former, goal.kind, name)]

    def _destroyed(self, goal: Goal, old: Resource | None, new: Resource) -> list[Step] | None:
        """A destroy's answer to a registration; None where it is carried out as usual (providers and components)."""
        needed = [*new.needs(), *([new.parent] if new.parent else [])]
        custom = goal.custom and not urns.is_provider(goal.kind)
        if any(urn in self._skipped for urn in needed) or (custom and old is None):
            self._skipped.add(new.urn)
            if old is not None:
                new.outputs = old.outputs
            return [Step("same", None, new, skipped=True)]
        self._ending.append(new)
        if not custom or old is None:
            return None
        self.operated.add(new.urn)
        new.inputs = old.inputs
        return [Step("same", old, new)]

    def _check(
        self, goal: Goal, old: Resource | None, new: Resource, seed: bytes, recreating: bool
    ) -> Generator[Question, Answer, None]:
        known = old is not None and not recreating and not old.external
        inputs = goal.properties
        if old is not None:
            inputs, _ = ignore(goal.properties, old.inputs, goal.ignore_changes)
        new.inputs = inputs
        if goal.custom:
            olds = old.inputs if old is not None and known else None
            news = inputs if known else goal.properties
            new.inputs = yield from self.checked(new, Check(new.urn, new.provider, olds, news, seed))
        self.held.goal(new.urn, goal, old if known else None, old, new.inputs, seed)

    def checked(self, new: Resource, question: Check) -> Generator[Question, Answer, dict[str, object]]:
        """The inputs that the provider's Check returns. Raises Invalid with every failure."""
        answer = yield question
        if answer.failures:
            raise Invalid(new.urn, [_failure(new, key, reason) for key, reason in answer.failures])
        return dict(answer.inputs)

    def _decide(self, goal: Goal, old: Resource | None, new: Resource, seed: bytes, recreating: bool) -> Asking:
        if old is None:
            self.created.add(new.urn)
            return [Step("create", None, new)]
        if recreating:
            self.deleted.discard(new.urn)
            self.replaced.add(new.urn)
            self.operated.add(new.urn)
            keys = self.reasons.get(new.urn, [])
            return [Step("replace", old, new), Step("create-replacement", old, new, keys=keys)]
        difference = yield from replacing.difference(self, goal, old, new)
        if difference.changed or old.pending_replacement:
            if difference.replaces or old.pending_replacement:
                return (yield from replacing.replacement(self, goal, old, new, difference, seed))
            self.operated.add(new.urn)
            return [Step("update", old, new, diffs=difference.keys)]
        self.operated.add(new.urn)
        if old.init_errors:
            return [Step("update", old, new)]
        return [Step("same", old, new)]

    def deletions(self) -> Generator[Question, Answer, list[list[Step]]]:
        """The deletes once every goal is known, in rounds: dependents before what they need."""
        steps: list[Step] = []
        for resource in self.prior.resources:
            if resource.delete:
                if id(resource) in self.parked:
                    continue
                steps.append(Step("delete-replaced", resource, None))
            elif not self._still_wanted(resource.urn):
                op = "remove-pending-replace" if resource.pending_replacement else "delete"
                steps.append(Step(op, resource, None))
            else:
                continue
            self.deleted.add(resource.urn)
            if resource.provider:
                yield Load(resource.provider)
        for resource in self._ending:
            self.deleted.add(resource.urn)
            steps.append(Step("delete", resource, None))
        self.held.steps(steps)
        return replacing.rounds(steps, [*self._ending, *self.prior.resources])

    def _still_wanted(self, urn: str) -> bool:
        return self.alias_to_new.get(urn, urn) in self.operated


def _failure(new: Resource, key: str, reason: str) -> str:
    if not key:
        return f"{new.kind} resource '{new.name}' has a problem: {reason}"
    shown = replacing.shown(new.inputs.get(key))
    return f"{new.kind} resource '{new.name}': property {key} value {{{shown}}} has a problem: {reason}"
