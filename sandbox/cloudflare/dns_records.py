"""DNS records: A, AAAA, CNAME and TXT, with the vendor's rules on names, contents, TTLs and duplicates."""

from __future__ import annotations

import ipaddress
from typing import Any

from cloudflare.types.dns import record_create_params as params

from sandbox.cloudflare.answers import Answer, Json, VendorRefusal, not_here
from sandbox.cloudflare.asks import Ask, matches, paged
from sandbox.cloudflare.refusals import check_body
from sandbox.cloudflare.world import World, Zone

KINDS: dict[str, type] = {
    "A": params.ARecord,
    "AAAA": params.AAAARecord,
    "CNAME": params.CNAMERecord,
    "TXT": params.TXTRecord,
}
ELSEWHERE = frozenset(
    {"CAA", "CERT", "DNSKEY", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS", "OPENPGPKEY", "PTR", "SMIMEA", "SRV", "SSHFP"}
    | {"SVCB", "TLSA", "URI"}
)
PROXIABLE = frozenset({"A", "AAAA", "CNAME"})
NOT_PROVEN = 1004
AUTOMATIC = 1


def create(world: World, ask: Ask) -> Answer:
    """POST /zones/{zone_id}/dns_records."""
    zone = world.zone(ask.names["zone_id"])
    record = _record(world, zone, ask.fields, ask)
    _refuse_clash(zone, record, None)
    record = {"id": world.new_id(), **record, "created_on": ask.stamp}
    zone.records[record["id"]] = record
    return Answer(record)


def update(world: World, ask: Ask) -> Answer:
    """PUT /zones/{zone_id}/dns_records/{record_id}: the whole record."""
    return _replace(world, ask, ask.fields)


def edit(world: World, ask: Ask) -> Answer:
    """PATCH /zones/{zone_id}/dns_records/{record_id}: the given fields."""
    old = _found(world.zone(ask.names["zone_id"]), ask)
    kept = {key: old[key] for key in ("name", "type", "content", "ttl", "proxied", "comment", "tags", "settings")}
    return _replace(world, ask, {key: value for key, value in kept.items() if value is not None} | ask.fields)


def list_all(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}/dns_records, filtered by type, name and content."""
    rows = [
        row for row in world.zone(ask.names["zone_id"]).records.values() if matches(row, ask, "name", "type", "content")
    ]
    return paged(sorted(rows, key=lambda row: (str(row["name"]), str(row["type"]))), ask, default=100, most=5_000_000)


def get(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}/dns_records/{record_id}."""
    return Answer(_found(world.zone(ask.names["zone_id"]), ask))


def delete(world: World, ask: Ask) -> Answer:
    """DELETE /zones/{zone_id}/dns_records/{record_id}."""
    zone = world.zone(ask.names["zone_id"])
    record = _found(zone, ask)
    del zone.records[record["id"]]
    return Answer({"id": record["id"]})


def _replace(world: World, ask: Ask, body: Json) -> Answer:
    zone = world.zone(ask.names["zone_id"])
    old = _found(zone, ask)
    record = {"id": old["id"], **_record(world, zone, body, ask), "created_on": old["created_on"]}
    _refuse_clash(zone, record, old["id"])
    zone.records[old["id"]] = record
    return Answer(record)


def _found(zone: Zone, ask: Ask) -> Json:
    record = zone.records.get(ask.names["record_id"])
    if record is None:
        raise VendorRefusal(404, 81044, "Record does not exist.")
    return record


def _record(world: World, zone: Zone, body: Json, ask: Ask) -> Json:
    kind = str(body.get("type"))
    if kind in ELSEWHERE:
        raise not_here(f"DNS record type {kind}")
    if kind not in KINDS:
        raise VendorRefusal(400, NOT_PROVEN, f"DNS Validation Error: {kind!r} is not a record type", pointer="/type")
    checked = check_body(body, KINDS[kind], code=NOT_PROVEN)
    name = _full_name(zone, str(checked["name"]))
    content = _content(str(kind), checked.get("content"), name)
    proxied = bool(checked.get("proxied", False))
    if proxied and kind not in PROXIABLE:
        raise VendorRefusal(400, 9004, "This record type cannot be proxied.", pointer="/proxied")
    return {
        "name": name,
        "type": kind,
        "content": content,
        "proxiable": kind in PROXIABLE,
        "proxied": proxied,
        "ttl": AUTOMATIC if proxied else _ttl(checked["ttl"], world.plan.dns_ttl_minimum),
        "settings": checked.get("settings", {}),
        "meta": {},
        "comment": checked.get("comment"),
        "tags": checked.get("tags", []),
        "modified_on": ask.stamp,
    }


def _full_name(zone: Zone, name: str) -> str:
    name = name.lower().rstrip(".")
    if name == "@":
        return zone.name
    full = name if name == zone.name or name.endswith(f".{zone.name}") else f"{name}.{zone.name}"
    labels = full.split(".")
    if len(full) > 253 or any(not label or len(label) > 63 or " " in label for label in labels):
        raise VendorRefusal(400, 9000, "DNS name is invalid.", pointer="/name")
    return full


def _ttl(ttl: Any, minimum: int) -> int:
    if ttl == AUTOMATIC or minimum <= ttl <= 86400:
        return int(ttl)
    raise VendorRefusal(
        400, 9021, f"Invalid TTL. Must be between {minimum} and 86,400 seconds, or 1 for Automatic.", pointer="/ttl"
    )


def _content(kind: str, content: Any, name: str) -> str:
    text = str(content or "")
    if kind in ("A", "AAAA"):
        version, code = (4, 9005) if kind == "A" else (6, 9006)
        try:
            if ipaddress.ip_address(text).version == version:
                return text
        except ValueError:
            pass
        raise VendorRefusal(400, code, f"Content for {kind} record must be a valid IPv{version} address.")
    if kind == "TXT":
        if not text or len(text) > 2048:
            raise VendorRefusal(400, 9207, "Content for TXT record must hold 1 to 2,048 characters.")
        return text
    target = text.lower().rstrip(".")
    if not target or "/" in target or " " in target or ".." in target or len(target) > 253:
        raise VendorRefusal(400, 9007, "Content for CNAME record is invalid.")
    if target == name:
        raise VendorRefusal(400, 9039, "A CNAME record cannot reference itself.")
    return target


def _refuse_clash(zone: Zone, record: Json, own_id: str | None) -> None:
    for other in zone.records.values():
        if other["id"] == own_id or other["name"] != record["name"]:
            continue
        if (other["type"], other["content"]) == (record["type"], record["content"]):
            raise VendorRefusal(400, 81058, "An identical record already exists.")
        if record["type"] == "CNAME" and other["type"] in PROXIABLE:
            raise VendorRefusal(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
        if other["type"] == "CNAME" and record["type"] in PROXIABLE:
            raise VendorRefusal(400, 81054, "A CNAME record with that host already exists.")
