"""From a goal to the state that the run will fill in. Pure."""

from __future__ import annotations

from sandbox.engine.resources import Goal, Resource


def fresh_state(goal: Goal, urn: str, old: Resource | None, aliases: list[str]) -> Resource:
    """The new state of a declared resource, before any provider was asked; times are carried over from `old`."""
    return Resource(
        urn=urn,
        kind=goal.kind,
        custom=goal.custom,
        inputs=goal.properties,
        parent=goal.parent,
        protect=bool(goal.protect),
        dependencies=goal.dependencies,
        provider=goal.provider,
        property_dependencies=goal.property_dependencies,
        additional_secret_outputs=goal.additional_secret_outputs,
        aliases=aliases,
        custom_timeouts=goal.custom_timeouts,
        retain_on_delete=bool(goal.retain_on_delete),
        deleted_with=goal.deleted_with,
        created=old.created if old else "",
        modified=old.modified if old else "",
        source_position=goal.source_position,
        stack_trace=goal.stack_trace,
        ignore_changes=goal.ignore_changes,
        replace_on_changes=goal.replace_on_changes,
        hooks=goal.hooks,
    )
