"""A POP serves tenants' hosts as their multi-tenant distribution with the tenant's parameters, and nobody's copies to
another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.sandbox.pop.declared import cache_policy, cloudfront, items, origin
from tests.sandbox.pop.world import HOME, STANDBY, World, played_at

played = played_at("cloudfront", "FRA56-P1")
PARAMETERS = {"ParameterDefinitions": [{"Name": "home", "Definition": {"StringSchema": {"DefaultValue": "us-east-1"}}}]}


def tenant(name: str, **changes: Any) -> dict[str, Any]:
    """One tenant of the distribution E1, as the emulator tells of it."""
    hosts = [f"{name}.weddings.example"]
    return {"id": name, "distribution_id": "E1", "domains": hosts, "parameters": {}, "enabled": True, **changes}


def declared(*tenants: dict[str, Any], keyed: bool = True) -> dict[str, Any]:
    """A snapshot with one distribution for tenants, whose origin is in the tenant's home region; `keyed` by Host."""
    assert HOME.startswith("eu-central-1.")
    assert STANDBY.startswith("us-east-1.")
    config: dict[str, Any] = {
        "Aliases": items(),
        "ConnectionMode": "tenant-only",
        "TenantConfig": PARAMETERS,
        "Origins": items(origin("home", "{{home}}.origin.weddings.example")),
    }
    policy = cache_policy(headers=["Host"] if keyed else [])
    return {**cloudfront(policy, **config), "tenants": list(tenants)}


def test_each_tenant_has_its_parameters_and_its_own_copies(tmp_path: Path) -> None:
    """The parameter chooses the origin, its default where none is given; one path of two tenants is two copies."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**declared(tenant("ubud", parameters={"home": "eu-central-1"}), tenant("tulum")))
        hosts = ("ubud.weddings.example", "tulum.weddings.example")
        first = [await stage.get("/a", host=host) for host in hosts]
        again = [await stage.get("/a", host=host) for host in hosts]
        assert [(one.text, one.x_cache) for one in first] == [("home:one", "Miss"), ("standby:one", "Miss")]
        assert [(one.text, one.x_cache) for one in again] == [("home:one", "Hit"), ("standby:one", "Hit")]
        assert [
            (await stage.get("/a", host=host)).status for host in ("d1.cloudfront.net", "como.weddings.example")
        ] == [
            403,
            403,
        ]

    played(tmp_path, scene)


def test_without_host_in_the_key_tenants_share_pages(tmp_path: Path) -> None:
    """Nothing documented parts them: what one tenant's guest fetched, another's gets."""

    async def scene(stage: World) -> None:
        both = (tenant("ubud", parameters={"home": "eu-central-1"}), tenant("tulum"))
        await stage.api.declare(**declared(*both, keyed=False))
        found = [await stage.get("/a", host=f"{name}.weddings.example") for name in ("ubud", "tulum")]
        assert [(one.text, one.x_cache) for one in found] == [("home:one", "Miss"), ("home:one", "Hit")]

    played(tmp_path, scene)


def test_invalidations_of_one_and_of_all(tmp_path: Path) -> None:
    """An invalidation for a tenant deletes that tenant's copies; one of the distribution deletes every tenant's."""

    async def scene(stage: World) -> None:
        both = declared(tenant("ubud"), tenant("tulum"))
        hosts = ("ubud.weddings.example", "tulum.weddings.example")
        await stage.api.declare(**both)

        async def looked() -> list[str]:
            return [(await stage.get("/a", host=host)).x_cache for host in hosts]

        await looked()
        await stage.api.declare(**both, invalidations=[{"owner": "ubud", "id": "I1", "items": ["/*"]}])
        assert await looked() == ["Miss", "Hit"]
        await stage.api.declare(**both, invalidations=[{"owner": "E1", "id": "I2", "items": ["/*"]}])
        assert await looked() == ["Miss", "Miss"]

    played(tmp_path, scene)


def test_a_disabled_tenant_is_not_served(tmp_path: Path) -> None:
    """Its hosts are nobody's, while its neighbour is served."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**declared(tenant("ubud", enabled=False), tenant("tulum")))
        found = [(await stage.get("/a", host=f"{name}.weddings.example")).status for name in ("ubud", "tulum")]
        assert found == [403, 200]

    played(tmp_path, scene)
