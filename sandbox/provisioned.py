"""From a running cloud to a provisioned platform: one sequence for the rehearsal and for `python -m sandbox up`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox import processes
from sandbox.profile import profile_name, write_profile
from sandbox.provision import PLATFORM, Ran, Stack, Workspace, create_roles, request_certificate
from sandbox.run import Run
from sandbox.world import world_of

WEDCACHE = Path(sys.executable).with_name("wedcache")

Wedcache = Callable[..., object]
"""Runs one `wedcache` command of the run's profile; raises where it does not end with 0."""
Heard = Callable[[Stack, str, Ran], None]
"""Hears of each call of the engine: stack, verb, what it gave."""


class NotProvisioned(Exception):
    """The engine did not create a stack; the message ends with what it said."""


def provision(
    run: Run,
    workspace: Workspace,
    wedcache: Wedcache,
    tell: Callable[[str], None],
    heard: Heard = lambda *_: None,
    push: Sequence[str] = ("--yes",),
) -> None:
    """Create all stacks, publish the calendar, start the agents. Raises NotProvisioned, and what `wedcache` raises."""
    create_roles(run)
    workspace.write(request_certificate(run))
    write_profile(run)
    weddings = workspace.weddings
    with ThreadPoolExecutor(max_workers=2) as pool:
        for one in [pool.submit(_init, workspace, stack, heard) for stack in (PLATFORM, *weddings)]:
            one.result()
    _up(workspace, PLATFORM, tell, heard)
    tell("calendar and agents")
    # Publishing reads the inventory and keeps the copy that the weddings' stacks are declared from.
    wedcache("freeze", "push", *push)
    start_agents(run)
    with ThreadPoolExecutor(max_workers=2) as pool:
        for one in [pool.submit(_up, workspace, stack, tell, heard) for stack in weddings]:
            one.result()


def start_agents(run: Run) -> None:
    """Start the agent of each region, as `agent-<region>`."""
    for region in world_of(run).regions:
        command = [str(WEDCACHE), "--profile", profile_name(run), "worker", "--region", region]
        processes.start_unattended(run, f"agent-{region}", command)


def _init(workspace: Workspace, stack: Stack, heard: Heard) -> None:
    _must(workspace, stack, heard, "stack", "init", stack[1])


def _up(workspace: Workspace, stack: Stack, tell: Callable[[str], None], heard: Heard) -> None:
    tell(f"pulumi up: {stack[0]}")
    _must(workspace, stack, heard, "up", "--yes", "--skip-preview", "--stack", stack[1])


def _must(workspace: Workspace, stack: Stack, heard: Heard, *arguments: str) -> None:
    ran = workspace.pulumi(stack, *arguments)
    heard(stack, arguments[0], ran)
    if ran.code != 0:
        raise NotProvisioned(f"pulumi {' '.join(arguments)} of {stack[0]} failed:\n{ran.text[-3000:]}")
