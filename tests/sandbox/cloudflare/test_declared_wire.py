"""What the vendor's Terraform provider (v5.22) sends and reads, as plain HTTP: facts that no SDK would show.

The provider reads an optional member that an answer shows, empty or not, as a change against the declaration, so that
every plan would have a difference.
"""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from tests.sandbox.cloudflare.emulator import Emulator


def _asked(emulator: Emulator, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=20)
    headers = {"authorization": f"Bearer {emulator.secret()}", "content-type": "application/json"}
    try:
        connection.request(method, f"/client/v4{path}", json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("paused", [False, True])
def test_a_zone_is_created_with_paused(emulator: Emulator, paused: bool) -> None:
    """Every create of the provider carries `paused`; the zone begins as told, and an unknown member is refused."""
    body = {"account": {"id": emulator.account}, "name": f"p{paused:d}.weddings.example", "type": "full"}
    status, made = _asked(emulator, "POST", "/zones", body | {"paused": paused})
    assert (status, made["result"]["paused"]) == (200, paused)
    assert _asked(emulator, "GET", f"/zones/{made['result']['id']}")[1]["result"]["paused"] is paused
    other = body | {"name": "q.weddings.example"}
    assert _asked(emulator, "POST", "/zones", other | {"paused": "no"})[0] == 400
    assert _asked(emulator, "POST", "/zones", other | {"pause": True})[0] == 400


def test_a_pool_shows_only_what_was_set(emulator: Emulator) -> None:
    """Monitor, monitor group, time of disabling and an origin's header are absent until set; CNAMEs are flattened."""
    pools = f"/accounts/{emulator.account}/load_balancers/pools"
    sent = {
        "description": "",
        "enabled": True,
        "minimum_origins": 1,
        "name": "declared",
        "notification_email": "",
        "origins": [{"address": "a.weddings.example", "enabled": True, "name": "a", "port": 443, "weight": 1}],
    }
    status, made = _asked(emulator, "POST", pools, sent)
    pool = made["result"]
    assert status == 200
    assert {"monitor", "monitor_group", "disabled_at"}.isdisjoint(pool)
    assert pool["origins"] == [sent["origins"][0] | {"flatten_cname": True}]  # type: ignore[index]  # JSON

    named = {"Host": ["h.weddings.example"]}
    changed = sent | {"enabled": False, "origins": [sent["origins"][0] | {"header": named}]}  # type: ignore[index]  # JSON
    status, made = _asked(emulator, "PUT", f"{pools}/{pool['id']}", changed)
    assert status == 200
    assert made["result"]["origins"][0]["header"] == named
    assert made["result"]["disabled_at"]
    assert _asked(emulator, "DELETE", f"{pools}/{pool['id']}")[0] == 200


def test_a_pool_can_be_sent_back_as_it_was_shown(emulator: Emulator) -> None:
    """The provider's PUT repeats what it read: a shown pool without the vendor's own members is a valid body."""
    pools = f"/accounts/{emulator.account}/load_balancers/pools"
    origin = {"address": "b.weddings.example", "name": "b"}
    _, made = _asked(emulator, "POST", pools, {"name": "again", "origins": [origin]})
    shown = made["result"]
    vendors = ("id", "created_on", "modified_on", "healthy", "networks", "health_sources")
    back = {key: value for key, value in shown.items() if key not in vendors and value is not None}
    status, kept = _asked(emulator, "PUT", f"{pools}/{shown['id']}", back | {"description": "new"})
    assert status == 200
    assert kept["result"] == shown | {"description": "new", "modified_on": kept["result"]["modified_on"]}
    assert _asked(emulator, "DELETE", f"{pools}/{shown['id']}")[0] == 200
