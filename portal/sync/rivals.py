"""Rivals: Flourish's own integration with a platform, which would make each order a second time, and other
programs that write to the same products (LL-29)."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from uuid import UUID

from portal.models import Connection, utc_now
from portal.sync.contract import TellsEditors
from portal.sync.engine.accounts import Tape, open_hub, open_platform
from portal.sync.engine.desk import Desk
from portal.sync.entered import BY_REP
from portal.sync.registry import platform as platform_by_key

# Somebody who switched it off keeps no order of it for so long.
LOOKS_BACK = timedelta(days=14)
# Programs that keep stock write it daily.
LOOKS_BACK_AT_PRODUCTS = timedelta(days=3)
_MOST_SHOWN = 5


def made_lately(desk: Desk, tenant_id: UUID, connection_id: UUID) -> str:
    """Name orders that Flourish's own integration made lately where this connection would make its own.

    Returns:
        A sentence that names some of them; empty when there are none.

    Raises:
        SyncError: Flourish could not be asked.
    """
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, connection_id)
        platform = platform_by_key(connection.platform)
        if not platform.flourish_origin:
            return ""
        by_rep = platform.chosen(connection.settings).get("routing") == BY_REP
        chosen = [connection.facility] if connection.facility and not by_rep else connection.hub.facilities
        places = {one.flourish_id: one.name for one in chosen}
        client = open_hub(desk, session, connection.hub, Tape())
    origin = platform.flourish_origin
    listed = client.outbound_orders(created_from=utc_now() - LOOKS_BACK, origin=origin)
    # The filter is not described, so its answer is compared again.
    made = (one for one in listed if one.origin.casefold() == origin.casefold())
    found = list(islice((one for one in made if one.facility_id in places), _MOST_SHOWN + 1))
    if not found:
        return ""
    shown = ", ".join(f"{one.id} in {places[one.facility_id]}" for one in found[:_MOST_SHOWN])
    more = " and more" if len(found) > _MOST_SHOWN else ""
    return (
        f"Flourish's own {platform.label} integration still makes orders: {shown}{more}, in the last"
        f" {LOOKS_BACK.days} days. Switch it off in Flourish first, or each order would be there twice."
    )


def product_writers(desk: Desk, tenant_id: UUID, connection_id: UUID) -> str | None:
    """Name products that another program wrote to lately, for a connection that writes to none itself yet.

    Returns:
        A sentence that names some of them; None when there are none, or when Trellis writes to products: from
        then on a writer shows by what it undoes (`mapping/keeping.py`).

    Raises:
        SyncError: the platform could not be asked.
    """
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, connection_id)
        label = platform_by_key(connection.platform).label
        if connection.catalogue_since is not None:
            return None
        client = open_platform(desk, session, connection, Tape())
    if not isinstance(client, TellsEditors):
        return None
    changed = sorted(client.changed_by_programs(utc_now() - LOOKS_BACK_AT_PRODUCTS))
    if not changed:
        return None
    products = "1 product" if len(changed) == 1 else f"{len(changed)} products"
    were = "was" if len(changed) == 1 else "were"
    shown = ", ".join(changed[:_MOST_SHOWN]) + (" and more" if len(changed) > _MOST_SHOWN else "")
    return (
        f"{products} in {label} {were} changed in the last {LOOKS_BACK_AT_PRODUCTS.days} days without anybody"
        f" editing them: {shown}. An order that was fulfilled does that; so does another program, such as"
        f" Flourish's own {label} integration or a Metrc add-on. Switch such a program off, or it and Trellis"
        " undo each other."
    )
