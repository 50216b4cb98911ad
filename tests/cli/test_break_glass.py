"""Break-glass from the refusal to its use, against both vendors' emulators: once, by two persons, for one plan."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controlplane.adapters.ssh import wire
from controlplane.domain.break_glass import MOST_BYTES, NAMESPACE
from sandbox.clock import OffsetClock
from tests.cli.saturday import IN, PURGE, RULE, Saturday, landscape, saturday
from tests.contracts.test_signatures import public
from tests.fakes.inventory import HOME, REGIONS

__all__ = ["landscape", "saturday"]


def test_the_printed_way_past_works_as_printed(saturday: Saturday) -> None:
    """The refusal's own last words ask for the grant; two persons sign it; the purge passes and says by what."""
    refused = saturday(*PURGE)
    assert refused.code == 10
    command = refused.err.rsplit("; or ", 1)[1].strip()
    assert command == f"wedcache break-glass request --op purge-hard --scope wedding:como --rule {RULE}"
    asked = saturday(*shlex.split(command)[1:])
    text = saturday.signed(saturday.text(asked), "lena", "boris")
    assert len(Path(text).read_bytes()) <= MOST_BYTES
    done = saturday(*PURGE, "--break-glass", text, "--output", "json")
    assert (done.code, done.json["verdict"]) == (0, "ADMITTED_BY_BREAK_GLASS"), done.err
    assert "signed by lena@weddings.example and boris@weddings.example" in done.err
    saturday.refused(("it was used before", [*PURGE, "--break-glass", text]))


def test_a_grant_is_text_that_ssh_keygen_makes_and_checks(saturday: Saturday) -> None:
    """One person signs with `ssh-keygen -Y sign`, the other with approve; `ssh-keygen -Y verify` accepts the latter."""
    text = saturday.asked("--reason", "the address is wrong")
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(saturday.keys["lena"]), text]
    subprocess.run(sign, check=True, capture_output=True)
    signature = ["--signature", f"{text}.sig", "--yes"]
    once = saturday.text(saturday("break-glass", "approve", text, *signature))
    twice = saturday("break-glass", "approve", once, "--key", str(saturday.keys["boris"]), "--yes", "--output", "json")
    assert twice.json["signed_by"] == ["lena@weddings.example", "boris@weddings.example"]
    body, (_, theirs) = Path(text).read_text(), [line[4:] for line in twice.json["text"].splitlines()[-2:]]
    allowed, detached = saturday.folder / "allowed_signers", saturday.folder / "detached.sig"
    allowed.write_text(f"boris {public(saturday.keys['boris'])}\n")
    detached.write_text(wire.armoured(theirs))
    verify = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "boris", "-n", NAMESPACE, "-s", str(detached)]
    assert subprocess.run(verify, input=body.encode(), capture_output=True, check=False).returncode == 0


def test_what_is_no_two_persons_approval_is_refused(saturday: Saturday) -> None:
    """Nobody, one person, the same key twice, a person's second key, a stranger's key: 17 and no call."""
    text = saturday.asked()
    once = saturday.signed(text, "lena")
    copied = saturday.folder / "copied"
    lines = Path(once).read_text().splitlines()
    copied.write_text("\n".join([*lines, lines[-1]]) + "\n")
    keys = {name: ["break-glass", "approve", once, "--key", str(path), "--yes"] for name, path in saturday.keys.items()}
    saturday.refused(
        ("nobody has signed it", [*PURGE, "--break-glass", text]),
        ("a second person has to sign", [*PURGE, "--break-glass", once]),
        ("lena@weddings.example signed it twice", [*PURGE, "--break-glass", str(copied)]),
        ("lena@weddings.example signed it twice", keys["lena"]),
        ("lena@weddings.example signed it twice", keys["lena2"]),
        ("not among the allowed signers", keys["stranger"]),
    )


def test_a_signature_of_something_else_is_refused(saturday: Saturday) -> None:
    """What was signed for git, or for another text, approves nothing: 17 and no call."""
    text, other = saturday.asked(), saturday.asked("--reason", "another one")
    for namespace, signed in (("git", text), (NAMESPACE, other)):
        sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(saturday.keys["lena"]), signed]
        subprocess.run(sign, check=True, capture_output=True)
    approve = ["break-glass", "approve", text, "--yes", "--signature"]
    saturday.refused(
        ("made in the namespace 'git'", [*approve, f"{text}.sig"]),
        ("not a signature of this text", [*approve, f"{other}.sig"]),
    )


def test_another_plan_is_refused(saturday: Saturday) -> None:
    """A grant for como's purge lets neither another tag, nor one tag more, nor another command pass."""
    glass = ["--yes", "--break-glass", saturday.signed(saturday.asked(), "lena", "boris")]
    asked = saturday("break-glass", "request", "--op", "purge-hard", "--scope", "platform", "--what", "page:schedule")
    shared = ["--yes", "--break-glass", saturday.signed(saturday.text(asked), "lena", "boris")]
    more = ["purge", "wedding:como", "page:schedule", "--hard", *glass]
    saturday.refused(
        ("it is for wedding:como, not for platform", ["purge", "page:schedule", "--hard", *glass]),
        ("it is for wedding:como, not for wedding:como, platform", more),
        ("it is for purge-hard, not for failback", ["failback", HOME, *glass]),
        ("it is for another plan", ["purge", "page:menu", "--hard", *shared]),
    )


def test_a_changed_field_is_refused(saturday: Saturday) -> None:
    """Every field is signed: one that is changed, or a rule that is added, is 17 and no call."""
    text = Path(saturday.signed(saturday.asked(), "lena", "boris")).read_text()
    changes = {
        f"rule {RULE}\nrule venue:tivoli:2027-06-12": "not a signature of this text",
        "reason changed": "not a signature of this text",
        "not-after 2027-06-12T10:59:00Z": "not a signature of this text",
        "asked 2027-06-12T09:59:00Z": "not a signature of this text",
        "id bg-other": "not a signature of this text",
        "scope wedding:tivoli": "it is for wedding:tivoli",
        "plan sha256:0": "it is for another plan",
        "op purge-soft": "it is for purge-soft",
        "op purge-everything": "this is no break-glass text",
    }
    each = []
    for number, (line, words) in enumerate(changes.items()):
        path = saturday.folder / f"changed-{number}"
        path.write_text(re.sub(rf"(?m)^{line.split()[0]} .*$", line, text))
        each.append((words, [*PURGE, "--break-glass", str(path)]))
    saturday.refused(*each)


def test_an_expired_grant_starts_nothing(saturday: Saturday) -> None:
    """From its not-after on it is 17 and no call; nobody can sign it any more either."""
    once = saturday.signed(saturday.asked("--for", "10m"), "lena")
    twice = saturday.signed(once, "boris")
    saturday.clock.set(IN + timedelta(minutes=10, seconds=5))
    saturday.refused(
        ("it expired at 2027-06-12T10:10:", [*PURGE, "--break-glass", twice]),
        ("it expired", ["break-glass", "approve", once, "--key", str(saturday.keys["boris"]), "--yes"]),
    )


def test_another_rule_set_is_refused(saturday: Saturday) -> None:
    """A rule that stands against it only since the request was signed is not in it: 17, and it is named."""
    night = datetime(2027, 6, 13, tzinfo=UTC)
    saturday.clock.set(night)
    text = saturday.signed(saturday.asked(), "lena", "boris")
    catalogue = saturday.folder / "catalogue.yaml"
    sample = (Path(__file__).parents[2] / "catalogue.yaml").read_text()
    window = "windows: [{id: cutover, start: 2027-06-13T00:25:00Z, end: 2027-06-13T02:00:00Z}]"
    catalogue.write_text(sample.replace("windows: []", window))
    assert saturday("freeze", "push", "--catalogue", str(catalogue), "--yes").code == 0
    saturday.clock.set(night + timedelta(minutes=20))
    saturday.refused(("it does not name platform:cutover", [*PURGE, "--break-glass", text]))


def test_without_the_store_there_is_no_break_glass(saturday: Saturday) -> None:
    """Two of three buckets away: 18, and the grant is as good as before when they are back."""
    text = saturday.signed(saturday.asked(), "lena", "boris")
    for region in REGIONS:
        saturday.cloud.faults.inject("region-stopped", region)
    said = saturday(*PURGE, "--break-glass", text)
    assert said.code == 18, said.err
    saturday.cloud.faults.heal()
    assert saturday(*PURGE, "--break-glass", text).code == 0


def test_a_machine_with_a_wrong_clock_cannot_break_glass(saturday: Saturday, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes off the buckets' clocks, either way: 15, and no call that changes anything."""
    text = saturday.signed(saturday.asked(), "lena", "boris")
    real = OffsetClock(saturday.cloud.run.clock)
    for minutes in (-2, 2):
        monkeypatch.setattr(
            "controlplane.adapters.http.clock.EndpointClock.now",
            lambda _, by=minutes: real.now() + timedelta(minutes=by),
        )
        before = len(saturday.cloud.mutations())
        said = saturday(*PURGE, "--break-glass", text)
        assert said.code == 15, said.err
        assert "set the clock" in said.err
        assert len(saturday.cloud.mutations()) == before


def test_one_person_alone_after_ten_unanswered_minutes(saturday: Saturday) -> None:
    """Nine minutes are too early; after ten one signature passes on one wedding, once, and is announced upwards."""
    once = saturday.signed(saturday.asked("--reason", "nobody else is awake"), "lena")
    saturday.clock.set(IN + timedelta(minutes=9))
    saturday.refused(("a second person has to sign", [*PURGE, "--break-glass", once]))
    saturday.clock.set(IN + timedelta(minutes=10, seconds=30))
    done = saturday(*PURGE, "--break-glass", once)
    assert done.code == 0, done.err
    assert "lena@weddings.example alone broke the glass: purge-hard on wedding:como" in done.err
    from controlplane.bootstrap import plant

    store = plant("test").store
    (name,) = store.names("break-glass/solo/")
    assert json.loads(store.get(name) or "")["people"] == ["lena@weddings.example"]
    store.close()
    saturday.refused(("it was used before", [*PURGE, "--break-glass", once]))


def test_alone_one_touches_one_wedding_only(saturday: Saturday) -> None:
    """What all share wants two persons however long one waits; so does a request that was answered with no."""
    asked = saturday("break-glass", "request", "--op", "purge-hard", "--scope", "platform", "--what", "page:menu")
    shared = saturday.signed(saturday.text(asked), "lena")
    own = saturday.asked()
    assert saturday("break-glass", "deny", own).code == 0
    own = saturday.signed(own, "lena")
    saturday.clock.set(IN + timedelta(minutes=20))
    menu = ["purge", "page:menu", "--hard", "--yes", "--break-glass", shared]
    saturday.refused(
        ("alone one may act on one wedding only", menu),
        ("it was answered with no", [*PURGE, "--break-glass", own]),
    )


def test_a_request_that_nobody_made_cannot_grow_old(saturday: Saturday) -> None:
    """A text that was written by hand and signed, but never asked for through the store, never stands alone."""
    once = Path(saturday.signed(saturday.asked(), "lena"))
    body = once.read_text().replace("reason (none given)", "reason by hand").split("sig ")[0]
    once.write_text(body)
    again = saturday.signed(str(once), "lena")
    saturday.clock.set(IN + timedelta(minutes=20))
    saturday.refused(("the store knows of no such request", [*PURGE, "--break-glass", again]))


def test_a_request_that_cannot_be_made(saturday: Saturday) -> None:
    """What needs no grant, or could not be granted, is said before anything is written."""
    before = len(saturday.cloud.mutations())
    como = ["--op", "purge-hard", "--scope", "wedding:como"]
    for arguments, code, words in (
        (["--op", "purge-soft", "--scope", "wedding:como"], 1, "nothing stands against purge-soft now"),
        (["--op", "purge-hard"], 2, "say what it touches"),
        (["--op", "purge-hard", "--scope", "wedding:nobody"], 16, "the calendar does not know the wedding"),
        ([*como, "--rule", "venue:x"], 2, "venue:x does not stand against it"),
        ([*como, "--for", "61m"], 2, "longer than 60 minutes"),
        ([*como, "--for", "0m"], 2, "it expired"),
        ([*como, "--reason", "x" * 121], 2, "a reason is one line"),
        (["--op", "stack-update", "--scope", "wedding:como"], 2, "--plan FILE is missing"),
        (["--op", "stack-update", "--plan", "none.json"], 2, "No such file"),
    ):
        said = saturday("break-glass", "request", *arguments)
        assert (said.code, said.out) == (code, ""), said.err
        assert words in said.err
    assert len(saturday.cloud.mutations()) == before


Plan = Callable[..., str]


@pytest.fixture
def plan(saturday: Saturday) -> Plan:
    """Saves a plan of como's stack that updates its distribution to `price`."""
    urn = "urn:pulumi:como::wedcache-weddings::aws:cloudfront/distribution:Distribution::edge-como"

    def save(price: str, **more: Any) -> str:
        goal = {"custom": True, "inputDiff": {"updates": {"priceClass": price}}}
        whole = {
            "manifest": {"time": price},
            "resourcePlans": {urn: {"goal": goal, "seed": price, "steps": ["update"]}},
        }
        path = saturday.folder / f"plan-{price}.json"
        path.write_text(json.dumps(whole | more))
        return str(path)

    return save


def test_the_gate_passes_the_saved_plan_that_was_signed(saturday: Saturday, plan: Plan) -> None:
    """The plan made again (other seeds, other time) is the same plan; another one is not; each grant passes once."""
    mine = plan("PriceClass_100")
    asked = saturday("break-glass", "request", "--op", "stack-update", "--plan", mine)
    text = saturday.signed(saturday.text(asked), "boris", "lena")
    saturday.refused(("it is for another plan", ["gate", "--plan", plan("PriceClass_All"), "--break-glass", text]))
    again = json.loads(Path(mine).read_text())
    for entry in again["resourcePlans"].values():
        entry["seed"] = "another"
    Path(mine).write_text(json.dumps(again | {"manifest": {"time": "later"}}))
    passed = saturday("gate", "--plan", mine, "--break-glass", text, "--output", "json")
    assert passed.code == 0, passed.err
    assert (passed.json["verdict"], passed.json["refused"]) == ("ADMITTED_BY_BREAK_GLASS", [])
    saturday.refused(("it was used before", ["gate", "--plan", mine, "--break-glass", text]))
    assert saturday("gate", "--plan", mine, "--break-glass", text, "--at", "2027-06-12T10:00:00Z").code == 2
