"""What every CDN promises to purging, on the fake, on CloudFront and on Cloudflare as emulated."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from controlplane.adapters.aws.cloudfront import CloudFrontCdn
from controlplane.adapters.cloudflare.cdn import CloudflareCdn
from controlplane.errors import Unavailable
from controlplane.ports.cdn import Cdn
from tests.contracts.cloud import Cloud
from tests.fakes.edges import FakeCdn


@dataclass
class Setting:
    """A CDN, how to make its API fail, and what reached it."""

    cdn: Cdn
    cloud: Cloud | None
    vendor: str

    def fail(self, fault: str) -> None:
        """Let the API be away."""
        if self.cloud is None:
            assert isinstance(self.cdn, FakeCdn)
            self.cdn.is_down = True
        else:
            self.cloud.faults.inject(fault, self.vendor)


@pytest.fixture(params=["fake", "cloudfront", "cloudflare"])
def setting(request: pytest.FixtureRequest) -> Setting:
    """Each CDN in turn."""
    if request.param == "fake":
        return Setting(FakeCdn(), None, "")
    cloud: Cloud = request.getfixturevalue("healed")
    if request.param == "cloudfront":
        made = CloudFrontCdn(cloud.session(), [cloud.distribution(), cloud.distribution()])
        return Setting(made, cloud, "aws")
    zone = cloud.cloudflare.zone(cloud.cloudflare.client())
    return Setting(CloudflareCdn(cloud.api(), zone), cloud, "cloudflare")


@pytest.mark.parametrize("soft", [True, False])
def test_a_purge_is_accepted_and_completes(setting: Setting, soft: bool) -> None:
    """Purging twice under one reference does no harm; without POPs that lag behind it is complete at once."""
    first = setting.cdn.purge(["wedding:como", "page:schedule"], soft=soft, reference=f"r-{soft}")
    again = setting.cdn.purge(["wedding:como", "page:schedule"], soft=soft, reference=f"r-{soft}")
    assert first.edge == setting.cdn.edge
    assert again.ids == first.ids
    assert setting.cdn.is_complete(first)


@pytest.mark.parametrize("fault", ["api-503", "api-429"])
def test_an_api_that_is_away_is_safe_to_ask_again(setting: Setting, fault: str) -> None:
    """503 and throttling are Unavailable, safe to retry."""
    setting.fail(fault)
    with pytest.raises(Unavailable) as caught:
        setting.cdn.purge(["wedding:como"], soft=True, reference=f"r-{fault}")
    assert caught.value.safe_to_retry
    assert caught.value.exit_code == 18


def test_cloudfront_purges_by_tag_in_every_distribution(healed: Cloud) -> None:
    """The POPs' snapshot shows tag items and nothing wider; not complete until every known POP has done it."""
    distributions = [healed.distribution(), healed.distribution()]
    cdn = CloudFrontCdn(healed.session(), distributions)
    before = healed.aws.edge()
    assert before is not None
    healed.aws.acknowledge("FRA56-P1", before["seq"])
    handle = cdn.purge(["wedding:como"], soft=True, reference="tags")
    snapshot = healed.aws.edge(after=before["seq"])
    assert snapshot is not None
    rows = {row["owner"]: row["items"] for row in snapshot["invalidations"]}
    assert rows == {one: ["#wedding:como"] for one in distributions}
    assert not cdn.is_complete(handle)
    # The emulator never forgets a POP: from here on it keeps up with everything, or other tests would wait for it.
    healed.aws.acknowledge("FRA56-P1", 2**40)
    assert cdn.is_complete(handle)


def test_cloudfront_purges_tenants_whole_and_only_those_that_a_tag_touches(healed: Cloud) -> None:
    """Tenants have no cache tags: another wedding's tag leaves them alone, every other tag takes all their copies."""
    tenants = {name: healed.tenant(name) for name in ("ubud", "tulum")}
    cdn = CloudFrontCdn(healed.session(), [], tenants)
    before = healed.aws.edge()
    assert before is not None
    for number, tag in enumerate(("wedding:ubud", "photo:como.3", "page:tulum.schedule", "page:gallery")):
        handle = cdn.purge([tag], soft=False, reference=f"tenants-{number}")
        healed.aws.acknowledge("FRA56-P1", 2**40)
        assert cdn.is_complete(handle)
    snapshot = healed.aws.edge(after=before["seq"])
    assert snapshot is not None
    rows = [(row["owner"], row["items"]) for row in snapshot["invalidations"]]
    assert sorted(rows) == sorted((one, ["/*"]) for one in 2 * list(tenants.values()))


def test_cloudflare_marks_stale_or_deletes_and_splits_at_a_hundred_tags(healed: Cloud) -> None:
    """Soft is `invalidate_cache`, hard `purge_cache`; 101 tags are two requests."""
    zone = healed.cloudflare.zone(healed.cloudflare.client())
    cdn = CloudflareCdn(healed.api(), zone)
    before = healed.cloudflare.edge()
    assert before is not None
    cdn.purge(["page:a"], soft=True, reference="s")
    cdn.purge([f"page:{number}" for number in range(101)], soft=False, reference="h")
    after = healed.cloudflare.edge(after=before["seq"])
    assert after is not None
    rows = [(row["kind"], len(row["tags"])) for row in after["purges"] if row["zone_id"] == zone]
    assert rows == [("soft", 1), ("hard", 100), ("hard", 1)]


@pytest.mark.parametrize(
    "name", ["nonsense-canary-token-0123456789abcdefghij", "cloudflare-readonly", "cloudflare-revoked"]
)
def test_a_wrong_token_is_said_without_the_token(healed: Cloud, name: str) -> None:
    """Unknown, read-only and revoked tokens: what to check is named, the token is not."""
    token = healed.cloudflare.secret(name) if name.startswith("cloudflare-") else name
    zone = healed.cloudflare.zone(healed.cloudflare.client())
    cdn = CloudflareCdn(healed.api(token), zone)
    with pytest.raises(Unavailable) as caught:
        cdn.purge(["wedding:como"], soft=True, reference="r")
    assert "cloudflare.token" in caught.value.next_step
    assert token not in f"{caught.value} {caught.value.next_step} {caught.value!r}"


def test_no_other_credential_of_the_environment_is_sent(healed: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK reads keys from the environment: with a wrong token of the profile they must not help."""
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", healed.cloudflare.secret())
    monkeypatch.setenv("CLOUDFLARE_API_KEY", "canary-key")
    monkeypatch.setenv("CLOUDFLARE_EMAIL", "canary@weddings.example")
    api = healed.api("x" * 40)
    headers = api.call("look", lambda client: dict(client.auth_headers))
    assert headers == {"Authorization": f"Bearer {'x' * 40}"}


def test_a_vendor_that_is_not_there_is_said_with_its_address() -> None:
    """Nothing listens: Unavailable at once, safe to retry, no traceback of the SDK in the words."""
    from controlplane.adapters.cloudflare.client import CloudflareApi

    api = CloudflareApi("t" * 40, "http://127.0.0.1:9/client/v4")
    with pytest.raises(Unavailable, match=r"no answer \(ConnectError\) from http://127.0.0.1:9") as caught:
        CloudflareCdn(api, "zone").purge(["wedding:como"], soft=True, reference="r")
    assert caught.value.safe_to_retry
    api.close()
