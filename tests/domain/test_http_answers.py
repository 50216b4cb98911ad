"""Answers without a framework: who may keep them, for how long, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controlplane.domain.http_answers import Asked, Terms, answer
from controlplane.domain.http_caching import Facts

LOADED = Facts("loaded", None, "loader", 0.0, 3600.0, 60.0, ("page:asset", "*", "ns:main"), True, False)
PUBLIC = Terms(public=True)


def test_what_its_address_names_is_kept_for_a_year() -> None:
    """An immutable answer outlives its entry, in browsers too; it is purged by its tags all the same."""
    told = answer(LOADED, b"css", Asked(), replace(PUBLIC, immutable=True), 1000.0).headers
    control = "public, max-age=31536000, stale-while-revalidate=60, stale-if-error=60, immutable"
    assert (told["Cache-Control"], told["CDN-Cache-Control"], told["Cache-Tag"]) == (control, control, "page:asset")


@pytest.mark.parametrize(("method", "status"), [("GET", 304), ("HEAD", 304), ("POST", 200)])
def test_only_who_reads_is_told_that_he_has_it(method: str, status: int) -> None:
    """`If-None-Match` spares a reader the body, and nobody else."""
    said = answer(LOADED, b"body", Asked(method, "*"), PUBLIC, None)
    assert (said.status, said.body) == (status, b"" if status == 304 else b"body")
    assert "X-Wedcache-Born" not in said.headers, "the log was never heard"


def test_an_answer_without_a_value_has_no_validator() -> None:
    """Nothing is there: the status that was chosen, an empty body, no ETag."""
    miss = replace(LOADED, how="miss", tags=(), stored=None)
    said = answer(miss, None, Asked(if_none_match="*"), replace(PUBLIC, absent=410), 1000.0)
    assert (said.status, said.body, said.headers) == (
        410,
        b"",
        {"Cache-Status": "wedcache; fwd=miss", "Cache-Control": "private, no-store"},
    )
