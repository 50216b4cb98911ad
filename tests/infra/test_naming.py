"""Physical names: whatever the stack is called, a name keeps the vendor's rules or is refused in words."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import naming

REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "mx-central-1", "sa-east-1"),
    *("eu-central-1", "eu-central-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "eu-south-1", "eu-south-2"),
    *("ap-east-1", "ap-east-2", "ap-south-1", "ap-south-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
    *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7"),
    *("af-south-1", "il-central-1", "me-central-1", "me-south-1", "us-gov-east-1", "us-gov-west-1"),
)
STACKS = st.one_of(st.from_regex(r"[a-z0-9][a-z0-9-]{0,24}", fullmatch=True), st.text(max_size=80))
# The rules below are the vendors' own, written down apart from the code: ElastiCache API reference
# (ReplicationGroupId, CacheParameterGroupName), CloudFront API reference (names), S3 user guide (bucket naming rules).


def keeps_the_rules(what: str, name: str) -> bool:
    """Whether the vendor would take the name."""
    if what == "bucket":
        kept = ("xn--", "sthree-", "amzn-s3-demo-"), ("-s3alias", "--ol-s3", "--x-s3")
        shaped = re.fullmatch(r"[a-z0-9][a-z0-9-]*[a-z0-9]", name)
        return 3 <= len(name) <= 63 and bool(shaped) and not name.startswith(kept[0]) and not name.endswith(kept[1])
    if what == "edge":
        return 1 <= len(name) <= 64 and bool(re.fullmatch(r"[a-zA-Z0-9-_]+", name))
    longest = 40 if what == "group" else 255
    plain = re.fullmatch(r"[a-z][a-z0-9-]*", name) and "--" not in name and not name.endswith("-")
    return 1 <= len(name) <= longest and bool(plain)


@given(STACKS, st.sampled_from(REGIONS), st.sampled_from(["critical", "high", "medium", "low"]))
def test_a_name_keeps_the_rules_or_is_refused(stack: str, region: str, tier: str) -> None:
    """No name leaves here that a vendor would refuse, and a refusal says the name and the rule."""
    made: dict[str, Callable[[], str]] = {
        "group": lambda: naming.cache_group(stack, tier, region),
        "parameters": lambda: naming.parameter_group(stack, region),
        "edge": lambda: naming.edge_name(stack, tier),
        "bucket": lambda: naming.bucket(stack, region),
    }
    for what, make in made.items():
        try:
            assert keeps_the_rules(what, make()), (what, make())
        except ValueError as refused:
            assert "cannot be a physical name: at most" in str(refused)


@pytest.mark.parametrize("stack", ["prod", "sandbox", "staging-2"])
@pytest.mark.parametrize("region", REGIONS)
def test_ordinary_stacks_are_served_everywhere(stack: str, region: str) -> None:
    """Every region gives names for the stacks that people have; two regions never share one."""
    assert naming.cache_group(stack, "critical", region)
    assert naming.parameter_group(stack, region)
    assert naming.bucket(f"wedcache-{stack}-store", region)
    others = {naming.parameter_group(stack, other) for other in REGIONS if other != region}
    assert naming.parameter_group(stack, region) not in others


@pytest.mark.parametrize("stack", ["a--b", "prod-", "Prod", "a.b", "x" * 40])
def test_what_elasticache_refuses_is_refused_here(stack: str) -> None:
    """Double and trailing hyphens, capitals, dots and long names end before a vendor is asked."""
    with pytest.raises(ValueError, match="cannot be a physical name"):
        naming.cache_group(stack, "critical", "eu-central-1")


def test_tags_and_origins() -> None:
    """The three tags, and an origin's public name."""
    assert naming.tags("prod", "platform") == {"project": "wedcache", "stack": "prod", "scope": "platform"}
    assert naming.origin_host("us-east-1", "weddings.example") == "us-east-1.origin.weddings.example"
