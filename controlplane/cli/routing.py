"""`wedcache route`: where a wedding's or a host's guests go now. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

from controlplane.cli import session
from controlplane.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.route import Known
    from controlplane.ports.edge_probe import Answer

Output = Literal["text", "json"]
UNCACHED = "/guests"
Found = TypeVar("Found")


def route(what: str, /, *, output: Output = "text") -> int:
    """Show the name, the CDN and the region of a wedding's hosts or of one host, and which region answers each POP.

    Parameters
    ----------
    what
        A wedding's id, or a host.
    output
        text or json (wedcache.route/1).
    """
    from controlplane.domain.roles import ROLES_KEY, current
    from controlplane.domain.route import lines, told

    plant = session.plant()
    hosts = _hosts(plant, what.lower())
    stored = _or_none(lambda: plant.store.read(ROLES_KEY), "the shared store")
    roles = current(stored, plant.inventory.home)
    origins = {region.name: region.origin for region in plant.inventory.regions}
    home = plant.inventory.home
    rows = [told(_known(plant, host), origins, home, roles.drained) for host in hosts]
    if output == "json":
        session.show_json({"schema": "wedcache.route/1", "home": roles.home, "hosts": rows})
    else:
        session.show([line for row in rows for line in lines(row)])
    return 0


def _hosts(plant: Plant, what: str) -> list[str]:
    if what in plant.edges:
        return [what]
    found = [host for entry in plant.weddings if entry.wedding == what for host in entry.hosts]
    if not found:
        known = ", ".join([*(entry.wedding for entry in plant.weddings), *sorted(plant.edges)])
        raise BadInput(f"no wedding and no host {what!r}; there are {known}")
    return found


def _known(plant: Plant, host: str) -> Known:
    from controlplane.domain.route import Known
    from controlplane.ports.edge_probe import Ask

    edge = plant.edges[host]
    entry = next((one for one in plant.weddings if host in one.hosts), None)
    answers: list[Answer] = []
    plant.probe.fetch_all([Ask(host, UNCACHED, edge, pop) for pop in plant.pops[edge]], 6, answers.append)
    pools = _or_none(plant.steering.pools, "Cloudflare's pools") if edge == "cloudflare" else None
    return Known(
        host=host,
        edge=edge,
        wedding=None if entry is None else entry.wedding,
        delivery=None if entry is None else entry.delivery,
        distribution=None if entry is None else entry.tenant_id or entry.distribution_id,
        target=None if entry is None else entry.distribution_domain,
        names=_or_none(lambda: plant.names.records(host), "Cloudflare's records"),
        balanced=_or_none(lambda: plant.names.balanced(host), "Cloudflare's load balancers"),
        pools=None if pools is None else {pool.region: (pool.enabled, pool.healthy) for pool in pools},
        keys=_or_none(plant.edge_store.read, "the edge store"),
        seen={str(one.ask.pop): _who(one) for one in sorted(answers, key=lambda one: str(one.ask.pop))},
    )


def _who(answer: Answer) -> str:
    region = answer.headers.get("x-wedcache-region")
    return region or (f"status {answer.status}" if answer.status else f"no answer: {answer.error}")


def _or_none(ask: Callable[[], Found], what: str) -> Found | None:
    """What somebody says; None, and a word to the person, where they do not answer: a route is read in bad nights."""
    try:
        return ask()
    except Unavailable as error:
        session.say(f"{what} cannot be asked: {error}")
        return None
