"""The vocabulary of Cloudflare's rule language: fields and functions with their types.

Source: Cloudflare's "Ruleset Engine: fields reference" and "functions reference". A field or function that is not
here is refused as unknown; the table holds those of the phases that the emulator implements.
"""

from __future__ import annotations

from dataclasses import dataclass

STRING, NUMBER, BOOLEAN, IP = "String", "Number", "Boolean", "IP"
STRINGS = "Array<String>"
HEADERS = "Map<Array<String>>"

_STRINGS_OF_REQUEST = (
    "http.cookie http.host http.referer http.request.full_uri http.request.method http.request.uri "
    "http.request.uri.path http.request.uri.path.extension http.request.uri.query http.request.version "
    "http.user_agent http.x_forwarded_for http.request.body.raw http.request.body.mime raw.http.request.full_uri "
    "raw.http.request.uri raw.http.request.uri.path raw.http.request.uri.query cf.ray_id cf.zone.name cf.zone.plan "
    "cf.tls_version cf.tls_cipher cf.worker.upstream_zone cf.hostname.metadata cf.bot_management.ja3_hash "
    "ip.src.city ip.src.continent ip.src.country ip.src.lat ip.src.lon ip.src.postal_code ip.src.region "
    "ip.src.region_code ip.src.timezone.name ip.geoip.country ip.geoip.continent"
)
_NUMBERS_OF_REQUEST = (
    "cf.bot_management.score cf.edge.server_port cf.threat_score cf.waf.score http.request.body.size "
    "http.request.timestamp.sec http.request.timestamp.msec ip.src.asnum ip.geoip.asnum cf.random_seed"
)
_BOOLEANS_OF_REQUEST = (
    "ssl cf.client.bot cf.bot_management.verified_bot cf.bot_management.static_resource "
    "cf.tls_client_auth.cert_verified http.request.body.truncated "
    "http.request.headers.truncated ip.src.is_in_european_union"
)

REQUEST_FIELDS: dict[str, str] = (
    dict.fromkeys(_STRINGS_OF_REQUEST.split(), STRING)
    | dict.fromkeys(_NUMBERS_OF_REQUEST.split(), NUMBER)
    | dict.fromkeys(_BOOLEANS_OF_REQUEST.split(), BOOLEAN)
    | dict.fromkeys(("ip.src", "cf.edge.server_ip"), IP)
    | dict.fromkeys(("http.request.headers", "http.request.cookies", "http.request.uri.args"), HEADERS)
    | {"http.request.headers.names": STRINGS, "http.request.headers.values": STRINGS}
    | {"http.request.accepted_languages": STRINGS, "raw.http.request.uri.args": HEADERS}
)
RESPONSE_FIELDS: dict[str, str] = {
    "http.response.code": NUMBER,
    "http.response.headers": HEADERS,
    "http.response.headers.names": STRINGS,
    "http.response.headers.values": STRINGS,
    "http.response.content_type.media_type": STRING,
    "cf.response.1xxx_code": NUMBER,
    "cf.response.error_type": STRING,
}


@dataclass(frozen=True)
class Signature:
    """A function: the types that each argument may have, how many may be left out, and what it returns."""

    arguments: tuple[frozenset[str], ...]
    returns: str
    optional: int = 0
    repeats: bool = False


def _any_of(*names: str) -> frozenset[str]:
    return frozenset(names)


_S, _N = _any_of(STRING), _any_of(NUMBER)
_PLAIN = _any_of(STRING, NUMBER, BOOLEAN, IP)
_EACH = _any_of("Each<Boolean>")

FUNCTIONS: dict[str, Signature] = {
    "all": Signature((_EACH,), BOOLEAN),
    "any": Signature((_EACH,), BOOLEAN),
    "cidr": Signature((_any_of(IP), _N, _N), IP),
    "concat": Signature((_PLAIN,), STRING, repeats=True),
    "decode_base64": Signature((_S,), STRING),
    "encode_base64": Signature((_S, _S), STRING, optional=1),
    "ends_with": Signature((_S, _S), BOOLEAN),
    "has_key": Signature((_any_of(HEADERS), _S), BOOLEAN),
    "has_value": Signature((_any_of(HEADERS, STRINGS), _S), BOOLEAN),
    "is_timed_hmac_valid_v0": Signature((_S, _S, _N, _N, _N), BOOLEAN, optional=1),
    "join": Signature((_any_of(STRINGS), _S), STRING),
    "len": Signature((_any_of(STRING, STRINGS),), NUMBER),
    "lookup_json_integer": Signature((_S, _PLAIN), NUMBER, repeats=True),
    "lookup_json_string": Signature((_S, _PLAIN), STRING, repeats=True),
    "lower": Signature((_S,), STRING),
    "regex_replace": Signature((_S, _S, _S), STRING),
    "remove_bytes": Signature((_S, _S), STRING),
    "remove_query_args": Signature((_S, _S), STRING, repeats=True),
    "sha256": Signature((_S,), STRING),
    "split": Signature((_S, _S, _N), STRINGS),
    "starts_with": Signature((_S, _S), BOOLEAN),
    "substring": Signature((_S, _N, _N), STRING, optional=1),
    "to_string": Signature((_PLAIN,), STRING),
    "upper": Signature((_S,), STRING),
    "url_decode": Signature((_S, _S), STRING, optional=1),
    "uuidv4": Signature((_S,), STRING),
    "wildcard_replace": Signature((_S, _S, _S, _S), STRING, optional=1),
}
