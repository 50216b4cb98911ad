"""The verbs that run programs: preview, up, destroy. Each is a composition of phases under the stack's lock."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.engine import preview_json
from sandbox.engine.checkpoint import checkpoint_text, manifest, snapshot_of
from sandbox.engine.program import Nursery, installed_plugins, interpreter
from sandbox.engine.resources import Snapshot
from sandbox.engine.saved_plan import Held
from sandbox.engine.session import Outcome, Work, attached, degree, run_phase
from sandbox.engine.stop import CHANGES_SEEN, FAILED, NEEDS_CONSENT, Stop
from sandbox.engine.values import thaw
from sandbox.engine.workspace import Workspace

Clock = Callable[[], datetime]
Say = Callable[[str], None]


def preview(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`pulumi preview`: show what an `up` would do, and save it as a plan."""
    quiet = place.command.has("--json")
    work = _work(place, "up", (lambda _: None) if quiet else say, now)
    with _programs(place, work) as nursery:
        outcome = _run(work, _prior(place), Held(), nursery, preview=True)
    if quiet:
        say(preview_json.text(outcome, now))
    path = place.command.get("--save-plan")
    if path and not outcome.failed:
        _save_plan(Path(path), outcome, place, now())
        held = "to constrain the update to the operations planned by this preview"
        talk(f"Update plan written to '{path}'\nRun `pulumi up --plan='{path}'` {held}")
    return _ended(place, outcome, talk)


def up(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`pulumi up`: a preview, then the update; `--plan` holds both to a saved plan."""
    _consent(place, "--yes or --skip-preview or --preview-only")
    work = _work(place, "up", say, now)
    plan = _read_plan(place)
    with _locked(place, now), _programs(place, work) as nursery:
        prior = _prior(place)
        _warn_pending(prior, talk)
        if not place.command.has("--skip-preview"):
            outcome = _run(work, prior, Held(plan()), nursery, preview=True)
            if outcome.failed:
                return _ended(place, outcome, talk)
            prior = _prior(place)
        outcome = _run(work, prior, Held(plan()), nursery, preview=False)
    return _ended(place, outcome, talk)


def destroy(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`pulumi destroy`: delete everything, with the program running where hooks have to be asked."""
    only_preview = place.command.has("--preview-only")
    if not only_preview:
        _consent(place, "--yes or --skip-preview or --preview-only")
    runs = place.command.has("--run-program") or _truthy(place.environ.get("PULUMI_RUN_PROGRAM", ""))
    work = _work(place, "destroy", say, now)
    locked = nullcontext() if only_preview else _locked(place, now)
    with locked, _programs(place, work) if runs else nullcontext() as nursery:
        _refuse_deaf_hooks(_prior(place), runs)
        if not place.command.has("--skip-preview"):
            outcome = _run(work, _prior(place), Held(), nursery, preview=True)
            if outcome.failed or only_preview:
                return _ended(place, outcome, talk)
        outcome = _run(work, _prior(place), Held(), nursery, preview=False)
        if not outcome.failed:
            _after_destroy(place, say)
    return _ended(place, outcome, talk)


def _after_destroy(place: Workspace, say: Say) -> None:
    if place.command.has("--remove"):
        place.stack.remove()
        place.selection.set("")
        say(f"The resources in the stack have been deleted, and the stack '{place.stack.name}' has been removed.")
        return
    say(
        "The resources in the stack have been deleted, but the history and configuration associated with the stack are "
        f"still maintained. \nIf you want to remove the stack completely, run `pulumi stack rm {place.stack.name}`."
    )


def _consent(place: Workspace, flags: str) -> None:
    if not place.command.has("--yes") and not place.command.has("--skip-preview"):
        text = f"{flags} must be passed in to proceed when running in non-interactive mode"
        raise Stop(text, NEEDS_CONSENT)


def _locked(place: Workspace, now: Clock) -> AbstractContextManager[None]:
    return place.stack.locked(now())


def _prior(place: Workspace) -> Snapshot:
    return snapshot_of(place.deployment, place.crypter.decrypt)


def _work(place: Workspace, kind: str, say: Say, now: Clock) -> Work:
    project, stack = place.project, place.stack
    folder, entry = project.program
    python = interpreter(project)
    config, secret = place.configuration()
    crypter = place.crypter

    def write(resources: list[str], pending: list[str]) -> None:
        hooks = any('"resourceHooks":' in text for text in resources)
        stack.write(checkpoint_text(stack.full_name, resources, pending, crypter.state, hooks, now()))

    return Work(
        kind=kind,
        root=project.root,
        folder=folder,
        entry=entry,
        project=project.name,
        stack=stack.name,
        python=python,
        environ=place.environ,
        config=config,
        secret=secret,
        plugins=installed_plugins(python),
        ports=attached(place.environ),
        encrypt=crypter.encrypt,
        write=write,
        say=say,
        now=now,
        parallel=int(place.command.get("--parallel") or degree(place.environ)),
    )


def _run(work: Work, prior: Snapshot, held: Held, nursery: Nursery | None, *, preview: bool) -> Outcome:
    return asyncio.run(run_phase(work, prior, held, nursery, preview=preview))


@contextmanager
def _programs(place: Workspace, work: Work) -> Iterator[Nursery]:
    nursery = Nursery(work.python, place.environ, place.selection.beside("imports"))
    try:
        yield nursery
    finally:
        nursery.close()


def _warn_pending(prior: Snapshot, talk: Say) -> None:
    if not prior.pending:
        return
    lines = [f"  * {pending.resource.urn}, interrupted while {pending.operation}" for pending in prior.pending]
    talk(
        f"warning: Attempting to deploy or update resources with {len(lines)} pending operations from previous "
        "deployment.\n" + "\n".join(lines) + "\nThese resources are in an unknown state because the Pulumi CLI was "
        "interrupted while waiting for changes to these resources to complete. Confirm whether or not the operations "
        "listed completed successfully by checking the state of the appropriate provider."
    )


def _refuse_deaf_hooks(prior: Snapshot, runs: bool) -> None:
    if runs:
        return
    deaf = [r for r in prior.resources if r.hooks.get("BeforeDelete") or r.hooks.get("AfterDelete")]
    if deaf:
        names = sorted(
            {name for r in deaf for kind in ("BeforeDelete", "AfterDelete") for name in r.hooks.get(kind, [])}
        )
        raise Stop(
            "".join(
                f"{resource.urn}: Resource has delete hooks registered, but the program is not running. "
                f"Hooks: {', '.join(names)}\n"
                for resource in deaf
            )
            + "error: You must run with the `--run-program` flag to use delete hooks during destroy."
        )


def _save_plan(path: Path, outcome: Outcome, place: Workspace, now: datetime) -> None:
    encrypt = None if place.command.has("--show-secrets") else place.crypter.encrypt
    raw = place.settings(place.stack).entries()
    plan: dict[str, Any] = {"manifest": manifest(now)}
    if raw:
        plan["config"] = json.loads(json.dumps(raw, default=str))
    plan["resourcePlans"] = outcome.held.file(encrypt)
    path.write_text(json.dumps(plan, indent=4, ensure_ascii=False) + "\n")


def _read_plan(place: Workspace) -> Callable[[], dict[str, Any] | None]:
    """The plan to hold to, read once; each phase gets its own copy."""
    given = place.command.get("--plan")
    if not given:
        return lambda: None
    try:
        text = Path(given).read_text()
        json.loads(text)
    except (OSError, ValueError) as error:
        raise Stop(f"could not read the plan {given}: {error}") from None
    decrypt = place.crypter.decrypt

    def copy() -> dict[str, Any]:
        plans = json.loads(text).get("resourcePlans") or {}
        for plan in plans.values():
            for name in ("inputDiff", "outputDiff"):
                if plan.get("goal"):
                    parts = plan["goal"].get(name) or {}
                    thawed = {part: thaw(parts[part], decrypt) for part in ("adds", "updates") if part in parts}
                    plan["goal"][name] = {**parts, **thawed}
        return dict(plans)

    return copy


def _ended(place: Workspace, outcome: Outcome, talk: Say) -> int:
    if outcome.failed or outcome.interrupted:
        errors = outcome.report.errors
        if errors:
            talk(f"error: {errors[0]}")
        return FAILED
    if place.command.has("--expect-no-changes") and outcome.report.changed:
        kind = "preview" if place.command.verb == "preview" else "update"
        talk(f"error: no changes were expected for {kind} but changes were proposed")
        return CHANGES_SEEN
    return 0


def _truthy(text: str) -> bool:
    return text.lower() in ("1", "true", "yes", "on")


def folder() -> Path:
    """The current folder as the shell names it."""
    return Path(os.environ.get("PWD") or Path.cwd())
