"""A zone of our own at the emulated Cloudflare, with pools, monitor and load balancers; nothing of it stays.

It is made and changed through the official SDK's client with a token that nobody else uses. Cloudflare tells nobody
when its data centres have heard of a change; but they hear of changes in order, so a marker is changed last and watched
for as a guest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from sandbox.cloudflare.opening import PROBES
from sandbox.rehearsal.knobs import cloudflare_config as config
from sandbox.rehearsal.knobs.cloudflare_table import HOST, ZONE
from sandbox.rehearsal.knobs.guest import Guest
from sandbox.rehearsal.knobs.row import AFTER, BEFORE, Ask, Knob, cache_word, filled
from sandbox.rehearsal.knobs.witness import DEAD, FIRST, SECOND, UNWELL
from sandbox.rehearsal.stage import StageBroken
from sandbox.run import Run

PATIENCE_SECONDS = 10.0
PHASES = (config.REQUEST, config.RESPONSE, config.TRANSFORM)


class CloudflareScratch:
    """The scratch zone: made, changed, purged; everything is deleted when `undo` unwinds."""

    host = HOST

    def __init__(self, run: Run, knobs: Sequence[Knob], undo: ExitStack, guest: Guest) -> None:
        self._account = str(run.read()["cloudflare_account"])
        self._client = _client(run)
        undo.callback(self._client.close)
        self._knobs = knobs
        self._undo = undo
        self._guest = guest
        self._sides = {knob.slug: BEFORE for knob in knobs}
        self._names: dict[str, str] = {}
        self._zone = ""
        self._marks = 0

    def make(self) -> None:
        """Everything as it is before the changes."""
        client = self._client
        self._zone = client.zones.create(account={"id": self._account}, name=ZONE).id
        self._undo.callback(client.zones.delete, zone_id=self._zone)
        self._send("post", "dns_records", _record(HOST, {"content": FIRST, "proxied": True}))
        monitor = client.load_balancers.monitors.create(
            account_id=self._account, type="https", path=UNWELL, interval=60, retries=0, allow_insecure=True
        ).id
        self._names["$monitor"] = monitor
        self._undo.callback(client.load_balancers.monitors.delete, monitor, account_id=self._account)
        for name, address in (("first", FIRST), ("second", SECOND), ("dead", DEAD)):
            self._make_pool(f"${name}", name, {"origins": [{"name": name, "address": address}]})
        for knob in self._knobs:
            self._make_row(knob)
        self._declare_rules()

    def change(self, knobs: Sequence[Knob]) -> None:
        """Change `knobs` to what they are after, and wait until a guest sees the last change."""
        self._sides |= {knob.slug: AFTER for knob in knobs}
        for knob in knobs:
            if knob.before != knob.after:
                self._change_row(knob)
        self._declare_rules()

    def purge(self, orders: Sequence[Mapping[str, Any]], side: str) -> None:
        """Give every order, then purge the marker and wait until it is gone."""
        path = f"/{config.MARKER}/purge-{side}"
        for _ in range(2):
            self._guest.ask(HOST, path, Ask())
        marker = {"kind": "hard", "tags": [config.MARKER_TAG]}
        for order in (*orders, marker):
            verb = self._client.cache.invalidate if order["kind"] == "soft" else self._client.cache.purge
            verb(zone_id=self._zone, **{name: value for name, value in order.items() if name != "kind"})
        _seen(lambda: cache_word(self._guest.ask(HOST, path, Ask())) != "HIT")

    def _make_row(self, knob: Knob) -> None:
        client, declared, host = self._client, knob.before, f"{knob.slug}.{ZONE}"
        for name, value in declared.get("settings", {}).items():
            client.zones.settings.edit(name, zone_id=self._zone, value=value)
        if "record" in declared:
            made = self._send("post", "dns_records", _record(host, declared["record"]))
            self._names[f"record:{knob.slug}"] = made["id"]
        if "pool" in declared:
            self._make_pool(f"pool:{knob.slug}", knob.slug, declared["pool"])
        if "balancer" in declared:
            given = filled(declared["balancer"], self._for(knob))
            made = client.load_balancers.create(
                zone_id=self._zone, name=host, proxied=True, steering_policy="off", **given
            )
            self._names[f"balancer:{knob.slug}"] = made.id
            self._undo.callback(client.load_balancers.delete, made.id, zone_id=self._zone)

    def _make_pool(self, key: str, name: str, given: Mapping[str, Any]) -> None:
        pools = self._client.load_balancers.pools
        made = pools.create(account_id=self._account, name=f"probe-{name}", **filled(dict(given), self._names))
        self._names[key] = made.id
        self._undo.callback(pools.delete, made.id, account_id=self._account)

    def _change_row(self, knob: Knob) -> None:
        client, declared = self._client, knob.after
        for name, value in declared.get("settings", {}).items():
            client.zones.settings.edit(name, zone_id=self._zone, value=value)
        if "record" in declared:
            path = f"dns_records/{self._names[f'record:{knob.slug}']}"
            self._send("patch", path, _record(f"{knob.slug}.{ZONE}", declared["record"]))
        if "pool" in declared and declared["pool"] != knob.before["pool"]:
            own = self._names[f"pool:{knob.slug}"]
            given = filled(declared["pool"], self._names)
            client.load_balancers.pools.edit(own, account_id=self._account, **given)
            if "monitor" in given and not _seen(lambda: self._unwell(own)):
                raise StageBroken(f"the monitor of {knob.slug} measured nothing within {PATIENCE_SECONDS:.0f} s")
        if "balancer" in declared and declared["balancer"] != knob.before["balancer"]:
            given = filled(declared["balancer"], self._for(knob))
            client.load_balancers.edit(self._names[f"balancer:{knob.slug}"], zone_id=self._zone, **given)

    def _unwell(self, pool: str) -> bool:
        return self._client.load_balancers.pools.get(pool, account_id=self._account).healthy is False

    def _for(self, knob: Knob) -> dict[str, str]:
        return {**self._names, "$own": self._names.get(f"pool:{knob.slug}", "")}

    def _declare_rules(self) -> None:
        """All rules as they stand now, the marker's phase last; then wait for the marker."""
        self._marks += 1
        mark = f"mark-{self._marks}"
        for phase in PHASES:
            told = config.rules(self._knobs, self._sides, phase, mark)
            self._send("put", f"rulesets/phases/{phase}/entrypoint", {"rules": told})
        path = f"/{config.MARKER}/{mark}"
        _seen(lambda: self._guest.ask(HOST, path, Ask()).headers.get(config.MARKER_HEADER) == mark)

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """A call below the zone through the SDK's client, past its models, whose import takes longer than all calls."""
        verb = getattr(self._client, method)
        return verb(f"/zones/{self._zone}/{path}", body=body, cast_to=object)["result"]


def _record(host: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": host, "type": "CNAME", "ttl": 1, **declared}


def _seen(holds: Callable[[], bool]) -> bool:
    """Whether it came about in time. A POP that never shows a marker is deaf: the probes are there to say so."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.02)
    return True


def _client(run: Run) -> Any:
    import cloudflare

    token = run.read()["tokens"][PROBES]
    base_url = f"http://{run.endpoint('cloudflare')}/client/v4"
    return cloudflare.Cloudflare(api_token=token, base_url=base_url, max_retries=0, timeout=20)
