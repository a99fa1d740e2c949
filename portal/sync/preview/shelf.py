"""SKUs as a preview goes through them: as our rows have them, and read anew where a look would do that."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Connection
from portal.sync.decisions import CatalogueRules
from portal.sync.engine.accounts import Account, catalogue_rules_of, stock_facilities
from portal.sync.engine.desk import Desk
from portal.sync.engine.fresh import Reader
from portal.sync.engine.shelves import Known, known, shown
from portal.sync.preview import rows
from portal.sync.preview.items import Seen, with_promise
from portal.sync.registry import platform as platform_by_key


def gather(
    desk: Desk, account: Account, preview_id: UUID | None, connection: Connection, skus: Sequence[str]
) -> list[Seen]:
    """See these SKUs of a connection, as a look at each would.

    Args:
        desk: what to work with.
        account: both sides, whose writes are captured.
        preview_id: whose rehearsed orders hold some of the stock; None for what is known of real ones only.
        connection: the connection, with its hub and facility.
        skus: match keys.

    Raises:
        SyncError: what was told of a SKU could not be read.
    """
    tenant_id = connection.tenant_id
    rules = catalogue_rules_of(connection, platform_by_key(connection.platform), account.rules.said)
    with desk.tenant(tenant_id) as session:
        found = known(session, connection, rules, skus)
        told = [one for one in found.values() if one.unread or rules.stock_field == "quantity"]
    where = (tenant_id, connection.id, connection.hub_id, stock_facilities(connection))
    reader = Reader(desk, account, *where, rules)
    read = [one.sku for one in told if reader.read_told(one, products_too=rules.stock_field == "quantity")]
    with desk.tenant(tenant_id) as session:
        found |= known(session, connection, rules, read) if read else {}
        return _seen(session, preview_id, rules, [found[sku] for sku in skus])


def _seen(
    session: Session, preview_id: UUID | None, rules: CatalogueRules, found: Sequence[Known]
) -> list[Seen]:
    skus = [one.sku for one in found] if rules.writes_stock and preview_id is not None else []
    held = rows.promised(session, preview_id, skus) if preview_id is not None and skus else {}
    return [
        Seen(
            sku=one.sku,
            shelf=with_promise(one.shelf(), held.get(one.sku, {})),
            base=one.link.base if one.link is not None else None,
            fingerprint=one.fingerprint,
            name=str(shown(one)["name"]),
            link_id=one.link.id if one.link is not None else None,
        )
        for one in found
    ]
