"""Starts everything that stands for the clouds and the regions, in the order in which one needs the other."""

from __future__ import annotations

import random
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sandbox import certificates, valkey
from sandbox.processes import Started, end, marked, python, record, start, start_unattended, wait_ready
from sandbox.run import Run, write_json
from sandbox.world import KEY, World, world_of

ZONE = "weddings.example"
PAIR_HOSTS = ("127.0.0.1", "127.0.0.2")

Tell = Callable[[str], None]
Defects = Mapping[str, Sequence[str]]


class PortsInUse(Exception):
    """The sandbox found no free port."""


def start_cloud(
    run: Run,
    world: World,
    tell: Tell,
    seed: int,
    beside: Mapping[str, Sequence[str]] | None = None,
    defects: Defects | None = None,
) -> None:
    """Make the run folder and start every process; on failure nothing of it is left running.

    `beside` (name -> command) are further processes of the run, which nobody waits for. `defects` (process name ->
    further arguments) makes parts of the cloud faulty on purpose, for counter-experiments.
    """
    _fresh_folder(run, seed, world)
    try:
        for name, command in (beside or {}).items():
            start_unattended(run, name, command)
        _start_all(run, world, tell, defects or {})
    except BaseException:
        end(run)
        raise


def _fresh_folder(run: Run, seed: int, world: World) -> None:
    """End what an earlier run left (only what its registry names) and begin with an empty folder."""
    end(run)
    empty(run)
    run.folder.mkdir(parents=True, exist_ok=True)
    run.folder.chmod(0o700)  # it holds the tokens of the run
    write_json(run.clock, {"offset": 0.0})
    write_json(run.faults, {"active": []})
    write_json(run.hosts, {})
    told = {"run": secrets.token_hex(4), "seed": seed, KEY: world.name, "processes": {}, "endpoints": {}}
    write_json(run.registry, told)
    certificates.ensure_authority(run)


def empty(run: Run) -> None:
    """Remove all that the folder holds, but not the registry: it says that a half emptied folder is still ours."""
    for child in run.folder.iterdir() if run.folder.is_dir() else ():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child, ignore_errors=True)
        elif child != run.registry:
            child.unlink(missing_ok=True)


def _start_all(run: Run, world: World, tell: Tell, defects: Defects) -> None:
    tell("vendors: AWS, Cloudflare, clock, caches")
    with ThreadPoolExecutor(max_workers=8) as pool:
        caches = [pool.submit(_caches, run, region) for region in world.regions]
        first = [
            pool.submit(_serve, run, "aws", "sandbox.aws"),
            pool.submit(_serve, run, "cloudflare", "sandbox.cloudflare"),
            pool.submit(_serve, run, "clock", "sandbox.clock_endpoint"),
        ]
        for cache in caches:
            cache.result()
        for service in first:
            service.result()
        tell("regions: origins; edge: POPs; Pulumi providers")
        later = [
            pool.submit(_start_origin, run, region, world, defects.get(f"origin-{region}", ()))
            for region in world.regions
        ]
        later += [
            pool.submit(_start_pops, run, name, cdn, codes, defects.get(name, ()))
            for name, cdn, codes in world.edge_processes()
        ]
        providers = pool.submit(_start_providers, run, defects.get("providers", ()))
        for one in later:
            one.result()
        providers.result()
    _publish_names(run)


def _serve(run: Run, name: str, module: str, *arguments: str) -> Started:
    process = start(run, name, python(module, "--run", str(run.folder), *arguments))
    started = wait_ready(run, name, process)
    with run.edit() as registry:
        registry["endpoints"][name] = f"127.0.0.1:{started.said.split()[0]}"
    return started


def _start_origin(run: Run, region: str, world: World, defect: Sequence[str]) -> Started:
    """A region's origin; home and standby write together, further regions follow them."""
    other = world.standby if region == world.home else world.home
    further = [one for one in world.regions if one not in (region, other)]
    more = [word for one in further for word in ("--further", one)]
    words = ("--region", region, "--other", other, "--home", world.home, *more, "--catalogue", str(world.catalogue))
    return _serve(run, f"origin-{region}", "sandbox.origin", *words, *defect)


def _start_pops(run: Run, name: str, cdn: str, codes: Sequence[str], defect: Sequence[str]) -> Started:
    """A CDN's POPs, each with a port for TLS and one for plain HTTP, where viewers are sent on if that was declared."""
    words = [word for code in codes for word in ("--code", code)]
    process = start(
        run, name, python("sandbox.pop", "--run", str(run.folder), *words, "--cdn", cdn, "--http-port", "0", *defect)
    )
    started = wait_ready(run, name, process)
    ports = started.said.split()
    with run.edit() as registry:
        for code, tls, plain in zip(codes, ports[::2], ports[1::2], strict=True):
            registry["endpoints"][f"pop-{code}"] = f"127.0.0.1:{tls}"
            registry["endpoints"][f"pop-{code}-http"] = f"127.0.0.1:{plain}"
    return started


def _start_providers(run: Run, defect: Sequence[str]) -> None:
    process = start(run, "providers", python("sandbox.providers", "--run", str(run.folder), *defect))
    wait_ready(run, "providers", process)


def _caches(run: Run, region: str) -> None:
    """A primary and a replica on one port, as ElastiCache's endpoints have it, on two loopback addresses."""
    chance = random.Random()  # noqa: S311  (a port to try)
    for _ in range(20):
        port = chance.randint(20000, 29999)
        if not valkey.is_free(port, PAIR_HOSTS):
            continue
        try:
            _pair(run, region, port)
        except RuntimeError:
            if valkey.is_free(port, PAIR_HOSTS):
                raise  # it was not the port
            continue
        with run.edit() as registry:
            registry["endpoints"][f"valkey-{region}-primary"] = f"{PAIR_HOSTS[0]}:{port}"
            registry["endpoints"][f"valkey-{region}-replica"] = f"{PAIR_HOSTS[1]}:{port}"
        return
    raise PortsInUse(f"no free port was found between 20000 and 29999 for the caches of {region}")


def _pair(run: Run, region: str, port: int) -> None:
    """Start both and record them; on failure nothing of the pair is left running."""
    folder, environment = run.folder / "valkey", marked(run)
    servers: list[valkey.Server] = []
    try:
        for name, host, follows in (("primary", PAIR_HOSTS[0], None), ("replica", PAIR_HOSTS[1], port)):
            servers.append(valkey.start(port, folder, replica_of=follows, host=host, environment=environment))
            record(run, f"valkey-{region}-{name}", servers[-1].process.pid)
    except BaseException:
        for server in servers:
            server.stop()
        raise


def start_caches_again(run: Run, region: str) -> None:
    """Start a region's pair on the port that it had, empty, as after a loss of both nodes."""
    end(run, [f"valkey-{region}-primary", f"valkey-{region}-replica"])
    _pair(run, region, int(run.endpoint(f"valkey-{region}-primary").rpartition(":")[2]))


def _publish_names(run: Run) -> None:
    """The sandbox's DNS: what an operator's resolver would answer for the origins and for the hosts on Cloudflare."""
    endpoints, world = run.read()["endpoints"], world_of(run)
    hosts = {f"{region}.origin.{ZONE}": endpoints[f"origin-{region}"] for region in world.regions}
    hosts[f"app.{ZONE}"] = endpoints[f"pop-{world.first('cloudflare')}"]
    write_json(run.hosts, hosts)
