"""Everything in which the sandbox is kinder than the vendors, or different: all rows, and the most important ones.

`python -m sandbox.differences --write README.md docs/sandbox-differences.md` renews the tables between their markers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controlplane.domain import exit_codes
from sandbox.aws import differences as aws
from sandbox.cloudflare import differences as cloudflare
from sandbox.pop import differences as pop

CODES = {"exit codes": exit_codes.markdown()}
"""The other table that stands between markers in the README."""


@dataclass(frozen=True)
class Row:
    """One difference: the part of the sandbox, the subject, what the vendor does, what the sandbox does."""

    part: str
    subject: str
    vendor: str
    ours: str


OWN: tuple[Row, ...] = (
    Row("caches", "transport", "TLS and authentication", "neither: no Valkey server on the package index speaks TLS"),
    Row("caches", "commands", "ElastiCache forbids CONFIG and REPLICAOF", "every command is allowed"),
    Row("caches", "expiry", "one clock", "Valkey's own expiry is real time: it does not follow the calendar's jumps"),
    Row("caches", "failover inside a group", "a replica is promoted", "never: the pair stays as it was started"),
    Row("places", "distance", "networks", "fixed delays between regions and from POP to origin, from one table"),
    Row(
        "places",
        "POPs",
        "hundreds in each CDN",
        "one of each CDN, both in Frankfurt; in the full world one of each in twelve cities",
    ),
    Row("places", "vantage points", "an agent's network is its own", "agents, POPs and origins share this machine"),
    Row("Pulumi", "engine", "Pulumi's CLI", "a stand-in where no CLI is on PATH; the same state files and providers"),
    Row(
        "Pulumi",
        "providers",
        "Go plugins",
        "Python ones for the declared types; unknown properties, wrong enums and missing ones are refused",
    ),
    Row("clock", "time", "passes", "jumps when told; time-outs and latencies stay real"),
)

IMPORTANT = frozenset(
    {
        ("AWS", "signatures"),
        ("AWS", "calls that nobody needs"),
        ("AWS", "distribution deployment"),
        ("AWS", "invalidation speed"),
        ("AWS", "replication groups"),
        ("AWS", "replication group endpoints"),
        ("AWS", "certificates of a distribution"),
        ("AWS", "IAM policies"),
        ("Cloudflare", "zones: pending until its name servers are delegated"),
        ("Cloudflare", "monitors: probe from several data centres of each region; a majority decides"),
        ("Cloudflare", "tokens: changes take seconds to spread"),
        ("POPs", "protocols"),
        ("POPs", "propagation"),
        ("POPs", "eviction"),
        ("POPs", "tiers of cache"),
        ("POPs", "CloudFront S3 origins, signing, OAC, geo, WAF"),
        ("POPs", "CloudFront Functions methods"),
        ("caches", "transport"),
        ("caches", "expiry"),
        ("places", "POPs"),
        ("places", "distance"),
        ("Pulumi", "engine"),
        ("Pulumi", "providers"),
    }
)
"""Rows that the README shows: part and subject; where a subject has several rows, `subject: what the vendor does`."""


def rows() -> list[Row]:
    """Every row, part by part."""
    return [
        *(Row("AWS", one.name, one.aws, one.sandbox) for one in aws.TABLE),
        *(Row("Cloudflare", one.subject, one.vendor, one.ours) for one in cloudflare.DIFFERENCES),
        *(Row("POPs", one.subject, one.vendor, one.ours) for one in pop.DIFFERENCES),
        *OWN,
    ]


def is_important(row: Row) -> bool:
    """Whether the README shows it."""
    return bool(IMPORTANT & {(row.part, row.subject), (row.part, f"{row.subject}: {row.vendor}")})


def table(which: str) -> str:
    """The table `important` or `all`, in Markdown."""
    shown = [row for row in rows() if which == "all" or is_important(row)]
    lines = [f"| {row.part} | {row.subject} | {row.vendor} | {row.ours} |" for row in shown]
    return "\n".join(["| part | subject | the vendor | the sandbox |", "| --- | --- | --- | --- |", *lines])


def renewed(text: str) -> str:
    """`text` with every table between markers as it is now. Raises ValueError where there is no pair of markers."""
    found = False
    for name, made in {**{f"differences: {which}": table(which) for which in ("important", "all")}, **CODES}.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name.partition(':')[0]} -->"
        head, mark, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if mark and closed:
            text, found = f"{head}{begin}\n\n{made}\n\n{end}{tail}", True
    if not found:
        raise ValueError("no table between markers, for example <!-- differences: all --> and <!-- /differences -->")
    return text


def main(arguments: Sequence[str]) -> int:
    """Print the whole table, or renew files."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.differences", description=__doc__)
    parser.add_argument("--write", nargs="+", type=Path, default=[], metavar="FILE")
    said = parser.parse_args(arguments)
    for path in said.write:
        path.write_text(renewed(path.read_text()))
    if not said.write:
        sys.stdout.write(table("all") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
