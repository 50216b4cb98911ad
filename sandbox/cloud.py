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

REGIONS = ("eu-central-1", "us-east-1")
BUCKET_REGIONS = (*REGIONS, "eu-west-1")
"""Where the shared store has a bucket: the regions, and one more for the majority."""
ZONE = "weddings.example"
POPS = {"FRA56-P1": "cloudfront", "FRA": "cloudflare"}
PAIR_HOSTS = ("127.0.0.1", "127.0.0.2")

Tell = Callable[[str], None]
Defects = Mapping[str, Sequence[str]]


class PortsInUse(Exception):
    """The sandbox found no free port."""


def start_cloud(
    run: Run,
    catalogue: str,
    tell: Tell,
    seed: int,
    beside: Mapping[str, Sequence[str]] | None = None,
    defects: Defects | None = None,
) -> None:
    """Make the run folder and start every process; on failure nothing of it is left running.

    `beside` (name -> command) are further processes of the run, which nobody waits for. `defects` (process name ->
    further arguments) makes parts of the cloud faulty on purpose, for counter-experiments.
    """
    _fresh_folder(run, seed)
    try:
        for name, command in (beside or {}).items():
            start_unattended(run, name, command)
        _start_all(run, catalogue, tell, defects or {})
    except BaseException:
        end(run)
        raise


def _fresh_folder(run: Run, seed: int) -> None:
    """End what an earlier run left (only what its registry names) and begin with an empty folder."""
    end(run)
    empty(run)
    run.folder.mkdir(parents=True, exist_ok=True)
    run.folder.chmod(0o700)  # it holds the tokens of the run
    write_json(run.clock, {"offset": 0.0})
    write_json(run.faults, {"active": []})
    write_json(run.hosts, {})
    write_json(run.registry, {"run": secrets.token_hex(4), "seed": seed, "processes": {}, "endpoints": {}})
    certificates.ensure_authority(run)


def empty(run: Run) -> None:
    """Remove all that the folder holds, but not the registry: it says that a half emptied folder is still ours."""
    for child in run.folder.iterdir() if run.folder.is_dir() else ():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child, ignore_errors=True)
        elif child != run.registry:
            child.unlink(missing_ok=True)


def _start_all(run: Run, catalogue: str, tell: Tell, defects: Defects) -> None:
    tell("vendors: AWS, Cloudflare, clock, caches")
    with ThreadPoolExecutor(max_workers=8) as pool:
        caches = [pool.submit(_caches, run, region) for region in REGIONS]
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
            pool.submit(_serve, run, f"origin-{region}", "sandbox.origin", "--region", region, "--catalogue", catalogue)
            for region in REGIONS
        ]
        later += [pool.submit(_start_pop, run, code, cdn, defects.get(f"pop-{code}", ())) for code, cdn in POPS.items()]
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


def _start_pop(run: Run, code: str, cdn: str, defect: Sequence[str]) -> Started:
    """A POP with a port for TLS and one for plain HTTP, where viewers are sent on to TLS if that was declared."""
    started = _serve(run, f"pop-{code}", "sandbox.pop", "--code", code, "--cdn", cdn, "--http-port", "0", *defect)
    with run.edit() as registry:
        registry["endpoints"][f"pop-{code}-http"] = f"127.0.0.1:{started.said.split()[1]}"
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
    """The sandbox's DNS: what a resolver would answer for the origins and for the hosts on Cloudflare."""
    endpoints = run.read()["endpoints"]
    hosts = {f"{region}.origin.{ZONE}": endpoints[f"origin-{region}"] for region in REGIONS}
    for code, cdn in POPS.items():
        if cdn == "cloudflare":
            hosts[f"app.{ZONE}"] = endpoints[f"pop-{code}"]
    write_json(run.hosts, hosts)
