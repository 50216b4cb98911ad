"""The ruleset phases that the emulator implements: which actions each takes, who may change it, how many rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

import typing_extensions as te
from cloudflare.types.rulesets import Phase as VendorPhase
from cloudflare.types.rulesets import phase_update_params

from sandbox.cloudflare.limits import Plan

RESPONSE_SETTINGS = frozenset({"strip_etags", "strip_set_cookie", "strip_last_modified"})
CHALLENGES = frozenset({"block", "challenge", "js_challenge", "managed_challenge", "log"})


@dataclass(frozen=True)
class Phase:
    """One row: the phase, the permission area that it belongs to, its actions, and where its response fields exist."""

    name: str
    area: str
    actions: frozenset[str]
    response: bool = False

    def rule_limit(self, plan: Plan) -> int:
        """How many rules the plan allows in this phase of a zone."""
        special = {"http_request_firewall_custom": plan.firewall_rules, "http_ratelimit": plan.ratelimit_rules}
        return special.get(self.name, plan.rules)


PHASES: dict[str, Phase] = {
    phase.name: phase
    for phase in (
        Phase("http_request_cache_settings", "cache_settings", frozenset({"set_cache_settings"})),
        Phase(
            "http_response_cache_settings",
            "cache_settings",
            frozenset({"set_cache_control", "set_cache_tags", "set_cache_settings"}),
            response=True,
        ),
        Phase("http_request_transform", "transform", frozenset({"rewrite"})),
        Phase("http_request_late_transform", "transform", frozenset({"rewrite"})),
        Phase("http_response_headers_transform", "transform", frozenset({"rewrite"}), response=True),
        Phase("http_config_settings", "config", frozenset({"set_config"})),
        Phase("http_request_firewall_custom", "waf", CHALLENGES | {"skip"}),
        Phase("http_ratelimit", "waf", CHALLENGES),
        Phase("http_request_dynamic_redirect", "redirect", frozenset({"redirect"})),
        Phase("http_request_origin", "origin", frozenset({"route"})),
        Phase("http_custom_errors", "errors", frozenset({"serve_error"}), response=True),
        Phase("http_response_compression", "compression", frozenset({"compress_response"}), response=True),
    )
}
VENDOR_PHASES: frozenset[str] = frozenset(get_args(VendorPhase))


@lru_cache(maxsize=1)
def rule_kinds() -> dict[str, type]:
    """Action -> the SDK's parameter type of a rule with that action."""
    kinds = {}
    for kind in get_args(phase_update_params.Rule):
        action: Any = te.get_type_hints(kind)["action"]
        kinds[str(get_args(action)[0])] = kind
    return kinds
