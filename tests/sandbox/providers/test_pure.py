"""Diff, projection, translation, values, names: the pure parts, by their properties."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.providers import naming, project, types
from sandbox.providers.diff import Kind, changes, needs_replacement, same
from sandbox.providers.refusals import VendorSaidNo, made_once, patiently
from sandbox.providers.row import Type
from sandbox.providers.schema import Spec
from sandbox.providers.translate import from_api, to_api
from sandbox.providers.values import ASSET, SIGNATURE, UNKNOWN, asset_bytes, decode, encode, has_unknown

ROWS = list(types.ROWS)
IDS = [row.token.rsplit(":", 1)[1] for row in ROWS]
WORD = st.text("abcxyz-./", min_size=1, max_size=6)


def value_of(spec: Spec, depth: int = 0) -> st.SearchStrategy[Any]:
    """Any value that a spec takes."""
    if "enum" in spec:
        return st.sampled_from(spec["enum"])
    if "fields" in spec:
        return st.sets(st.sampled_from(sorted(spec["fields"]) or [""]), max_size=3).flatmap(
            lambda names: st.fixed_dictionaries({one: value_of(spec["fields"][one], depth + 1) for one in names if one})
        )
    if spec["type"] == "array":
        most = 1 if spec.get("wrap") == "single" else 3
        return st.lists(value_of(spec["items"], depth + 1), min_size=1, max_size=most)
    if spec["type"] == "map":
        return st.dictionaries(WORD, value_of(spec["items"], depth + 1), min_size=1, max_size=2)
    scalars: dict[str, st.SearchStrategy[Any]] = {
        "string": WORD,
        "integer": st.integers(1, 9),
        "number": st.integers(1, 9),
        "boolean": st.booleans(),
    }
    return scalars.get(spec["type"], WORD)


def inputs_of(row: Type) -> st.SearchStrategy[Any]:
    return value_of({"type": "object", "fields": row.schema.inputs})


def shuffled(value: Any, sets: frozenset[str], name: str, chance: random.Random) -> Any:
    """The same value as a vendor may repeat it: sets in another order, keys in another order."""
    if isinstance(value, dict):
        keys = chance.sample(list(value), len(value))
        return {key: shuffled(value[key], sets, key, chance) for key in keys}
    if isinstance(value, list):
        items = [shuffled(item, sets, name, chance) for item in value]
        return chance.sample(items, len(items)) if name in sets else items
    return value


@pytest.mark.parametrize("row", ROWS, ids=IDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_the_same_inputs_never_differ_whatever_their_order(
    row: Type, data: st.DataObject, chance: random.Random
) -> None:
    """No perpetual diff: an object equals itself after a trip over the wire with its sets shuffled."""
    inputs = data.draw(inputs_of(row))
    again = decode(encode(shuffled(inputs, row.rules.sets, "", chance)))[0]
    assert not list(changes(inputs, again, row.rules.sets))


@pytest.mark.parametrize("row", ROWS, ids=IDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_changed_property_is_found_under_its_path(row: Type, data: st.DataObject) -> None:
    """Every difference is reported at a path that begins with its property, and force-new ones replace."""
    inputs = data.draw(inputs_of(row))
    name = data.draw(st.sampled_from(sorted(row.schema.inputs)))
    other = data.draw(value_of(row.schema.inputs[name]))
    found = list(changes(inputs, {**inputs, name: other}, row.rules.sets))
    assert {one.top for one in found} <= {name}
    assert bool(found) is not same(inputs.get(name), other, row.rules.sets, name)
    assert all(needs_replacement(one, row.force_new) == (name in row.force_new) for one in found)


@pytest.mark.parametrize(("before", "after", "kind"), [(1, 2, Kind.ADD), (2, 1, Kind.DELETE)])
@pytest.mark.parametrize("sets", [frozenset[str](), frozenset({"parameters"})], ids=["list", "set"])
def test_an_empty_element_more_is_a_change(before: int, after: int, kind: Kind, sets: frozenset[str]) -> None:
    """A list that grows or shrinks by an element that says nothing differs, at that element."""
    empty: dict[str, str] = {}
    found = list(changes({"parameters": [empty] * before}, {"parameters": [empty] * after}, sets))
    assert [(one.path, one.kind) for one in found] == [("parameters[1]", kind)]


@pytest.mark.parametrize("row", [row for row in ROWS if "Bucket" not in row.token], ids=lambda row: row.token[-20:])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_the_api_stores_reads_back_as_it_was_declared(row: Type, data: st.DataObject) -> None:
    """Translation there and back loses nothing that has a name in the API."""
    inputs = data.draw(inputs_of(row))
    back = from_api(row.schema.inputs, to_api(row.schema.inputs, inputs))
    named = _named(row.schema.inputs, inputs)
    assert _without_empty(back) == _without_empty(named)


def _named(fields: dict[str, Spec], value: dict[str, Any]) -> dict[str, Any]:
    """The part of a value whose properties have a name in the API."""
    return {name: _named_value(fields[name], one) for name, one in value.items() if "api" in fields[name]}


def _named_value(spec: Spec, value: Any) -> Any:
    if "fields" in spec:
        return _named(spec["fields"], value)
    if spec["type"] == "array":
        return [_named_value(spec["items"], one) for one in value]
    return value if spec["type"] != "map" else {key: _named_value(spec["items"], one) for key, one in value.items()}


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        inside = {key: _without_empty(one) for key, one in value.items()}
        return {key: one for key, one in inside.items() if one not in ({}, [])}
    return [_without_empty(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("row", ROWS, ids=IDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_reading_what_was_declared_is_no_drift(row: Type, data: st.DataObject, chance: random.Random) -> None:
    """A vendor that repeats the declaration, reordered and with its defaults added, changes no input."""
    inputs = data.draw(inputs_of(row))
    live = shuffled(inputs, row.rules.sets, "", chance)
    for path, default in row.rules.defaults.items():
        if "." not in path:
            live.setdefault(path, default)
    assert project.inputs(row.schema.inputs, inputs, live, row.rules) == inputs


def test_an_unknown_always_differs_and_never_is_sent() -> None:
    """Unknown is not equal to itself: the engine must ask again when it is known."""
    assert not same(UNKNOWN, UNKNOWN, frozenset())
    assert has_unknown({"a": [1, {"b": UNKNOWN}]})
    assert decode(encode({"a": UNKNOWN}))[0] == {"a": UNKNOWN}


def test_true_is_not_one() -> None:
    """Pulumi's numbers and booleans are different values."""
    assert not same(True, 1, frozenset())
    assert same(1, 1.0, frozenset())


def test_secrets_are_found_again_by_their_routes() -> None:
    """Envelopes around scalars, lists and objects survive a round trip."""
    value = {"a": {"b": ["x", "y"]}, "c": "z"}
    routes = frozenset({("a", "b", 1), ("c",)})
    assert decode(encode(value, routes)) == (value, routes)


def test_assets_give_their_bytes_and_archives_do_not() -> None:
    """String and file assets can be uploaded; anything else is refused in words."""
    assert asset_bytes({SIGNATURE: ASSET, "text": "é"}) == "é".encode()
    assert asset_bytes({SIGNATURE: ASSET, "path": "/x"}, read=lambda path: str(path).encode()) == b"/x"
    with pytest.raises(ValueError, match="only string and file assets"):
        asset_bytes({SIGNATURE: ASSET, "uri": "https://assets.example"})


@given(name=st.text("abcdefgh-XYZ", min_size=1, max_size=300), seed=st.binary(max_size=32))
def test_physical_names_fit_the_vendors_limits(name: str, seed: bytes) -> None:
    """Every automatic name keeps to its type's length and letter case, and is kept once it was given."""
    for row in ROWS:
        if row.autoname and row.random_name:
            urn = f"urn:pulumi:t::p::{row.token}::{name}"
            made = naming.physical_name(row, urn, {}, seed, naming.Naming())
            assert made is not None
            assert len(made) <= row.name_limit
            assert not row.lower_name or made == made.lower()
            again = naming.physical_name(row, urn, {row.autoname: made}, b"other", naming.Naming())
            assert again == made


def test_the_engines_naming_rules_are_followed() -> None:
    """A proposed name is taken; without automatic names there is none."""
    row = next(row for row in ROWS if row.token.endswith(":KeyValueStore"))
    assert naming.physical_name(row, "urn::p::t::x", {}, b"", naming.Naming(proposed="theirs")) == "theirs"
    assert naming.physical_name(row, "urn::p::t::x", {}, b"", naming.Naming(mode=naming.DISABLE)) is None


def test_back_off_is_bounded() -> None:
    """A vendor that stays busy is asked five times with less than 3 seconds of pauses."""
    pauses: list[float] = []
    asked = []

    def busy() -> str:
        asked.append(1)
        raise VendorSaidNo("429", busy=True)

    with pytest.raises(VendorSaidNo):
        patiently(busy, pause=pauses.append)
    assert len(asked) == 5
    assert sum(pauses) < 3


def test_a_create_is_repeated_only_when_nothing_was_made() -> None:
    """After a lost answer what is found counts; what is not found is made again."""
    answers = [VendorSaidNo("no answer", lost=True), VendorSaidNo("no answer", lost=True)]
    found: list[str | None] = [None, "made"]

    def create() -> str:
        raise answers.pop(0)

    assert made_once(create, lambda: found.pop(0), pause=lambda seconds: None) == "made"
    assert not answers


def test_a_refusal_is_never_repeated() -> None:
    """What the vendor refuses is asked once."""
    asked = []

    def refused() -> str:
        asked.append(1)
        raise VendorSaidNo("NameTaken", status=409)

    with pytest.raises(VendorSaidNo):
        made_once(refused, lambda: "somebody else's", pause=lambda seconds: None)
    assert len(asked) == 1
