"""API keys: whose they are, which of the company's things they open, and what LeafLink says to the others.

A key is made by a user, the owner, whose keys share one rate limit. It may read or change three areas, as
LeafLink's table of permissions has them; some things are open to any of several areas.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sandbox.accounts import ACCOUNTS, LEAFLINK, Account, by_key, of_world
from sandbox.errors import BadValue, Refused
from sandbox.store import Store

AREAS = ("orders", "products", "customers")
NONE, READ, WRITE = "none", "read", "write"
LEVELS = (NONE, READ, WRITE)
EVERYTHING = dict.fromkeys(AREAS, WRITE)
SETTING = "leaflink_keys"
READS = ("GET", "HEAD", "OPTIONS")

# Which areas open a resource: to be read, and to be changed.
OPEN_TO_READ: dict[str, tuple[str, ...]] = {
    "orders-received": ("orders",),
    "order-event-logs": ("orders",),
    "order-sales-reps": ("orders",),
    "order-payments": ("orders",),
    "line-items": ("orders",),
    "brands": ("orders", "products"),
    "products": ("products",),
    "product-lines": ("products",),
    "product-categories": ("products",),
    "product-subcategories": ("products",),
    "product-batches": ("products",),
    "batches": ("products",),
    "inventory": ("products",),
    "strains": ("products",),
    "customers": ("customers",),
    "license-types": ("customers",),
    "companies": AREAS,
    "company-staff": AREAS,
}
OPEN_TO_WRITE = {
    "orders-received": "orders",
    "order-sales-reps": "orders",
    "order-payments": "orders",
    "line-items": "orders",
    "products": "products",
    "product-lines": "products",
    "product-batches": "products",
    "batches": "products",
    "inventory": "products",
    "strains": "products",
    "customers": "customers",
}
# LeafLink's table has it only where products may be changed.
LICENSES = "licenses"


class Forbidden(Refused):
    """The key is good, but not for this."""

    status = 403


class Key(NamedTuple):
    """A key as it is at present.

    Args:
        text: the key itself.
        account: the company that it opens.
        owner: the user who made it; the rate is counted by owner.
        permissions: for each area none, read or write.
        active: whether it opens anything at all.
    """

    text: str
    account: Account
    owner: str
    permissions: Mapping[str, str]
    active: bool

    def allow(self, method: str, path: str) -> None:
        """Let a request pass.

        Raises:
            Forbidden: the key's permissions do not cover it.
        """
        resource = path.strip("/").split("/", 1)[0]
        if not self._covers(method, resource):
            raise Forbidden("You do not have permission to perform this action.")

    def _covers(self, method: str, resource: str) -> bool:
        if resource == LICENSES:
            return self.permissions["products"] == WRITE
        if method in READS:
            areas = OPEN_TO_READ.get(resource, AREAS)
            return any(self.permissions[area] != NONE for area in areas)
        area = OPEN_TO_WRITE.get(resource)
        return area is None or self.permissions[area] == WRITE


def find(store: Store, text: str | None) -> Key | None:
    """Return the active key of this text, or None."""
    changed = store.setting(SETTING, {}).get(text or "")
    if changed is not None:
        account = of_world(LEAFLINK, changed["company"])
        if account is None or not changed["active"]:
            return None
        return Key(text or "", account, changed["owner"], changed["permissions"], active=True)
    account = by_key(LEAFLINK, text)
    return None if account is None else _first(account)


def _first(account: Account) -> Key:
    """Return the key that a company has from the beginning."""
    return Key(account.key, account, f"owner of {account.world}", EVERYTHING, active=True)


def listed(store: Store) -> list[dict[str, Any]]:
    """Return every key, the revoked ones too, as the control API shows them."""
    changed = store.setting(SETTING, {})
    firsts = {each.key: _shown(_first(each)) for each in ACCOUNTS if each.platform == LEAFLINK}
    return [{"key": text, **shown} for text, shown in (firsts | changed).items()]


def _shown(key: Key) -> dict[str, Any]:
    return {
        "company": key.account.world,
        "owner": key.owner,
        "permissions": dict(key.permissions),
        "active": key.active,
    }


def change(store: Store, text: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make a key, or change what a present one may do, and return it as `listed` shows it.

    Args:
        store: where it is kept.
        text: the key.
        asked: company, owner, permissions (an object of areas) and active; what is absent stays.

    Raises:
        BadValue: a value is not valid, or a new key names no company.
    """
    present = {each["key"]: each for each in listed(store)}.get(text)
    if present is None:
        present = {"company": None, "owner": None, "permissions": EVERYTHING, "active": True}
    company = asked.get("company", present["company"])
    account = of_world(LEAFLINK, company) if isinstance(company, str) else None
    if account is None:
        raise BadValue("A key opens one company, by its short name.", "company")
    made = {
        "company": account.world,
        "owner": asked.get("owner") or present["owner"] or _first(account).owner,
        "permissions": {**present["permissions"], **_permissions(asked.get("permissions", {}))},
        "active": asked.get("active", present["active"]),
    }
    store.set_setting(SETTING, {**store.setting(SETTING, {}), text: made})
    return {"key": text, **made}


def _permissions(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or any(
        area not in AREAS or level not in LEVELS for area, level in value.items()
    ):
        raise BadValue(
            f"Permissions are an object: for {', '.join(AREAS)} one of {', '.join(LEVELS)}.", "permissions"
        )
    return dict(value)
