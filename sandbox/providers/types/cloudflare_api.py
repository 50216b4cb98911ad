"""The shape that most of Cloudflare's API has: a collection under an account or a zone, PUT or PATCH to change.

Calls go through the official SDK's client (authentication, envelope, errors); bodies come from the derived schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sandbox.providers.check import Failure
from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import Schema, load
from sandbox.providers.translate import from_api, to_api


def call(ask: Ask, method: Literal["get", "post", "put", "patch", "delete"], path: str, **options: Any) -> Any:
    """One API call; returns the envelope's `result`. Raises the SDK's errors."""
    answer = getattr(ask.vendors.cloudflare, method)(path, cast_to=object, **options)
    return answer.get("result") if isinstance(answer, dict) else None


def listed(ask: Ask, path: str, query: Mapping[str, Any] | None = None) -> list[Any]:
    """Every item of a collection, page by page."""
    found: list[Any] = []
    page = 1
    while True:
        params = {"per_page": 50, **(query or {}), "page": page}
        answer = ask.vendors.cloudflare.get(path, cast_to=object, options={"params": params})
        found.extend(answer.get("result") or [])
        if page >= int((answer.get("result_info") or {}).get("total_pages") or 1):
            return found
        page += 1


def camel(name: str) -> str:
    """`created_on` -> `createdOn`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def computed_of(schema: Schema, result: Mapping[str, Any]) -> Properties:
    """What the vendor fills in, by the SDK's names; where the SDK declares text, structures are JSON text."""
    found: Properties = {}
    for name, value in result.items():
        ours = camel(name)
        if ours in schema.outputs and ours not in schema.inputs and value is not None:
            as_text = schema.outputs[ours] == "string" and not isinstance(value, str)
            found[ours] = json.dumps(value) if as_text else _camel_inside(value)
    return found


def _camel_inside(value: Any) -> Any:
    if isinstance(value, dict):
        return {camel(name): _camel_inside(item) for name, item in value.items()}
    return [_camel_inside(item) for item in value] if isinstance(value, list) else value


def _same_properties(properties: Properties, ask: Ask) -> Properties:
    return properties


@dataclass(frozen=True)
class Collection:
    """A type whose instances live in one collection. `home` makes the collection's path from the inputs; `unique` are
    the API fields by which an own instance is found after a lost answer; `lasting` are inputs that the API does not
    repeat; `after` adjusts what a read found."""

    token: str
    home: Callable[[Mapping[str, Any]], str]
    unique: tuple[str, ...]
    change: Literal["put", "patch"] = "put"
    lasting: tuple[str, ...] = ()
    after: Callable[[Properties, Ask], Properties] = _same_properties
    leave_out: tuple[str, ...] = field(default=())

    def path(self, ask: Ask, identity: str = "") -> str:
        """The collection's path, or an instance's; a read of an import has its parents in the state."""
        base = self.home({**ask.state, **ask.inputs})
        return f"{base}/{identity}" if identity else base

    def body(self, ask: Ask) -> dict[str, Any]:
        """The API's form of the inputs."""
        wanted = to_api(load(self.token).inputs, ask.inputs)
        return {name: value for name, value in wanted.items() if name not in self.leave_out}

    def create(self, ask: Ask) -> str:
        """POST; returns the new instance's id."""
        return str(call(ask, "post", self.path(ask), body=self.body(ask))["id"])

    def find(self, ask: Ask) -> str | None:
        """The newest instance with our values in the fields that make one unique."""
        body = self.body(ask)
        ours = [
            item
            for item in listed(ask, self.path(ask))
            if all(item.get(name) == body.get(name) for name in self.unique)
        ]
        newest = max(ours, key=lambda item: str(item.get("created_on", "")), default=None)
        return str(newest["id"]) if newest else None

    def read(self, ask: Ask, identity: str) -> Properties:
        """GET; parents that the API does not repeat come from the inputs or the state, or from an import's id."""
        ask, identity = self.imported(ask, identity)
        result = call(ask, "get", self.path(ask, identity))
        kept = {name: ask.inputs.get(name) or ask.state.get(name) for name in self.lasting}
        schema = load(self.token)
        computed = computed_of(schema, result)
        found = {**computed, **from_api(schema.inputs, result), **{name: one for name, one in kept.items() if one}}
        return {**self.after(found, ask), "id": identity}

    def imported(self, ask: Ask, identity: str) -> tuple[Ask, str]:
        """`<parent id>/<id>` (rulesets: `zones/<zone id>/<id>`) as `pulumi import` takes it; other ids stay."""
        if "/" not in identity:
            return ask, identity
        *above, own = identity.split("/")
        parent = "accountId" if above[0] == "accounts" or "zoneId" not in self.lasting else "zoneId"
        return replace(ask, inputs={**ask.inputs, parent: above[-1]}), own

    def update(self, ask: Ask, identity: str) -> None:
        """PUT or PATCH with everything that is declared."""
        call(ask, self.change, self.path(ask, identity), body=self.body(ask))

    def delete(self, ask: Ask, identity: str) -> None:
        """DELETE; 404 is what `operations` takes for gone."""
        call(ask, "delete", self.path(ask, identity))

    def row(
        self,
        *,
        force_new: Iterable[str],
        rules: Rules | None = None,
        fill: Mapping[str, Any] | None = None,
        check: Callable[[Properties], Iterable[Failure]] = lambda properties: (),
        volatile: Iterable[str] = ("modifiedOn",),
    ) -> Type:
        """The table row."""
        return Type(
            token=self.token,
            create=self.create,
            find=self.find,
            read=self.read,
            update=self.update,
            delete=self.delete,
            force_new=frozenset(force_new),
            rules=rules or Rules(),
            fill=fill or {},
            check=check,
            volatile=frozenset(volatile),
        )
