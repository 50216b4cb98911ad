"""CI's write token at Cloudflare lives for one slot: before and after it Cloudflare refuses it, by its own clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi

from controlplane.domain.calendar import Calendar
from controlplane.domain.instant import zulu
from controlplane.domain.slots import slot_of_week
from infra import cloudflare_sdk as cloudflare
from infra.stack_settings import CiTokenSettings, SettingsError

_ZONE, _ACCOUNT = "com.cloudflare.api.account.zone", "com.cloudflare.api.account"


class CiToken(pulumi.ComponentResource):
    """The token of one slot. Outputs: `value` (secret; CI takes it from the stack's output `ci_token`)."""

    value: pulumi.Output[str]

    def __init__(
        self,
        stack: str,
        account: str,
        zone: pulumi.Input[str],
        settings: CiTokenSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("wedcache:edge:CiToken", "ci-token", {}, opts)
        policies = [_policy(settings.zone_permissions, pulumi.Output.from_input(zone).apply(_zone))]
        if settings.account_permissions:
            policies.append(_policy(settings.account_permissions, json.dumps({f"{_ACCOUNT}.{account}": "*"})))
        token = cloudflare.ApiToken(
            "ci-token",
            name=f"wedcache-{stack}-ci",
            policies=policies,
            not_before=zulu(settings.not_before),
            expires_on=zulu(settings.expires_on),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.value = pulumi.Output.secret(token.value)
        self.register_outputs({"value": self.value})


def check_slot(settings: CiTokenSettings | None, calendar: Calendar | None) -> None:
    """Refuse a token that would live outside its week's slot. Raises SettingsError.

    Without a calendar nobody can say: a platform that is created has none yet.
    """
    if settings is None or calendar is None:
        return
    slot = slot_of_week(calendar, settings.not_before)
    if not slot.start <= settings.not_before < settings.expires_on <= slot.end:
        raise SettingsError(
            f"wedcache:ci_token lives from {zulu(settings.not_before)} to {zulu(settings.expires_on)}; that week's slot"
            f" is {zulu(slot.start)} to {zulu(slot.end)}\nNothing was declared; `wedcache freeze slots` prints the next"
            " ones"
        )


def _zone(identity: str) -> str:
    return json.dumps({f"{_ZONE}.{identity}": "*"})


def _policy(groups: Sequence[str], resources: pulumi.Input[str]) -> dict[str, Any]:
    return {"effect": "allow", "permission_groups": [{"id": one} for one in groups], "resources": resources}
