"""The one table of what a failover switches: surface, API, plane, bound, how to see it from outside, how by hand."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.domain.failover import Step


@dataclass(frozen=True)
class Switch:
    """One row. `bound` is the longest that the step takes while its surface answers, in seconds, monitors aside.

    `check` is what shows it to somebody outside; `by_hand` what to type without `wedcache`, capitals to be filled in.
    """

    step: Step
    surface: str
    api: str
    plane: str
    bound: float
    check: str
    by_hand: str


_REGISTER = "none: a register that two of three buckets decide; any second machine with `wedcache`"
_GUEST = "curl -sI --resolve HOST:443:POP_ADDRESS https://HOST/guests | grep -i x-wedcache-region"

SWITCHES: tuple[Switch, ...] = (
    Switch(
        Step.ROLES,
        "which region is home, under which epoch",
        "S3 conditional PutObject, register `roles`",
        "shared store (data plane)",
        4.0,
        "every other region's `curl -s https://ORIGIN/health` names home and epoch",
        _REGISTER,
    ),
    Switch(
        Step.DRAIN,
        "the region's drain flag",
        "S3 conditional PutObject, register `drain/REGION`",
        "shared store (data plane)",
        4.0,
        "`curl -s -o /dev/null -w '%{http_code}' https://ORIGIN/health` says 503 as soon as its agent has read it",
        _REGISTER,
    ),
    Switch(
        Step.READY,
        "the region's health path",
        "GET of the health path",
        "the region's health path",
        15.0,
        "`curl -s -o /dev/null -w '%{http_code}' https://ORIGIN/health` says 200",
        "curl -s https://ORIGIN/health",
    ),
    Switch(
        Step.ROUTE,
        "the origin that CloudFront's edge function selects",
        "CloudFront KeyValueStore UpdateKeys, key `route`",
        "CloudFront KeyValueStore (data plane)",
        5.0,
        _GUEST,
        "aws cloudfront-keyvaluestore put-key --kvs-arn ARN --if-match ETAG --key route --value ORIGIN",
    ),
    Switch(
        Step.POOL,
        "the region's pool in Cloudflare's load balancer",
        "PATCH /accounts/ACCOUNT/load_balancers/pools/POOL",
        "Cloudflare API (control plane, may fail)",
        20.0,
        _GUEST,
        "curl -X PATCH https://api.cloudflare.com/client/v4/accounts/ACCOUNT/load_balancers/pools/POOL"
        ' -H "Authorization: Bearer TOKEN" -H "Content-Type: application/json" -d \'{"enabled": false}\'',
    ),
    Switch(
        Step.VERIFY,
        "what guests of each CDN get",
        "GET of a page that no cache may answer",
        "requests through the POPs",
        15.0,
        _GUEST,
        _GUEST,
    ),
    Switch(
        Step.CLOSE,
        "the operation's card",
        "S3 conditional PutObject, register `intents/ID`",
        "shared store (data plane)",
        4.0,
        "wedcache ops show ID",
        _REGISTER,
    ),
)


def switch(step: Step) -> Switch:
    """The row of a step."""
    return next(row for row in SWITCHES if row.step is step)
