"""LeafLink: the wholesale marketplace, declared as a platform."""

from __future__ import annotations

from collections.abc import Mapping

from portal.sync.contract import Platform, StreamSpec, Throttle, Webhook
from portal.sync.decisions import Finding
from portal.sync.entered import BY_FACILITY, BY_REP, SETTLE_SECONDS, CredentialField, Setting
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.platforms.leaflink.readiness import READINESS
from portal.sync.platforms.leaflink.shop import CATALOGUE
from portal.sync.platforms.leaflink.shop import SETTINGS as SHOP_SETTINGS
from portal.sync.platforms.leaflink.status import COURSE, DEFAULT_TABLE, LADDER
from portal.sync.platforms.leaflink.terms import TERMS
from portal.sync.platforms.leaflink.translate import read_webhook

_CREDENTIALS = (
    CredentialField(
        "api_key",
        "API key",
        "LeafLink: Settings, Applications. Make an App key with Orders: Read & Write, Products: Read & Write"
        " and Customers: Read.",
    ),
    CredentialField(
        "webhook_key",
        "Company webhook key",
        "LeafLink: Settings, Developer options, Company Webhook Key. Without it webhooks are refused.",
    ),
    CredentialField(
        "key_owner",
        "Who made the key",
        "LeafLink counts calls per person: connections whose keys were made by one person share a budget.",
        secret=False,
    ),
)

_SETTINGS = (
    Setting(
        "intake_statuses",
        "Orders come in when they are",
        "An order in another status waits in LeafLink and its page says so. One that leaves these statuses"
        " later stays in Flourish.",
        ("Submitted", "Accepted", "Backorder"),
        ("Submitted", "Accepted", "Backorder"),
        many=True,
        counts="orders by status",
    ),
    Setting(
        "status_table",
        "Flourish status moves LeafLink to",
        "A Flourish status that is left empty moves nothing in LeafLink.",
        (*LADDER[1:], "Cancelled", "Rejected"),
        dict(DEFAULT_TABLE),
        keys=("Created", *DEFAULT_TABLE),
    ),
    Setting(
        "routing",
        "Orders go to",
        "By sales rep: to the rep's facility in Flourish. An order without a rep waits, and one whose rep"
        " changes moves, as long as nothing is allocated.",
        (BY_FACILITY, BY_REP),
        BY_FACILITY,
        counts="orders without a rep",
    ),
    Setting(
        "price_places",
        "Decimal places of unit prices",
        "What rounded prices lack to LeafLink's line totals goes on the order as one charge or discount.",
        ("4", "2"),
        "4",
    ),
    SETTLE_SECONDS,
    Setting(
        "terms",
        "Payment terms",
        "LeafLink's terms and what your Flourish company calls them. One without a name there is asked for.",
        (),
        {},
        keys=tuple(dict.fromkeys(TERMS.values())),
    ),
    Setting(
        "samples",
        "Lines marked as samples",
        "Brought in, they go to Flourish at LeafLink's price, and an internal note names them. Held, an order"
        " with samples waits until somebody has entered it in Flourish by hand.",
        ("bring in", "hold"),
        "bring in",
        counts="orders with samples",
    ),
    Setting(
        "external_id_key",
        "Key for Flourish's order id in LeafLink",
        "LeafLink issues the key on request. With it, each order in LeafLink carries its id in Flourish;"
        " without it nothing is written.",
        (),
        "",
    ),
    Setting(
        "write_paid",
        "Paid in Flourish is written to LeafLink",
        "Once for each order, with the day. It is never taken back by Trellis.",
        (),
        False,
    ),
    *SHOP_SETTINGS,
)


# A copy of production that is made anew each night, and one for those who build integrations.
_TEST_HOSTS = (
    "www.sandbox.leaflink.com",
    "sandbox.leaflink.com",
    "www.leaflink-integrations.leaflink.com",
    "leaflink-integrations.leaflink.com",
)


def authorise(credentials: Mapping[str, str]) -> Mapping[str, str]:
    """Make the headers of an App key."""
    return {"Authorization": f"App {credentials['api_key'].strip()}"}


def check_credentials(credentials: Mapping[str, str]) -> tuple[Finding, ...]:
    """Say what is wrong with credentials before any call is made with them."""
    key = credentials.get("api_key", "").strip()
    if not key:
        return (
            Finding(
                "credentials.missing",
                "The API key is missing",
                "Make an App key in LeafLink under Settings, Applications, and enter it here.",
                cause="api_key",
            ),
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        return (
            Finding(
                "credentials.unusable",
                "The API key holds characters that no key has",
                "Copy the key again from LeafLink, without anything before or after it.",
                cause="api_key",
            ),
        )
    return ()


WEBHOOK = Webhook(
    "LL-Signature", "base64", "webhook_key", read_webhook, where="LeafLink, Settings, Developer options"
)

LEAFLINK = Platform(
    key="leaflink",
    label="LeafLink",
    hosts=("app.leaflink.com", "www.leaflink.com", *_TEST_HOSTS),
    default_base_url="https://app.leaflink.com/api/v2/",
    credentials=_CREDENTIALS,
    settings=_SETTINGS,
    streams=(StreamSpec("orders", interval_seconds=300.0),),
    # 240 calls in a minute of the 300 allowed, counted by LeafLink per person (LL-27).
    throttle=Throttle(per_second=3.7, burst=18),
    status_ladder=LADDER,
    default_status_table=DEFAULT_TABLE,
    course=COURSE,
    authorise=authorise,
    connect=lambda calls, _account, _chosen: LeafLinkClient(calls),
    check_credentials=check_credentials,
    webhook=WEBHOOK,
    terms=frozenset(TERMS.values()),
    catalogue=CATALOGUE,
    flourish_origin="Leaflink",
    flourish_events=("Outbound Order", "Inventory", "Item"),
    readiness=READINESS,
    test_hosts=_TEST_HOSTS,
)
