"""Flourish: the ERP that every platform is connected to."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal.sync.checks import Readiness
from portal.sync.contract import Calls, StreamSpec, Throttle, Webhook
from portal.sync.decisions import Finding
from portal.sync.entered import CredentialField
from portal.sync.flourish.client import FlourishClient
from portal.sync.flourish.readiness import READINESS
from portal.sync.flourish.translate import LADDER, read_webhook


@dataclass(frozen=True)
class Erp:
    """Flourish, declared the way platforms are; a hub is one account of it."""

    key: str
    label: str
    hosts: tuple[str, ...]
    default_base_url: str
    credentials: tuple[CredentialField, ...]
    webhook: Webhook
    # What its webhooks can tell of, in the words of its screen.
    events: tuple[str, ...]
    streams: tuple[StreamSpec, ...]
    throttle: Throttle
    status_ladder: tuple[str, ...]
    authorise: Callable[[Mapping[str, str]], Mapping[str, str]]
    connect: Callable[[Calls], FlourishClient]
    check_credentials: Callable[[Mapping[str, str]], tuple[Finding, ...]]
    readiness: Readiness
    # Flourish tells of none.
    test_hosts: tuple[str, ...] = ()


_CREDENTIALS = (
    CredentialField(
        "api_key",
        "API key",
        "Flourish: Settings, Integrations, API Keys. The role needs Update on Integrations.",
    ),
    CredentialField(
        "username",
        "User name of an older key",
        "Only for keys made under Settings, Users. Leave it empty for a key made under Integrations.",
        secret=False,
    ),
    CredentialField(
        "webhook_key",
        "Webhook signing key",
        "What you enter as signing key in Flourish under Settings, Integrations, Webhook Endpoints.",
    ),
)


def authorise(credentials: Mapping[str, str]) -> Mapping[str, str]:
    """Make the header of a service key, or of an older key with its user name."""
    key, username = credentials["api_key"].strip(), credentials.get("username", "").strip()
    if not username:
        return {"x-api-key": key}
    pair = base64.b64encode(f"{username}:{key}".encode()).decode("ascii")
    return {"Authorization": f"Basic {pair}"}


def check_credentials(credentials: Mapping[str, str]) -> tuple[Finding, ...]:
    """Say what is wrong with credentials before any call is made with them."""
    key, username = credentials.get("api_key", "").strip(), credentials.get("username", "").strip()
    if not key:
        title, step = "The API key is missing", "Make one in Flourish under Settings, Integrations, API Keys."
        return (Finding("credentials.missing", title, step, cause="api_key"),)
    if "@" in username:
        title = "The user name of a key is no e-mail address"
        step = "Enter the one that Flourish showed with the key; a key from Integrations needs none."
        return (Finding("credentials.unusable", title, step, cause="username"),)
    if not key.isascii() or not key.isprintable() or " " in key or ":" in username:
        title = "The credentials hold characters that no key or user name has"
        step = "Copy them again from Flourish, without anything before or after them."
        return (Finding("credentials.unusable", title, step, cause="api_key"),)
    return ()


FLOURISH = Erp(
    key="flourish",
    label="Flourish",
    hosts=("app.flourishsoftware.com",),
    default_base_url="https://app.flourishsoftware.com/external/api",
    credentials=_CREDENTIALS,
    webhook=Webhook(
        "Auth-Signature",
        "hex",
        "webhook_key",
        read_webhook,
        where="Flourish, Settings, Integrations, Webhook Endpoints",
        pairs={"Trellis-Sender-1": "webhook_header_1", "Trellis-Sender-2": "webhook_header_2"},
    ),
    events=("Outbound Order", "Retail Order", "Inventory", "Item"),
    streams=(StreamSpec("orders", interval_seconds=300.0),),
    # Flourish publishes no limit: a gentle start, faster while nothing says no, slower at once when it does.
    throttle=Throttle(per_second=5.0, burst=20, grows_to=4.0),
    status_ladder=LADDER,
    authorise=authorise,
    connect=FlourishClient,
    check_credentials=check_credentials,
    readiness=READINESS,
)
