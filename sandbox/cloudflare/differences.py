"""Where the emulator differs from the vendor, as a table that the README prints.

`kind`: `kinder` accepts what the vendor refuses or is faster; `stricter` refuses what the vendor may accept; `other`
answers something else; `unverified` follows no source that could be opened.
"""

from __future__ import annotations

from sandbox.difference import Difference

DIFFERENCES: tuple[Difference, ...] = (
    Difference("zones", "pending until its name servers are delegated", "active at once", "kinder"),
    Difference("zones", "each zone has its own plan", "one plan for the account, chosen when the run starts", "other"),
    Difference(
        "calls", "several hundred resources", "the rows of routes.ROUTES; every other path answers 501", "stricter"
    ),
    Difference(
        "rulesets",
        "account-level and custom rulesets, versions, managed rulesets",
        "zone entry points only",
        "stricter",
    ),
    Difference(
        "ruleset phases",
        "24 phases",
        "the 12 of phases.PHASES; the others answer 501",
        "stricter",
    ),
    Difference(
        "rule expressions",
        "the whole language and every field",
        "the language's grammar and types; the fields and functions of rule_words",
        "stricter",
    ),
    Difference("rule expressions", "lists must exist", "any list name is accepted", "kinder"),
    Difference(
        "audit log",
        "18 months, every interface, minutes later; some two dozen filters",
        "what was changed through this process, at once; since, before, limit and cursor",
        "kinder",
    ),
    Difference(
        "action parameters", "checked by the API", "checked against the types of the installed SDK", "unverified"
    ),
    Difference("DNS records", "21 types", "A, AAAA, CNAME and TXT; the others answer 501", "stricter"),
    Difference(
        "DNS records", "a new answer takes its TTL to spread", "POPs learn of it with the next snapshot", "kinder"
    ),
    Difference(
        "purge",
        "reaches every data centre within about 150 ms (median)",
        "reaches POPs with the next snapshot",
        "other",
    ),
    Difference(
        "purge", "hosts, tags and prefixes may share a request on some plans", "one selector a request", "stricter"
    ),
    Difference(
        "purge limits", "a bucket each account", "the same rates and sizes, for the account's one plan", "other"
    ),
    Difference(
        "call limit", "1,200 in 5 minutes a user, 200 a second an IP address", "1,200 in 5 minutes a token", "kinder"
    ),
    Difference(
        "call limit, purge limit, monitors",
        "one clock",
        "real time: a jump of the sandbox's calendar does not refill a bucket or hasten a probe",
        "other",
    ),
    Difference(
        "tokens", "about 300 permission groups with fixed ids", "those of permissions.AREAS; ids of our own", "other"
    ),
    Difference("tokens", "changes take seconds to spread", "at once", "kinder"),
    Difference(
        "monitors", "probe from several data centres of each region; a majority decides", "one vantage point", "other"
    ),
    Difference(
        "monitors", "ICMP, UDP, SMTP, redirects followed", "http, https and tcp; the others answer 501", "stricter"
    ),
    Difference(
        "monitors", "names resolved by public DNS", "by the run's hosts.json; only loopback is ever probed", "other"
    ),
    Difference(
        "load balancers", "a paid add-on; limits can be raised", "always there, with the published limits", "kinder"
    ),
    Difference("tiered cache", "upper tiers in other cities", "the switch is stored and shown to POPs", "other"),
    Difference(
        "error codes",
        "documented in part",
        "those of public issue threads where there are such (20217, 1005, 81053, 81054, 81058, 9109, 6003, 20113 ...); "
        "the codes of purge (1012, 1016, 1094, 1111, 1130, 1134), limits (1004) and rate (971) are our choice",
        "unverified",
    ),
    Difference(
        "status of a bad token",
        "not documented in full",
        "verify shows `expired` or `disabled`; calls get 403, 9109",
        "unverified",
    ),
    Difference("state", "durable", "in memory: a restart of the emulator begins an empty account", "other"),
)
