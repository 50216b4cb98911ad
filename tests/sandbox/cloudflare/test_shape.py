"""The checker over the SDK's types."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from cloudflare.types.load_balancers import LoadBalancerCreateParams, MonitorCreateParams, PoolCreateParams
from cloudflare.types.rulesets import set_cache_settings_rule_param
from cloudflare.types.user import TokenCreateParams

from sandbox.cloudflare.phases import PHASES, VENDOR_PHASES, rule_kinds
from sandbox.cloudflare.shape import fields_of, problems
from sandbox.cloudflare.zone_settings import DEFAULTS, ENTERPRISE, PAID, default_of, kinds


def test_names_on_the_wire_are_those_of_the_vendor() -> None:
    """Aliases are used where the SDK renames a key, and reserved words are themselves."""
    assert "timeout" in fields_of(MonitorCreateParams)
    assert "load_balancer_monitor_timeout" not in fields_of(MonitorCreateParams)
    ranges = set_cache_settings_rule_param.ActionParametersEdgeTTLStatusCodeTTLStatusCodeRange
    assert set(fields_of(ranges)) == {"from", "to"}


def test_required_keys_are_known() -> None:
    """The SDK's Required is honoured although its types are written as text."""
    required = {name for name, field in fields_of(LoadBalancerCreateParams).items() if field.required}
    assert required == {"default_pools", "fallback_pool", "name"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"name": "p"}, "missing"),
        ({"name": "p", "origins": {}}, "type"),
        ({"name": "p", "origins": [{"adress": "x"}]}, "unknown"),
        ({"name": 5, "origins": []}, "type"),
        ({"name": "p", "origins": [], "origin_steering": {"policy": "best"}}, "enum"),
        ({"name": "p", "origins": [], "enabled": 1}, "type"),
        ([], "type"),
    ],
)
def test_each_kind_of_problem_is_found(value: Any, kind: str) -> None:
    """Missing, unknown, wrong type and wrong enum are told apart."""
    found = problems(value, PoolCreateParams)
    assert kind in {row.kind for row in found}


def test_times_are_checked() -> None:
    """A field that the SDK marks as a time takes an RFC 3339 time with an offset only."""
    expires = fields_of(TokenCreateParams)["expires_on"].annotation
    assert problems("2027-06-11T10:00:00Z", expires) == []
    assert problems("2027-06-11T10:00:00", expires) != []
    assert problems("soon", expires) != []


def test_tables_fit_the_sdk() -> None:
    """Our phases, actions and settings all exist in the installed SDK, and each setting's default is a valid value."""
    assert set(PHASES) <= VENDOR_PHASES
    assert {action for phase in PHASES.values() for action in phase.actions} <= set(rule_kinds())
    assert set(DEFAULTS) | ENTERPRISE | PAID <= set(kinds())
    plain = [name for name, kind in kinds().items() if get_args(kind)]
    assert [name for name in plain if problems(default_of(name), kinds()[name])] == []
