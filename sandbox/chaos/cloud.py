"""The clouds in one process: buckets with preconditions, key value store, pools, switches, purges, POPs, agents.

Everything that a laptop asks goes through `answer`, one question at a time; `effects` are what was carried out, in
order, each with the process that asked. Nothing here knows what is being tested.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from controlplane.domain.edge_keys import ROUTE
from controlplane.domain.health import Health
from controlplane.domain.heartbeat import PREFIX, Heartbeat
from controlplane.domain.purge import REQUESTS, receipt_key
from controlplane.domain.register import Acceptor
from controlplane.domain.takedown import RECEIPTS, TAKEDOWNS_KEY, Register, edge_denials
from sandbox.chaos import estate

Question = Mapping[str, Any]
Answer = dict[str, Any]


@dataclass
class State:
    """All that lasts, as plain values: a world can be begun from any earlier one's."""

    buckets: dict[str, dict[str, list[Any]]] = field(
        default_factory=lambda: {
            name: {key: [text, "1", 0.0] for key, text in estate.objects().items()} for name in estate.BUCKETS
        }
    )
    keys: dict[str, str] = field(default_factory=dict)
    etag: int = 1
    pools: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(estate.POOLS.values(), True))
    switches: dict[str, str] = field(default_factory=lambda: dict.fromkeys(estate.SWITCHES, "off"))
    policies: dict[str, str] = field(default_factory=dict)
    purges: list[list[Any]] = field(default_factory=list)
    warmed: list[str] = field(default_factory=list)
    lists: dict[str, list[Any]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> str:
        """For a file or a wire."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> State:
        """Read it back."""
        return cls(**json.loads(text))


class Refusal(Exception):
    """A vendor's no: its code and HTTP status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


def mutates(question: Question) -> bool:
    """Whether a question changes something."""
    if question["service"] == "cloudflare":
        return bool(question["method"] != "GET")
    return question.get("operation") in MUTATING


def answer(state: State, question: Question, who: int) -> Answer:
    """Carry a question out. Raises Refusal, and KeyError for what no vendor of this world knows."""
    return SERVICES[question["service"]](state, question, who)


def _s3(state: State, question: Question, who: int) -> Answer:
    parameters = question["parameters"]
    bucket = state.buckets[parameters["Bucket"]]
    if question["operation"] == "list_objects_v2":
        names = sorted(name for name in bucket if name.startswith(parameters.get("Prefix", "")))
        return {"keys": [[name, bucket[name][2]] for name in names], "now": time.time()}
    key = parameters["Key"]
    held = bucket.get(key)
    if question["operation"] == "get_object":
        if key.startswith(RECEIPTS):
            return {"text": json.dumps({"epoch": _denied(state).epoch}), "etag": "1", "at": time.time()}
        if key.startswith(PREFIX):
            return {"text": _heartbeat(state, key.removeprefix(PREFIX)), "etag": "1", "at": time.time()}
        if held is None:
            raise Refusal("NoSuchKey", 404)
        return dict(zip(("text", "etag", "at"), held, strict=True))
    if ("IfNoneMatch" in parameters and held is not None) or (
        "IfMatch" in parameters and (held is None or held[1] != parameters["IfMatch"])
    ):
        raise Refusal("PreconditionFailed", 412)
    _note(
        state, who, "s3 put_object", bucket=parameters["Bucket"], key=key, old=held and held[0], new=parameters["Body"]
    )
    bucket[key] = [parameters["Body"], str(int(held[1]) + 1 if held else 1), time.time()]
    if key.startswith(REQUESTS):
        _deliver(state, key.removeprefix(REQUESTS))
    return {}


def _deliver(state: State, identity: str) -> None:
    """What the regions' agents do within a second: each confirms a purge that it has appended to its log."""
    for region in estate.REGIONS:
        for bucket in state.buckets.values():
            text = json.dumps({"region": region, "epoch": "e", "n": 1})
            bucket.setdefault(receipt_key(identity, region), [text, "1", time.time()])


def _denied(state: State) -> Register:
    """What is taken down, as last accepted: the agents make it hold at once."""
    texts = [held[0] for bucket in state.buckets.values() if (held := bucket.get(f"registers/{TAKEDOWNS_KEY}"))]
    newest = max((Acceptor.from_json(text) for text in texts), key=lambda one: one.accepted, default=Acceptor())
    return Register.from_json(newest.state.value)


def _heartbeat(state: State, region: str) -> str:
    """An agent's beat of this moment: it lives also where its region is lost."""
    views = {one: Health.DOWN if one in state.lost else Health.UP for one in estate.REGIONS}
    beat = Heartbeat(
        region=region,
        beat=int(time.monotonic() * 10),
        at="2027-06-01T09:00:00Z",
        calendar_epoch=1,
        roles_epoch=1,
        cache_answers=region not in state.lost,
        edge_lease=False,
        views=views,
    )
    return beat.to_json()


def _key_values(state: State, question: Question, who: int) -> Answer:
    operation, parameters = question["operation"], question["parameters"]
    if operation == "describe_key_value_store":
        return {"ETag": str(state.etag)}
    if operation == "list_keys":
        return {"Items": [{"Key": key, "Value": value} for key, value in sorted(state.keys.items())]}
    if parameters["IfMatch"] != str(state.etag):
        raise Refusal("ConflictException", 409)
    puts = {row["Key"]: row["Value"] for row in parameters.get("Puts", ())}
    gone = [row["Key"] for row in parameters.get("Deletes", ())]
    _note(state, who, "cloudfront-keyvaluestore update_keys", puts=puts, deletes=gone)
    state.keys = {key: value for key, value in (state.keys | puts).items() if key not in gone}
    state.etag += 1
    return {"ETag": str(state.etag)}


def _cloudfront(state: State, question: Question, who: int) -> Answer:
    if question["operation"] == "get_invalidation":
        return {"Invalidation": {"Status": "Completed"}}
    items = question["parameters"]["InvalidationBatch"]["Paths"]["Items"]
    _note(state, who, "cloudfront create_invalidation", items=items)
    state.purges.append(["cloudfront", sorted(items)])
    return {"Invalidation": {"Id": f"I{len(state.purges)}", "Status": "InProgress"}}


def _iam(state: State, question: Question, who: int) -> Answer:
    parameters = question["parameters"]
    _note(state, who, "iam put_role_policy", role=parameters["RoleName"])
    state.policies[parameters["RoleName"]] = parameters["PolicyDocument"]
    return {}


def _cloudflare(state: State, question: Question, who: int) -> Answer:
    method, path, body = question["method"], question["path"].removeprefix("/client/v4"), question["body"] or {}
    words = path.strip("/").split("/")
    if method != "GET":
        _note(state, who, f"cloudflare {method}", path=path, body=body)
    if words[2:4] == ["load_balancers", "pools"]:
        pool = words[4]
        if words[-1] == "health":
            region = next(region for region, one in estate.POOLS.items() if one == pool)
            return {"pool_id": pool, "pop_health": {"healthy": region not in state.lost}}
        if method != "GET":
            state.pools[pool] = body["enabled"]
        return {"id": pool, "name": pool, "enabled": state.pools[pool], "origins": []}
    if words[2] == "rulesets":
        return _rulesets(state, method, words[3:], body)
    if words[-1] == "purge_cache" or words[-1].startswith(("purge", "invalidate")):
        state.purges.append(["cloudflare", words[-1], sorted(body["tags"])])
        return {"id": estate.ZONE}
    switch = "/".join(words[2:])
    if method != "GET":
        state.switches[switch] = body["value"]
    return {"id": switch, "value": state.switches[switch]}


def _rulesets(state: State, method: str, words: list[str], body: dict[str, Any]) -> Answer:
    """The one ruleset of a phase; its id is `set`, its rules are numbered."""
    rules = state.lists.get("set")
    if method == "GET" and rules is None:
        raise Refusal("10003", 404)
    rules = rules or []
    if method == "PUT":
        rules = [{**row, "id": f"rule-{number}"} for number, row in enumerate(body["rules"])]
    elif method == "POST":
        rules = [*rules, {**body, "id": f"rule-{len(rules)}"}]
    elif method == "PATCH":
        rules = [{**row, **body} if row["id"] == words[-1] else row for row in rules]
    elif method == "DELETE":
        rules = [row for row in rules if row["id"] != words[-1]]
    if method != "GET":
        state.lists["set"] = rules
    return {"id": "set", "name": "default", "kind": "zone", "phase": "http_request_firewall_custom", "rules": rules}


def _is_gone(state: State, question: Question) -> bool:
    """Denied in the register, and what denies it lies at the CDN that is asked."""
    register = _denied(state)
    if register.denies(question["host"], question["path"]) is None:
        return False
    if question["edge"] == "cloudfront":
        return all(state.keys.get(key) == value for key, value in edge_denials(register).items())
    return bool(state.lists.get("set"))


def _edge(state: State, question: Question, who: int) -> Answer:
    """A guest's request: the KeyValueStore steers CloudFront, the enabled pools steer Cloudflare."""
    if question["edge"] == "cloudfront":
        origin = state.keys.get(ROUTE, estate.ORIGINS[estate.HOME])
        region = next((name for name, host in estate.ORIGINS.items() if host == origin), "nowhere")
    else:
        enabled = [name for name, pool in estate.POOLS.items() if state.pools[pool]]
        region = next((name for name in enabled if name not in state.lost), "nowhere")
    if _is_gone(state, question):
        return {"status": 410, "headers": {}, "body": ""}
    if region == "nowhere" or region in state.lost:
        return {"status": 504, "headers": {}, "body": ""}
    if question["path"] == "/warm.json":
        return {"status": 200, "headers": {"x-wedcache-region": region}, "body": estate.MANIFEST}
    name = f"{question['host']}{question['path']}@{question['pop']}"
    cache = "HIT" if name in state.warmed else "MISS"
    state.warmed += [] if name in state.warmed else [name]
    return {"status": 200, "headers": {"x-wedcache-region": region, "cf-cache-status": cache}, "body": "page"}


def _health(state: State, question: Question, who: int) -> Answer:
    return {"healthy": question["region"] not in state.lost}


def _note(state: State, who: int, what: str, **facts: Any) -> None:
    state.effects.append({"who": who, "what": what, **facts})


MUTATING = frozenset({"put_object", "update_keys", "create_invalidation", "put_role_policy"})
SERVICES: dict[str, Callable[[State, Question, int], Answer]] = {
    "s3": _s3,
    "cloudfront-keyvaluestore": _key_values,
    "cloudfront": _cloudfront,
    "iam": _iam,
    "cloudflare": _cloudflare,
    "edge": _edge,
    "health": _health,
}
