"""Everything that the emulator knows, and the seams through which it knows time, chance and the run's files."""

from __future__ import annotations

import random
import string
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sandbox.aws.cloudfront.state import CloudFront
from sandbox.aws.edge_log import EdgeLog
from sandbox.aws.elasticache.state import Region

ACCOUNT = "123456789012"
"""The one account of the sandbox (moto's default)."""

_LETTERS = string.ascii_uppercase + string.digits


class Names:
    """Makes identifiers in AWS's forms from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def upper(self, prefix: str = "E", length: int = 13) -> str:
        """Ids and ETags of CloudFront: `E` and 13 capitals or digits."""
        return prefix + "".join(self._chance.choices(_LETTERS, k=length))

    def lower(self, prefix: str, length: int) -> str:
        """Domain labels: a prefix and lower-case letters or digits."""
        return prefix + "".join(self._chance.choices(_LETTERS.lower(), k=length))

    def uuid(self) -> str:
        """Ids of policies and stores."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))


class MotoState(Protocol):
    """What moto keeps of the account that our calls have to look at."""

    def access_controls(self) -> Collection[str]:
        """The ids of CloudFront's origin access controls."""
        ...

    def lone_clusters(self, region: str) -> list[Any]:
        """moto's cache clusters of a region, those outside replication groups."""
        ...


@dataclass
class World:
    """The state of the account. Handlers hold `lock` while they run; `edge` wakes those that wait for a change.

    `now`: the sandbox's calendar. `monotonic`: seconds for how long things take to deploy.
    `endpoint`: the address registered in the run under a name, or None. `moto`: the neighbour's state.
    """

    now: Callable[[], datetime]
    names: Names
    moto: MotoState
    endpoint: Callable[[str], str | None] = lambda _: None
    monotonic: Callable[[], float] = time.monotonic
    account: str = ACCOUNT
    lock: threading.RLock = field(default_factory=threading.RLock)
    cloudfront: CloudFront = field(default_factory=CloudFront)
    elasticache: dict[str, Region] = field(default_factory=lambda: defaultdict(Region))
    edge: EdgeLog = field(init=False)

    def __post_init__(self) -> None:
        self.edge = EdgeLog(self.lock)


@dataclass(frozen=True)
class Call:
    """One call of an operation that is ours: the parameters are checked against the model already."""

    operation: str
    region: str
    parameters: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or `default`."""
        return self.parameters.get(name, default)
