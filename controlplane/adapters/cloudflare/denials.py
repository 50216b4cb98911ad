"""Denied paths as one rule of Cloudflare's custom firewall phase; every other rule of that phase is left alone.

The phase is the control plane's: infra declares no ruleset in it. Expressions hold 4,096 characters
(https://developers.cloudflare.com/waf/custom-rules/); a block with an answer of one's own needs a paid plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from controlplane.adapters.cloudflare.client import CloudflareApi
from controlplane.errors import Refused, VerificationFailed

PHASE: Literal["http_request_firewall_custom"] = "http_request_firewall_custom"
REF = "wedcache-takedowns"
MOST_CHARACTERS = 4096
GONE = {"response": {"status_code": 410, "content": "Gone", "content_type": "text/plain"}}


class CloudflareDenials:
    """`PathDenials` of one zone."""

    edge = "cloudflare"

    def __init__(self, api: CloudflareApi, zone_id: str) -> None:
        self._api = api
        self._zone = zone_id

    def put(self, denied: Mapping[str, Sequence[str]]) -> bool:
        """See `PathDenials.put`."""
        wanted = expression(denied)
        if len(wanted) > MOST_CHARACTERS:
            raise Refused(
                f"the denied paths need {len(wanted)} characters of a Cloudflare rule, which takes {MOST_CHARACTERS}",
                next_step="take down what they have in common, as https://app.weddings.example/vendors/*",
            )
        ruleset, rule, held = self._held()
        if held == wanted:
            return False
        self._write(ruleset, rule, wanted)
        if self._held()[2] != wanted:
            raise VerificationFailed(f"Cloudflare's rule {REF} does not read back as it was written")
        return True

    def _write(self, ruleset: str | None, rule: str | None, wanted: str) -> None:
        zone = self._zone
        made: dict[str, Any] = {"ref": REF, "description": "taken down: gone", "expression": wanted, "enabled": True}
        made |= {"action": "block", "action_parameters": GONE}

        def ask(client: Any) -> object:
            rules = client.rulesets.rules
            if ruleset is None:
                return client.rulesets.phases.update(PHASE, zone_id=zone, rules=[made])
            if not wanted:
                return rules.delete(rule, ruleset_id=ruleset, zone_id=zone)
            if rule is None:
                return rules.create(ruleset, zone_id=zone, **made)
            return rules.edit(rule, ruleset_id=ruleset, zone_id=zone, **made)

        self._api.call("takedown rule", ask)

    def _held(self) -> tuple[str | None, str | None, str]:
        """The phase's ruleset, our rule in it, and what that denies; "" where there is no rule or it is off."""
        import cloudflare

        def ask(client: Any) -> Any:
            try:
                return client.rulesets.phases.get(PHASE, zone_id=self._zone)
            except cloudflare.NotFoundError:
                return None

        found = self._api.call("takedown rule", ask)
        if found is None:
            return None, None, ""
        for rule in found.rules or ():
            if rule.ref == REF:
                holds = rule.action == "block" and rule.enabled is not False
                return found.id, rule.id, str(rule.expression) if holds else "(off)"
        return found.id, None, ""


def expression(denied: Mapping[str, Sequence[str]]) -> str:
    """What the rule matches; "" for nothing. Patterns are encoded: no quote and no backslash is in them."""
    return " or ".join(
        f'(http.host eq "{host}" and ({" or ".join(_match(pattern) for pattern in patterns)}))'
        for host, patterns in sorted(denied.items())
        if patterns
    )


def _match(pattern: str) -> str:
    if pattern.endswith("*"):
        return f'starts_with(http.request.uri.path, "{pattern[:-1]}")'
    return f'http.request.uri.path eq "{pattern}"'
