"""Claim C3 on synthetic evidence both ways, and the tables of knobs held to what makes a row a proof."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest

from sandbox import certificates
from sandbox.aws.cloudfront.defaults import completed
from sandbox.aws.cloudfront.distribution_rules import allowed
from sandbox.aws.cloudfront.policy_rules import cache_policy as checked_policy
from sandbox.cloudflare.limits import plan_named
from sandbox.cloudflare.phases import PHASES
from sandbox.cloudflare.rule_checks import check_rules
from sandbox.pop.cloudfront_compile import compile_edge
from sandbox.pop.snapshot import deaf_to
from sandbox.rehearsal.claims import c3_pops_obey
from sandbox.rehearsal.evidence import Evidence, Row
from sandbox.rehearsal.knobs import cloudflare_config, cloudfront_config
from sandbox.rehearsal.knobs.row import AFTER, BEFORE, Knob, Seen, Sends, cached_two, copies_and_rest, filled, origin
from sandbox.rehearsal.knobs.witness import DEAD, FIRST, SECOND, UNWELL, witnesses
from sandbox.rehearsal.phases.obey import TABLES, sends
from sandbox.rehearsal.phases.start import DEFECTS
from sandbox.run import Run, read_json

EVERY = [(cdn, knob) for cdn, knobs in TABLES.items() for knob in knobs]
NAMED = [f"{cdn}: {knob.slug}" for cdn, knob in EVERY]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"


def evidence(rows: Sequence[Knob], changes: dict[str, str] | None = None, table: Sequence[str] = ()) -> Evidence:
    """What the phase would record of these rows if the POP obeyed; `changes` spoil the last row."""
    found = [Row("obey", "knob-table", 0.0, {"cdn": "c", "knobs": [*(knob.name for knob in rows), *table]})]
    for knob in rows:
        facts = dict(zip(("wanted_before", "wanted_after"), knob.wanted, strict=True))
        facts |= {"knob": knob.name, "cdn": "c", "before": knob.wanted[0], "after": knob.wanted[1]}
        found.append(Row("obey", "knob", 0.0, facts | (changes or {} if knob is rows[-1] else {})))
    return Evidence(tuple(found))


def test_obedience_is_true() -> None:
    """Every row as wanted before and after: true, with all of them counted."""
    finding = c3_pops_obey.judge(evidence(TABLES["cloudfront"]))
    assert (finding.true, finding.figure, finding.of, finding.why_not) == (True, 25, 25, "")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"after": "deaf"}, "after the change: 'deaf'"),
        ({"before": "early"}, "before the change: 'early'"),
        ({"wanted_after": "200", "wanted_before": "200", "before": "200", "after": "200"}, "same before and after"),
    ],
)
def test_one_row_turns_it_false(changes: dict[str, str], told: str) -> None:
    """A knob ignored, one that acts unasked, one that cannot show anything: false, and the words name it."""
    finding = c3_pops_obey.judge(evidence(TABLES["cloudfront"], changes))
    assert (finding.true, finding.figure, finding.of) == (False, 24, 25)
    assert "invalidation by wildcard" in finding.why_not
    assert told in finding.why_not


def test_what_was_not_probed_turns_it_false() -> None:
    """No evidence is no truth, and a row of a table without a probe is named."""
    assert not c3_pops_obey.judge(Evidence(())).true
    assert not c3_pops_obey.judge(evidence([])).true
    finding = c3_pops_obey.judge(evidence(TABLES["cloudflare"], table=["a knob that nobody turned"]))
    assert (finding.true, finding.figure, finding.of) == (False, 24, 25)
    assert "a knob that nobody turned was not probed" in finding.why_not


def test_the_same_name_at_both_cdns_is_two_knobs() -> None:
    """A knob obeyed by one CDN does not stand for the knob of that name at the other."""
    first, second = evidence(TABLES["cloudfront"][:1]).rows, evidence(TABLES["cloudfront"][:1], {"after": "no"}).rows
    other = tuple(Row(row.phase, row.kind, 0.0, {**row.facts, "cdn": "d"}) for row in first)
    assert c3_pops_obey.judge(Evidence((*first, *other))).true
    assert not c3_pops_obey.judge(Evidence((*second, *other))).true


@pytest.mark.parametrize(("cdn", "knob"), EVERY, ids=NAMED)
def test_each_row_can_fail(cdn: str, knob: Knob) -> None:
    """A row wants two different sights, and something differs between them: what is declared, or a purge."""
    assert knob.wanted[0] != knob.wanted[1]
    assert (knob.before, knob.purge_before) != (knob.after, knob.purge_after)
    assert knob.then


def test_the_tables_are_whole() -> None:
    """Names are unique in a table, slugs in both (the origins are shared); each has a row that is changed last."""
    for cdn, knobs in TABLES.items():
        names = [knob.name for knob in knobs]
        assert len(set(names)) == len(names) >= 20, cdn
        assert sum(knob.last for knob in knobs) == 1
    slugs = [knob.slug for _, knob in EVERY]
    assert len(set(slugs)) == len(slugs)
    assert set(slugs) < set(sends())
    assert not {knob.path(BEFORE, "a") for _, knob in EVERY} & {knob.path(AFTER, "a") for _, knob in EVERY}


def names_of_cloudfront() -> dict[str, str]:
    """Ids as the vendor would give them."""
    names = {"$certificate": CERTIFICATE, "$headers": "h", "$forwards": "f"}
    names |= {f"${name}": f"arn:aws:cloudfront::1:function/{name}" for name in ("reads", "published")}
    rows = [knob.slug for knob in TABLES["cloudfront"] if "policy" in knob.before]
    return names | {f"policy:{slug}": f"id-{slug}" for slug in ("", *rows)}


def cloudfront_snapshot(side: str) -> dict[str, object]:
    """What POPs would hear of the scratch distribution, once the vendor's own rules have taken it."""
    knobs, names = TABLES["cloudfront"], names_of_cloudfront()
    config = completed(cloudfront_config.distribution(knobs, {knob.slug: side for knob in knobs}, names, "r"))
    allowed(config)
    policies = {knob.slug: knob.declared(side).get("policy", {}) for knob in knobs if "policy" in knob.before}
    return {
        "distributions": [{"id": "E1", "domain": "d.cloudfront.net", "config": config}],
        "cache_policies": {
            names[f"policy:{slug}"]: checked_policy(cloudfront_config.cache_policy(slug, changes))
            for slug, changes in {"": {}, **policies}.items()
        },
        "origin_request_policies": {"f": cloudfront_config.FORWARDED},
        "response_headers_policies": {"h": cloudfront_config.ADDED},
    }


@pytest.mark.parametrize("side", [BEFORE, AFTER])
def test_cloudfront_takes_what_the_table_declares(side: str) -> None:
    """Both sides pass the vendor's rules and compile at a POP, with a behaviour for each row's paths."""
    edge = compile_edge(cloudfront_snapshot(side))
    (distribution,) = edge.distributions
    for knob in TABLES["cloudfront"]:
        assert distribution.behaviour(knob.path(side, "a")).pattern == f"/{knob.slug}/*"


def test_the_deaf_pop_still_compiles_and_hears_one_knob_less() -> None:
    """The counter-experiment's POP understands everything but the one knob, which then looks as before."""
    (flag, ignored) = DEFECTS[c3_pops_obey.CLAIM.counter_experiment]["pop-FRA56-P1"]
    assert flag == "--ignore"
    whole = compile_edge(cloudfront_snapshot(AFTER)).distributions[0]
    deaf = compile_edge(deaf_to(cloudfront_snapshot(AFTER), frozenset({ignored}))).distributions[0]
    differing = [
        knob.slug
        for knob in TABLES["cloudfront"]
        if whole.behaviour(knob.path(AFTER, "a")) != deaf.behaviour(knob.path(AFTER, "a"))
    ]
    assert differing == ["query"]


@pytest.mark.parametrize("side", [BEFORE, AFTER])
def test_cloudflare_takes_the_rules_of_the_table(side: str) -> None:
    """The rules of every phase pass the vendor's checks on the sandbox's plan; the marker is always there."""
    knobs = TABLES["cloudflare"]
    for phase in (cloudflare_config.REQUEST, cloudflare_config.RESPONSE, cloudflare_config.TRANSFORM):
        rules = cloudflare_config.rules(knobs, {knob.slug: side for knob in knobs}, phase, "mark-1")
        assert len(check_rules(rules, PHASES[phase], plan_named("business"))) == len(rules)
        assert (rules[-1]["ref"] == cloudflare_config.MARKER) if phase != cloudflare_config.RESPONSE else True


def test_words_of_the_probes() -> None:
    """What probes say tells apart what must be told apart."""
    answers = [Seen(200, {"x-cache": "Miss from cloudfront"}, body) for body in ("first 1", "first 2", "first 1")]
    assert copies_and_rest(answers) == "apart, undeclared together"
    assert cached_two([Seen(200, {"cf-cache-status": "HIT"}), answers[0]]) == "HIT, neighbour Miss"
    assert origin([Seen(521, {})]) == "521"
    assert filled({"a": ["$x", "y"]}, {"$x": "1"}) == {"a": ["1", "y"]}


def test_the_witness_numbers_its_answers_and_leaves_no_trace(tmp_path: Path) -> None:
    """Two origins over TLS with the row's headers, a name that refuses, a path that is unwell; then all is gone."""
    run = Run(tmp_path)

    async def asked(name: str, path: str) -> tuple[int, str, str, str]:
        port = read_json(run.hosts)[name].rpartition(":")[2]
        url, headers = f"https://127.0.0.1:{port}{path}", {"X-Probe-Word": "said"}
        tls = certificates.client_context(run)
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, headers=headers, ssl=tls, server_hostname=name) as answer,
        ):
            rows = answer.headers
            return (answer.status, await answer.text(), rows.get("Cache-Tag", ""), rows.get("X-Witness-Word", ""))

    with witnesses(run, {"row": Sends({"Cache-Tag": "tag-{leaf}"}, status=404)}):
        assert set(read_json(run.hosts)) == {FIRST, SECOND, DEAD}
        assert asyncio.run(asked(FIRST, "/row/before/a")) == (404, "first 1", "tag-a", "said")
        assert asyncio.run(asked(FIRST, "/cellar/row/after/b")) == (404, "first 2", "tag-b", "said")
        assert asyncio.run(asked(SECOND, "/row/before/a"))[:2] == (200, "second 1")
        assert asyncio.run(asked(SECOND, UNWELL))[0] == 503
        with pytest.raises(aiohttp.ClientConnectorError):
            asyncio.run(asked(DEAD, "/"))
    assert read_json(run.hosts) == {}
