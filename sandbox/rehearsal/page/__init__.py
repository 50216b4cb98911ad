"""report.html: one file, no script, no outside resource. Words from outside are escaped where they enter."""

from __future__ import annotations

from sandbox.rehearsal.evidence import Evidence
from sandbox.rehearsal.page import plots, sections, windows, world_map
from sandbox.rehearsal.page.markup import Markup, element, joined
from sandbox.rehearsal.page.style import STYLE
from sandbox.rehearsal.report import Report


def render(report: Report, evidence: Evidence) -> str:
    """The whole page."""
    count = sum(finding.true for _, finding in report.findings)
    told = (
        f"wedcache rehearsal, {report.started}, {report.seconds:.0f} s, seed {report.seed}, "
        f"engine {report.engine}, {len(evidence.rows)} findings in evidence.jsonl"
    )
    weekend = report.weekend
    body = joined(
        element("h1", f"{count} of {len(report.findings)} claims are true"),
        element("p", told, class_="sub"),
        element("p", f"broken off: {report.broken}", class_="why") if report.broken else "",
        *(sections.claim(claim, finding) for claim, finding in report.findings),
        _under("The freeze windows", windows.section(weekend)),
        _under("What was refused, and why", sections.refused(weekend.refusals)),
        _under("The failover's phases", sections.failover(weekend.failover)),
        _under("Where the guests were", joined(world_map.section(weekend), sections.cities(weekend.cities))),
        _under("What they felt", plots.section(weekend)),
        _under("Where the time went", sections.bars(report.phases)),
        _under("Not shown", element("ul", *(element("li", line) for line in report.not_shown))),
    )
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f"{head}<title>wedcache rehearsal</title><style>{STYLE}</style><main>{body}</main></html>\n"


def _under(title: str, part: str) -> Markup:
    """A part under its title; nothing for a part that is empty."""
    return joined(element("h2", title), part) if part.strip() else Markup()
