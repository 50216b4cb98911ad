"""Rules on action parameters that types cannot say: what needs what, what a plan allows, which tags are tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.cloudflare.answers import Json, VendorRefusal
from sandbox.cloudflare.expressions import Reading, read_list, read_value
from sandbox.cloudflare.limits import TAG_CHARACTERS, Plan
from sandbox.cloudflare.phases import RESPONSE_SETTINGS, Phase
from sandbox.cloudflare.rule_tokens import Nonsense

BAD_PARAMETER = 20121
NO_PARAMETERS = 20113
BAD_EXPRESSION = 20127
BARE = frozenset({"block", "challenge", "js_challenge", "managed_challenge", "log"})
_TAG = re.compile(r"[!-~]+")
_HEADER = re.compile(r"[A-Za-z0-9_-]+")


def is_tag(tag: str) -> bool:
    """Whether `tag` can be a cache tag: 1 to 1,024 printable ASCII characters, no space, no comma."""
    return len(tag) <= TAG_CHARACTERS and "," not in tag and bool(_TAG.fullmatch(tag))


def check_parameters(action: str, parameters: Any, phase: Phase, plan: Plan, pointer: str) -> None:
    """Raise VendorRefusal where the parameters (already of the right shape) break a rule of the action."""
    if action in BARE:
        return
    if not parameters:
        raise VendorRefusal(
            400, NO_PARAMETERS, f"action parameters are required for the {action} action", pointer=pointer
        )
    check = _CHECKS.get(action)
    if check is not None:
        check(parameters, phase, plan, pointer)


def _wrong(pointer: str, message: str) -> VendorRefusal:
    return VendorRefusal(400, BAD_PARAMETER, message, pointer=pointer)


def _cache_settings(given: Json, phase: Phase, plan: Plan, pointer: str) -> None:
    for key in given:
        if (key in RESPONSE_SETTINGS) is not phase.response:
            raise _wrong(f"{pointer}/{key}", f"{key} is not supported in the phase {phase.name}")
    _edge_ttl(given.get("edge_ttl", {}), plan, f"{pointer}/edge_ttl")
    browser = given.get("browser_ttl", {})
    if browser.get("mode") == "override_origin" and browser.get("default", 0) < 1:
        raise _wrong(f"{pointer}/browser_ttl/default", "override_origin needs a default of 1 second or more")
    _cache_key(given.get("cache_key", {}), plan, f"{pointer}/cache_key")
    for key in ("origin_cache_control", "read_timeout", "additional_cacheable_ports"):
        if key in given and not plan.enterprise:
            raise _wrong(f"{pointer}/{key}", f"not entitled to use {key}: an Enterprise plan is required")
    if "vary" in given and "default" not in given["vary"]:
        raise _wrong(f"{pointer}/vary/default", "vary needs a default")


def _edge_ttl(edge: Json, plan: Plan, pointer: str) -> None:
    if not edge:
        return
    if edge["mode"] == "override_origin" and "default" not in edge:
        raise _wrong(f"{pointer}/default", "override_origin needs a default")
    if edge["mode"] != "override_origin" and "default" in edge:
        raise _wrong(f"{pointer}/default", f"default is not allowed with the mode {edge['mode']}")
    if "default" in edge and edge["default"] < plan.edge_ttl_minimum:
        least = plan.edge_ttl_minimum
        raise _wrong(f"{pointer}/default", f"the edge TTL must be at least {least} seconds on {plan.label}")
    for index, row in enumerate(edge.get("status_code_ttl", [])):
        if not plan.enterprise:
            raise _wrong(f"{pointer}/status_code_ttl", "not entitled to use status_code_ttl: Enterprise is required")
        if ("status_code" in row) is ("status_code_range" in row):
            raise _wrong(f"{pointer}/status_code_ttl/{index}", "give status_code or status_code_range, one of them")


def _cache_key(key: Json, plan: Plan, pointer: str) -> None:
    custom = key.get("custom_key", {})
    query = custom.get("query_string", {})
    if "include" in query and "exclude" in query:
        raise _wrong(f"{pointer}/custom_key/query_string", "include and exclude are mutually exclusive")
    if plan.enterprise:
        return
    for part in ("header", "cookie", "host", "user"):
        if part in custom:
            raise _wrong(
                f"{pointer}/custom_key/{part}", f"not entitled to use {part} in a cache key: Enterprise is required"
            )
    if any("list" in query.get(side, {}) for side in ("include", "exclude")):
        raise _wrong(
            f"{pointer}/custom_key/query_string", "not entitled to name query parameters: Enterprise is required"
        )


def _cache_tags(given: Json, phase: Phase, plan: Plan, pointer: str) -> None:
    for index, tag in enumerate(given.get("values", [])):
        if not is_tag(tag):
            raise _wrong(f"{pointer}/values/{index}", f"{tag!r} is not a cache tag")
    if "expression" in given:
        _value(given["expression"], phase, f"{pointer}/expression", read=read_list)


def _rewrite(given: Json, phase: Phase, plan: Plan, pointer: str) -> None:
    if phase.response and "uri" in given:
        raise _wrong(f"{pointer}/uri", f"uri is not supported in the phase {phase.name}")
    for name, row in given.get("headers", {}).items():
        if not _HEADER.fullmatch(name):
            raise _wrong(f"{pointer}/headers/{name}", f"{name!r} is not a header name")
        if name.lower().startswith(("cf-", "x-cf-")):
            raise _wrong(f"{pointer}/headers/{name}", f"the header {name} cannot be changed")
        if row["operation"] == "add" and not phase.response:
            raise _wrong(f"{pointer}/headers/{name}", "add is supported for response headers only")
        if "expression" in row:
            _value(row["expression"], phase, f"{pointer}/headers/{name}/expression")
    for part in given.get("uri", {}).values():
        if isinstance(part, dict) and "expression" in part:
            _value(part["expression"], phase, f"{pointer}/uri")


def _redirect(given: Json, phase: Phase, plan: Plan, pointer: str) -> None:
    target = given.get("from_value", {}).get("target_url", {})
    if not target and "from_list" not in given:
        raise _wrong(f"{pointer}/from_value/target_url", "a target_url is required")
    if "value" in target and "expression" in target:
        raise _wrong(f"{pointer}/from_value/target_url", "give value or expression, one of them")
    if "expression" in target:
        _value(target["expression"], phase, f"{pointer}/from_value/target_url/expression")


def _config(given: Json, phase: Phase, plan: Plan, pointer: str) -> None:
    if "polish" in given and not plan.images:
        raise _wrong(f"{pointer}/polish", "not entitled to use polish: a Pro plan or above is required")


def _value(text: str, phase: Phase, pointer: str, *, read: Callable[..., Reading] = read_value) -> None:
    try:
        read(text, response=phase.response)
    except Nonsense as problem:
        message = f"the expression is not valid because: Filter parsing error {problem}"
        raise VendorRefusal(400, BAD_EXPRESSION, message, pointer=pointer) from None


_CHECKS: dict[str, Callable[[Json, Phase, Plan, str], None]] = {
    "set_cache_settings": _cache_settings,
    "set_cache_tags": _cache_tags,
    "rewrite": _rewrite,
    "redirect": _redirect,
    "set_config": _config,
}
