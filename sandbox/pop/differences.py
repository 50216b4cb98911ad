"""Where a POP of the sandbox differs from the vendors' POPs, as a table that the README prints.

`kind`: `kinder` serves what the vendor would not, or faster; `stricter` refuses or forgets what the vendor may serve;
`other` answers something else; `unverified` follows no source that could be opened.
"""

from __future__ import annotations

from sandbox.difference import Difference

DIFFERENCES: tuple[Difference, ...] = (
    Difference("protocols", "HTTP/1.1, HTTP/2, HTTP/3, IPv6, WebSocket", "HTTP/1.1 over IPv4 only", "stricter"),
    Difference(
        "certificates", "one per host, chosen by SNI", "one for the zone, its hosts and *.cloudfront.net", "kinder"
    ),
    Difference("propagation", "seconds to minutes, POP by POP", "every POP obeys within milliseconds", "kinder"),
    Difference(
        "eviction", "unpopular objects may leave at any time", "only above 256 MB, least recently used", "kinder"
    ),
    Difference("tiers of cache", "regional edge caches, Origin Shield, tiered cache", "one tier a POP", "stricter"),
    Difference("bodies", "streamed while they arrive", "whole bodies, up to 20 MB from a viewer", "other"),
    Difference("compression", "gzip and brotli made at the edge", "bodies as the origin sends them", "other"),
    Difference("range requests", "served from the cache", "passed to the origin, not kept", "stricter"),
    Difference("HEAD", "a miss fills the cache", "a miss is passed to the origin, not kept", "stricter"),
    Difference("distance", "each connection and handshake costs round trips", "one round trip a request", "kinder"),
    Difference("Age from an origin", "counts (RFC 9111)", "ignored: origins here are no caches", "other"),
    Difference(
        "CloudFront stale limit",
        "capped by the maximum TTL, from when is not said",
        "counted from the fetch",
        "stricter",
    ),
    Difference(
        "CloudFront X-Cache of a stale answer",
        "RefreshHit for an expired copy in place of a 5xx; for stale-while-revalidate not documented",
        "RefreshHit for both",
        "unverified",
    ),
    Difference(
        "CloudFront tenants of one distribution",
        "whether their copies are kept apart is not documented",
        "they share what Host in the cache key does not part",
        "stricter",
    ),
    Difference("CloudFront cached OPTIONS", "kept where OPTIONS is a cached method", "always passed on", "stricter"),
    Difference("CloudFront-* headers", "country, device and others on demand", "never sent to the origin", "stricter"),
    Difference("CloudFront Vary", "ignored beyond the cache policy", "the same", "other"),
    Difference("CloudFront S3 origins, signing, OAC, geo, WAF", "supported", "not looked at", "kinder"),
    Difference("CloudFront viewer response functions, Lambda@Edge", "supported", "not run", "stricter"),
    Difference(
        "CloudFront Functions modules", "crypto, querystring, Buffer, TextEncoder, TextDecoder", "absent", "stricter"
    ),
    Difference(
        "CloudFront Functions methods",
        "those of a list per object",
        "every method that QuickJS knows; globals and syntax are held to the list",
        "kinder",
    ),
    Difference("CloudFront Functions KVS format bytes", "supported", "throws", "stricter"),
    Difference("CloudFront Functions createRequestOriginGroup", "supported", "absent: throws a TypeError", "stricter"),
    Difference("CloudFront Functions console.log", "to CloudWatch Logs", "accepted and dropped", "other"),
    Difference("CloudFront Functions compute limit", "a share of one millisecond", "50 ms of CPU, 8 MB", "kinder"),
    Difference("CloudFront multi-tenant distributions, staging", "supported", "not looked at", "stricter"),
    Difference(
        "CloudFront origin groups", "media-quality-based selection too", "the default selection only", "stricter"
    ),
    Difference(
        "Cloudflare steering", "nine policies, pools by country and POP, affinity", "pools in order (off)", "other"
    ),
    Difference("Cloudflare origin steering", "random, hash, least outstanding", "random by weight", "other"),
    Difference("Cloudflare monitors", "each data centre may see another health", "one health, from the API", "kinder"),
    Difference(
        "Cloudflare rules language",
        "all fields and functions",
        "those of expressions.py; a rule with others matches nothing",
        "stricter",
    ),
    Difference(
        "Cloudflare phases",
        "many",
        "cache settings of request and response, response headers, blocks of custom firewall rules",
        "stricter",
    ),
    Difference("Cloudflare Always Online", "Internet Archive copies", "only its effect: no stale directives", "other"),
    Difference("Cloudflare Cache Reserve, variants, images, waiting rooms", "supported", "not looked at", "stricter"),
    Difference(
        "Cloudflare cached answers and Accept-Encoding", "gzip and brotli from the origin", "identity asked", "other"
    ),
    Difference(
        "Cloudflare time-outs", "several, differing by age of the page", "connect 19 s, answer 100 s", "unverified"
    ),
)
