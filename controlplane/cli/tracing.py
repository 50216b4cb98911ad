"""`wedcache trace`: who answers a URL at each POP and region, and why; or what each region's Redis holds of a key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from controlplane.cli import session
from controlplane.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.trace import Hop
    from controlplane.ports.edge_probe import Answer

Output = Literal["text", "json"]


def trace(what: str, /, *, pop: str = "", output: Output = "text") -> int:
    """Ask for a URL at every POP of its CDN and at every region's origin; changes nothing but what a guest would.

    Parameters
    ----------
    what
        A URL of the platform or of a wedding, or a key as the application's cache calls it.
    pop
        These POPs only, by comma, as FRA56,SIN2: what stands before the dash in a POP's code is enough.
    output
        text or json (wedcache.trace/1, of a key wedcache.trace-key/1).
    """
    plant = session.plant()
    if "://" not in what:
        return _key(plant, what, output)
    host, path = _place(plant, what)
    target = _taken_down(plant, host, path)
    hops = _hops(plant, host, path, _chosen(plant, host, pop), target)
    if output == "json":
        session.show_json(_object(what, target, hops))
    else:
        session.show(_lines(what, target, hops))
    if not any(one.status for one in hops):
        raise Unavailable(f"nobody answers {what}: no POP and no region", next_step="wedcache status")
    return 0


def _place(plant: Plant, url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or host not in plant.edges:
        raise BadInput(f"{url!r} is not a URL of a host that there is: {', '.join(sorted(plant.edges))}")
    return host, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _chosen(plant: Plant, host: str, wanted: str) -> list[str]:
    known = plant.pops[plant.edges[host]]
    asked = [one.strip().upper() for one in wanted.split(",") if one.strip()]
    unknown = [one for one in asked if not any(one in (code, code.partition("-")[0]) for code in known)]
    if unknown:
        raise BadInput(f"no POP {', '.join(unknown)} of {plant.edges[host]}; there are {', '.join(known)}")
    return [code for code in known if not asked or {code, code.partition("-")[0]} & set(asked)]


def _taken_down(plant: Plant, host: str, path: str) -> str | None:
    from controlplane.operations.take_down import register_of

    try:
        return register_of(plant.store).denies(host, path.partition("?")[0])
    except Unavailable as error:
        session.say(f"what is taken down is not known: {error}")
        return None


def _hops(plant: Plant, host: str, path: str, pops: list[str], target: str | None) -> list[Hop]:
    """The origins first, so that what a POP asks of them now is not what they are judged by."""
    from concurrent.futures import ThreadPoolExecutor

    from controlplane.domain.trace import Answered, hop
    from controlplane.ports.edge_probe import Ask

    edge, found = plant.edges[host], []
    with ThreadPoolExecutor(max_workers=len(plant.inventory.regions)) as pool:
        origins = pool.map(lambda region: plant.origins.fetch(region, host, path), plant.inventory.regions)
        answers: list[tuple[str, Answer]] = [("origin", answer) for answer in origins]
    plant.probe.fetch_all([Ask(host, path, edge, code) for code in pops], 6, lambda one: answers.append(("edge", one)))
    for tier, answer in answers:
        place = answer.ask.pop or "wherever DNS leads"
        seen = answer.status, answer.headers, answer.body, answer.cache, answer.seconds, answer.error
        found.append(hop(Answered(tier, place, *seen), target))
    return sorted(found, key=lambda one: (one.tier != "origin", one.place if one.tier == "edge" else ""))


def _object(url: str, target: str | None, hops: list[Hop]) -> dict[str, Any]:
    from controlplane.domain.trace import first_other

    other = first_other(hops)
    differs = None if other is None else {"place": other[0].place, "from": other[1].place}
    rows = [one.as_dict() for one in hops]
    return {"schema": "wedcache.trace/1", "url": url, "taken_down": target, "hops": rows, "differs": differs}


def _lines(url: str, target: str | None, hops: list[Hop]) -> list[str]:
    from controlplane.domain.trace import first_other

    shown = [url]
    for one in hops:
        shown.append(f"  {one.tier:<6} {one.place:<14} {one.status or '---'}  {one.why}")
        told = {"body": one.body, "tags": ",".join(one.tags), "policy": one.policy, "born": one.born}
        facts = [f"{name} {value}" for name, value in told.items() if value]
        shown += [f"         {'  '.join(facts)}"] if one.status == 200 else []
    other = first_other(hops)
    if other is not None:
        shown.append(f"DIFFERS: {other[0].place} gives another body than {other[1].place}")
    elif any(one.status == 200 for one in hops):
        shown.append("every place that answered 200 gives the same body")
    return shown


def _key(plant: Plant, key: str, output: Output) -> int:
    """What each region's Redis holds of a key. A laptop outside the region's network gets no answer, and is told."""
    found = asyncio.run(_inspected(plant, key))
    if output == "json":
        session.show_json({"schema": "wedcache.trace-key/1", "key": key, "regions": found})
    else:
        shown = [f"{key}"]
        for region, row in found.items():
            shown.append(f"  {region}: {row['verdict']}")
            facts = [f"{name} {row[name]}" for name in ("age", "fresh_for", "stale_for", "tier") if row.get(name)]
            shown += [f"    {'  '.join(facts)}", f"    tags {', '.join(row['tags'])}"] if row.get("tags") else []
        session.show(shown)
    if all(row["verdict"].startswith("unknown") for row in found.values()):
        raise Unavailable(
            "no region's Redis answered: each is reached from inside its own network only",
            next_step="there: python -m controlplane.cache inspect KEY --url redis://...",
        )
    return 0


async def _inspected(plant: Plant, key: str) -> dict[str, dict[str, Any]]:
    from controlplane.adapters.redis.look import RedisLook
    from controlplane.cache.inspection import inspect
    from controlplane.cache.settings import Settings

    found: dict[str, dict[str, Any]] = {}
    for region in plant.inventory.regions:
        look = RedisLook(region.cache.url)
        try:
            told = await inspect(look, Settings().namespace, key, longest=Settings().max_value_bytes)
            found[region.name] = {name: fact for name, fact in told.as_dict(value=False).items() if name != "schema"}
        except Unavailable as error:
            found[region.name] = {"verdict": f"unknown: {error}"}
        finally:
            await look.aclose()
    return found
