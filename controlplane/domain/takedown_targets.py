"""What a person types to take something down, as paths to deny and tags to purge."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from controlplane.domain.denied_paths import NotAPath, pattern_of
from controlplane.domain.inventory import WeddingEntry
from controlplane.domain.tags import CacheTag
from controlplane.domain.takedown import Taken
from controlplane.errors import BadInput

PHOTOS = "/photos/"
"""Where a wedding's photos are: `/photos/<number>-<width>.jpg`, each carrying the tag `photo:<wedding>.<number>`."""
_PHOTO_PATH = re.compile(rf"{PHOTOS}(\d+)-[^/]*")
_FORMS = "photo:como.3, wedding:como, or https://como.weddings.example/photos/3-640.jpg (* at the end for all such)"


def takes_of(
    targets: Sequence[str], tags: Sequence[str], weddings: Sequence[WeddingEntry], hosts: Collection[str]
) -> dict[str, Taken]:
    """Target -> what is denied and purged for it; `tags` are purged for URLs that do not say theirs themselves.

    Raises BadInput, naming what would be right.
    """
    if not targets:
        raise BadInput("nothing was named that shall be taken down", next_step=f"wedcache takedown {_FORMS}")
    further = tuple(CacheTag(tag) for tag in tags)
    owners = {host: entry.wedding for entry in weddings for host in entry.hosts}
    of_wedding = {entry.wedding: entry.hosts for entry in weddings}
    return {
        target: _of_url(target, further, owners, hosts) if "://" in target else _of_tag(target, of_wedding)
        for target in targets
    }


def weddings_of(takes: Mapping[str, Taken], weddings: Sequence[WeddingEntry]) -> tuple[str, ...]:
    """The weddings that are touched, sorted."""
    hosts = {host for taken in takes.values() for host, _ in taken.paths}
    return tuple(sorted({entry.wedding for entry in weddings if hosts.intersection(entry.hosts)}))


def _of_tag(text: str, hosts: Mapping[str, Sequence[str]]) -> Taken:
    tag = CacheTag(text)
    wedding, _, number = tag.ident.rpartition(".") if tag.kind == "photo" else (tag.ident, "", "")
    if tag.kind not in ("photo", "wedding"):
        raise BadInput(f"a tag of the kind {tag.kind!r} does not say which paths to deny", next_step=f"name {_FORMS}")
    if tag.kind == "photo" and not number.isdecimal():
        raise BadInput(f"{text!r} is not a photo's tag: photo:<wedding>.<number>", next_step=f"name {_FORMS}")
    if wedding not in hosts:
        raise BadInput(f"no wedding {wedding!r}; there are {', '.join(hosts) or 'none'}")
    pattern = f"{PHOTOS}{number}-*" if number else "/*"
    return Taken(paths=tuple((host, pattern) for host in hosts[wedding]), tags=(tag,), purge=(tag,))


def _of_url(text: str, tags: tuple[str, ...], owners: Mapping[str, str], hosts: Collection[str]) -> Taken:
    parts = urlsplit(text)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or host not in hosts:
        raise BadInput(f"{text!r} is not a URL of a host that there is: {', '.join(sorted(hosts))}")
    try:
        pattern = pattern_of(text[text.index("//") + 2 :].removeprefix(parts.netloc) or "/")
    except NotAPath as why:
        raise BadInput(f"{text}: {why}") from why
    photo = _PHOTO_PATH.fullmatch(pattern)
    purge = tags
    if photo is not None and host in owners:
        purge = (*tags, CacheTag(f"photo:{owners[host]}.{photo[1]}"))
    elif not purge and pattern == "/*" and host in owners:
        purge = (CacheTag(f"wedding:{owners[host]}"),)
    if not purge:
        raise BadInput(
            f"{text} does not say which copies carry it; nothing was denied",
            next_step="add --tag, the cache tag that it carries (`wedcache trace URL` shows it), as --tag page:gallery",
        )
    return Taken(paths=((host, pattern),), purge=purge)
