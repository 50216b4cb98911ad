"""The verbs that run no program: stack, config, cancel."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.engine.backend import empty_checkpoint
from sandbox.engine.checkpoint import compact, snapshot_of
from sandbox.engine.passphrase import Crypter
from sandbox.engine.project import values
from sandbox.engine.report import plain_outputs
from sandbox.engine.stop import NEEDS_CONSENT, NO_STACK, Stop
from sandbox.engine.urns import STACK_TYPE
from sandbox.engine.values import SECRET_SIG, SIG
from sandbox.engine.workspace import Workspace

Clock = Callable[[], datetime]
Say = Callable[[str], None]


def stack_init(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`stack init NAME`: an empty stack with a salt of its own, selected."""
    name = (place.command.rest or [place.command.get("--stack")])[0]
    if not name:
        raise Stop("missing stack name")
    stack = place.named(name)
    if place.command.get("--secrets-provider") not in ("", "default", "passphrase"):
        raise Stop("only the passphrase secrets provider: install the Pulumi CLI (ENGINE=pulumi)")
    settings = place.settings(stack)
    salt = settings.salt
    if not stack.exists() and not salt:
        salt = Crypter(place.environ).renew()
        settings.set_salt(salt)
    stack.create(now())
    stack.write(empty_checkpoint(stack, salt, now()))
    place.selection.set(stack.full_name)
    talk(f"Created stack '{stack.name}'")
    return 0


def stack_select(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`stack select NAME [--create]`."""
    name = (place.command.rest or [place.command.get("--stack")])[0]
    if not name:
        raise Stop("no stack name given", NEEDS_CONSENT)
    stack = place.named(name)
    if not stack.exists() and place.command.has("--create"):
        return stack_init(place, say, talk, now)
    stack.read()
    place.selection.set(stack.full_name)
    return 0


def stack_ls(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`stack ls`: the project's stacks (`--all`: every project's)."""
    wanted = None if place.command.has("--all") else place.command.get("--project") or place.project.name
    rows = []
    for project, name in place.backend.stacks():
        if wanted is not None and project != wanted:
            continue
        latest = place.backend.stack(project, name).read()["checkpoint"].get("latest") or {}
        current = project == place.project.name and name == place.selection.get()
        shown = name if project == place.project.name else f"organization/{project}/{name}"
        time = (latest.get("manifest") or {}).get("time", "")
        resources = latest.get("resources") or []
        rows.append({"name": shown, "current": current, "lastUpdate": time, "resourceCount": len(resources)})
    if place.command.has("--json"):
        say(json.dumps(rows, indent=2))
        return 0
    say(f"{'NAME':<24}  {'LAST UPDATE':<28}  RESOURCE COUNT")
    for row in rows:
        say(f"{row['name'] + ('*' if row['current'] else ''):<24}  {row['lastUpdate']:<28}  {row['resourceCount']}")
    return 0


def stack_rm(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`stack rm NAME --yes`: forget an empty stack, with its settings file."""
    stack = place.named(place.command.rest[0]) if place.command.rest else place.stack
    latest = stack.read()["checkpoint"].get("latest") or {}
    if latest.get("resources") and not place.command.has("--force"):
        raise Stop(
            f"'{stack.name}' still has resources; removal rejected. Possible actions:\n"
            f"- Make sure that '{stack.name}' is the stack that you want to destroy\n"
            "- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n"
            "- Run `pulumi stack rm --force` to override this error"
        )
    if not place.command.has("--yes"):
        raise Stop("--yes must be passed in to proceed when running in non-interactive mode", NEEDS_CONSENT)
    with stack.locked(now()):
        stack.remove()
    if not place.command.has("--preserve-config"):
        place.settings(stack).path.unlink(missing_ok=True)
    if place.selection.get() == stack.name:
        place.selection.set("")
    say(f"Stack '{stack.name}' has been removed!")
    return 0


def stack_output(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`stack output [NAME]`: the stack's outputs; secrets only with --show-secrets."""
    reveal = place.command.has("--show-secrets")
    roots = [data for data in place.deployment.get("resources") or [] if data["type"] == STACK_TYPE]
    decrypt = place.crypter.decrypt if reveal else lambda _: json.dumps("[secret]")
    found = snapshot_of({"resources": roots}, decrypt).resources
    outputs = plain_outputs((found[0].outputs or {}) if found else {}, reveal)
    if place.command.rest:
        name = place.command.rest[0]
        if name not in outputs:
            raise Stop(f"current stack does not have output property '{name}'")
        value = outputs[name]
        say(json.dumps(value, indent=2) if place.command.has("--json") or not isinstance(value, str) else value)
    elif place.command.has("--json"):
        say(json.dumps(outputs, indent=2, ensure_ascii=False))
    else:
        say(f"Current stack outputs ({len(outputs)}):")
        for name, value in outputs.items():
            say(f"    {name}  {value if isinstance(value, str) else json.dumps(value)}")
    return 0


def stack_show(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`stack`: the current stack and its resources."""
    if place.command.has("--show-name"):
        say(place.stack.name)
        return 0
    resources = place.deployment.get("resources") or []
    say(f"Current stack is {place.stack.name}:\nCurrent stack resources ({len(resources)}):")
    for data in resources:
        say(f"    {data['type']}  {data['urn'] if place.command.has('--show-urns') else data['urn'].split('::', 3)[3]}")
    return stack_output(place, say, talk, now)


def stack_export(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`stack export [--file F] [--show-secrets]`: the state as an untyped deployment."""
    whole = place.stack.read()
    deployment: Any = whole["checkpoint"].get("latest") or {}
    if place.command.has("--show-secrets"):
        deployment = _opened(deployment, place.crypter)
    exported = {key: whole[key] for key in ("version", "features") if key in whole}
    text = json.dumps({**exported, "deployment": deployment}, indent=4, ensure_ascii=False)
    path = place.command.get("--file")
    if path:
        Path(path).write_text(text + "\n")
    else:
        say(text)
    return 0


def _opened(data: Any, crypter: Crypter) -> Any:
    if isinstance(data, dict):
        if data.get(SIG) == SECRET_SIG and "ciphertext" in data:
            return {SIG: SECRET_SIG, "plaintext": crypter.decrypt(data["ciphertext"])}
        return {key: _opened(inner, crypter) for key, inner in data.items()}
    return [_opened(inner, crypter) for inner in data] if isinstance(data, list) else data


def _sealed(data: Any, crypter: Crypter) -> Any:
    if isinstance(data, dict):
        if data.get(SIG) == SECRET_SIG and "plaintext" in data:
            return {SIG: SECRET_SIG, "ciphertext": crypter.encrypt(data["plaintext"])}
        return {key: _sealed(inner, crypter) for key, inner in data.items()}
    return [_sealed(inner, crypter) for inner in data] if isinstance(data, list) else data


def stack_import(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`stack import [--file F]`: replace the state by an exported one of the same stack."""
    path = place.command.get("--file")
    try:
        data = json.loads(Path(path).read_text() if path else sys.stdin.read())
    except ValueError as error:
        raise Stop(f"could not deserialize deployment: {error}") from None
    deployment = data.get("deployment") or {}
    prefix = f"urn:pulumi:{place.stack.name}::{place.stack.project}::"
    strangers = [r["urn"] for r in deployment.get("resources") or [] if not r["urn"].startswith(prefix)]
    if strangers and not place.command.has("--force"):
        raise Stop(f"resource '{strangers[0]}' is from a different stack; importing it needs --force")
    deployment = _sealed(deployment, place.crypter)
    head = {key: data[key] for key in ("version", "features") if key in data}
    with place.stack.locked(now()):
        place.stack.write(compact({**head, "checkpoint": {"stack": place.stack.full_name, "latest": deployment}}))
    say("Import complete.")
    return 0


def cancel(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`cancel --yes`: delete the stack's locks; nothing that runs is ended by it."""
    stack = place.named(place.command.rest[0]) if place.command.rest else place.stack
    if not stack.exists():
        raise Stop(f"no stack named '{stack.name}' found", NO_STACK)
    if not place.command.has("--yes"):
        raise Stop("--yes must be passed in to proceed when running in non-interactive mode", NEEDS_CONSENT)
    stack.unlock()
    say(f"The currently running update for '{stack.name}' has been canceled!")
    return 0


def config_show(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`config`: every key of the stack; secrets only with --show-secrets."""
    entries = place.settings(place.stack).entries()
    reveal = place.command.has("--show-secrets")
    rows: dict[str, dict[str, Any]] = {}
    for key, raw in entries.items():
        hidden = _holds_secret(raw)
        shown = {} if hidden and not reveal else {"value": values({key: raw}, place.crypter)[0][key]}
        rows[key] = {**shown, "secret": hidden}
    if place.command.has("--json"):
        say(json.dumps(rows, indent=2))
        return 0
    say("KEY  VALUE")
    for key, row in rows.items():
        say(f"{_own(place, key)}  {row.get('value', '[secret]')}")
    return 0


def _holds_secret(raw: Any) -> bool:
    if isinstance(raw, dict):
        return set(raw) == {"secure"} or any(_holds_secret(value) for value in raw.values())
    return isinstance(raw, list) and any(_holds_secret(value) for value in raw)


def config_get(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`config get KEY`, secrets in plain text."""
    entries = place.settings(place.stack).entries()
    key = place.settings(place.stack).key(_first(place))
    if key not in entries:
        raise Stop(f"configuration key '{_own(place, key)}' not found for stack '{place.stack.name}'")
    plain, secret = values({key: entries[key]}, place.crypter)
    if place.command.has("--json"):
        say(json.dumps({"name": key, "value": plain[key], "secret": key in secret}, indent=2))
    else:
        say(plain[key])
    return 0


def config_set(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`config set KEY VALUE [--secret]`; the value comes from stdin where it is not given."""
    key = _first(place)
    value = place.command.rest[1] if len(place.command.rest) > 1 else sys.stdin.read().rstrip("\n")
    settings = place.settings(place.stack)
    if place.command.has("--secret"):
        if not place.crypter.state:
            settings.set_salt(place.crypter.renew())
        settings.set(key, {"secure": place.crypter.encrypt(value)})
    else:
        settings.set(key, value)
    return 0


def config_rm(place: Workspace, say: Say, talk: Say, now: Clock) -> int:
    """`config rm KEY`."""
    place.settings(place.stack).remove(_first(place))
    return 0


def _first(place: Workspace) -> str:
    if not place.command.rest:
        raise Stop("missing required argument: key")
    return place.command.rest[0]


def _own(place: Workspace, key: str) -> str:
    return key.removeprefix(f"{place.project.name}:")


VERBS: dict[str, Callable[[Workspace, Say, Say, Clock], int]] = {
    "cancel": cancel,
    "stack": stack_show,
    "stack init": stack_init,
    "stack select": stack_select,
    "stack ls": stack_ls,
    "stack rm": stack_rm,
    "stack output": stack_output,
    "stack export": stack_export,
    "stack import": stack_import,
    "config": config_show,
    "config get": config_get,
    "config set": config_set,
    "config rm": config_rm,
}
