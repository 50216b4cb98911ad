"""The page's tables and lists: claims, refusals, the failover's phases, cities, phases of the run."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.rehearsal import places
from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.page.markup import Markup, element, joined
from sandbox.rehearsal.phase_budget import MEANING, Phase
from sandbox.rehearsal.refusals import Refusal
from sandbox.rehearsal.screen import TITLES
from sandbox.rehearsal.series import City


def table(heads: tuple[str, ...], rows: list[tuple[object, ...]], caption: str, kind: str = "cards") -> Markup:
    """A table; `caption` says what it is. On a narrow screen one of `cards` is a list, a `narrow` one just smaller."""
    head = element("tr", *(element("th", one, scope="col") for one in heads))
    body = (
        element("tr", *(element("td", cell, data_head=name) for name, cell in zip(heads, row, strict=True)))
        for row in rows
    )
    drawn = element("table", element("caption", caption), element("thead", head), element("tbody", *body), class_=kind)
    return element("div", drawn, class_="wide", tabindex="0", role="group", aria_label=caption)


def claim(one: Claim, finding: Finding) -> Markup:
    """A claim with its figure, its witness and what turns it false; why not, where it is not true."""
    word = "true" if finding.true else "false"
    body = [
        element("div", one.text),
        element("div", element("b", finding.figure), f" of {finding.of} {finding.unit}", class_="figure"),
        element("div", f"witness: {one.witness}; turned false by: {one.counter_experiment}", class_="small"),
        *([] if finding.true else [element("div", finding.why_not, class_="why")]),
    ]
    return element(
        "section",
        element("div", one.id, class_="id"),
        element("div", word, class_=word),
        element("div", *body),
        class_="claim",
    )


def bars(phases: Mapping[str, float]) -> Markup:
    """The run's phases and their real seconds."""
    longest = max(phases.values(), default=1.0) or 1.0
    return joined(
        *(
            element(
                "div",
                element("b", name),
                element("i", style=f"width:{100 * seconds / longest:.1f}%", title=TITLES.get(name, name)),
                element("span", f"{seconds:.1f} s"),
                class_="bar",
            )
            for name, seconds in phases.items()
        )
    )


def failover(phases: tuple[Phase, ...]) -> Markup:
    """Each phase of the failover: what was planned, what it took, and their sums."""
    if not phases:
        return Markup()
    rows: list[tuple[object, ...]] = [
        (phase.name, MEANING[phase.name], _unit(phase.planned, "s", 0), _taken(phase)) for phase in phases
    ]
    taken = [phase.taken for phase in phases if phase.taken is not None]
    rows.append(("in all", "", _unit(sum(phase.planned for phase in phases), "s", 0), _unit(sum(taken), "s", 2)))
    return table(
        ("phase", "what it is", "planned", "taken"), rows, "From the loss to the standby's first answers", "narrow"
    )


def _taken(phase: Phase) -> str:
    if phase.taken is None:
        return "did not happen"
    return _unit(phase.taken, "s", 2) + ("" if phase.is_within else ", over its plan")


def refused(refusals: tuple[Refusal, ...]) -> Markup:
    """What was refused, where, how it ended and why."""
    rows: list[tuple[object, ...]] = [
        (
            element("code", one.act),
            one.door,
            one.code,
            f"{one.at:%d %b %H:%M}" if one.at else "",
            joined(element("span", one.why), *_named(one)),
        )
        for one in refusals
    ]
    heads = ("act", "door", "ended with", "calendar (UTC)", "why")
    return table(heads, rows, "None of these changed anything") if rows else Markup()


def _named(one: Refusal) -> list[Markup]:
    missing = [rule for rule in one.rules if rule not in one.why]
    return [element("div", f"in force: {', '.join(missing)}", class_="small")] if missing else []


def cities(found: Mapping[str, City]) -> Markup:
    """Each city's figures; the map in words."""
    rows: list[tuple[object, ...]] = []
    for code, city in found.items():
        place = places.city(code)
        rows.append(
            (
                f"{code} {place.name}" if place else code,
                city.asked,
                city.failed,
                _unit(None if city.from_edge is None else 100 * city.from_edge, "%"),
                _unit(city.mean, "ms"),
                _unit(city.p95, "ms"),
            )
        )
    heads = ("city", "pages asked", "failed", "from the edge", "mean", "p95")
    return table(heads, rows, "Cacheable pages as the guests of each city got them", "narrow") if rows else Markup()


def _unit(value: float | None, unit: str, digits: int = 1) -> str:
    """A figure that stays on one line with its unit; a dash for what was not measured."""
    return "-" if value is None else f"{value:.{digits}f}\N{NO-BREAK SPACE}{unit}"
