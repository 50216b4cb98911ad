"""A cell's shared distribution and a wedding that is its tenant, as the programs declare them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.domain.edge_keys import EDITION_HEADER
from controlplane.domain.inventory import Inventory, WeddingEntry
from controlplane.domain.tier import Tier
from sandbox.world import FULL
from tests.infra.landscape import ROOT, Declared, Served, Stack

REGIONS = ["eu-central-1", "us-east-1", "ap-southeast-1"]
SLOT = {"not_before": "2027-06-14T00:00:00Z", "expires_on": "2027-06-14T04:00:00Z"}
CI_TOKEN = {**SLOT, "zone_permissions": ["dns"], "account_permissions": ["pools"]}


class Full:
    """A platform with one cell, and what its weddings' stacks say."""

    def __init__(self, folder: Path, served: Served) -> None:
        self.folder, self.served = folder, served
        calendar = {"calendar": str(folder / "calendar.json")}
        config = {**calendar, "cells": ["default"], "regions": REGIONS, "ci_token": CI_TOKEN}
        self.platform = Stack(folder / "platform", served, ROOT, "prod", config)
        self.platform.up()
        self.inventory = Inventory.from_json(self.platform.outputs()["inventory"])
        (folder / "platform.json").write_text(self.inventory.to_json())
        self.wedding = self.stack("ubud")
        self.wedding.up()

    def stack(self, wedding: str, **config: object) -> Stack:
        """The stack of a wedding of the Saturday."""
        theirs = {
            "calendar": str(self.folder / "calendar.json"),
            "catalogue": str(FULL.catalogue),
            "inventory": str(self.folder / "platform.json"),
            **config,
        }
        source = self.folder / f"weddings-{wedding}"
        source.mkdir()
        for name in ("Pulumi.yaml", "__main__.py"):
            (source / name).symlink_to(ROOT / "weddings" / name)
        (source / f"Pulumi.{wedding}.yaml").write_text((ROOT / "weddings/Pulumi.como.yaml").read_text())
        return Stack(self.folder / wedding, self.served, source, wedding, theirs)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, reception: str) -> Iterator[Full]:
    """Both declared."""
    served = Served(reception)
    try:
        yield Full(tmp_path_factory.mktemp("cells"), served)
    finally:
        served.close()


def inputs(stack: Stack, kind: str) -> dict[str, Any]:
    """The inputs of the one resource of a kind."""
    (found,) = Declared(tuple(stack.resources())).inputs(kind)
    return found


def test_a_cell_asks_each_tenants_own_regions(full: Full) -> None:
    """Origins are named by parameters that every tenant must give; personal paths go to the home, reads to both."""
    made = inputs(full.platform, "MultitenantDistribution")
    names = {origin["id"]: origin["domainName"] for origin in made["origins"]}
    assert names == {role: "{{" + role + "}}.origin.weddings.example" for role in ("home", "standby")}
    required = {
        row["name"]: row["definitions"][0]["stringSchemas"][0]["required"]
        for row in made["tenantConfig"]["parameterDefinitions"]
    }
    assert required == {"home": True, "standby": True}
    behaviours = [*made["cacheBehaviors"], made["defaultCacheBehavior"]]
    writing = [row for row in behaviours if "POST" in row["allowedMethods"]["items"]]
    assert {row["targetOriginId"] for row in writing} == {"home"}
    assert {row["targetOriginId"] for row in behaviours if row not in writing} == {"regions"}


def test_tenants_of_a_cell_share_no_pages(full: Full) -> None:
    """Every policy that caches for a cell has Host in its key; all that cache, the edition; no other anything."""
    declared = Declared(tuple(full.platform.resources()))
    keyed = {
        row["id"]: row["inputs"]["parametersInCacheKeyAndForwardedToOrigin"]["headersConfig"].get("headers", {})
        for row in declared.of("CachePolicy")
    }
    made = inputs(full.platform, "MultitenantDistribution")
    used = {
        row["cachePolicyId"]
        for row in [*made["cacheBehaviors"], made["defaultCacheBehavior"]]
        if "POST" not in row["allowedMethods"]["items"]
    }
    assert len(used) == 4
    assert all(keyed[one] == {"items": ["Host", EDITION_HEADER]} for one in used)
    own = {name: keyed[one] for name, one in full.inventory.cloudfront.cache_policies.items()}
    assert own == {"personal": {}, **{tier.value: {"items": [EDITION_HEADER]} for tier in Tier}}


def test_a_tenant_has_its_hosts_and_its_home(full: Full) -> None:
    """It hangs on the cell's distribution and connection group, is at home where the catalogue says, and has DNS."""
    cell = full.inventory.cloudfront.cells["default"]
    made = inputs(full.wedding, "DistributionTenant")
    assert (made["distributionId"], made["connectionGroupId"]) == (cell.distribution_id, cell.connection_group_id)
    assert made["domains"] == [{"domain": "ubud.weddings.example"}]
    found = {row["name"]: row["value"] for row in made["parameters"]}
    assert found == {"home": "ap-southeast-1", "standby": "eu-central-1"}
    assert inputs(full.wedding, "DnsRecord")["content"] == cell.endpoint
    entry = WeddingEntry.from_json(full.wedding.outputs()["entry"])
    assert (entry.delivery, entry.distribution_id) == ("tenant", cell.distribution_id)
    assert entry.tenant_id


def test_a_tenant_without_a_cell_is_refused(full: Full, tmp_path: Path) -> None:
    """Nothing is declared; the words name the platform's key that is missing."""
    bare = tmp_path / "bare.json"
    document = json.loads(full.inventory.to_json())
    document["cloudfront"]["cells"] = {}
    bare.write_text(json.dumps(document))
    ran = full.stack("tulum", inventory=str(bare)).run("preview")
    assert ran.code != 0
    assert "wedcache:cells" in ran.text
    assert not ran.changes


@pytest.mark.parametrize(("delivery", "tenant"), [("tenant", None), ("dedicated", "dt_1")])
def test_an_entry_says_what_it_is_once(delivery: str, tenant: str | None) -> None:
    """A tenant without its id, or a dedicated wedding with one, is no entry: purges would go astray."""
    said = {"wedding": "ubud", "hosts": ["ubud.weddings.example"], "delivery": delivery, "tenant_id": tenant}
    with pytest.raises(ValueError, match="tenant_id"):
        WeddingEntry.model_validate({**said, "distribution_id": "E1", "distribution_domain": "d1.cloudfront.net"})


def test_cis_token_lives_for_one_slot(full: Full) -> None:
    """What CI writes at Cloudflare with is declared with the slot's beginning and end; its value is a secret."""
    made = inputs(full.platform, "ApiToken")
    assert (made["notBefore"], made["expiresOn"]) == (SLOT["not_before"], SLOT["expires_on"])
    groups = [[one["id"] for one in policy["permissionGroups"]] for policy in made["policies"]]
    assert groups == [["dns"], ["pools"]]
    zone, account = (json.loads(policy["resources"]) for policy in made["policies"])
    assert list(zone) == [f"com.cloudflare.api.account.zone.{full.inventory.cloudflare.zone_id}"]
    assert list(account) == [f"com.cloudflare.api.account.{full.inventory.cloudflare.account_id}"]
    assert "ciphertext" in json.dumps(full.platform.outputs()["ci_token"])
