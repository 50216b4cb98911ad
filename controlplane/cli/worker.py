"""`wedcache worker --region R`: the region agent's process."""

from __future__ import annotations

import asyncio
import signal

from controlplane.cli import session


def worker(*, region: str) -> int:
    """Run the agent of a region until SIGTERM: probe, push calendar and roles, carry purges and owners' updates.

    Parameters
    ----------
    region
        The region whose Redis this process speaks to.
    """
    return asyncio.run(_live(region))


async def _live(region: str) -> int:
    from controlplane.agent.loop import live
    from controlplane.cli.adopting import adopter
    from controlplane.cli.edge_asking import edge_asker
    from controlplane.cli.outside import looker
    from controlplane.cli.updating import preparer, refresher

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    plant = session.plant()
    tools = plant.agent_tools(region)
    tools.adopt = adopter(plant, region, tools.tell)
    tools.outside = looker(plant)
    tools.refresh, tools.prepare = refresher(plant), preparer(plant)
    tools.ask_edges = edge_asker(plant, region)
    session.say(f"agent of {region} lives")
    await live(tools, stop)
    return 0
