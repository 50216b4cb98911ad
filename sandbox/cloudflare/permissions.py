"""API tokens and what they may do: permission groups, policies, validity at the calendar's time."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.cloudflare.answers import Json

ZONE = "com.cloudflare.api.account.zone"
ACCOUNT = "com.cloudflare.api.account"
USER = "com.cloudflare.api.user"


@dataclass(frozen=True)
class Area:
    """A part of the API: the permission groups that let one read it and write it, and the scope that they have."""

    name: str
    title: str
    scope: str = ZONE
    readable: bool = True

    def groups(self, *, write: bool) -> set[str]:
        """Names of the groups that suffice; writing includes reading, as the vendor's "Edit" does."""
        if self.name == "purge":
            return {"Cache Purge"}
        return {f"{self.title} Write"} if write else {f"{self.title} Read", f"{self.title} Write"}


AREAS: dict[str, Area] = {
    area.name: area
    for area in (
        Area("zone", "Zone"),
        Area("zone_settings", "Zone Settings"),
        Area("dns", "DNS"),
        Area("purge", "Cache Purge", readable=False),
        Area("cache_settings", "Cache Settings"),
        Area("transform", "Zone Transform Rules"),
        Area("config", "Config Settings"),
        Area("waf", "Zone WAF"),
        Area("redirect", "Dynamic URL Redirects"),
        Area("origin", "Origin"),
        Area("errors", "Custom Error Rules"),
        Area("compression", "Response Compression"),
        Area("load_balancers", "Load Balancers"),
        Area("pools", "Load Balancing: Monitors And Pools", ACCOUNT),
        Area("account", "Account Settings", ACCOUNT),
        Area("tokens", "API Tokens", USER),
    )
}


def group_id(name: str) -> str:
    """The group's id: stable here, not the vendor's own."""
    return hashlib.sha256(f"permission group {name}".encode()).hexdigest()[:32]


def groups() -> list[Json]:
    """Every permission group, as `GET /user/tokens/permission_groups` lists it."""
    rows = []
    for area in AREAS.values():
        names = [f"{area.title} Read", f"{area.title} Write"] if area.readable else [area.title]
        rows += [{"id": group_id(name), "name": name, "scopes": [area.scope]} for name in names]
    return rows


@dataclass
class Token:
    """One API token; its value is held as a digest only."""

    id: str
    name: str
    digest: str
    policies: list[Json]
    issued_on: str
    modified_on: str
    status: str = "active"
    expires_on: str | None = None
    not_before: str | None = None
    condition: Json = field(default_factory=dict)
    last_used_on: str | None = None

    def standing(self, now: datetime) -> str:
        """`active`, `disabled` or `expired` at the calendar's time; `not yet` before `not_before`."""
        if self.status != "active":
            return self.status
        if self.expires_on and now >= datetime.fromisoformat(self.expires_on):
            return "expired"
        if self.not_before and now < datetime.fromisoformat(self.not_before):
            return "not yet"
        return "active"

    def row(self, now: datetime) -> Json:
        """The token as the API shows it, without its value."""
        standing = self.standing(now)
        row: Json = {
            "id": self.id,
            "name": self.name,
            "status": standing if standing != "not yet" else "active",
            "issued_on": self.issued_on,
            "modified_on": self.modified_on,
            "last_used_on": self.last_used_on,
            "policies": self.policies,
            "condition": self.condition,
        }
        row |= {key: value for key in ("expires_on", "not_before") if (value := getattr(self, key))}
        return row


def digest(value: str) -> str:
    """What is kept of a token's value."""
    return hashlib.sha256(value.encode()).hexdigest()


def address_allowed(condition: Json, remote: str) -> bool:
    """Whether the token's `condition.request_ip` admits a caller's address."""
    rule = condition.get("request_ip", {})
    address = ipaddress.ip_address(remote)
    if any(address in ipaddress.ip_network(one, strict=False) for one in rule.get("not_in", [])):
        return False
    inside = rule.get("in", [])
    return not inside or any(address in ipaddress.ip_network(one, strict=False) for one in inside)


def allows(token: Token, area: Area, *, write: bool, account_id: str, zone_id: str | None) -> bool:
    """Whether a policy allows the area on that zone (None: on every zone of the account) and no policy denies it."""
    wanted = {group_id(name) for name in area.groups(write=write)}
    allowed = False
    for policy in token.policies:
        granted = {group["id"] for group in policy["permission_groups"]}
        if granted & wanted and _covers(policy["resources"], area.scope, account_id, zone_id):
            if policy["effect"] == "deny":
                return False
            allowed = True
    return allowed


def _covers(resources: dict[str, Any], scope: str, account_id: str, zone_id: str | None) -> bool:
    """Whether a policy's resources hold what is asked for; zones may be nested under their account."""
    mine = {f"{ACCOUNT}.{account_id}", f"{ACCOUNT}.*"}
    names = {name for name, value in resources.items() if not isinstance(value, dict)}
    nested = [value for name, value in resources.items() if isinstance(value, dict) and name in mine]
    if scope == ZONE:
        wanted = {f"{ZONE}.*"} | ({f"{ZONE}.{zone_id}"} if zone_id else set())
        return bool(names & wanted) or any(_covers(inner, scope, account_id, zone_id) for inner in nested)
    if scope == ACCOUNT:
        return bool(names & mine)
    return any(name.startswith(f"{USER}.") for name in names)


def every_policy(account_id: str, user_id: str, *, write: bool) -> list[Json]:
    """Policies over everything of the account: for the operator's token (`write`) or the read-only one."""
    policies = []
    for scope, resource in (
        (ZONE, {f"{ZONE}.*": "*"}),
        (ACCOUNT, {f"{ACCOUNT}.{account_id}": "*"}),
        (USER, {f"{USER}.{user_id}": "*"}),
    ):
        names = [
            row["name"] for row in groups() if scope in row["scopes"] and (write or str(row["name"]).endswith(" Read"))
        ]
        policies.append(
            {
                "id": group_id(f"policy {scope} {write}"),
                "effect": "allow",
                "permission_groups": [{"id": group_id(name), "name": name} for name in names],
                "resources": resource,
            }
        )
    return policies
