"""The one table of routes: what is here is implemented, what is not answers 501."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.cloudflare import (
    accounts,
    audit,
    cache_switches,
    dns_records,
    load_balancers,
    monitors,
    pools,
    purges,
    rules,
    rulesets,
    user_tokens,
    zone_settings,
    zones,
)
from sandbox.cloudflare.answers import Answer, Json
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.phases import PHASES
from sandbox.cloudflare.world import World

Handler = Callable[[World, Ask], Answer]
AreaOf = Callable[[World, dict[str, str], object], str | None]


@dataclass(frozen=True)
class Route:
    """One row: method, path, the SDK's name of the call, the permission area (None: any valid token), the handler."""

    method: str
    path: str
    operation: str
    area: str | AreaOf | None
    handler: Handler

    @property
    def mutating(self) -> bool:
        """Whether a call can change the world; purges can."""
        return self.method != "GET"

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as a regular expression with one group a name."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    def area_name(self, world: World, names: dict[str, str], body: object) -> str | None:
        """The permission area of this very call: rulesets belong to the area of their phase."""
        return self.area(world, names, body) if callable(self.area) else self.area


def _phase_area(world: World, names: dict[str, str], body: object) -> str | None:
    """The area of the phase that the path, the ruleset or the body names; None where it names none that we have."""
    zone = world.zones.get(names["zone_id"])
    ruleset: Json = zone.rulesets.get(names.get("ruleset_id", ""), {}) if zone else {}
    told = body.get("phase") if isinstance(body, dict) else None
    phase = PHASES.get(str(names.get("phase") or ruleset.get("phase") or told))
    return phase.area if phase else "cache_settings"


def _switched(switch: str, handler: Handler) -> Handler:
    def handle(world: World, ask: Ask) -> Answer:
        return handler(
            world, Ask(ask.names | {"switch": switch}, ask.query, ask.body, ask.token, ask.now, ask.monotonic)
        )

    return handle


def _crud(path: str, last: str, operation: str, area: str, module: object) -> list[Route]:
    """The six rows of a resource with create, list, get, update, edit, delete handlers in `module`."""
    one = f"{path}/{{{last}}}"
    rows = (
        ("POST", path, "create", "create"),
        ("GET", path, "list", "list_all"),
        ("GET", one, "get", "get"),
        ("PUT", one, "update", "update"),
        ("PATCH", one, "edit", "edit"),
        ("DELETE", one, "delete", "delete"),
    )
    return [
        Route(method, where, f"{operation}.{verb}", area, getattr(module, name))
        for method, where, verb, name in rows
        if hasattr(module, name)
    ]


def _switches() -> list[Route]:
    found = []
    for path, switch in cache_switches.SWITCHES.items():
        where = f"/zones/{{zone_id}}/{path}"
        verbs = {"GET": cache_switches.get, "PATCH": cache_switches.edit}
        if switch.deletable:
            verbs |= {"POST": cache_switches.edit, "DELETE": cache_switches.delete}
        for method, handler in verbs.items():
            name = {"GET": "get", "PATCH": "edit", "POST": "create", "DELETE": "delete"}[method]
            found.append(Route(method, where, f"{switch.id}.{name}", "zone_settings", _switched(path, handler)))
    return found


_RULESETS = "/zones/{zone_id}/rulesets"
_ONE = f"{_RULESETS}/{{ruleset_id}}"
_ENTRY = f"{_RULESETS}/phases/{{phase}}/entrypoint"
_SETTING = "/zones/{zone_id}/settings/{setting_id}"
_POOL = "/accounts/{account_id}/load_balancers/pools/{pool_id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/accounts", "accounts.list", None, accounts.list_all),
    Route("GET", "/accounts/{account_id}", "accounts.get", "account", accounts.get),
    Route("GET", "/accounts/{account_id}/logs/audit", "accounts.logs.audit.list", "account", audit.list_all),
    Route("GET", "/user/tokens/verify", "user.tokens.verify", None, user_tokens.verify),
    Route(
        "GET",
        "/user/tokens/permission_groups",
        "user.tokens.permission_groups.list",
        "tokens",
        user_tokens.permission_groups,
    ),
    *_crud("/user/tokens", "token_id", "user.tokens", "tokens", user_tokens),
    Route("POST", "/zones", "zones.create", "zone", zones.create),
    Route("GET", "/zones", "zones.list", None, zones.list_all),
    Route("GET", "/zones/{zone_id}", "zones.get", "zone", zones.get),
    Route("PATCH", "/zones/{zone_id}", "zones.edit", "zone", zones.edit),
    Route("DELETE", "/zones/{zone_id}", "zones.delete", "zone", zones.delete),
    Route("GET", _SETTING, "zones.settings.get", "zone_settings", zone_settings.get),
    Route("PATCH", _SETTING, "zones.settings.edit", "zone_settings", zone_settings.edit),
    *_switches(),
    *_crud("/zones/{zone_id}/dns_records", "record_id", "dns.records", "dns", dns_records),
    Route("POST", "/zones/{zone_id}/purge_cache", "cache.purge", "purge", purges.hard),
    Route("POST", "/zones/{zone_id}/invalidate_cache", "cache.invalidate", "purge", purges.soft),
    Route("POST", _RULESETS, "rulesets.create", _phase_area, rulesets.create),
    Route("GET", _RULESETS, "rulesets.list", _phase_area, rulesets.list_all),
    Route("GET", _ENTRY, "rulesets.phases.get", _phase_area, rulesets.get_phase),
    Route("PUT", _ENTRY, "rulesets.phases.update", _phase_area, rulesets.update_phase),
    Route("GET", _ONE, "rulesets.get", _phase_area, rulesets.get),
    Route("PUT", _ONE, "rulesets.update", _phase_area, rulesets.update),
    Route("DELETE", _ONE, "rulesets.delete", _phase_area, rulesets.delete),
    Route("POST", f"{_ONE}/rules", "rulesets.rules.create", _phase_area, rules.create),
    Route("PATCH", f"{_ONE}/rules/{{rule_id}}", "rulesets.rules.edit", _phase_area, rules.edit),
    Route("DELETE", f"{_ONE}/rules/{{rule_id}}", "rulesets.rules.delete", _phase_area, rules.delete),
    *_crud("/zones/{zone_id}/load_balancers", "load_balancer_id", "load_balancers", "load_balancers", load_balancers),
    Route("GET", f"{_POOL}/health", "load_balancers.pools.health.get", "pools", pools.health),
    Route("GET", f"{_POOL}/references", "load_balancers.pools.references.get", "pools", pools.references),
    *_crud("/accounts/{account_id}/load_balancers/pools", "pool_id", "load_balancers.pools", "pools", pools),
    *_crud(
        "/accounts/{account_id}/load_balancers/monitors", "monitor_id", "load_balancers.monitors", "pools", monitors
    ),
)
_COMPILED = tuple((route.method, route.pattern, route) for route in ROUTES)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a path below `/client/v4`, with the names in it; None where nothing is implemented."""
    for wanted, pattern, route in _COMPILED:
        if wanted == method and (match := pattern.fullmatch(path)):
            return route, match.groupdict()
    return None
