"""Turns what the shape checker found into the vendor's refusal: the first problem, the others in its chain."""

from __future__ import annotations

from typing import Any

from sandbox.cloudflare.answers import Json, VendorRefusal
from sandbox.cloudflare.shape import Field, Problem, fields_of, object_problems

PATH_NAMES = frozenset({"account_id", "zone_id", "dry_run"})


def refuse(found: list[Problem], *, code: int, status: int = 400) -> None:
    """Raise VendorRefusal for the first problem; do nothing when there is none."""
    if not found:
        return
    first, *rest = found
    chain = tuple({"code": code, "message": f"{row.pointer}: {row.message}"} for row in rest[:10])
    raise VendorRefusal(status, code, _sentence(first), pointer=first.pointer, chain=chain)


def check_body(
    body: Any, *kinds: type, code: int, extra: dict[str, Field] | None = None, partial: bool = False
) -> Json:
    """The body, checked against the union of the SDK's parameter types `kinds` (`partial`: nothing is required).

    Raises VendorRefusal with `code` that names the first wrong field by its JSON pointer.
    """
    fields: dict[str, Field] = dict(extra or {})
    for kind in kinds:
        for name, field in fields_of(kind).items():
            fields.setdefault(name, Field(field.annotation, field.required and not partial))
    refuse(object_problems(body, fields, without=PATH_NAMES), code=code)
    checked: Json = body
    return checked


def _sentence(problem: Problem) -> str:
    if problem.kind == "unknown":
        return f"invalid JSON: {problem.message}"
    return f"{problem.pointer.lstrip('/') or 'body'}: {problem.message}"
