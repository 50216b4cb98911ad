"""The catalogue: the contract's example, and each way to write it wrong, with file, line and what is right."""

from __future__ import annotations

import importlib.resources
import json
from datetime import timedelta
from pathlib import Path

import pytest

from controlplane.adapters.system import catalogue_file, places, tzdata
from controlplane.adapters.system.catalogue_file import CatalogueInvalid
from controlplane.domain import country
from controlplane.domain.catalogue import Delivery, json_schema
from controlplane.errors import BadInput

SAMPLE = Path(__file__).parents[2] / "catalogue.yaml"
PLAIN = """\
schema: wedcache.catalogue/1
platform:
  zone: weddings.example
  vendors: [florist-7]
weddings:
  - id: como
    name: Villa Balbiano
    priority: high
    days: [2027-06-12]
    venue: {lat: 45.97, lon: 9.17}
    hosts: [como.weddings.example]
    guests: {NO: 3, IT: 80}
    vendors: [florist-7]
"""


def findings(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with `text`, each as `LINE: words`."""
    path = tmp_path / "weddings.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueInvalid) as caught:
        catalogue_file.load(path)
    assert all(finding.startswith(f"{path}:") for finding in caught.value.findings)
    assert caught.value.next_step
    return [finding.removeprefix(f"{path}:") for finding in caught.value.findings]


def test_the_sample_is_the_contracts() -> None:
    """The catalogue at the project's root is readable and is the wedding of the contract."""
    [como] = catalogue_file.load(SAMPLE).weddings
    assert (como.id, como.hosts, como.home) == ("como", ("como.weddings.example",), "eu-central-1")
    assert (como.lead, como.lag) == (timedelta(hours=12), timedelta(hours=6))
    assert dict(como.guests) == {"IT": 80, "GB": 30, "US": 20}
    assert como.shape is Delivery.DEDICATED


def test_norway_is_a_country(tmp_path: Path) -> None:
    """The country code NO is Norway and not false; the zone of a venue on land follows from its place."""
    path = tmp_path / "c.yaml"
    path.write_text(PLAIN, encoding="utf-8")
    [como] = catalogue_file.load(path).weddings
    assert dict(como.guests) == {"NO": 3, "IT": 80}
    assert como.venue.zone is None
    assert places.zone_at(como.venue.lat, como.venue.lon) == "Europe/Rome"


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("    hosts:", "    hots:", 11, "weddings[0].hots: unknown key; did you mean 'hosts'?"),
        ("zone: weddings.example", "zone: weddings.example\n  zzz: 1", 4, "unknown key; known keys: zone, defaults"),
        ("lat: 45.97", "latt: 45.97", 10, "weddings[0].venue.latt: unknown key; did you mean 'lat'?"),
        (
            "wedcache.catalogue/1",
            "wedcache.catalogue/2",
            1,
            "schema: 'wedcache.catalogue/2' is not 'wedcache.catalogue/1'",
        ),
        ("2027-06-12", "2027-06-31", 9, "weddings[0].days[0]: '2027-06-31' is not a date of the calendar"),
        ("2027-06-12", "12.06.2027", 9, "'12.06.2027' is not a date; write year-month-day: 2027-06-12"),
        ("2027-06-12", "20270612", 9, "20270612 is not a date"),
        ("2027-06-12", "1827-06-12", 9, "the year must be 2000 to 2099"),
        ("[2027-06-12]", "[2027-06-12, 2027-06-12]", 9, "weddings[0].days[1]: 2027-06-12 is listed twice"),
        ("[2027-06-12]", "2027-06-12", 9, "weddings[0].days: must be a list: [...], not '2027-06-12'"),
        ("[2027-06-12]", "[]", 9, "weddings[0].days: must not be empty"),
        ("[2027-06-12]", "", 9, "weddings[0].days: has no value; write one or remove the key"),
        (
            "    priority: high\n",
            "    priority: high\n    lead: 12 hours\n",
            9,
            "'12 hours' is not a duration; write minutes",
        ),
        ("    priority: high\n", "    priority: high\n    lag: 12\n", 9, "weddings[0].lag: '12' is not a duration"),
        ("    priority: high\n", "    priority: high\n    lag: 31d\n", 9, "'31d' is longer than 30 days"),
        ("    priority: high\n", "    priority: high\n    lag: -6h\n", 9, "'-6h' is not a duration"),
        ("priority: high", "priority: hihg", 8, "'hihg' is not 'high', 'medium' or 'low'; did you mean 'high'?"),
        ("    priority: high\n", "", 6, "weddings[0].priority: is missing"),
        ("NO: 3", "no: 3", 12, "'no' is not an ISO 3166-1 country; did you mean 'NO'?"),
        ("NO: 3", "UK: 3", 12, "'UK' is not an ISO 3166-1 country; did you mean 'GB'?"),
        ("NO: 3", "XX: 3", 12, "'XX' is not an ISO 3166-1 country; two capital letters"),
        ("NO: 3", "NO: -3", 12, "weddings[0].guests.NO: input should be greater than or equal to 0"),
        ("NO: 3", "NO: many", 12, "weddings[0].guests.NO: must be a whole number, not 'many'"),
        ("NO: 3", "NO: 3, NO: 4", 12, "key 'NO' is written twice; first in line 12"),
        ("id: como", "id: Como", 6, "weddings[0].id: 'Como' does not fit ^[a-z]"),
        ("name: Villa Balbiano", "name: 12", 7, "weddings[0].name: must be a text; put it in quotes, not 12"),
        ("lat: 45.97", "lat: 145.97", 10, "weddings[0].venue.lat: input should be less than or equal to 90"),
        ("lat: 45.97", "lat: .nan", 10, "weddings[0].venue.lat"),
        ("lat: 45.97", "lat: yes", 10, "weddings[0].venue.lat: must be a number"),
        (
            "lon: 9.17",
            "lon: 9.17, zone: Europe/Roma",
            10,
            "unknown time zone 'Europe/Roma'; did you mean 'Europe/Rome'?",
        ),
        ("lon: 9.17", "lon: -40.0", 10, "is at sea, where no zone follows from the place; add zone:"),
        ("[como.weddings.example]", "['Como.weddings']", 11, "weddings[0].hosts[0]: 'Como.weddings' does not fit"),
        ("[como.weddings.example]", "[a.b, a.b]", 11, "weddings[0].hosts[1]: host 'a.b' is used twice"),
        (
            "    vendors: [florist-7]",
            "    vendors: [florist-8]",
            13,
            "vendor 'florist-8' is not in platform.vendors; did you mean",
        ),
        (
            "  vendors: [florist-7]\nw",
            "  windows: [{id: x}]\nw",
            4,
            "platform.windows[0]: the window has no time; write either",
        ),
        ("weddings:\n", "weddings:\n  como:\n", 5, "weddings: must be a list: [...]"),
        ("  - id: como\n", "  - id: como\n\t", 7, "not YAML: "),
    ],
)
def test_each_wrong_value_names_its_line(tmp_path: Path, right: str, wrong: str, line: int, words: str) -> None:
    """A wrong value is told with file, line and what would be right."""
    assert right in PLAIN
    found = findings(tmp_path, PLAIN.replace(right, wrong, 1))
    assert any(each.startswith(f"{line}: ") and words in each for each in found), found


def test_duplicates_across_weddings(tmp_path: Path) -> None:
    """A wedding id and a host used by two weddings are told at their second place."""
    second = PLAIN[PLAIN.index("  - id") :]
    found = findings(tmp_path, PLAIN + second)
    assert found == [
        "14: weddings[1].id: wedding id 'como' is used twice; each must be unique in the file",
        "19: weddings[1].hosts[0]: host 'como.weddings.example' is used twice; each must be unique in the file",
    ]


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("{id: x, start: 2027-01-01T00:00:00Z}", "start and end belong together"),
        ("{id: x, start: 2027-01-02T00:00:00Z, end: 2027-01-01T00:00:00Z}", "end must be after start"),
        ("{id: x, start: 2027-01-02, end: 2027-01-03T00:00:00Z}", "'2027-01-02' is not an RFC 3339 instant"),
        ("{start: 2027-01-02T00:00:00Z, end: 2027-01-03T00:00:00Z}", "needs an id"),
        ("{id: x, dates: [2027-01-02]}", "dates and zone belong together"),
        ("{id: x, dates: [2027-01-02], zone: Rome}", "unknown time zone 'Rome'; did you mean 'Europe/Rome'?"),
        ("{id: x, dates: [2011-12-30], zone: Pacific/Apia}", "2011-12-30 does not exist in Pacific/Apia"),
        ("{id: x, dates: [2027-01-02], zone: UTC, start: 2027-01-02T00:00:00Z}", "the window has both forms"),
    ],
)
def test_wrong_platform_windows(tmp_path: Path, window: str, words: str) -> None:
    """A platform window is either two instants or dates in a zone."""
    text = PLAIN.replace("  vendors: [florist-7]\nw", f"  vendors: [florist-7]\n  windows: [{window}]\nw", 1)
    found = findings(tmp_path, text)
    assert any(each.startswith("5: ") and words in each for each in found), found


@pytest.mark.parametrize("text", ["", "[]", "a", "&a [*a]", "\x00", "a: &x [1]\nb: *y\n", "- - - - :"])
def test_what_is_no_catalogue(tmp_path: Path, text: str) -> None:
    """Anything else than a mapping is an error with a line, and never a crash."""
    assert findings(tmp_path, text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no UTF-8 are clear errors."""
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(BadInput, match=str(path)):
            catalogue_file.load(path)
    bad = tmp_path / "latin.yaml"
    bad.write_bytes("schema: x\nname: Zoë".encode("latin-1"))
    with pytest.raises(CatalogueInvalid, match=r"latin.yaml:2: not UTF-8"):
        catalogue_file.load(bad)


def test_many_errors_are_told_at_once(tmp_path: Path) -> None:
    """All findings come in one run, by line, the screen holds the first twenty."""
    many = "".join(f"    k{n}: 1\n" for n in range(30))
    found = findings(tmp_path, PLAIN + many)
    assert len(found) == 30
    assert [int(each.split(":")[0]) for each in found] == list(range(14, 44))
    with pytest.raises(CatalogueInvalid, match="and 10 more"):
        catalogue_file.load(tmp_path / "weddings.yaml")


def test_the_published_schema_is_the_models() -> None:
    """The JSON schema in the package is what the models say, and the sample fits it."""
    import jsonschema  # type: ignore[import-untyped]  # ships no types

    published = json.loads((importlib.resources.files("controlplane.domain") / "catalogue.schema.json").read_text())
    assert published == json_schema()
    sample = catalogue_file._document(SAMPLE).value
    jsonschema.Draft202012Validator(published).validate(sample)
    assert isinstance(sample, dict)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(published).validate({**sample, "wedding": []})


def test_countries_are_iso_3166() -> None:
    """The country codes are those of the tz database's copy of ISO 3166-1."""
    tzdata.pinned()
    table = (importlib.resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    assert {line.split("\t")[0] for line in table.splitlines() if not line.startswith("#")} == country.CODES
