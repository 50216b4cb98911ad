"""Where labels of points go, so that none covers another or a point (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LETTER = 7.0
"""The width that one letter is given, a little more than it has."""
HEIGHT = 13.0
NEAR, STEP, FARTHEST = 8.0, 7.0, 60.0
DIRECTIONS = ((1, 0), (0, -1), (-1, 0), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))


@dataclass(frozen=True)
class Box:
    """A rectangle: its left and upper edge, its width and height."""

    x: float
    y: float
    width: float
    height: float

    def covers(self, other: Box) -> bool:
        """Whether the two share any area."""
        apart = (
            self.x + self.width <= other.x
            or other.x + other.width <= self.x
            or self.y + self.height <= other.y
            or other.y + other.height <= self.y
        )
        return not apart

    def lies_in(self, frame: Box) -> bool:
        """Whether all of it lies in `frame`."""
        return (
            frame.x <= self.x
            and frame.y <= self.y
            and self.x + self.width <= frame.x + frame.width
            and self.y + self.height <= frame.y + frame.height
        )


@dataclass(frozen=True)
class Point:
    """A point to be labelled: where it is, how far its drawing reaches, and the label's words."""

    x: float
    y: float
    radius: float
    words: str

    @property
    def box(self) -> Box:
        """What its drawing takes."""
        return Box(self.x - self.radius, self.y - self.radius, 2 * self.radius, 2 * self.radius)


@dataclass(frozen=True)
class Label:
    """A point's label: its box, and whether it is so far away that a line must lead to it."""

    point: Point
    box: Box
    is_led: bool


def placed(points: Sequence[Point], frame: Box) -> tuple[Label, ...]:
    """A label for each point, in their order: the nearest free spot in `frame`; the first spot where none is free."""
    taken = [point.box for point in points]
    found: list[Label] = []
    for point in points:
        spots = list(_spots(point))
        free = (one for one in spots if one.box.lies_in(frame) and not any(one.box.covers(box) for box in taken))
        label = next(free, spots[0])
        taken.append(label.box)
        found.append(label)
    return tuple(found)


def _spots(point: Point) -> Iterator[Label]:
    width, away = LETTER * len(point.words), point.radius + NEAR - 4.0
    while away <= FARTHEST:
        for right, down in DIRECTIONS:
            x = point.x + right * (away + width / 2) - width / 2
            y = point.y + down * (away + HEIGHT / 2) - HEIGHT / 2
            yield Label(point, Box(x, y, width, HEIGHT), away > point.radius + NEAR)
        away += STEP
