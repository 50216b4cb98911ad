"""The scratch zone's rules in the API's own shape, from the table of knobs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.rehearsal.knobs.row import LONG, Knob, Sends

REQUEST, RESPONSE, TRANSFORM = (
    "http_request_cache_settings",
    "http_response_cache_settings",
    "http_response_headers_transform",
)
MARKER, MARKER_HEADER, MARKER_TAG = "marker", "x-probe-marker", "probe-marker"
MARKER_SENDS = Sends({"Cache-Control": f"max-age={LONG}", "Cache-Tag": MARKER_TAG})
"""The marker tells when a POP has heard of all that was ordered before it: changes reach POPs in order."""


def rules(knobs: Sequence[Knob], sides: Mapping[str, str], phase: str, mark: str) -> list[dict[str, Any]]:
    """The rules of a phase in which every knob stands as its side (slug -> before or after) says; `mark` is shown."""
    rows = [_rule(knob, knob.declared(sides[knob.slug]), phase) for knob in knobs]
    found = [row for row in rows if row is not None]
    if phase == REQUEST:
        found.append(_row(MARKER, "set_cache_settings", {"cache": True}))
    if phase == TRANSFORM:
        shown = {MARKER_HEADER: {"operation": "set", "value": mark}}
        found.append(_row(MARKER, "rewrite", {"headers": shown}))
    return found


def _rule(knob: Knob, declared: Mapping[str, Any], phase: str) -> dict[str, Any] | None:
    if phase == REQUEST and "cache" in declared:
        return _row(knob.slug, "set_cache_settings", declared["cache"])
    if phase == RESPONSE and "response" in declared:
        action, parameters = declared["response"]
        return _row(knob.slug, action, parameters)
    if phase == TRANSFORM and "transform" in declared:
        return _row(knob.slug, "rewrite", {"headers": declared["transform"]})
    return None


def _row(slug: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ref": slug,
        "expression": f'(starts_with(http.request.uri.path, "/{slug}/"))',
        "action": action,
        "action_parameters": dict(parameters),
        "enabled": True,
    }
