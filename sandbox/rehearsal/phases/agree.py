"""What infra declared, what the inventory says and what the vendors list, side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sandbox.rehearsal import three_views
from sandbox.rehearsal.leftovers import client
from sandbox.rehearsal.stage import Stage


def play(stage: Stage) -> None:
    """Read all three, at once."""
    if stage.sabotage == "by-console":
        change_by_console(stage)
    with ThreadPoolExecutor(max_workers=3) as pool:
        engine = pool.submit(three_views.of_the_engine, stage.workspace)
        vendors = pool.submit(three_views.of_the_vendors, stage.run)
        inventory, apart = three_views.of_the_inventory(stage.run)
        stage.record("three-views", engine=engine.result(), vendors=vendors.result(), inventory=inventory, apart=apart)


def change_by_console(stage: Stage) -> None:
    """The counter-experiment: somebody shortens what a cache policy promises, past infra."""
    aws = client(stage.run, "cloudfront", "us-east-1")
    policy = aws.list_cache_policies(Type="custom")["CachePolicyList"]["Items"][0]["CachePolicy"]
    held = aws.get_cache_policy(Id=policy["Id"])
    config = {**held["CachePolicy"]["CachePolicyConfig"], "MaxTTL": 86_399}
    aws.update_cache_policy(Id=policy["Id"], IfMatch=held["ETag"], CachePolicyConfig=config)
