"""Everything in which this emulator is kinder than AWS, or different: one row each, for the README and for tests.

`python -m sandbox.aws.differences` prints the table in Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One row: what it is about, what AWS does, what the sandbox does."""

    name: str
    aws: str
    sandbox: str


TABLE: tuple[Difference, ...] = (
    Difference(
        "signatures",
        "checks them, and what the caller may do",
        "reads the caller's name and believes it; only the access key id REVOKED is refused",
    ),
    Difference("calls that nobody needs", "answers them", "501 NotImplemented in the service's own envelope"),
    Difference(
        "CloudTrail's event history",
        "has an event within 5 to 15 minutes; looks up by any of eight attributes",
        "at once; looks up by ReadOnly only; events that only read are not kept",
    ),
    Difference("unknown XML elements", "refused as MalformedInput", "ignored (every SDK refuses them before it sends)"),
    Difference("wording of messages", "its own", "close to it; codes and HTTP statuses are those of botocore's models"),
    Difference(
        "distribution deployment",
        "minutes",
        "Deployed when every POP of the sandbox has applied the change (a dead POP holds it up 5 s at most); "
        "without POPs after 0.3 s",
    ),
    Difference(
        "invalidation speed",
        "p95 under 25 s to report complete",
        "Completed when every POP has acknowledged; a POP that is down holds it InProgress for good",
    ),
    Difference(
        "invalidation quota",
        "counts in progress in one copy of the guide, rates per second in another",
        "the counts: 3,000 paths and 15 wildcards in progress",
    ),
    Difference("InvalidationBatchAlreadyExists", "HTTP status not in the model", "400"),
    Difference(
        "key value store",
        "provisioned in minutes, writes propagate in seconds; imports from S3",
        "READY after 0.2 s, writes reach POPs with their next long poll; no import",
    ),
    Difference(
        "function code",
        "runs only CloudFront's JavaScript, and says so when it is tested",
        "any text of at most 10 KB is taken; POPs run it, and TestFunction is not implemented",
    ),
    Difference(
        "certificates of a distribution",
        "must exist in us-east-1, be valid and cover every alternate domain name",
        "must have the form of an ACM ARN in us-east-1",
    ),
    Difference(
        "web ACLs, key groups, real-time logs, Lambda@Edge, VPC origins in a distribution",
        "must exist",
        "kept as declared, not looked up",
    ),
    Difference(
        "distribution tenants",
        "their certificates must cover their domains; CloudFront can request managed ones; web ACLs must exist",
        "certificates must have the form of an ACM ARN in us-east-1; managed certificates are not issued; web ACLs and "
        "countries are kept as declared and decide nothing",
    ),
    Difference("managed policies", "some thirty", "the four that a declaration is likely to name"),
    Difference(
        "origin access controls, public keys, key groups",
        "If-Match on update and delete",
        "moto's: If-Match is not looked at",
    ),
    Difference(
        "replication groups",
        "5 to 15 minutes for each change",
        "0.3 s; snapshots, global datastores, user groups and resharding are not implemented",
    ),
    Difference(
        "replication group endpoints",
        "DNS names inside a VPC, with TLS where declared",
        "the region's Valkey pair on 127.0.0.1 without TLS and on a port of its own, not 6379 (a client that compares "
        "ports has to leave it out); every group of a region has the same one",
    ),
    Difference(
        "changes that wait for the maintenance window",
        "are made in the window",
        "stay pending until a change with ApplyImmediately",
    ),
    Difference(
        "parameters of a parameter group",
        "the engine's whole list, and their effect",
        "29 of them, checked and kept; the Valkey servers of the sandbox do not follow them",
    ),
    Difference("subnets and security groups", "must exist, in one VPC", "any id is taken; all lie in one VPC"),
    Difference(
        "S3 conditional writes",
        "409 ConditionalRequestConflict when two collide",
        "requests of a bucket run one after the other, so that the second sees 412",
    ),
    Difference(
        "S3 regions",
        "a bucket answers in its own region only, and redirects otherwise",
        "every endpoint answers for every bucket; a stopped region's buckets answer 503 SlowDown",
    ),
    Difference("IAM policies", "decide", "deny by action and aws:CurrentTime; who is not denied may do everything"),
)


def markdown() -> str:
    """The table in Markdown."""
    rows = [f"| {row.name} | {row.aws} | {row.sandbox} |" for row in TABLE]
    return "\n".join(["| what | AWS | sandbox |", "| --- | --- | --- |", *rows])


if __name__ == "__main__":
    print(markdown())  # noqa: T201  # the module's output
