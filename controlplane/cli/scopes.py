"""Which scopes a purge by tags touches: a wedding's or a vendor's own, otherwise what all share."""

from __future__ import annotations

from collections.abc import Sequence

from controlplane.domain.scope import Scope, parse_scope
from controlplane.domain.tags import CacheTag
from controlplane.errors import BadInput


def scope_of_tags(tags: Sequence[str]) -> list[Scope]:
    """The scope of each tag. Raises BadInput for no tag, or for one that is none."""
    if not tags:
        raise BadInput("no cache tag was named", next_step="wedcache purge wedding:como")
    return [_scope(CacheTag(tag)) for tag in tags]


def _scope(tag: CacheTag) -> Scope:
    kind = tag.partition(":")[0]
    return parse_scope(tag if kind in ("wedding", "vendor") else "platform")
