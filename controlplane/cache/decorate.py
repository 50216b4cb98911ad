"""Decorators: a function whose results are cached, and one after which something is purged."""

from __future__ import annotations

import asyncio
import functools
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, Unpack, cast

import msgspec

from controlplane.cache.blocking import in_thread
from controlplane.cache.hot_keys import SAMPLE_MASK
from controlplane.cache.load import Load
from controlplane.cache.options import CallOptions
from controlplane.cache.overlap import KeySpace
from controlplane.cache.serializers import Json, MsgPack, Raw
from controlplane.cache.templates import Signature, Template, key_template
from controlplane.domain.tags import CacheTag
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput, WedcacheError

if TYPE_CHECKING:
    from controlplane.cache.client import Cache

P = ParamSpec("P")
R = TypeVar("R")
_KEY = "__wedcache_key__"


def key_of(function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> str:
    """The key under which a decorated function's result for these arguments is cached. Raises BadInput if it is none.

    `await cache.expire(key_of(guests, "como", 2))`; for methods, of the object: `key_of(desk.guests, "como", 2)`.
    """
    template: Template | None = getattr(function, _KEY, None)
    if template is None:
        raise BadInput(f"{getattr(function, '__qualname__', function)!r} is not decorated by `cached`")
    receiver = getattr(function, "__self__", None)
    return template.filled(args if receiver is None else (receiver, *args), kwargs)


class Decorating:
    """The decorators of one cache."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._keys = KeySpace()

    def cached(
        self,
        template: str,
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] = (),
        ignore: Iterable[str] = (),
        as_type: Any = None,
        shares: Callable[..., Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Cache a function's results: `@cache.cached("guests:{wedding}:{page}", tags=["wedding:{wedding}"])`.

        Coroutine functions stay such; plain ones use the sync face. Every parameter is part of the key or in `ignore`
        (`self` and `cls` are ignored unless named). A parameter annotated `Load` gets the load's context; callers leave
        it out, so give it a default. The return annotation is the type of values from Redis, unless `as_type` is given.
        A None is cached for `absent`. Two functions whose keys could be equal are refused, unless the later one says
        that it `shares` the earlier one's values. Raises BadInput here, when the function is defined, for whatever
        cannot work.
        """

        if not isinstance(template, str):
            raise BadInput(
                f"`cached` was given {template!r} in place of a key's template",
                next_step='Name what the key is made of: @cache.cached("guests:{wedding}:{page}").',
            )

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            self._cache.settings.policies().of(tier, options)
            one = Cached(self._cache, function, template, tags, ignore, as_type)
            self._keys.take(function, template, one.key.literals, shares)
            return cast("Callable[P, R]", cached(one, tier, options))

        return decorate

    def purges(
        self, *, tags: Iterable[str] = (), keys: Iterable[str] = (), soft: bool = False
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Purge after a function has written: `@cache.purges(tags=["wedding:{wedding}"])`.

        Also after it has failed, since it may have written; `{result.id}` in a tag is what it returned, and counts only
        if it returned. Hard (`remove`) unless `soft` (`expire`). Raises BadInput when the function is defined, later as
        `expire` does.
        """

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            purging = Purging(self._cache, function, tags, keys, soft=soft)
            return cast("Callable[P, R]", purges(purging, self._cache, function))

        return decorate


class Cached:
    """One decorated function: its key, its tags, its call of the cache."""

    def __init__(
        self,
        cache: Cache,
        function: Callable[..., Any],
        template: str,
        tags: Iterable[str],
        ignore: Iterable[str],
        as_type: Any,
    ) -> None:
        self.cache = cache
        self.function = function
        self.is_async = inspect.iscoroutinefunction(function)
        if not callable(function) or not hasattr(function, "__qualname__"):
            raise BadInput(
                f"`cached` decorates functions, and {function!r} is none",
                next_step="Put it beneath @classmethod, @staticmethod and @property; wrap a partial in a function.",
            )
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise BadInput(f"{function.__qualname__} is a generator: its results can be taken once, and so not cached")
        signature = Signature(function)
        hints = _hints(function, as_type)
        self._context = next((name for name, hint in hints.items() if _is_context(hint) and name != "return"), None)
        ignored = (*ignore, self._context) if self._context else ignore
        self.key = key_template(template, signature, ignored)
        self.tags = [tag_template(tag, signature) for tag in tags]
        self.as_type = hints.get("return") if as_type is None else as_type
        own = cache._engine.ports.serializer  # the package's own; an application's reads what it likes
        if not _is_decodable(self.as_type, by_msgspec=own is None or isinstance(own, MsgPack | Json | Raw)):
            self.as_type = None

    def loader(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Callable[[Load], Any]:
        """The call as a loader; a parameter annotated `Load` gets the load's context."""
        if self._context is None:
            return lambda _: self.function(*args, **kwargs)
        name = self._context
        return lambda context: self.function(*args, **{**kwargs, name: context})

    async def read(
        self, key: str, tier: Tier, options: CallOptions, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """A call that memory did not answer."""
        load = self.loader(args, kwargs)
        tags = [tag.filled(args, kwargs) for tag in self.tags]
        return await self.cache.get_or_load(
            key, load if self.is_async else in_thread(load), tier=tier, tags=tags, as_type=self.as_type, **options
        )


def cached(one: Cached, tier: Tier, options: CallOptions) -> Callable[..., Any]:
    """The function in place of the decorated one: a memory hit costs a key and a look."""
    cache, stats, filled, hot = one.cache, one.cache.stats, one.key.filled, not one.cache.skips_memory(options)

    @functools.wraps(one.function)
    async def asking(*args: Any, **kwargs: Any) -> Any:
        key = filled(args, kwargs)
        if hot and (entry := cache.hit(key)) is not None:
            hits = stats.hits = stats.hits + 1
            if not hits & SAMPLE_MASK:
                cache.hot.note(key)
            return entry.value if entry.thaw is None else entry.own()
        return await one.read(key, tier, options, args, kwargs)

    @functools.wraps(one.function)
    def waiting(*args: Any, **kwargs: Any) -> Any:
        key = filled(args, kwargs)
        if hot and (entry := cache.hit(key)) is not None:
            hits = stats.hits = stats.hits + 1
            if not hits & SAMPLE_MASK:
                cache.hot.note(key)
            return entry.value if entry.thaw is None else entry.own()
        return cache.blocking.run(one.read(key, tier, options, args, kwargs))

    wrapper: Callable[..., Any] = asking if one.is_async else waiting
    setattr(wrapper, _KEY, one.key)
    return wrapper


class Purging:
    """One function after which tags and keys are purged."""

    def __init__(
        self, cache: Cache, function: Callable[..., Any], tags: Iterable[str], keys: Iterable[str], *, soft: bool
    ) -> None:
        signature = Signature(function)
        self._cache = cache
        self._soft = soft
        self._tags = [tag_template(tag, signature, extra=("result",)) for tag in tags]
        self._keys = [key_template(key, signature, set(signature.parameters)) for key in keys]
        if not self._tags and not self._keys:
            raise BadInput(f"`purges` of {signature.name} names neither a tag nor a key")

    async def purge(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """What the call concerns; tags of the result only if there is one. Raises as `expire` and `remove` do."""
        known = {**kwargs, **result}
        tags = [tag.filled(args, known) for tag in self._tags if result or not tag.needs_extra]
        keys = [key.filled(args, kwargs) for key in self._keys]
        if tags or keys:
            await (self._cache.expire if self._soft else self._cache.remove)(*keys, tags=tags)


def purges(purging: Purging, cache: Cache, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function in place of the decorated one. It purges also when the function fails: it may have written."""

    @functools.wraps(function)
    async def asking(*args: Any, **kwargs: Any) -> Any:
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            behind = asyncio.get_running_loop().create_task(purging.purge(args, kwargs, {}))
            try:
                await asyncio.shield(behind)
            except WedcacheError as other:
                error.add_note(f"its purge failed too: {other}")
            raise
        await purging.purge(args, kwargs, {"result": result})
        return result

    @functools.wraps(function)
    def waiting(*args: Any, **kwargs: Any) -> Any:
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            try:
                cache.blocking.run(purging.purge(args, kwargs, {}))
            except WedcacheError as other:
                error.add_note(f"its purge failed too: {other}")
            raise
        cache.blocking.run(purging.purge(args, kwargs, {"result": result}))
        return result

    return asking if inspect.iscoroutinefunction(function) else waiting


def tag_template(text: str, signature: Signature, *, extra: Iterable[str] = ()) -> Template:
    """A tag's template. Raises BadInput for a tag of an unknown kind."""
    template = Template(text, signature, str, extra=extra)
    CacheTag(text if not template.names else f"{template.literals[0].partition(':')[0]}:x")
    return template


def _hints(function: Callable[..., Any], as_type: Any) -> dict[str, Any]:
    """The function's annotations. Raises BadInput if they cannot be resolved and no type is given."""
    try:
        return typing.get_type_hints(function)
    except Exception as error:
        if as_type is not None:
            return {}
        raise BadInput(
            f"the annotations of {function.__qualname__} cannot be resolved ({error}); they say what type "
            "cached values have when they come back from Redis",
            next_step="Import the types outside of TYPE_CHECKING, or give `cached` an as_type.",
        ) from error


def _is_context(hint: Any) -> bool:
    """Whether an annotation is `Load`, or `Load | None`."""
    return hint is Load or Load in typing.get_args(hint)


def _is_decodable(kind: Any, *, by_msgspec: bool) -> bool:
    """Whether values of this type can be made of bytes."""
    if kind is None or kind is Any:
        return False
    if not by_msgspec:
        return True
    try:
        msgspec.msgpack.Decoder(kind)
    except (TypeError, NotImplementedError, ValueError):
        return False
    return True
