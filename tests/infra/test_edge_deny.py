"""What was taken down is gone at the edge, however it is spelt, and nothing else is."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.denied_paths import NotAPath, covers, pattern_of, spelt
from tests.infra.test_edge_function import HOST, run, status

PHOTO = "/photos/3-*"
DENIED = {f"deny:{HOST}": f"/gallery {PHOTO}"}


@pytest.mark.parametrize(
    "path",
    [
        "/gallery",
        "/gallery/",
        "//gallery",
        "/%67allery",
        "/x/../gallery",
        "/photos/3-640.jpg",
        "/photos/3-1280.jpg",
        "/photos/%33-640.jpg",
        "/photos%2F3-640.jpg",
        "/./photos//3-640.jpg",
    ],
)
def test_every_spelling_is_gone(path: str) -> None:
    """410, kept by nobody, without asking an origin."""
    ran = run(DENIED, 0, path)
    assert status(ran) == 410
    assert ran.response is not None
    assert ran.response.headers.get("cache-control") == "no-store"


@pytest.mark.parametrize("path", ["/", "/galleries", "/photos/30-640.jpg", "/photos/3", "/Gallery", "/photos/%zz3-"])
def test_what_is_not_denied_goes_on(path: str) -> None:
    """Also what only looks alike."""
    assert run(DENIED, 0, path).response is None


def test_another_host_is_not_touched() -> None:
    """A denial belongs to its host."""
    assert run(DENIED, 0, "/gallery", host="ubud.weddings.example").response is None


def test_a_denied_wedding_is_gone_whole_also_in_its_window() -> None:
    """`/*` covers every path, operators' too."""
    for path in ("/", "/schedule", "/_ops/x", "/guests"):
        assert status(run({f"deny:{HOST}": "/*", f"freeze:{HOST}": "nonsense"}, 0, path)) == 410


PATHS = st.text(st.sampled_from("/.a%é*-3 ?\"'"), max_size=12).map(lambda text: "/" + text)


@given(PATHS, PATHS)
def test_the_edge_and_the_control_plane_read_paths_alike(denied: str, asked: str) -> None:
    """What Python says is covered, the function's JavaScript answers with 410, and nothing else."""
    try:
        pattern = pattern_of(denied)
    except NotAPath:
        return
    uri = quote(asked, safe="/%*'-.")
    try:
        expected = covers(pattern, spelt(uri))
    except NotAPath:
        return
    broken = status(run({f"deny:{HOST}": pattern}, 0, uri)) == 410
    if "%" in asked:  # an escape that is none: JavaScript leaves the whole path as it is, no origin knows it
        return
    assert broken == expected
