"""The page's drawings: the map, the plots and the bars, each with what a reader needs, and nothing from outside."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sandbox.rehearsal import page, programme, report, weekend
from sandbox.rehearsal.course import Event, Window
from sandbox.rehearsal.evidence import Evidence
from sandbox.rehearsal.page import axes, labels, plots, windows, world_map
from sandbox.rehearsal.refusals import Refusal
from sandbox.rehearsal.series import City
from sandbox.rehearsal.weekend import Venue, Weekend
from sandbox.world import FULL, World
from tests.sandbox.rehearsal import saturday
from tests.sandbox.rehearsal.records import record

EVIL = "<script>alert('x')</script> & \"quoted\""
SEEN = weekend.seen(saturday.evidence(), saturday.diary())
VOID = frozenset({"meta", "br"})


class Tree(HTMLParser):
    """Tags with their attributes, the text of each element by its tag, and whether every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.words.append((self.open[-1], data))

    def of(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """The attributes of each such element."""
        return [
            found
            for name, found in self.tags
            if name == tag and all(found.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def text(self, tag: str) -> list[str]:
        """The texts of such elements."""
        return [words for name, words in self.words if name == tag]


def rendered(seen: Weekend = SEEN) -> str:
    """The page of a good run with this weekend."""
    made = report.Report(
        7, "stand-in", "", 61.0, programme.judge(programme.CLAIMS, record()), {"start": 1.0}, weekend=seen
    )
    return page.render(made, Evidence(()))


@pytest.mark.parametrize("world", saturday.WORLDS.values(), ids=saturday.WORLDS)
def test_every_city_is_on_the_map_once(world: World) -> None:
    """A dot for each city with its figures as its title, and a label; wherever it lies on earth."""
    seen = weekend.seen(saturday.evidence(world), saturday.diary(world))
    tree = Tree(rendered(seen))
    codes = [pop.code[:3] for pop in world.pops]
    dots = [found["id"].removeprefix("city-") for found in tree.of("circle") if found.get("id", "").startswith("city-")]
    assert dots == list(dict.fromkeys(codes))
    for code in dots:
        assert tree.text("text").count(code) == 1
        (title,) = [words for words in tree.text("title") if words.startswith(f"{code} ")]
        assert re.search(r": \d+\.\d % of \d+ pages from the edge, mean [\d.]+ ms, p95 [\d.]+ ms, 0 failed$", title)
    lost = [words for words in tree.text("title") if words.startswith("eu-central-1")]
    assert set(lost) == {"eu-central-1 (home, lost)"}


def test_no_label_covers_another_or_a_dot() -> None:
    """Europe's cities lie close: their labels give way, and stay inside the frame."""
    points = [
        labels.Point(x, y, 5.0, "FRA")
        for x, y in (*((300 + 6 * x, 80 + 6 * y) for x in range(4) for y in range(3)), (2, 2), (930, 390))
    ]
    found = labels.placed(points, world_map.FRAME)
    for number, label in enumerate(found):
        assert label.box.lies_in(world_map.FRAME)
        assert not any(label.box.covers(point.box) for point in points)
        assert not any(label.box.covers(other.box) for other in found[:number])
    assert any(label.is_led for label in found)


def test_the_map_lies_right() -> None:
    """Equirectangular: degrees are even steps, north is up, and a city stands on the land's own scale."""
    assert world_map.at(world_map.NORTH, 0.0)[1] == pytest.approx(labels.Point(0, 0, world_map.DOT, "").radius)
    equator, tropic = world_map.at(0, 0), world_map.at(-10, 20)
    assert (tropic[0] - equator[0], tropic[1] - equator[1]) == pytest.approx((60.0, 30.0))
    path = world_map.land()
    assert len(path) < 12_000
    assert set(path) <= set("Mlz 0123456789.-")


def test_the_colours_have_words() -> None:
    """The legend says what each colour means; the bins meet C18's bar; a city without guests has a class of its own."""
    text = " ".join(Tree(rendered()).text("li"))
    for words in (
        "mean up to 10 ms",
        "mean up to 50 ms",
        "mean more than 50 ms",
        "venue of a wedding",
        "regions: eu-central-1",
    ):
        assert words in text
    assert [world_map.kind(City(1, 0, 1.0, mean, mean))[0] for mean in (10.0, 10.1, 50.0, 51.0)] == [
        "fast",
        "fair",
        "slow",
        "late",
    ]
    nobody = Tree(rendered(replace(SEEN, cities={"FRA": City()})))
    assert "nobody" in nobody.of("circle", id="city-FRA")[0]["class"]
    assert "no guest was served" in nobody.text("li")


def test_every_event_is_marked_on_every_plot() -> None:
    """A numbered flag with a title in each of the three plots, and the list says when it was by both clocks."""
    tree = Tree(rendered())
    for number, event in enumerate(SEEN.events, 1):
        assert tree.text("title").count(f"{number}: {event.name}") == 3
        assert event.name in tree.text("b")
    assert [found["value"] for found in tree.of("li") if "value" in found] == [
        str(n + 1) for n in range(len(SEEN.events))
    ]
    assert " at 53.0 s" in tree.text("span")
    assert ", the calendar showed Sat 12 Jun 14:00:03 UTC" in tree.text("span")


def test_flags_that_crowd_stand_in_rows() -> None:
    """No flag covers another one; an event from before the guests came is in the list alone."""
    series = SEEN.series
    crowded = [Event(f"event {n}", series.began + n / 10, None) for n in range(12)]
    across = axes.Scale(0, series.seconds, plots.LEFT, plots.WIDTH - plots.RIGHT)
    flags = plots.flagged([Event("early", series.began - 9, None), *crowded], series, across)
    assert [flag.number for flag in flags] == list(range(2, 14))
    for flag in flags:
        others = [one for one in flags if one is not flag and one.row == flag.row]
        assert all(abs(one.x - flag.x) >= 2 * plots.FLAG for one in others)
    seen = replace(SEEN, events=(Event("early", series.began - 9, None),))
    assert any("while no guest was there" in words for words in Tree(rendered(seen)).text("span"))


def test_axes_have_units() -> None:
    """Each plot names what is measured, in what unit, over what, beside its ticks and for those who hear it read."""
    html = rendered()
    tree = Tree(html)
    named = [found["aria-label"] for found in tree.of("svg", class_="plot")]
    assert named == [
        "Latency: cacheable pages, milliseconds (logarithmic), over seconds since the first guest's request",
        "Hit ratio: cacheable pages answered by the POP, %, over seconds since the first guest's request",
        "Failures: requests that failed, per second, over seconds since the first guest's request",
    ]
    for unit in ("milliseconds", "%", "per second"):
        assert tree.text("text").count(unit) == 1
    assert tree.text("text").count("seconds since the first guest's request") == 3
    assert {"1", "10", "100", "1000"} <= set(tree.text("text"))


def test_the_freeze_is_shaded_while_it_held() -> None:
    """From the first window's begin to the last one's end, however the calendar jumped."""
    across = axes.Scale(0, SEEN.series.seconds, 0, SEEN.series.seconds)
    bands = list(plots.bands_of(SEEN, across))
    assert (bands[0][0], bands[-1][1]) == (30.0, 80.0)
    assert all(ended == began for (_, ended), (began, _) in itertools.pairwise(bands))


def test_a_line_breaks_where_nothing_was_measured() -> None:
    """A step without answers is a gap, not a line through it."""
    points = [replace(point, median=None if number == 50 else 5.0) for number, point in enumerate(SEEN.series.points)]
    tree = Tree(rendered(replace(SEEN, series=replace(SEEN.series, points=tuple(points)))))
    line = next(found["d"] for found in tree.of("path", class_="one"))
    assert line.count("M") == 2
    assert "nan" not in rendered().lower()


@pytest.mark.parametrize(
    ("high", "ticks"), [(0.9, [0, 0.2, 0.4, 0.6, 0.8]), (127, [0, 20, 40, 60, 80, 100, 120]), (0, [0])]
)
def test_ticks_are_round(high: float, ticks: list[float]) -> None:
    """A reader counts by ones, twos or fives."""
    assert axes.even_ticks(high, 7 if high > 1 else 5) == ticks


def test_decades_hold_every_value() -> None:
    """From one to a thousand at least, and as far as the values go."""
    assert axes.decades([]) == (1.0, 1000.0)
    assert axes.decades([0.2, 4500.0]) == (0.1, 10000.0)
    assert axes.decade_ticks(0.1, 1000.0) == [0.1, 1.0, 10.0, 100.0, 1000.0]


def test_the_windows_are_bars_in_utc() -> None:
    """A bar a wedding, its place in per cent, its times in UTC and at the venue, and marks for the calendar's jumps."""
    tree = Tree(rendered())
    bars = [found for found in tree.of("i") if "venue:" in found.get("title", "")]
    assert [found["title"].partition(":2027")[0] for found in bars] == ["venue:ubud", "venue:como", "venue:tulum"]
    for found in bars:
        left, width = map(float, re.findall(r"[\d.]+", found["style"]))
        assert 0 <= left < left + width <= 100.01
    assert len(tree.of("u")) == 3 * 5
    assert "11 Jun 17:00 to 13 Jun 11:00 UTC; at the venue 2027-06-11 12:00 to 2027-06-13 06:00 (America/Cancun)" in (
        tree.text("span")
    )


def test_the_time_lines_ticks_are_few_and_full_hours() -> None:
    """At most six, however long the weekend is."""
    first, last = SEEN.windows[0].start, SEEN.windows[-1].end
    for length in (1, 3, 30):
        found = windows.ticks(first, first + length * (last - first))
        assert 2 <= len(found) <= windows.MOST_TICKS
        assert all(one.hour % 3 == 0 and first <= one for one in found)


def test_the_page_is_one_well_formed_file_that_loads_nothing() -> None:
    """Every element is closed, no script, nothing from the network, one land path, a reader's colours respected."""
    html = rendered()
    tree = Tree(html)
    assert tree.open == []
    names = {name for name, _ in tree.tags}
    assert not names & {"script", "link", "img", "image", "iframe", "object", "use", "style-sheet", "foreignobject"}
    pointing = {
        key
        for _, found in tree.tags
        for key in found
        if key in ("src", "href", "xlink:href", "action") or key[:2] == "on"
    }
    assert pointing == set()
    for outside in ("http:", "https:", "//", "@import", "url(", "data:"):
        assert outside not in html, outside
    assert len(tree.of("path", class_="land")) == 1
    assert "prefers-color-scheme:dark" in html


def test_what_is_too_wide_scrolls_by_itself() -> None:
    """Every drawing and table stands in a frame that scrolls, is reached by the keyboard and has a name."""
    frames = Tree(rendered()).of("div", class_="wide")
    assert len(frames) == 1 + 3 + 3
    for found in frames:
        assert found["tabindex"] == "0"
        assert found["aria-label"]


def hostile() -> Weekend:
    """A weekend in which every name is an attack."""
    window = SEEN.windows[0]
    return replace(
        SEEN,
        regions=("eu-central-1", EVIL),
        lost=EVIL,
        venues=(Venue(EVIL, 0.0, 0.0),),
        windows=(Window(EVIL, EVIL, window.start, window.end, EVIL, EVIL),),
        events=(Event(EVIL, SEEN.series.began + 1, window.start),),
        refusals=(Refusal(EVIL, EVIL, 10, (EVIL,), EVIL, None),),
        cities={EVIL: City(1, 0, 1.0, 1.0, 1.0), "FRA": City(1, 0, 1.0, 1.0, 1.0)},
    )


def test_hostile_names_stand_on_the_page_as_words() -> None:
    """Weddings, regions, cities, rules, commands and reasons are escaped in text and in attributes alike."""
    html = rendered(hostile())
    tree = Tree(html)
    assert not {name for name, _ in tree.tags} & {"script"}
    assert "alert('x')" not in html
    assert EVIL in tree.text("b")
    assert any(EVIL in found.get("title", "") for found in tree.of("i"))
    assert EVIL in tree.text("code")


def test_a_run_without_guests_has_no_empty_drawings() -> None:
    """Where nothing was seen there is no title over nothing."""
    html = rendered(Weekend())
    assert "<svg" not in html
    for title in ("The freeze windows", "What was refused", "failover", "Where the guests were", "What they felt"):
        assert f"<h2>{title}" not in html
    quiet = weekend.seen(saturday.evidence(), [])
    tree = Tree(rendered(quiet))
    assert len(tree.of("circle", r="4.0")) == len({pop.code[:3] for pop in FULL.pops})
    assert tree.of("svg", class_="plot") == []
