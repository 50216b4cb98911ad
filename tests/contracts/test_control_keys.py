"""What control documents promise, on the fake and on a real server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from controlplane.errors import Refused
from controlplane.ports.control_keys import Document
from tests.cache.scene import in_loop
from tests.contracts import regions


@pytest.fixture(scope="module", params=regions.WORLDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Each world in turn."""
    with regions.running(request.param, tmp_path_factory.mktemp("control")) as address:
        yield address


@pytest.fixture
def name() -> str:
    """A document of the test's own."""
    return f"wc:test-{secrets.token_hex(4)}"


@in_loop
async def test_a_document_comes_back_as_it_was_put(url: str, name: str) -> None:
    """Nothing before the first put, then the whole document."""
    document = Document(3, {"home": "eu-central-1", "down": ["us-east-1"], "drain": False, "no\u00ebl": {"a": 1}})
    async with regions.control_keys(url) as keys:
        assert await keys.get(name) is None
        await keys.put(name, document)
        assert await keys.get(name) == document


@in_loop
async def test_a_lower_epoch_is_fenced_off(url: str, name: str) -> None:
    """A late writer is refused and changes nothing; a repeat of the same document is no error; a higher epoch wins."""
    async with regions.control_keys(url) as keys:
        await keys.put(name, Document(5, {"home": "eu-central-1"}))
        await keys.put(name, Document(5, {"home": "eu-central-1"}))
        for late in (Document(4, {"home": "us-east-1"}), Document(5, {"home": "us-east-1"})):
            with pytest.raises(Refused, match="epoch 5"):
                await keys.put(name, late)
        assert await keys.get(name) == Document(5, {"home": "eu-central-1"})
        await keys.put(name, Document(6, {"home": "us-east-1"}))
        assert await keys.get(name) == Document(6, {"home": "us-east-1"})
