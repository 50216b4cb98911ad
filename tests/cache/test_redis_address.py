"""One URL for the lane and for redis-py: what it may say, and that its password is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlplane.adapters.redis import address
from controlplane.errors import BadInput


def test_every_part_of_the_url_is_read() -> None:
    """User, password, host, port and database come from the URL, unquoted."""
    one = address.parse("redis://reader:a%3Ab%40c@cache.example:6380/3")
    assert (one.host, one.port, one.user, one.password, one.database) == ("cache.example", 6380, "reader", "a:b@c", 3)
    assert one.greeting() == [(b"AUTH", b"reader", b"a:b@c"), (b"SELECT", b"3")]
    assert one.tls is None
    assert address.parse("rediss://h").tls is not None
    assert (address.parse("redis://[::1]:7").host, address.parse("redis://h").port) == ("::1", 6379)


def test_a_cluster_has_several_seeds() -> None:
    """Any node will do, or several by commas; each keeps the greeting."""
    one = address.parse("redis+cluster://:pw@a:1,b:2,c")
    assert one.is_cluster
    assert one.seeds == (("a", 1), ("b", 2), ("c", 6379))
    assert one.at("d", 4).greeting() == [(b"AUTH", b"pw")]
    assert not one.at("d", 4).is_cluster


@pytest.mark.parametrize(
    "url",
    [
        "http://host",
        "redis://",
        "redis://host/seven",
        "localhost:6379",
        "redis://a,b",
        "redis+cluster://a/1",
        "redis://a:port",
        "redis://a?ssl_ca_certs=/ca.pem",
        "rediss://a?timeout=3",
        "rediss://a?ssl_ca_certs=/no/such/ca.pem",
    ],
)
def test_a_wrong_url_is_refused(url: str) -> None:
    """What is not a Redis URL is BadInput, before anything connects."""
    with pytest.raises(BadInput):
        address.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:s3cret@host/seven",
        "http://user:s3cret@host",
        "redis://user:s3cret@host:x",
        "redis+cluster://u:s3cret@a/1",
        "redis://u:s3cret@a,b",
        "redis://u:s3cret@a?x=1",
        "redis://u:1/s3cret@a",
        "redis://u:x/s3cret@a",
        "redis://u:?s3cret@a",
        "redis://u:1?s3cret=@a",
        "redis://u:1#s3cret@a,b",
    ],
)
def test_a_password_is_in_no_refusal(url: str) -> None:
    """The refusal of a URL does not repeat its secret."""
    with pytest.raises(BadInput) as refusal:
        address.parse(url)
    assert "s3cret" not in str(refusal.value)


def test_a_password_is_in_no_text_of_an_address() -> None:
    """Neither `repr` nor `shown` has it."""
    one = address.parse("rediss+cluster://user:s3cret@host:1")
    assert "s3cret" not in repr(one) + one.shown
    assert one.shown == "rediss+cluster://host:1"


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    """The CA file is read when the URL is, not at the first read."""
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(BadInput, match="CA file"):
        address.parse(f"rediss://host?ssl_ca_certs={tmp_path}/ca.pem")
