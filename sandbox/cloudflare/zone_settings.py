"""Zone settings, one by one: ids and valid values come from the SDK's own models of each setting."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

from cloudflare.types.zones import setting_edit_response

from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask, instant
from sandbox.cloudflare.limits import Plan
from sandbox.cloudflare.shape import problems
from sandbox.cloudflare.world import World, Zone

DEVELOPMENT_MODE = timedelta(hours=3)
BROWSER_TTL_MAXIMUM = 31_536_000

DEFAULTS: Json = {
    "always_online": "off",
    "brotli": "on",
    "browser_cache_ttl": 14400,
    "browser_check": "on",
    "cache_level": "aggressive",
    "challenge_ttl": 1800,
    "cname_flattening": "flatten_at_root",
    "edge_cache_ttl": 7200,
    "email_obfuscation": "on",
    "http2": "on",
    "ip_geolocation": "on",
    "ipv6": "on",
    "max_upload": 100,
    "min_tls_version": "1.0",
    "origin_max_http_version": "2",
    "proxy_read_timeout": 100,
    "security_level": "medium",
    "ssl": "full",
    "tls_1_3": "on",
    "websockets": "on",
}
GONE = {"mirage": "Mirage was removed", "minify": "Auto Minify was removed"}
PAID = {"polish", "webp", "image_resizing", "transformations"}
ENTERPRISE = {
    "origin_error_page_pass_thru",
    "sort_query_string_for_cache",
    "true_client_ip_header",
    "response_buffering",
}


@lru_cache(maxsize=1)
def kinds() -> dict[str, Any]:
    """Setting id -> the SDK's type of its value, for every setting that has a `value`."""
    found = {}
    for model in get_args(setting_edit_response.SettingEditResponse):
        value = model.model_fields.get("value")
        annotation = model.model_fields["id"].annotation
        if value is not None and get_origin(annotation) is Literal:
            found[str(get_args(annotation)[0])] = value.annotation
    return found


def default_of(setting_id: str) -> Any:
    """What a new zone has: from the table of documented defaults, else `off` or the neutral value of its type."""
    if setting_id in DEFAULTS:
        return DEFAULTS[setting_id]
    annotation = kinds()[setting_id]
    if get_origin(annotation) is Literal:
        return "off" if "off" in get_args(annotation) else get_args(annotation)[0]
    return {list: [], str: "", int: 0, float: 0}.get(get_origin(annotation) or annotation)


def get(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}/settings/{setting_id}."""
    zone = world.zone(ask.names["zone_id"])
    return Answer(_shown(zone, _known(ask.names["setting_id"]), world.plan, ask))


def edit(world: World, ask: Ask) -> Answer:
    """PATCH /zones/{zone_id}/settings/{setting_id} with `{"value": ...}`."""
    zone = world.zone(ask.names["zone_id"])
    setting_id = _known(ask.names["setting_id"])
    if not _editable(setting_id, world.plan):
        raise VendorRefusal(400, 1016, f"{setting_id} cannot be changed on the {world.plan.label} plan")
    if set(ask.fields) != {"value"}:
        raise VendorRefusal(400, 1007, f"Invalid value for zone setting {setting_id}: send value and nothing else")
    value = ask.fields["value"]
    found = problems(value, kinds()[setting_id], "/value")
    if not found and setting_id == "browser_cache_ttl" and not 0 <= value <= BROWSER_TTL_MAXIMUM:
        raise VendorRefusal(400, 1007, f"Invalid value for zone setting browser_cache_ttl: 0 to {BROWSER_TTL_MAXIMUM}")
    if found:
        raise VendorRefusal(
            400, 1007, f"Invalid value for zone setting {setting_id}: {found[0].message}", pointer="/value"
        )
    zone.settings[setting_id] = {"value": value, "modified_on": ask.stamp}
    if setting_id == "development_mode" and value == "on":
        zone.settings[setting_id]["until"] = instant(ask.now + DEVELOPMENT_MODE)
    return Answer(_shown(zone, setting_id, world.plan, ask))


def values(zone: Zone, stamp: str) -> Json:
    """The settings that were changed, for the POPs; development mode counts as off once its three hours are over."""
    return {
        setting_id: "off" if row.get("until", "~") <= stamp else row["value"]
        for setting_id, row in zone.settings.items()
    }


def _known(setting_id: str) -> str:
    if setting_id in GONE:
        raise VendorRefusal(400, 1006, f"{GONE[setting_id]}: unknown zone setting {setting_id}")
    if setting_id not in kinds():
        raise VendorRefusal(400, 1006, f"Undefined zone setting: {setting_id}")
    return setting_id


def _editable(setting_id: str, plan: Plan) -> bool:
    if setting_id in ENTERPRISE:
        return plan.enterprise
    return plan.images or setting_id not in PAID


def _shown(zone: Zone, setting_id: str, plan: Plan, ask: Ask) -> Json:
    row = zone.settings.get(setting_id, {})
    value = values(zone, ask.stamp).get(setting_id, default_of(setting_id))
    shown: Json = {
        "id": setting_id,
        "value": value,
        "editable": _editable(setting_id, plan),
        "modified_on": row.get("modified_on"),
    }
    if setting_id == "development_mode":
        until = row.get("until")
        shown["time_remaining"] = _seconds_until(until, ask) if until else 0
    return shown


def _seconds_until(until: str, ask: Ask) -> int:
    return int((type(ask.now).fromisoformat(until) - ask.now).total_seconds())
