"""AIQ Ecommerce, formerly Dispense: a store's online menu. Its orders come in, and items go there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.sync.contract import Calls, Platform, StreamSpec, Throttle, Webhook
from portal.sync.decisions import Finding
from portal.sync.domain import Stage
from portal.sync.entered import SETTLE_SECONDS, CredentialField, Setting
from portal.sync.platforms.aiq import intake
from portal.sync.platforms.aiq.client import AiqClient
from portal.sync.platforms.aiq.judging import NATIVE_ANSWERS, NATIVE_INTEGRATION, NOT_SAID
from portal.sync.platforms.aiq.labs import THC_SOURCE, THC_SOURCES, TOTAL_THC
from portal.sync.platforms.aiq.listing import CATEGORY_TABLE, FIELDS, SWITCHES
from portal.sync.platforms.aiq.readiness import READINESS
from portal.sync.platforms.aiq.shop import CATALOGUE, HIDING
from portal.sync.platforms.aiq.status import CHECKED_IN_YIELDS, COURSE, LADDER, STAGES
from portal.sync.platforms.aiq.terms import KINDS, LABEL
from portal.sync.platforms.aiq.translate import EXTERNAL_ID, read_webhook
from portal.sync.retail import Fulfilment
from portal.sync.shopping import IdentityRules

HOSTS = ("api.dispenseapp.com",)
DEFAULT_BASE_URL = "https://api.dispenseapp.com/2023-03/"
KEY_HEADER = "x-dispense-api-key"
# AIQ allows 20 calls a second for each key and bans who goes on regardless: a burst and the second after
# it are together no more.
THROTTLE = Throttle(per_second=15.0, burst=5)

CREDENTIALS = (
    CredentialField("api_key", "API key", "Of your AIQ organisation: Settings, API in AIQ's dashboard."),
    CredentialField(
        "venue",
        "Store",
        "The id of one of its stores; left empty, Trellis names those that the key opens, with their ids."
        " Each store is a connection of its own.",
        secret=False,
    ),
    CredentialField(
        "key_owner",
        "Whose key it is",
        "Connections that use one key share its budget of calls.",
        secret=False,
    ),
)

WEBHOOK = Webhook.unsigned(read_webhook, "AIQ, Organization, Webhooks")
# Status changes of AIQ come by webhook as well; this is how late one is noticed whose webhook was lost.
STREAMS = (StreamSpec("orders", interval_seconds=120.0, overlap_seconds=300.0),)

SETTINGS = (
    Setting(
        NATIVE_INTEGRATION,
        "AIQ's own Flourish integration is",
        "While it is on, AIQ sends every order itself, and each would be in Flourish twice.",
        NATIVE_ANSWERS,
        NOT_SAID,
    ),
    Setting(
        "sync_orders",
        "Send orders to Flourish",
        "Off, no order is sent. Orders go as soon as the shop has confirmed them.",
        (),
        True,
    ),
    Setting(
        "writes",
        "Write to AIQ by calls that it does not document",
        "Off, AIQ is only read: orders go to Flourish, and neither products, stock nor statuses come back.",
        (),
        True,
    ),
    Setting(
        "status_minutes",
        "Minutes between two looks at statuses in Flourish",
        "AIQ's own article names both 2 and 10. Changes that Flourish tells of come at once, either way.",
        (),
        2,
        least=1,
        most=60,
    ),
    Setting(
        "platform_holds",
        "AIQ keeps back what its open orders need",
        "On, Trellis takes off only what AIQ does not. Off, all that Flourish does not know of.",
        (),
        True,
    ),
    Setting(
        "oversold",
        "An order beyond the stock is",
        "Held, it waits until somebody has found the goods. Sent, Flourish's staff see to it.",
        ("sent", "held"),
        "sent",
    ),
    Setting(
        intake.AT_COUNTER_IS,
        "An order of a kiosk or a walk-in is",
        "Flourish tells what is picked up from what is sold in the store.",
        (Fulfilment.PICKUP, Fulfilment.IN_STORE),
        Fulfilment.PICKUP,
    ),
    Setting(
        intake.PATIENTS_ALONE,
        "The store sells to patients alone",
        "On, an order without a medical id is held, if AIQ has the store as a medical one.",
        (),
        False,
    ),
    Setting(
        intake.STRICT_IDENTITY,
        "A phone or an e-mail alone is not enough to know a customer",
        "On, birth date and last name must be the same, too; whoever differs is a person's to decide.",
        (),
        IdentityRules.is_strict,
    ),
    Setting(
        intake.VERIFIES_NEW,
        "Require medical customer verification",
        "On, Flourish asks for the ID of each customer that Trellis made, when they come. Nobody who was"
        " checked before is asked again.",
        (),
        IdentityRules.verifies_new,
    ),
    Setting(
        intake.LEAST_AGE,
        "Youngest adult, in years",
        "An order of somebody younger is held.",
        (),
        IdentityRules.least_age_years,
        least=18,
        most=100,
    ),
    Setting(
        intake.LEAST_PATIENT_AGE,
        "Youngest patient, in years",
        "An order of somebody younger with a medical id is held.",
        (),
        IdentityRules.least_patient_age_years,
        most=100,
    ),
    Setting(
        intake.REWARDS,
        "Loyalty rewards",
        "AIQ's id of a reward and Flourish's id of the discount that stands for it. One without a row is"
        " taken off in dollars.",
        (),
        {},
    ),
    Setting(
        "stock_buffer",
        "Units that are never offered",
        "So many of each item stay on the shelf for who comes to the counter.",
        (),
        0,
        most=10_000,
    ),
    HIDING,
    Setting(
        CHECKED_IN_YIELDS,
        "Packed moves an order whose shopper has checked in",
        "Off, it stays Checked In until it is completed.",
        (),
        False,
    ),
    Setting(
        CATEGORY_TABLE,
        "Categories",
        "Which category of Flourish stands where on the menu. The first row takes the place of all usual"
        " ones; what has no row is listed and not published.",
        KINDS,
        {},
    ),
    Setting(
        THC_SOURCE,
        "THC is",
        "The total counts what heat makes of THCa; delta-9 is what was measured. They are never added up.",
        THC_SOURCES,
        TOTAL_THC,
    ),
    *(
        Setting(
            row.switch,
            f"Sync: {row.label}",
            f"It is {row.source}. Off, AIQ keeps what it has.",
            (),
            SWITCHES[row.switch],
        )
        for row in FIELDS
        if row.switch
    ),
    SETTLE_SECONDS,
)


def authorise(credentials: Mapping[str, str]) -> Mapping[str, str]:
    """Make the header of a key."""
    return {KEY_HEADER: credentials["api_key"].strip()}


def check_credentials(credentials: Mapping[str, str]) -> tuple[Finding, ...]:
    """Say what is wrong with credentials before any call is made with them."""
    key, venue = credentials.get("api_key", "").strip(), credentials.get("venue", "").strip()
    if not key:
        step = "Have somebody who may manage the organisation's API keys make one, and enter it here."
        return (Finding("credentials.missing", "The API key is missing", step, cause="api_key"),)
    return tuple(
        Finding(
            "credentials.unusable",
            f"The {what} holds characters that none has",
            "Copy it again from AIQ, without anything before or after it.",
            cause=name,
        )
        for name, what, text in (("api_key", "API key", key), ("venue", "store's id", venue))
        if not text.isascii() or not text.isprintable() or " " in text
    )


def connect(calls: Calls, venue: str, chosen: Mapping[str, Any]) -> AiqClient:
    """Open one store, for as much as was chosen."""
    return AiqClient(calls, venue, writes=chosen["writes"] is True)


AIQ = Platform(
    key="aiq",
    label=LABEL,
    hosts=HOSTS,
    default_base_url=DEFAULT_BASE_URL,
    credentials=CREDENTIALS,
    account_field="venue",
    settings=SETTINGS,
    streams=STREAMS,
    throttle=THROTTLE,
    status_ladder=LADDER,
    course=COURSE,
    admit=intake.admit,
    authorise=authorise,
    connect=connect,
    check_credentials=check_credentials,
    webhook=WEBHOOK,
    catalogue=CATALOGUE,
    readiness=READINESS,
    flourish_events=("Retail Order", "Inventory", "Item"),
    # Whoever is quicker in the store than Trellis: its order comes in all the same.
    intake_statuses=tuple(status for status, stage in STAGES.items() if stage is Stage.OPEN),
    external_id_key=EXTERNAL_ID,
    assumed="AIQ documents how its orders and products are read, and no way to write them: what Trellis"
    " writes there follows what public code shows. Try it with a test order before you rely on it. The rule"
    " “Write to AIQ by calls that it does not document” switches it off; orders then still go to Flourish.",
)
