"""The world with the POPs' cities, the regions and the venues; equirectangular, one path of land, no library."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from sandbox.rehearsal import places
from sandbox.rehearsal.page.labels import Box, Label, Point, placed
from sandbox.rehearsal.page.markup import Markup, element, joined, number
from sandbox.rehearsal.series import City
from sandbox.rehearsal.weekend import Weekend

WEST, EAST, SOUTH, NORTH = -132.0, 180.0, -56.0, 76.0
SCALE = 3.0
"""Units a degree."""
FRAME = Box(0, 0, (EAST - WEST) * SCALE, (NORTH - SOUTH) * SCALE)
DOT, SQUARE, DIAMOND = 4.0, 6.5, 5.0
BINS: tuple[tuple[float, str, str], ...] = (
    (10.0, "fast", "up to 10 ms"),
    (25.0, "fair", "up to 25 ms"),
    (50.0, "slow", "up to 50 ms"),
    (float("inf"), "late", "more than 50 ms"),
)
"""Mean latency up to so many milliseconds -> class and words; 50 ms is the bar of C18."""


def section(weekend: Weekend) -> Markup:
    """The map with its legend; nothing without cities."""
    if not weekend.cities:
        return Markup()
    words = "World map: each city of a POP, coloured by its guests' mean latency; the table below has the figures"
    drawn = element(
        "svg",
        element("title", words),
        element("path", class_="land", fill_rule="evenodd", d=land(), transform=_to_frame()),
        element("rect", class_="frame", x="0.5", y="0.5", width=FRAME.width - 1, height=FRAME.height - 1),
        *_regions(weekend),
        *_points(weekend),
        viewBox=f"0 0 {number(FRAME.width)} {number(FRAME.height)}",
        role="img",
        aria_label=words,
    )
    return joined(
        element("div", drawn, class_="wide", tabindex="0", role="group", aria_label="World map"), _legend(weekend)
    )


@functools.cache
def land() -> str:
    """The path of the land: x is the longitude, y the latitude downwards, in degrees."""
    found = re.search(r' d="([^"]+)"', Path(__file__).with_name("land.svg").read_text())
    if found is None:
        raise ValueError("land.svg has no path")
    return found[1].replace("\n", "")


def _to_frame() -> str:
    return f"translate({number(-WEST * SCALE)} {number(NORTH * SCALE)}) scale({number(SCALE)})"


def at(lat: float, lon: float) -> tuple[float, float]:
    """Where a place lies on the map; what lies outside is moved to its edge."""
    x, y = (lon - WEST) * SCALE, (NORTH - lat) * SCALE
    return min(max(x, DOT), FRAME.width - DOT), min(max(y, DOT), FRAME.height - DOT)


def kind(city: City) -> tuple[str, str]:
    """Class and words of a city's colour."""
    if city.mean is None:
        return "nobody", "no guest was served"
    return next((name, words) for most, name, words in BINS if city.mean <= most)


def told(code: str, city: City) -> str:
    """A city's figures in words: the title of its dot."""
    place = places.city(code)
    name = f"{code} {place.name}" if place else code
    if city.mean is None or city.from_edge is None:
        return f"{name}: {city.asked} pages asked, none answered"
    return (
        f"{name}: {100 * city.from_edge:.1f} % of {city.asked} pages from the edge, "
        f"mean {city.mean:g} ms, p95 {city.p95:g} ms, {city.failed} failed"
    )


def _points(weekend: Weekend) -> Iterator[Markup]:
    cities = [(code, city, places.city(code)) for code, city in weekend.cities.items()]
    dots = [(code, city, *at(place.lat, place.lon)) for code, city, place in cities if place is not None]
    venues = [(venue.wedding, *at(venue.lat, venue.lon)) for venue in weekend.venues]
    labels = placed(
        [
            *(Point(x, y, DOT + 1, code) for code, _, x, y in dots),
            *(Point(x, y, DIAMOND + 1, wedding) for wedding, x, y in venues),
        ],
        FRAME,
    )
    yield from (_leader(label) for label in labels if label.is_led)
    for wedding, x, y in venues:
        shape = f"M{number(x)} {number(y - DIAMOND)}l{DIAMOND} {DIAMOND}l-{DIAMOND} {DIAMOND}l-{DIAMOND}-{DIAMOND}z"
        yield element("path", element("title", f"{wedding}: the wedding's venue"), class_="venue", d=shape)
    for code, city, x, y in dots:
        title = element("title", told(code, city))
        yield element(
            "circle", title, class_=f"dot {kind(city)[0]}", cx=number(x), cy=number(y), r=DOT, id=f"city-{code}"
        )
    for place, label in enumerate(labels):
        yield _written(label, "halo" if place < len(dots) else "halo of-venue")


def _leader(label: Label) -> Markup:
    box, point = label.box, label.point
    x = min(max(point.x, box.x), box.x + box.width)
    y = min(max(point.y, box.y), box.y + box.height)
    return element("line", class_="leader", x1=number(point.x), y1=number(point.y), x2=number(x), y2=number(y))


def _written(label: Label, name: str) -> Markup:
    box = label.box
    middle = number(box.x + box.width / 2)
    return element("text", label.point.words, class_=name, x=middle, y=number(box.y + 10), text_anchor="middle")


def _regions(weekend: Weekend) -> Iterator[Markup]:
    for region in weekend.regions:
        place = places.region(region)
        if place is None:
            continue
        x, y = at(place.lat, place.lon)
        left, top, size = x - SQUARE, y - SQUARE, 2 * SQUARE
        title = element("title", _region_words(region, weekend))
        square = {"x": number(left), "y": number(top), "width": size, "height": size}
        yield element("rect", title, class_="region", **square)
        if region == weekend.lost:
            cross = f"M{number(left)} {number(top)}l{size} {size}m-{size} 0l{size}-{size}"
            yield element("path", element("title", _region_words(region, weekend)), class_="region gone", d=cross)


def _region_words(region: str, weekend: Weekend) -> str:
    words = [region, *(["home"] if region == weekend.regions[0] else []), *(["lost"] if region == weekend.lost else [])]
    return words[0] if len(words) == 1 else f"{words[0]} ({', '.join(words[1:])})"


def _legend(weekend: Weekend) -> Markup:
    used = {kind(city) for city in weekend.cities.values()}
    every = [(name, words) for _, name, words in BINS]
    shown = [*every, ("nobody", "no guest was served")] if ("nobody", "no guest was served") in used else every
    regions = ", ".join(_region_words(region, weekend) for region in weekend.regions)
    crossed = "; crossed: lost on the Saturday" if weekend.lost else ""
    lines = [
        *(
            element("li", element("span", class_=f"key {name}"), f"mean {words}" if name != "nobody" else words)
            for name, words in shown
        ),
        element("li", element("span", class_="key square"), f"regions: {regions}{crossed}") if regions else "",
        element("li", element("span", class_="key diamond"), "venue of a wedding") if weekend.venues else "",
    ]
    return element("ul", *(line for line in lines if line), class_="legend")
