"""CloudFront's knobs, one row each: what is declared (in the API's own shape) and what a guest must see of it.

What a row declares: `policy` (its cache policy), `behaviour`, `origin` (an origin of its own), `groups`, `errors`,
`aliases` (items of the distribution's lists), `distribution` (its members), `pairs` (key value store), `code` (the
published function). `$reads`, `$published`, `$headers`, `$forwards` stand for the ids of the scratch function that
reads the store, the one whose code is published, the response headers policy and the origin request policy.
"""

from __future__ import annotations

from sandbox.rehearsal.knobs.cloudfront_shapes import (
    ALIAS,
    NEIGHBOURS,
    PUBLISHED,
    SAYS_NOTHING,
    SAYS_SHORT,
    TWICE,
    group,
    in_key,
    lifetimes,
    listed,
    methods,
    runs,
)
from sandbox.rehearsal.knobs.row import (
    LONG,
    SHORT,
    Ask,
    Knob,
    Sends,
    cached,
    cached_two,
    copies,
    copies_and_rest,
    header,
    origin,
    status,
)

CACHE_POLICY = (
    Knob(
        "cache policy: MaxTTL",
        "max-ttl",
        ("Hit", "Miss"),
        cached,
        lifetimes(0, SHORT, LONG),
        lifetimes(0, SHORT, SHORT),
        **TWICE,
    ),
    Knob(
        "cache policy: MinTTL",
        "min-ttl",
        ("Miss", "Hit"),
        cached,
        lifetimes(0, LONG, LONG),
        lifetimes(LONG, LONG, LONG),
        sends=SAYS_SHORT,
        **TWICE,
    ),
    Knob(
        "cache policy: DefaultTTL",
        "default-ttl",
        ("Miss", "Hit"),
        cached,
        lifetimes(0, SHORT, LONG),
        lifetimes(0, LONG, LONG),
        sends=SAYS_NOTHING,
        **TWICE,
    ),
    Knob(
        "cache policy: query strings in the key",
        "query",
        ("together, undeclared together", "apart, undeclared together"),
        copies_and_rest,
        in_key("QueryStringsConfig", "QueryStringBehavior", "QueryStrings"),
        in_key("QueryStringsConfig", "QueryStringBehavior", "QueryStrings", "size"),
        then=(Ask(query="size=1"), Ask(query="size=2"), Ask(query="size=1&from=mail")),
    ),
    Knob(
        "cache policy: headers in the key",
        "header",
        ("together, undeclared together", "apart, undeclared together"),
        copies_and_rest,
        in_key("HeadersConfig", "HeaderBehavior", "Headers"),
        in_key("HeadersConfig", "HeaderBehavior", "Headers", "X-Size"),
        then=(
            Ask(headers={"X-Size": "1"}),
            Ask(headers={"X-Size": "2"}),
            Ask(headers={"X-Size": "1", "X-From": "mail"}),
        ),
    ),
    Knob(
        "cache policy: cookies in the key",
        "cookie",
        ("together, undeclared together", "apart, undeclared together"),
        copies_and_rest,
        in_key("CookiesConfig", "CookieBehavior", "Cookies"),
        in_key("CookiesConfig", "CookieBehavior", "Cookies", "size"),
        then=(
            Ask(headers={"Cookie": "size=1"}),
            Ask(headers={"Cookie": "size=2"}),
            Ask(headers={"Cookie": "size=1; from=mail"}),
        ),
    ),
)

BEHAVIOUR = (
    Knob(
        "behaviour: AllowedMethods",
        "methods",
        ("403", "200"),
        status,
        methods("GET", "HEAD"),
        methods("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"),
        then=(Ask(method="POST"),),
    ),
    Knob(
        "behaviour: ViewerProtocolPolicy",
        "protocol",
        ("200", "301"),
        status,
        {"behaviour": {"ViewerProtocolPolicy": "allow-all"}},
        {"behaviour": {"ViewerProtocolPolicy": "redirect-to-https"}},
        then=(Ask(secure=False),),
    ),
    Knob(
        "behaviour: TargetOriginId",
        "target",
        ("200 first", "200 second"),
        origin,
        {"behaviour": {"TargetOriginId": "first"}},
        {"behaviour": {"TargetOriginId": "second"}},
    ),
    Knob(
        "behaviour: function association",
        "function",
        ("200", "423"),
        status,
        {"behaviour": {}},
        {"behaviour": runs("$reads")},
    ),
    Knob(
        "behaviour: response headers policy",
        "added",
        ("none", "added"),
        header("x-probe-added"),
        {"behaviour": {}},
        {"behaviour": {"ResponseHeadersPolicyId": "$headers"}},
    ),
    Knob(
        "behaviour: origin request policy",
        "forwarded",
        ("none", "guest"),
        header("x-witness-word"),
        {"behaviour": {}},
        {"behaviour": {"OriginRequestPolicyId": "$forwards"}},
        then=(Ask(headers={"X-Probe-Word": "guest"}),),
    ),
)

FUNCTION = (
    Knob(
        "key value store: a value",
        "pair",
        ("one", "two"),
        header("x-probe-word"),
        {"behaviour": runs("$reads"), "pairs": {"word": "one"}},
        {"behaviour": runs("$reads"), "pairs": {"word": "two"}},
    ),
    Knob(
        "function: published code",
        "code",
        ("one", "two"),
        header("x-probe-code"),
        {"behaviour": runs("$published"), "code": PUBLISHED.replace("CODE", "one")},
        {"behaviour": runs("$published"), "code": PUBLISHED.replace("CODE", "two")},
    ),
)

ORIGINS = (
    Knob(
        "origin group: failover status codes",
        "failover",
        ("503 first", "200 second"),
        origin,
        {"behaviour": {"TargetOriginId": "both"}, **group(500)},
        {"behaviour": {"TargetOriginId": "both"}, **group(500, 503)},
        sends=Sends(status=503),
    ),
    Knob(
        "origin: custom headers",
        "custom",
        ("none", "declared"),
        header("x-witness-custom"),
        {"origin": {}},
        {"origin": {"CustomHeaders": listed({"HeaderName": "X-Probe-Custom", "HeaderValue": "declared"})}},
    ),
    Knob(
        "origin: OriginPath",
        "below",
        ("below", "cellar"),
        header("x-witness-path"),
        {"origin": {"OriginPath": ""}},
        {"origin": {"OriginPath": "/cellar"}},
    ),
)

DISTRIBUTION = (
    Knob(
        "distribution: custom error response",
        "missing",
        ("404 missing", "200 sorry"),
        lambda answers: f"{answers[-1].status} {answers[-1].headers.get('x-witness-path', '')}",
        {"behaviour": {}, "errors": []},
        {"behaviour": {}, "errors": [{"ErrorCode": 404, "ResponsePagePath": "/sorry/page", "ResponseCode": "200"}]},
        sends=Sends(status=404),
    ),
    Knob(
        "distribution: ErrorCachingMinTTL",
        "error-ttl",
        ("apart", "together"),
        copies,
        {"behaviour": {}, "errors": [{"ErrorCode": 501, "ErrorCachingMinTTL": SHORT}]},
        {"behaviour": {}, "errors": [{"ErrorCode": 501, "ErrorCachingMinTTL": LONG}]},
        sends=Sends({}, status=501),
        **TWICE,
    ),
    Knob(
        "distribution: alias",
        "alias",
        ("403", "200"),
        status,
        {"aliases": []},
        {"aliases": [ALIAS]},
        then=(Ask(host=ALIAS),),
    ),
    Knob(
        "distribution: cache tag header",
        "tag-header",
        ("Hit", "Miss"),
        cached,
        {"distribution": {"CacheTagConfig": {"HeaderName": "Other-Tag"}}},
        {"distribution": {"CacheTagConfig": {"HeaderName": "Cache-Tag"}}},
        sends=Sends({"Cache-Control": f"max-age={LONG}", "Cache-Tag": "probe-by-header"}),
        purge_before={"items": ["#probe-by-header"]},
        purge_after={"items": ["#probe-by-header"]},
        **TWICE,
    ),
    Knob(
        "distribution: Enabled",
        "enabled",
        ("200", "403"),
        status,
        {"distribution": {"Enabled": True}},
        {"distribution": {"Enabled": False}},
        last=True,
    ),
)

INVALIDATIONS = (
    Knob(
        "invalidation by #tag",
        "by-tag",
        ("Hit, neighbour Hit", "Miss, neighbour Hit"),
        sends=Sends({"Cache-Control": f"max-age={LONG}", "Cache-Tag": "probe-{leaf}", "Other-Tag": "probe-{leaf}"}),
        purge_after={"items": ["#probe-a"]},
        **NEIGHBOURS,
    ),
    Knob(
        "invalidation by path",
        "by-path",
        ("Hit, neighbour Hit", "Miss, neighbour Hit"),
        purge_after={"items": ["/by-path/after/a"]},
        **NEIGHBOURS,
    ),
    Knob(
        "invalidation by wildcard",
        "by-wildcard",
        ("Hit, neighbour Hit", "Miss, neighbour Hit"),
        cached_two,
        fill=(Ask("old-1"), Ask("new-1")),
        then=(Ask("old-1"), Ask("new-1")),
        purge_after={"items": ["/by-wildcard/after/old*"]},
    ),
)

KNOBS: tuple[Knob, ...] = (*CACHE_POLICY, *BEHAVIOUR, *FUNCTION, *ORIGINS, *DISTRIBUTION, *INVALIDATIONS)
