"""Ordo: the sales team's CRM, declared as a platform: its orders come in, and items go there."""

from __future__ import annotations

from collections.abc import Mapping

from portal.sync.contract import Platform, StreamSpec, Throttle
from portal.sync.decisions import Finding
from portal.sync.entered import SETTLE_SECONDS, CredentialField, Setting
from portal.sync.platforms.ordo.client import OrdoClient
from portal.sync.platforms.ordo.readiness import READINESS
from portal.sync.platforms.ordo.shop import CATALOGUE
from portal.sync.platforms.ordo.status import CONFIRMED, COURSE, LADDER, NET_TERMS_SYNC
from portal.sync.platforms.ordo.translate import EXTERNAL_ID

_CREDENTIALS = (
    CredentialField(
        "api_key", "API key", "A key of your Ordo organisation, made by one of its admins under compliance."
    ),
    CredentialField(
        "key_owner",
        "Who made the key",
        "Connections whose keys were made by one person share a budget of calls.",
        secret=False,
    ),
)

_SETTINGS = (
    Setting(
        NET_TERMS_SYNC,
        "Paid in Flourish moves net orders to Paid in Ordo",
        "Off, an order on net terms stays Delivered, and somebody in Ordo says that it is paid. Cash orders"
        " are Paid as soon as they are shipped, either way.",
        (),
        True,
    ),
    Setting(
        "terms",
        "Payment terms",
        "Ordo's terms and what your Flourish company calls them: cash is Cash on Delivery, net terms of 30"
        " days are Net 30. One without a name there is asked for.",
        (),
        {},
    ),
    SETTLE_SECONDS,
)


def authorise(credentials: Mapping[str, str]) -> Mapping[str, str]:
    """Make the header of a key."""
    return {"Authorization": f"Bearer {credentials['api_key'].strip()}"}


def check_credentials(credentials: Mapping[str, str]) -> tuple[Finding, ...]:
    """Say what is wrong with credentials before any call is made with them."""
    key = credentials.get("api_key", "").strip()
    if not key:
        step = "Have an Ordo admin make one, and enter it here."
        return (Finding("credentials.missing", "The API key is missing", step, cause="api_key"),)
    if not key.isascii() or not key.isprintable() or " " in key:
        title = "The API key holds characters that no key has"
        step = "Copy the key again from Ordo, without anything before or after it."
        return (Finding("credentials.unusable", title, step, cause="api_key"),)
    return ()


ORDO = Platform(
    key="ordo",
    label="Ordo",
    hosts=("api.ordo.example",),
    default_base_url="https://api.ordo.example/v1/",
    credentials=_CREDENTIALS,
    settings=_SETTINGS,
    # The only way in which Ordo's changes are heard of: it sends no webhooks.
    streams=(StreamSpec("orders", interval_seconds=30.0, overlap_seconds=300.0),),
    # No limit is known: a gentle start, faster while nothing says no, slower at once when it does.
    throttle=Throttle(per_second=3.0, burst=10, grows_to=4.0),
    status_ladder=LADDER,
    course=COURSE,
    authorise=authorise,
    connect=lambda calls, _account, _chosen: OrdoClient(calls),
    check_credentials=check_credentials,
    catalogue=CATALOGUE,
    readiness=READINESS,
    flourish_events=("Outbound Order", "Inventory"),
    intake_statuses=(CONFIRMED,),
    external_id_key=EXTERNAL_ID,
    assumed="Ordo publishes no API, so that this connection follows one that Trellis assumes. Try it with a"
    " test order before you rely on it: the real one may differ, and then Trellis has to learn it first.",
)
