"""Writes the profile of a run, through which `wedcache` talks to this run and to nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from ruamel.yaml import YAML

from sandbox.cloud import ZONE
from sandbox.run import Run
from sandbox.world import PROJECT, world_of


def profile_name(run: Run) -> str:
    """What `wedcache --profile` calls this run: its folder's name, so that a rehearsal and a sandbox do not mix."""
    return run.folder.name


def profile_path(run: Run) -> Path:
    """Where `wedcache` looks for it when it runs beside the folder `.wedcache` that the run folder lies in."""
    return run.folder.parent / "profiles" / f"{profile_name(run)}.toml"


def write_profile(run: Run, holder: str = "") -> str:
    """Write the profile of this run, mode 0600, and give its name. Secrets are references to files of the run folder.

    `holder` has a profile of their own, by whose credentials the log of vendor calls tells them from all others.
    """
    name, world = f"{profile_name(run)}-{holder}" if holder else profile_name(run), world_of(run)
    path = profile_path(run).with_name(f"{name}.toml")
    registry = run.read()
    endpoints = registry["endpoints"]
    token = run.folder.resolve() / "cloudflare.token"
    token.touch(mode=0o600)
    token.write_text(registry["tokens"]["cloudflare-operator"])
    secret = run.folder.resolve() / "aws.secret"
    secret.touch(mode=0o600)
    secret.write_text("not-a-secret")
    settings = YAML(typ="safe").load((PROJECT / "Pulumi.sandbox.yaml").read_text())["config"]["wedcache:store"]
    lines = [
        'schema = "wedcache.profile/1"',
        f"catalogue = {_quoted(world.catalogue)}",
        f"state = {_quoted(run.folder.resolve() / 'state')}",
        "store = [",
        *(f'  {{bucket = "{settings["prefix"]}-{region}", region = "{region}"}},' for region in world.store_regions),
        "]",
        "",
        "[aws]",
        f'endpoint = "http://{endpoints["aws"]}"',
        f'proxy = "http://{endpoints["aws"]}"',
        f"access_key = {_quoted(holder or 'wedcache')}",
        f"secret_key = {_quoted(f'file:{secret}')}",
        "",
        "[cloudflare]",
        f'base_url = "http://{endpoints["cloudflare"]}/client/v4"',
        f"token = {_quoted(f'file:{token}')}",
        "",
        "[connect]",
        *(f"{_quoted(name)} = {_quoted(address)}" for name, address in _addresses(run).items()),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")
    return name


def _addresses(run: Run) -> dict[str, str]:
    """The sandbox's DNS as curl's connect-to: origins, the portal, and each CloudFront POP's own names."""
    endpoints = run.read()["endpoints"]
    found = {name: address for name, address in json.loads(run.hosts.read_text()).items() if name.endswith(ZONE)}
    for code in world_of(run).at("cloudfront"):
        found[f"*.{code}.cloudfront.net"] = endpoints[f"pop-{code}"]
    return found


def _quoted(value: object) -> str:
    return json.dumps(str(value))
