"""Cache tags: one vocabulary that purges memory, Redis, CloudFront and Cloudflare.

A tag is `<kind>:<id>`. Limits are the narrowest of both CDNs: CloudFront takes 256 printable ASCII characters,
case-insensitive
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-tags.html); Cloudflare
splits its `Cache-Tag` header at commas and refuses spaces
(https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-tags/).
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable

from controlplane.domain import keys
from controlplane.errors import BadInput

MAX_TAG = 256

# kind -> what carries it
KINDS = {
    "wedding": "everything of one wedding",
    "vendor": "everything of one vendor (caterer, florist, ...)",
    "guest": "everything that names one guest; personal data, so it can be erased",
    "page": "one kind of page: schedule, gallery, rsvp, ...",
    "photo": "one photo in all its sizes",
    "timeline": "the timeline of one wedding day",
    "contract": "one vendor contract",
    "message": "one thread of vendor messages",
    "market": "marketplace pages and searches",
    "asset": "static files of one release",
    "host": "everything served under one host name",
    "tier": "everything of one priority tier",
}

# Entries that carry a tag of these kinds hold personal data: their bounds are those of an erasure.
ERASABLE_KINDS = frozenset({"guest"})

_OF_WEDDINGS = frozenset({"guest", "page", "photo", "timeline"})

EVERYTHING = "*"
_KEY = "key:"
_INTERNAL = (_KEY, "ns:")
_ERASABLE = tuple(f"{kind}:" for kind in ERASABLE_KINDS)
# What every check below passes, in one look: a known kind, then printable ASCII without comma, space and capitals.
_WELL_FORMED = re.compile(f"(?=.{{1,{MAX_TAG}}}\\Z)(?:{'|'.join(KINDS)}):[!-+\\--@\\[-~]+")


class CacheTag(str):
    """A checked tag, `<kind>:<id>`: printable ASCII without comma and space, lower case, at most 256 characters.

    Raises BadInput naming the tag, what is wrong with it and, for an unknown kind, the nearest known one.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> CacheTag:
        """Check `text`."""
        if isinstance(text, CacheTag):
            return text
        if _WELL_FORMED.fullmatch(text):
            return super().__new__(cls, text)
        kind, colon, ident = text.partition(":")
        if not colon or not ident:
            raise BadInput(f"cache tag {text!r} is not <kind>:<id>, for example wedding:como")
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, 1)
            hint = f"did you mean {near[0]}:{ident}?" if near else f"known kinds: {', '.join(sorted(KINDS))}"
            raise BadInput(f"cache tag {text!r} has the unknown kind {kind!r}; {hint}")
        _check_characters(text)
        return super().__new__(cls, text)

    @property
    def kind(self) -> str:
        """What is before the first colon."""
        return self.partition(":")[0]

    @property
    def ident(self) -> str:
        """What is after the first colon."""
        return self.partition(":")[2]


@functools.lru_cache(maxsize=65_536)
def checked(text: str) -> CacheTag:
    """`CacheTag(text)`, remembered: entries share tags, and their texts. Raises BadInput."""
    return CacheTag(text)


def wedding(ident: str) -> CacheTag:
    """The tag of everything of one wedding."""
    return CacheTag(f"wedding:{ident}")


def owner_of(tag: str) -> str | None:
    """The wedding whose alone a tag is: `wedding:ID`, `photo:ID.<what>`, `page:ID.<what>`, ...; None where others may
    carry it too.
    """
    kind, _, ident = tag.partition(":")
    name, dot, _ = ident.partition(".")
    return name if kind == "wedding" or (dot and kind in _OF_WEDDINGS) else None


def vendor(ident: str) -> CacheTag:
    """The tag of everything of one vendor."""
    return CacheTag(f"vendor:{ident}")


def guest(ident: str | int) -> CacheTag:
    """The tag of everything that names one guest."""
    return CacheTag(f"guest:{ident}")


def page(kind: str) -> CacheTag:
    """The tag of one kind of page."""
    return CacheTag(f"page:{kind}")


def purgeable(text: str) -> str:
    """A tag as the purge log takes it: a CacheTag, `*`, a namespace (`ns:`) or one key (`key:`). Raises BadInput."""
    if text == EVERYTHING:
        return text
    if text.startswith(_INTERNAL):
        _check_characters(text, lower=False, limit=keys.MAX_ENCODED + 4)
        return text
    return CacheTag(text)


@functools.lru_cache(maxsize=256)
def namespace_tag(namespace: str) -> str:
    """The tag that every entry of a namespace carries."""
    return f"ns:{keys.encode(namespace)}"


def key_tag(namespace: str, key: str) -> str:
    """The tag that a key of a namespace is of itself."""
    return f"key:{keys.encode(keys.in_namespace(namespace, key))}"


def key_of_tag(namespace: str, tag: str) -> str | None:
    """The key whose own tag `tag` is; None for any other tag, another namespace's key, and one known by its digest."""
    kind, colon, encoded = tag.partition(":")
    name = keys.decode(encoded) if kind + colon == _KEY else None
    prefix = keys.in_namespace(namespace, "")
    return name[len(prefix) :] if name is not None and name.startswith(prefix) else None


def is_erasable(tags: Iterable[str]) -> bool:
    """Whether an entry with these tags holds personal data (any tag of an erasable kind)."""
    for tag in tags:  # noqa: SIM110  (`any` of a generator takes three times as long, and every read from Redis asks)
        if tag.startswith(_ERASABLE):
            return True
    return False


def is_only_erasable(tags: Iterable[str]) -> bool:
    """Whether a purge of these tags touches erasable entries only (every tag is of an erasable kind)."""
    return all(tag.partition(":")[0] in ERASABLE_KINDS for tag in tags)


def _check_characters(text: str, *, lower: bool = True, limit: int = MAX_TAG) -> None:
    """Raise BadInput where `text` would not survive both CDNs' headers."""
    if len(text) > limit:
        raise BadInput(f"cache tag {text[:40]!r}... has {len(text)} characters; at most {limit} are kept by CloudFront")
    bad = [character for character in text if not "!" <= character <= "~" or character == ","]
    if bad:
        raise BadInput(f"cache tag {text!r} holds {bad[0]!r}; only printable ASCII without comma and space survives")
    if lower and text != text.lower():
        raise BadInput(f"cache tag {text!r} has capitals, and CloudFront ignores case: write {text.lower()!r}")
