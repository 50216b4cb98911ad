"""`python -m controlplane.cache inspect KEY --url redis://...`: what a region's Redis holds of a key.

It says why a process would take it or why not, and changes nothing. The value is shown with `--value` only. Ends with
0 when Redis was asked, 2 for wrong arguments, 18
when Redis did not answer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

import msgspec

from controlplane.adapters.redis.look import RedisLook
from controlplane.cache.inspection import Inspection, inspect
from controlplane.cache.settings import Settings
from controlplane.errors import BadInput, WedcacheError

_VARIABLE = "WEDCACHE_REDIS_URL"


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    wanted = _parser().parse_args(arguments)
    try:
        found = asyncio.run(_inspect(wanted))
    except WedcacheError as error:
        sys.stderr.write(f"{error}\n{error.next_step}\n" if error.next_step else f"{error}\n")
        return error.exit_code
    if wanted.output == "json":
        told = msgspec.json.encode(found.as_dict(value=wanted.value), enc_hook=repr)
        sys.stdout.write(msgspec.json.format(told, indent=1).decode() + "\n")
        return 0
    sys.stdout.write(f"{found}\n")
    if wanted.value:
        sys.stdout.write(f"  value: {msgspec.json.encode(found.value, enc_hook=repr).decode()}\n")
    return 0


async def _inspect(wanted: argparse.Namespace) -> Inspection:
    """Ask Redis, and close the connection whatever it says."""
    url = wanted.url or os.environ.get(_VARIABLE, "")
    if not url:
        raise BadInput(f"say which Redis to ask: --url redis://host:6379/0, or the environment variable {_VARIABLE}")
    look = RedisLook(url, scope=wanted.scope)
    try:
        return await inspect(look, wanted.namespace, wanted.key, longest=Settings().max_value_bytes)
    finally:
        await look.aclose()


def _parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m controlplane.cache", description=(__doc__ or "").splitlines()[0])
    command = parser.add_subparsers(dest="command", required=True).add_parser("inspect", help="look at one key")
    command.add_argument("key", help="the key as the application calls it, without its namespace")
    command.add_argument("--url", help=f"the region's Redis, redis:// or rediss:// (default: ${_VARIABLE})")
    command.add_argument("--scope", default="main", help="the purge log's scope (default: main)")
    command.add_argument("--namespace", default=Settings().namespace, help="the cache's namespace (default: main)")
    command.add_argument("--output", choices=("text", "json"), default="text")
    command.add_argument("--value", action="store_true", help="show the value too; it may hold personal data")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
