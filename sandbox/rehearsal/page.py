"""report.html: one file, no script, no outside resource."""

from __future__ import annotations

from html import escape

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence
from sandbox.rehearsal.report import Report
from sandbox.rehearsal.screen import TITLES

STYLE = """
:root{--ink:#1f2430;--soft:#6b7280;--line:#e5e7eb;--ok:#0f766e;--bad:#b91c1c;--paper:#fbfaf8}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:3rem 1.5rem;background:var(--paper);color:var(--ink);
font:16px/1.55 Georgia,'Times New Roman',serif}
h1{font-weight:400;font-size:2.2rem;margin:0}
h2{font-weight:400;font-size:1.3rem;margin:2.5rem 0 1rem}
.sub{color:var(--soft);margin:.3rem 0 2rem}
.claim{display:grid;grid-template-columns:3rem 4.5rem 1fr;gap:.25rem 1rem;padding:1rem 0}
.claim{border-top:1px solid var(--line)}
.id{font-weight:700}.true{color:var(--ok)}.false{color:var(--bad)}
.figure{font-size:1.05rem}.small{color:var(--soft);font-size:.88rem}
.why{color:var(--bad);font-family:ui-monospace,monospace;font-size:.82rem;white-space:pre-wrap;overflow-wrap:anywhere}
.bar{display:grid;grid-template-columns:6rem 1fr 4rem;gap:1rem;align-items:center;margin:.35rem 0}
.bar i{display:block;height:.7rem;background:var(--ok);opacity:.75;border-radius:.2rem}
.bar b{font-weight:400}
li{margin:.3rem 0}
"""


def render(report: Report, evidence: Evidence) -> str:
    """The whole page."""
    count = sum(finding.true for _, finding in report.findings)
    body = [
        f"<h1>{count} of {len(report.findings)} claims are true</h1>",
        f'<p class="sub">wedcache rehearsal, {escape(report.started)}, {report.seconds:.0f} s, seed {report.seed}, '
        f"engine {escape(report.engine)}, {len(evidence.rows)} findings in evidence.jsonl</p>",
        *(_claim(claim, finding) for claim, finding in report.findings),
        "<h2>Where the time went</h2>",
        *_bars(report.phases),
        "<h2>Not shown</h2><ul>",
        *(f"<li>{escape(line)}</li>" for line in report.not_shown),
        "</ul>",
    ]
    if report.broken:
        body.insert(2, f'<p class="why">broken off: {escape(report.broken)}</p>')
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>wedcache rehearsal</title><style>{STYLE}</style>" + "\n".join(body) + "</html>\n"
    )


def _claim(claim: Claim, finding: Finding) -> str:
    word = "true" if finding.true else "false"
    why = "" if finding.true else f'<div class="why">{escape(finding.why_not)}</div>'
    return (
        f'<section class="claim"><div class="id">{claim.id}</div><div class="{word}">{word}</div><div>'
        f"<div>{escape(claim.text)}</div>"
        f'<div class="figure"><b>{escape(str(finding.figure))}</b> of {escape(str(finding.of))} '
        f"{escape(finding.unit)}</div>"
        f'<div class="small">witness: {escape(claim.witness)}; '
        f"turned false by: {escape(claim.counter_experiment)}</div>"
        f"{why}</div></section>"
    )


def _bars(phases: dict[str, float]) -> list[str]:
    longest = max(phases.values(), default=1.0)
    return [
        f'<div class="bar"><b>{escape(name)}</b><i style="width:{100 * seconds / longest:.1f}%" '
        f'title="{escape(TITLES.get(name, name))}"></i><span>{seconds:.1f} s</span></div>'
        for name, seconds in phases.items()
    ]
