"""`trace`, `route` and `takedown` at the command line, against both vendors' emulators where no POP answers."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Online
from tests.contracts.cloud import Cloud, Platform
from tests.fakes.inventory import HOME


def test_route_says_what_can_be_known(ask: Online) -> None:
    """The CDN, the region by the control data, and POPs that do not answer; nothing is made up."""
    said = ask("route", "como", "--output", "json")
    assert (said.code, said.json["schema"]) == (0, "wedcache.route/1")
    row = said.json["hosts"][0]
    assert (row["host"], row["cdn"], row["region"], row["agrees"]) == (
        "como.weddings.example",
        "cloudfront",
        HOME,
        False,
    )
    assert all(who.startswith("no answer") for who in row["seen"].values())
    assert ask("route", "como.weddings.example").code == 0


def test_route_is_read_in_a_bad_night(ask: Online, cloud: Cloud) -> None:
    """With the shared store and Cloudflare away it says what it does not know, and ends well."""
    cloud.faults.inject("api-503", "cloudflare")
    said = ask("route", "app.weddings.example", "--output", "json")
    assert said.code == 0
    assert "cannot be asked" in said.err
    assert said.json["hosts"][0]["region"] is None


def test_trace_of_what_nobody_answers(ask: Online) -> None:
    """18, with every place and why it did not."""
    said = ask("trace", "https://como.weddings.example/", "--output", "json")
    assert (said.code, said.json["schema"], said.json["differs"]) == (18, "wedcache.trace/1", None)
    assert {hop["status"] for hop in said.json["hops"]} == {0}
    assert "nobody answers" in said.err
    key = ask("trace", "wedding:como:home", "--output", "json")
    assert (key.code, key.json["schema"]) == (18, "wedcache.trace-key/1")
    assert "inside its own network" in key.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["trace", "https://elsewhere.example/"], 2, "not a URL of a host that there is"),
        (["trace", "https://como.weddings.example/", "--pop", "XYZ9"], 2, "there are FRA56-P1"),
        (["route", "nobody"], 2, "there are como"),
        (["takedown", "--yes"], 2, "nothing was named"),
        (["takedown", "photo:nobody.3", "--yes"], 2, "there are como"),
        (["takedown", "https://como.weddings.example/gallery", "--yes"], 2, "--tag"),
        (["takedown", "photo:como.3"], 1, "add --yes"),
        (["takedown", "photo:como.3", "--plan"], 0, "deny    https://como.weddings.example/photos/3-*"),
        (["takedown", "--list"], 0, ""),
    ],
)
def test_what_is_refused_or_planned_changes_nothing(
    ask: Online, cloud: Cloud, arguments: list[str], code: int, words: str
) -> None:
    """Each ends with its code and its words, and no mutating call reached a vendor."""
    before = len(cloud.mutations())
    said = ask(*arguments)
    assert (said.code, words in said.err) == (code, True), said.err
    assert len(cloud.mutations()) == before


def test_a_takedown_that_nobody_proves_stays_open_for_resume(
    online: Online, own: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No agent and no POP: denied at the edge all the same; 13 names who owes what; it cannot be cancelled."""
    from controlplane.bootstrap import plant
    from controlplane.operations.take_down import TakedownMeans

    monkeypatch.setattr(TakedownMeans.__init__, "__defaults__", (0.3,))
    said = online("takedown", "photo:como.3", "--yes", "--output", "json")
    assert said.code == 13, said.err
    assert plant("test").edge_store.read() == {"deny:como.weddings.example": "/photos/3-*"}
    assert HOME in said.json["report"]
    card = online("ops", "show", said.json["message"].partition(":")[0], "--output", "json").json
    assert (card["operation"], card["state"]) == ("takedown", "open")
    assert online("ops", "cancel", card["id"], "--yes").code == 1
    assert online("ops", "resume", card["id"]).code == 13
    assert "since" in online("takedown", "--list").out
    verified = online("ledger", "verify", card["id"], "--output", "json").json
    assert [row["holds"] for row in verified["operations"]] == [True]
