"""Real photos: JPEG files drawn once into the run folder, the same bytes in every region and every run."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

from PIL import Image, ImageDraw

from sandbox.origin.seed import PHOTO_WIDTHS, PHOTOS
from sandbox.run import Run


def draw(number: int, width: int) -> bytes:
    """One photo: sky, hills and lights over a lake, composed from its number alone."""
    rng = random.Random(number)  # noqa: S311 - a picture, not a secret
    height = width * 2 // 3
    sky = Image.linear_gradient("L").resize((width, height))
    dark, bright = (rng.randrange(10, 90) for _ in range(2)), (rng.randrange(150, 256) for _ in range(2))
    red, green = (
        sky.point([lo + (hi - lo) * v // 255 for v in range(256)]) for lo, hi in zip(dark, bright, strict=True)
    )
    blue = sky.point([255 - v // 2 for v in range(256)])
    image = Image.merge("RGB", (red, green, blue))
    pen = ImageDraw.Draw(image)
    for depth in range(4):
        shade = 110 - depth * 25
        ridge = [
            (int(width * step / 16), int(height * (0.45 + depth * 0.1 + rng.uniform(-0.08, 0.08))))
            for step in range(17)
        ]
        pen.polygon([(0, height), *ridge, (width, height)], fill=(shade // 2, shade, shade // 2 + 30))
    for _ in range(60):
        x, y, size = rng.random(), 0.7 + 0.28 * rng.random(), rng.uniform(0.002, 0.008)
        pen.ellipse(
            (x * width, y * height, (x + size) * width, y * height + size * width),
            fill=(255, 230, rng.randrange(120, 200)),
        )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


class Photos:
    """The files `photos/<n>-<width>.jpg` of a run."""

    def __init__(self, run: Run) -> None:
        self._folder = run.folder / "photos"

    def ensure(self) -> int:
        """Draw what is missing; returns how many files were drawn. Two regions may do so at the same time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        drawn = 0
        for number in range(1, PHOTOS + 1):
            for width in PHOTO_WIDTHS:
                path = self._path(number, width)
                if not path.exists():
                    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
                    fresh.write_bytes(draw(number, width))
                    fresh.replace(path)
                    drawn += 1
        return drawn

    def read(self, number: int, width: int) -> bytes | None:
        """The file's bytes; None for a photo or a width that does not exist."""
        if width not in PHOTO_WIDTHS:
            return None
        try:
            return self._path(number, width).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, number: int, width: int) -> Path:
        return self._folder / f"{number}-{width}.jpg"
