"""What every shared store promises, on the fake and on three emulated buckets; and what a lost region may not break."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from controlplane.adapters.aws.acceptors import REGISTERS
from controlplane.adapters.aws.buckets import BucketStore
from controlplane.adapters.aws.majority import Majority, Outvoted
from controlplane.domain.inventory import StoreBucket
from controlplane.errors import Refused, Unavailable
from controlplane.ports.shared_store import SharedStore
from tests.contracts.cloud import Cloud
from tests.fakes.store import FakeSharedStore


def opened(cloud: Cloud, buckets: tuple[StoreBucket, ...], proposer: str = "a") -> BucketStore:
    """A store as one process has it."""
    return BucketStore(cloud.session(), buckets, proposer, random.Random(proposer))


@pytest.fixture(params=["fake", "buckets"])
def store(request: pytest.FixtureRequest) -> Iterator[SharedStore]:
    """An empty store of each kind."""
    if request.param == "fake":
        yield FakeSharedStore()
        return
    cloud: Cloud = request.getfixturevalue("cloud")
    made = opened(cloud, cloud.buckets())
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(cloud: Cloud) -> tuple[StoreBucket, ...]:
    """Buckets whose keys are each test's own."""
    return cloud.buckets()


@pytest.fixture
def buckets(healed: Cloud, shared: tuple[StoreBucket, ...]) -> Iterator[BucketStore]:
    """A store whose cloud is healed afterwards."""
    made = opened(healed, shared)
    yield made
    made.close()


def test_a_register_is_what_was_last_decided(store: SharedStore) -> None:
    """Nothing, then each change on top of the one before; other keys are others."""
    assert store.read("roles") is None
    assert store.change("roles", lambda text: f"{text}+1") == "None+1"
    assert store.change("roles", lambda text: f"{text}+2") == "None+1+2"
    assert store.read("roles") == "None+1+2"
    assert store.read("other") is None
    assert store.change("roles", lambda text: text) == "None+1+2"


def test_an_update_that_raises_writes_nothing(store: SharedStore) -> None:
    """What `update` says no to stays as it was."""
    store.change("lease", lambda _: "mine")

    def refuse(text: str | None) -> str:
        raise Refused(f"it is {text}")

    with pytest.raises(Refused, match="it is mine"):
        store.change("lease", refuse)
    assert store.read("lease") == "mine"


def test_plain_objects_and_names(store: SharedStore) -> None:
    """The last writer wins; names joins registers and objects under a prefix, sorted, without their neighbours."""
    assert store.get("purges/a") is None
    store.put("purges/a", "one")
    store.put("purges/a", "two \u00e9")
    assert store.get("purges/a") == "two \u00e9"
    store.change("purges/b", lambda _: "register")
    store.put("purged", "a neighbour")
    assert list(store.names("purges/")) == ["purges/a", "purges/b"]
    assert list(store.names("nothing/")) == []


def increments(stores: Sequence[SharedStore], key: str) -> None:
    """One writer a store, all at once; what is acknowledged is in exactly once, what is unknown at most once.

    On a busy machine a writer may run out of its time: what is safe to repeat is repeated, the rest is unknown.
    """
    got: list[int] = []
    unknown: list[Unavailable] = []

    def write(store: SharedStore) -> None:
        while True:
            try:
                got.append(int(store.change(key, lambda text: str(int(text or 0) + 1)) or 0))
                return
            except Unavailable as error:
                if not error.safe_to_retry:
                    unknown.append(error)
                    return

    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(write, stores))
    final = int(stores[0].read(key) or 0)
    assert len(got) + len(unknown) == len(stores)
    assert got
    assert len(set(got)) == len(got)
    assert len(got) <= final <= len(got) + len(unknown)
    assert max(got) <= final


def test_eight_writers_lose_and_double_no_increment(store: SharedStore) -> None:
    """Every change is in the value exactly once, and each writer got back a value that nobody else got."""
    increments([store] * 8, "count")


def test_writers_of_several_processes_lose_no_increment(cloud: Cloud, shared: tuple[StoreBucket, ...]) -> None:
    """The same with a proposer each, as laptops and agents are."""
    stores = [opened(cloud, shared, f"p{number}") for number in range(8)]
    increments(stores, "many")
    for one in stores:
        one.close()


def test_one_region_lost_changes_nothing(healed: Cloud, buckets: BucketStore) -> None:
    """Reads, changes and objects go on with two buckets; the third, woken, does not bring back what was before."""
    buckets.change("k1", lambda _: "before")
    buckets.put("o1", "before")
    healed.faults.inject("region-stopped", "eu-central-1")
    assert buckets.change("k1", lambda text: f"{text}, then") == "before, then"
    time.sleep(1.1)  # S3 dates an object to the second: the newer copy must be newer there too
    buckets.put("o1", "after")
    assert (buckets.read("k1"), buckets.get("o1")) == ("before, then", "after")
    healed.faults.heal()
    for _ in range(5):
        assert (buckets.read("k1"), buckets.get("o1")) == ("before, then", "after")


def test_two_regions_lost_is_said_quickly_and_a_read_may_be_repeated(healed: Cloud, buckets: BucketStore) -> None:
    """Unavailable long before the time-outs, with each bucket's trouble; nothing of it is called unknown for a read."""
    buckets.change("k2", lambda _: "decided")
    for region in ("eu-central-1", "us-east-1"):
        healed.faults.inject("region-stopped", region)
    begun = time.monotonic()
    calls: list[Callable[[], object]] = [
        lambda: buckets.read("k2"),
        lambda: buckets.get("o2"),
        lambda: buckets.put("o2", "x"),
        lambda: list(buckets.names("")),
        lambda: buckets.change("k2", lambda _: "never"),
    ]
    for call in calls:
        with pytest.raises(Unavailable, match=r"1 of 3 buckets.*store-.*-eu-central-1: SlowDown") as caught:
            call()
        assert caught.value.safe_to_retry
        assert caught.value.exit_code == 18
    assert time.monotonic() - begun < 20, "the time-outs of five calls take longer"
    healed.faults.heal()
    assert buckets.read("k2") == "decided"


def test_a_change_whose_accept_round_is_lost_is_of_unknown_outcome(healed: Cloud, buckets: BucketStore) -> None:
    """The regions go down between the rounds: exit code 19, because the value may have been written."""

    def update(text: str | None) -> str:
        for region in ("eu-central-1", "us-east-1"):
            healed.faults.inject("region-stopped", region)
        return "perhaps"

    with pytest.raises(Unavailable) as caught:
        buckets.change("k3", update)
    assert (caught.value.safe_to_retry, caught.value.exit_code) == (False, 19)
    healed.faults.heal()
    assert buckets.read("k3") in (None, "perhaps")


def test_a_damaged_copy_counts_as_a_bucket_that_is_away(cloud: Cloud, shared: tuple[StoreBucket, ...]) -> None:
    """One bucket's object was overwritten with garbage: the other two decide."""
    store = opened(cloud, shared)
    store.change("k4", lambda _: "good")
    bad = shared[0]
    cloud.aws.client("s3", bad.region).put_object(Bucket=bad.bucket, Key=f"{REGISTERS}k4", Body=b"{garbage")
    assert store.read("k4") == "good"
    assert store.change("k4", lambda text: f"{text}!") == "good!"
    store.close()


def test_buckets_that_do_not_exist_are_named_by_the_vendors_code(cloud: Cloud) -> None:
    """A wrong profile is told apart from a region that is away, and no secret is in the words."""
    wrong = tuple(StoreBucket(bucket=f"nobody-{region}", region=region) for region in ("eu-central-1",) * 3)
    store = opened(cloud, wrong)
    calls: list[Callable[[], object]] = [lambda: store.read("k"), lambda: store.change("k", lambda _: "x")]
    for call in calls:
        with pytest.raises(Unavailable, match="NoSuchBucket") as caught:
            call()
        assert "canary" not in str(caught.value)
    store.close()


def test_a_bucket_that_hangs_keeps_nobody_waiting() -> None:
    """Thirty calls while one bucket never answers: each goes on with two, and the hung one keeps only its threads."""
    woken = threading.Event()
    majority = Majority([(None, "good-1"), (None, "good-2"), (None, "hung")])

    def call(_: Any, bucket: str) -> str:
        if bucket == "hung":
            woken.wait(120)
        return bucket

    begun = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: majority.ask(call, time.monotonic() + 20), range(30)))
    took = time.monotonic() - begun
    woken.set()
    majority.close()
    assert all(sorted(one) == ["good-1", "good-2"] for one in answers)
    assert took < 30, "as long as three calls one after the other wait for their deadline"


def test_a_round_that_was_outvoted_is_not_called_unavailable() -> None:
    """One says a later ballot was promised, one is away: the caller tries again instead of giving up."""
    majority = Majority([(None, "yes"), (None, "later"), (None, "away")])

    def call(_: Any, bucket: str) -> str:
        if bucket == "later":
            raise Outvoted
        if bucket == "away":
            raise OSError("gone")
        return bucket

    with pytest.raises(Outvoted):
        majority.ask(call, time.monotonic() + 4)
    majority.close()
