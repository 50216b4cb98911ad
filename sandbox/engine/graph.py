"""Who depends on whom, read from a list in dependency order (a resource comes after all that it depends on). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sandbox.engine import urns
from sandbox.engine.resources import Resource, Step


class Graph:
    """The dependencies among `resources`, a list in dependency order."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = list(resources)
        self._index = {id(resource): position for position, resource in enumerate(self._resources)}
        self._by_urn: dict[str, list[int]] = {}
        self._children: dict[str, list[int]] = {}
        for position, resource in enumerate(self._resources):
            self._by_urn.setdefault(resource.urn, []).append(position)
            self._children.setdefault(resource.parent, []).append(position)

    def __contains__(self, resource: Resource) -> bool:
        return id(resource) in self._index

    def dependencies_of(self, resource: Resource) -> list[Resource]:
        """What must outlive `resource`: all of that name before it in the list, the children of components, its
        parent.
        """
        limit = self._index[id(resource)]
        found: dict[int, None] = {}
        for urn in dict.fromkeys(resource.needs()):
            for position in self._by_urn.get(urn, []):
                if position >= limit:
                    continue
                found[position] = None
                if not self._resources[position].custom:
                    found.update((child, None) for child in self._children.get(urn, []) if child < limit)
        if resource.parent:
            found.update((p, None) for p in self._by_urn.get(resource.parent, []) if p < limit)
        return [self._resources[position] for position in found]

    def transitive_dependencies_of(self, resource: Resource) -> set[int]:
        """The identities of everything that `resource` rests on, itself apart."""
        seen: set[int] = set()
        todo = [resource]
        while todo:
            for needed in self.dependencies_of(todo.pop()):
                if id(needed) not in seen:
                    seen.add(id(needed))
                    todo.append(needed)
        return seen

    def dependents_of(self, root: Resource, ignore: Collection[str]) -> list[Resource]:
        """All that depends on `root`, directly or not (children apart), in dependency order; `ignore` is a set of
        URNs.
        """
        reached = {root.urn}
        found = []
        for candidate in self._resources[self._index[id(root)] + 1 :]:
            if candidate.urn not in ignore and any(urn in reached for urn in candidate.needs()):
                found.append(candidate)
                reached.add(candidate.urn)
        return found


def schedule(steps: Iterable[Step], graph: Graph) -> list[list[Step]]:
    """Delete steps in rounds: all of one round may run at once, dependents come in an earlier round than what they
    need.
    """
    waiting = {id(step.resource): step for step in steps}
    rounds: list[list[Step]] = []
    while waiting:
        free = [
            step
            for step in waiting.values()
            if not any(id(needed) in waiting for needed in graph.dependencies_of(step.resource))
        ]
        for step in free:
            del waiting[id(step.resource)]
        rounds.append(free)
    return rounds[::-1]


def provider_of(resource: Resource) -> str:
    """The URN of the provider that serves `resource`; "" for components and providers."""
    return urns.provider_urn(resource.provider)
