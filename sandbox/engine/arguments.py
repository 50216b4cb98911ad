"""The command line: verbs, flags and what each verb takes. Flags that we do not do are refused by the table in
`refused`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.engine import refused
from sandbox.engine.stop import Stop

_SHORT = {
    "-C": "--cwd",
    "-s": "--stack",
    "-y": "--yes",
    "-f": "--skip-preview",
    "-j": "--json",
    "-p": "--parallel",
    "-m": "--message",
    "-d": "--debug",
    "-r": "--refresh",
    "-t": "--target",
    "-x": "--exclude",
    "-c": "--config",
    "-e": "--emoji",
    "-v": "--verbose",
    "-Q": "--fully-qualify-stack-names",
    "-a": "--all",
    "-i": "--show-ids",
    "-u": "--show-urns",
    "-h": "--help",
}
_GLOBAL = {"--cwd": True, "--color": True, "--verbose": True, "--non-interactive": False, "--emoji": False,
           "--logtostderr": False, "--logflow": False, "--disable-integrity-checking": False, "--help": False,
           "--fully-qualify-stack-names": False}  # fmt: skip
_STACK = {"--stack": True, "--config-file": True}
_SHOWING = ("--show-sames", "--show-reads", "--show-config", "--show-replacement-steps",
            "--show-full-output", "--suppress-outputs", "--suppress-progress", "--suppress-permalink", "--urns",
            "--debug", "--skip-plugin-pre-install", "--skip-config-validation")  # fmt: skip
_RUN = {
    **_STACK,
    **dict.fromkeys(_SHOWING, False),
    "--parallel": True,
    "--message": True,
    "--expect-no-changes": False,
    "--run-program": False,
}
_CHANGE = {**_RUN, "--yes": False, "--skip-preview": False}

# verb -> flag -> whether it takes a value
VERBS: dict[str, dict[str, bool]] = {
    "preview": {**_RUN, "--save-plan": True, "--json": False, "--show-secrets": False},
    "up": {**_CHANGE, "--plan": True},
    "destroy": {**_CHANGE, "--remove": False, "--preview-only": False},
    "cancel": {**_STACK, "--yes": False},
    "version": {},
    "stack": {**_STACK, "--show-ids": False, "--show-urns": False, "--show-name": False, "--show-secrets": False},
    "stack init": {**_STACK, "--secrets-provider": True},
    "stack select": {**_STACK, "--create": False, "--secrets-provider": True},
    "stack ls": {"--json": False, "--all": False, "--project": True},
    "stack rm": {**_STACK, "--yes": False, "--force": False, "--preserve-config": False},
    "stack output": {**_STACK, "--json": False, "--show-secrets": False},
    "stack export": {**_STACK, "--file": True, "--show-secrets": False},
    "stack import": {**_STACK, "--file": True, "--force": False},
    "config": {**_STACK, "--json": False, "--show-secrets": False},
    "config get": {**_STACK, "--json": False},
    "config set": {**_STACK, "--secret": False, "--plaintext": False},
    "config rm": {**_STACK},
}
_ALIASES = {"update": "up", "pre": "preview", "down": "destroy", "dn": "destroy", "stack list": "stack ls"}


@dataclass(frozen=True)
class Command:
    """A parsed command line."""

    verb: str
    rest: list[str] = field(default_factory=list)
    flags: dict[str, str] = field(default_factory=dict)

    def has(self, flag: str) -> bool:
        """Whether a switch is on."""
        return self.flags.get(flag, "false") not in ("false", "")

    def get(self, flag: str) -> str:
        """A flag's value; "" where it is not given."""
        return self.flags.get(flag, "")


def parse(arguments: Sequence[str]) -> Command:
    """Read a command line. Raises Stop for what is unknown or refused."""
    words: list[str] = []
    given: list[tuple[str, str | None]] = []
    waiting = list(arguments)
    while waiting:
        token = waiting.pop(0)
        if token == "--":
            words += waiting
            break
        if not token.startswith("-") or token == "-":
            words.append(token)
            continue
        name, equals, value = token.partition("=")
        name = _SHORT.get(name, name)
        if not equals and len(token) > 2 and token[:2] in _SHORT and not token.startswith("--"):
            name, equals, value = _SHORT[token[:2]], "=", token[2:]
        takes = _takes_value(name)
        if equals or not takes:
            given.append((name, value if equals else None))
        else:
            given.append((name, waiting.pop(0) if waiting else ""))
    verb, rest = _verb(words)
    allowed = {**_GLOBAL, **VERBS[verb]}
    for name, _ in given:
        if name not in allowed:
            raise refused.refuse(name) if name in refused.TABLE else Stop(f"unknown flag: {name}")
    return Command(verb, rest, {name: "true" if value is None else value for name, value in given})


def _takes_value(flag: str) -> bool:
    return any(flags.get(flag) for flags in (_GLOBAL, *VERBS.values()))


def _verb(words: list[str]) -> tuple[str, list[str]]:
    if not words:
        return "version", []
    two = " ".join(words[:2])
    for candidate, length in ((two, 2), (words[0], 1)):
        verb = _ALIASES.get(candidate, candidate)
        if verb in VERBS:
            return verb, words[length:]
        if verb in refused.TABLE:
            raise refused.refuse(verb)
    raise Stop(f'unknown command "{words[0]}" for "pulumi"\nRun \'pulumi --help\' for usage.')
