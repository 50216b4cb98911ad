"""Invalidations by path and tag, and how they reach the POPs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import Aws, code_of
from tests.sandbox.aws.declared import OPTIMIZED, distribution, listed

Fresh = Callable[[str], str]


@pytest.fixture
def distribution_id(cloudfront: Any, fresh: Fresh) -> str:
    """A distribution with cache tags."""
    made = cloudfront.create_distribution(DistributionConfig=distribution(fresh("ref"), OPTIMIZED))
    return str(made["Distribution"]["Id"])


def batch(reference: str, *items: str) -> dict[str, Any]:
    """An InvalidationBatch."""
    return {"CallerReference": reference, "Paths": listed(*items)}


def test_paths_and_tags_reach_the_pops_once(own_aws: Aws) -> None:
    """InProgress until the last known POP has acknowledged, then Completed; the snapshot has only later ones."""
    cloudfront = own_aws.client("cloudfront")
    own_aws.acknowledge("FRA56-P1", 0)
    own_aws.acknowledge("IAD89-P1", 0)
    made = cloudfront.create_distribution(DistributionConfig=distribution("inv", OPTIMIZED))["Distribution"]["Id"]
    wanted = batch("one", "/photos/*", "/programme", "#wedding:como")
    first = cloudfront.create_invalidation(DistributionId=made, InvalidationBatch=wanted)["Invalidation"]
    assert first["Status"] == "InProgress"
    assert cloudfront.get_distribution(Id=made)["Distribution"]["InProgressInvalidationBatches"] == 1
    snapshot = own_aws.edge(after=0)
    assert snapshot is not None
    [sent] = snapshot["invalidations"]
    assert (sent["id"], sent["owner"]) == (first["Id"], made)
    assert sent["items"] == ["/photos/*", "/programme", "#wedding:como"]
    own_aws.acknowledge("FRA56-P1", sent["seq"])
    assert cloudfront.get_invalidation(DistributionId=made, Id=first["Id"])["Invalidation"]["Status"] == "InProgress"
    own_aws.acknowledge("IAD89-P1", sent["seq"])
    assert cloudfront.get_invalidation(DistributionId=made, Id=first["Id"])["Invalidation"]["Status"] == "Completed"
    second = cloudfront.create_invalidation(DistributionId=made, InvalidationBatch=batch("two", "/x"))["Invalidation"]
    later = own_aws.edge(after=sent["seq"])
    assert later is not None
    assert [item["id"] for item in later["invalidations"]] == [second["Id"]]
    listing = cloudfront.list_invalidations(DistributionId=made)["InvalidationList"]
    assert [item["Id"] for item in listing["Items"]] == [second["Id"], first["Id"]]


def test_without_pops_it_is_completed_at_once(cloudfront: Any, distribution_id: str) -> None:
    """Nobody has to forget anything."""
    made = cloudfront.create_invalidation(DistributionId=distribution_id, InvalidationBatch=batch("a", "/*"))
    assert made["Invalidation"]["Status"] == "Completed"


def test_a_caller_reference_is_idempotent(cloudfront: Any, distribution_id: str) -> None:
    """The same content again is the same invalidation; other content is refused."""
    first = cloudfront.create_invalidation(DistributionId=distribution_id, InvalidationBatch=batch("r", "/a", "/b"))
    again = cloudfront.create_invalidation(DistributionId=distribution_id, InvalidationBatch=batch("r", "/b", "/a"))
    assert again["Invalidation"]["Id"] == first["Invalidation"]["Id"]
    with pytest.raises(ClientError) as other:
        cloudfront.create_invalidation(DistributionId=distribution_id, InvalidationBatch=batch("r", "/c"))
    assert other.value.response["Error"]["Code"] == "InvalidationBatchAlreadyExists"
    listing = cloudfront.list_invalidations(DistributionId=distribution_id)["InvalidationList"]
    assert listing["Quantity"] == 1


@pytest.mark.parametrize(
    "item",
    [
        "no-slash",
        "/a*b",
        "/ü",
        "/tilde~",
        "/two words",
        "/" + "x" * 4000,
        "#",
        "#two,tags",
        "#a b",
        "#*",
        "#" + "t" * 257,
    ],
)
def test_an_item_that_cannot_be_is_refused(cloudfront: Any, distribution_id: str, item: str) -> None:
    """Paths begin with a slash and end with the only wildcard; tags have no comma, space or wildcard."""
    with pytest.raises(ClientError) as refused:
        cloudfront.create_invalidation(DistributionId=distribution_id, InvalidationBatch=batch("x", "/fine", item))
    assert code_of(refused) == ("InvalidArgument", 400)


def test_tags_need_a_cache_tag_header(cloudfront: Any, fresh: Fresh) -> None:
    """A distribution without CacheTagConfig refuses `#tag` items."""
    config = distribution(fresh("ref"), OPTIMIZED)
    del config["CacheTagConfig"]
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    with pytest.raises(ClientError) as refused:
        cloudfront.create_invalidation(DistributionId=made, InvalidationBatch=batch("x", "#wedding:como"))
    assert code_of(refused) == ("InvalidArgument", 400)


def test_quotas_count_what_is_in_progress(own_aws: Aws) -> None:
    """3,000 paths and 15 wildcards at work are the end; a finished batch makes room."""
    cloudfront = own_aws.client("cloudfront")
    own_aws.acknowledge("FRA56-P1", 0)
    made = cloudfront.create_distribution(DistributionConfig=distribution("quota", OPTIMIZED))["Distribution"]["Id"]

    def invalidate(reference: str, *items: str) -> Any:
        return cloudfront.create_invalidation(DistributionId=made, InvalidationBatch=batch(reference, *items))

    with pytest.raises(ClientError) as large:
        invalidate("large", *(f"/{number}" for number in range(3001)))
    assert code_of(large) == ("BatchTooLarge", 413)
    invalidate("most", *(f"/{number}" for number in range(3000)))
    with pytest.raises(ClientError) as one_more:
        invalidate("one-more", "/x")
    assert code_of(one_more) == ("TooManyInvalidationsInProgress", 400)
    invalidate("wild", *(f"/{number}/*" for number in range(15)))
    with pytest.raises(ClientError) as wild:
        invalidate("one-more-wild", "/x/*")
    assert code_of(wild) == ("TooManyInvalidationsInProgress", 400)
    snapshot = own_aws.edge()
    assert snapshot is not None
    own_aws.acknowledge("FRA56-P1", snapshot["seq"])
    invalidate("one-more", "/x")


def test_an_unknown_distribution_or_invalidation(cloudfront: Any, distribution_id: str) -> None:
    """NoSuchDistribution and NoSuchInvalidation."""
    with pytest.raises(ClientError) as nowhere:
        cloudfront.create_invalidation(DistributionId="ENONE", InvalidationBatch=batch("x", "/x"))
    assert code_of(nowhere) == ("NoSuchDistribution", 404)
    with pytest.raises(ClientError) as none:
        cloudfront.get_invalidation(DistributionId=distribution_id, Id="INONE")
    assert code_of(none) == ("NoSuchInvalidation", 404)
