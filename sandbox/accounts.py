"""The companies of each platform and their fixed, documented demo keys. None of them is a secret."""

from dataclasses import dataclass

LEAFLINK = "leaflink"
FLOURISH = "flourish"
ORDO = "ordo"
AIQ = "aiq"
PLATFORMS = (LEAFLINK, FLOURISH, ORDO, AIQ)
BASE_PATHS = {
    LEAFLINK: "/leaflink/api/v2/",
    FLOURISH: "/flourish/external/api/v1/",
    ORDO: "/ordo/v1/",
    AIQ: "/aiq/2023-03/",
}
# Where else a platform's gate stands: further versions of its API.
ALSO_AT = {FLOURISH: ("/flourish/external/api/v2",)}
WORLDS = ("greenleaf", "sunrise", "ember", "verde")


@dataclass(frozen=True)
class Account:
    """One company on one platform.

    Args:
        platform: one of `PLATFORMS`.
        world: the operator's own short name, the same on every platform; the store's `company`.
        company: the company's name there.
        company_id: its id there.
        key: the API key.
        username: the other half of Flourish's Basic credentials.
        webhook_key: LeafLink's company webhook key, until the control API sets another.
    """

    platform: str
    world: str
    company: str
    company_id: int
    key: str
    username: str | None = None
    webhook_key: str | None = None


ACCOUNTS = (
    Account(
        LEAFLINK, "greenleaf", "Greenleaf Farms", 3721, "ll-greenleaf-key", webhook_key="ll-greenleaf-webhook"
    ),
    Account(LEAFLINK, "sunrise", "Sunrise Brands", 4810, "ll-sunrise-key", webhook_key="ll-sunrise-webhook"),
    Account(LEAFLINK, "ember", "Ember Extracts", 5926, "ll-ember-key", webhook_key="ll-ember-webhook"),
    Account(LEAFLINK, "verde", "Verde Collective", 6214, "ll-verde-key", webhook_key="ll-verde-webhook"),
    Account(FLOURISH, "greenleaf", "Greenleaf Farms", 118, "fl-greenleaf-key", username="gl7k2m9x4q"),
    Account(FLOURISH, "sunrise", "Sunrise Brands", 127, "fl-sunrise-key", username="sr3v8n5t1w"),
    Account(FLOURISH, "ember", "Ember Extracts", 139, "fl-ember-key", username="em5h1c7p3z"),
    Account(FLOURISH, "verde", "Verde Collective", 146, "fl-verde-key", username="vd8q2t6r4k"),
    Account(ORDO, "greenleaf", "Greenleaf Farms", 61, "or-greenleaf-key"),
    Account(ORDO, "sunrise", "Sunrise Brands", 74, "or-sunrise-key"),
    Account(ORDO, "ember", "Ember Extracts", 88, "or-ember-key"),
    Account(ORDO, "verde", "Verde Collective", 95, "or-verde-key"),
    Account(AIQ, "greenleaf", "Greenleaf Farms", 83, "aq-greenleaf-key"),
    Account(AIQ, "sunrise", "Sunrise Brands", 92, "aq-sunrise-key"),
    Account(AIQ, "ember", "Ember Extracts", 97, "aq-ember-key"),
    Account(AIQ, "verde", "Verde Collective", 104, "aq-verde-key"),
)


def by_key(platform: str, key: str | None) -> Account | None:
    """Return the account that a platform's API key belongs to, or None."""
    return next(
        (account for account in ACCOUNTS if account.platform == platform and account.key == key), None
    )


def of_world(platform: str, world: str) -> Account | None:
    """Return a world's account on a platform, or None when there is no such world."""
    return next(
        (account for account in ACCOUNTS if account.platform == platform and account.world == world), None
    )
