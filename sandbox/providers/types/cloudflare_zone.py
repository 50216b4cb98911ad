"""Cloudflare zones, DNS records and smart tiered cache.

Source of facts: the API reference; force-new and defaults from terraform-provider-cloudflare's schema files.
"""

from __future__ import annotations

from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.types.cloudflare_api import Collection, call, camel, listed

ZONE = "cloudflare:index/zone:Zone"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
TIERED_CACHE = "cloudflare:index/tieredCache:TieredCache"
EDITED_ALONE = ("type", "paused", "vanityNameServers")  # PATCH /zones/{id} takes one property a call


# Zones ---------------------------------------------------------------------------------------------------------------

_ZONES = Collection(ZONE, home=lambda inputs: "/zones", unique=("name",), leave_out=("paused", "vanity_name_servers"))


def _find_zone(ask: Ask) -> str | None:
    found = listed(ask, "/zones", {"name": ask.inputs["name"]})
    return str(found[0]["id"]) if found else None


def _finish_zone(ask: Ask, identity: str) -> None:
    """Create takes neither `paused` nor name servers of one's own."""
    if not ask.old:
        _edit(ask, identity, {name: ask.inputs[name] for name in EDITED_ALONE[1:] if ask.inputs.get(name)})


def _edit(ask: Ask, identity: str, changed: Properties) -> None:
    spelled = {"vanityNameServers": "vanity_name_servers"}
    for name, value in changed.items():
        call(ask, "patch", f"/zones/{identity}", body={spelled.get(name, name): value})


def _update_zone(ask: Ask, identity: str) -> None:
    empty = {"paused": False, "vanityNameServers": [], "type": "full"}
    wanted = {name: ask.inputs.get(name, empty[name]) for name in EDITED_ALONE}
    before = {name: ask.old.get(name, empty[name]) for name in EDITED_ALONE}
    _edit(ask, identity, {name: value for name, value in wanted.items() if value != before[name]})


# Records -------------------------------------------------------------------------------------------------------------


def _short_name(properties: Properties, ask: Ask) -> Properties:
    """The API answers with the full name; a record may be declared by its name within the zone, or `@`."""
    declared, live = ask.inputs.get("name"), properties.get("name")
    if isinstance(declared, str) and isinstance(live, str):
        plain = declared.lower().rstrip(".")
        if plain == live or live.startswith(f"{plain}.") or plain == "@":
            return {**properties, "name": declared}
    return properties


_RECORDS = Collection(
    RECORD,
    home=lambda inputs: f"/zones/{inputs['zoneId']}/dns_records",
    unique=("type", "content"),
    lasting=("zoneId", "includeShadowMetadata"),
    after=_short_name,
    leave_out=("include_shadow_metadata",),
)


def _find_record(ask: Ask) -> str | None:
    """By type and content, and the name with or without the zone's."""
    for item in listed(ask, _RECORDS.path(ask), {"type": ask.inputs["type"]}):
        live = {"name": item["name"]}
        named = _short_name(live, ask)["name"] == ask.inputs["name"]
        if named and item.get("content") == ask.inputs.get("content", item.get("content")):
            return str(item["id"])
    return None


# Tiered cache --------------------------------------------------------------------------------------------------------


def _switch(ask: Ask) -> str:
    return f"/zones/{ask.inputs.get('zoneId') or ask.state['zoneId']}/cache/tiered_cache_smart_topology_enable"


def _set_tiered_cache(ask: Ask) -> str:
    call(ask, "patch", _switch(ask), body={"value": ask.inputs["value"]})
    return str(ask.inputs["zoneId"])


def _read_tiered_cache(ask: Ask, identity: str) -> Properties:
    asked = Ask(ask.vendors, ask.urn, {"zoneId": identity})
    result = call(ask, "get", _switch(asked))
    live = {camel(name): value for name, value in result.items() if name in ("editable", "modified_on", "value")}
    return {**live, "zoneId": identity}


def _update_tiered_cache(ask: Ask, identity: str) -> None:
    _set_tiered_cache(ask)


def _delete_tiered_cache(ask: Ask, identity: str) -> None:
    call(ask, "delete", _switch(ask))


ROWS = (
    Type(
        token=ZONE,
        create=_ZONES.create,
        find=_find_zone,
        finish=_finish_zone,
        read=_ZONES.read,
        update=_update_zone,
        delete=_ZONES.delete,
        force_new=frozenset({"account", "name"}),
        fill={"type": "full"},
        rules=Rules(computed=frozenset({"type", "vanityNameServers", "account.id"})),
        volatile=frozenset({"modifiedOn"}),
    ),
    Type(
        token=RECORD,
        create=_RECORDS.create,
        find=_find_record,
        read=_RECORDS.read,
        update=_RECORDS.update,
        delete=_RECORDS.delete,
        force_new=frozenset({"zoneId"}),
        fill={"proxied": False},
        rules=Rules(
            sets=frozenset({"tags"}),
            computed=frozenset({"settings", "data", "priority", "privateRouting"}),
            unreadable=frozenset({"includeShadowMetadata"}),
        ),
        volatile=frozenset({"modifiedOn", "commentModifiedOn", "tagsModifiedOn"}),
    ),
    Type(
        token=TIERED_CACHE,
        create=_set_tiered_cache,
        read=_read_tiered_cache,
        update=_update_tiered_cache,
        delete=_delete_tiered_cache,
        force_new=frozenset({"zoneId"}),
        volatile=frozenset({"modifiedOn"}),
    ),
)
