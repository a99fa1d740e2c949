"""What every table shares: identifiers, times, money, and the tenant that owns the row."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, MetaData, Numeric, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Bytes of chance that an id takes.
_CHANCE = 8
_NANOSECONDS = 1_000_000  # of a millisecond


def new_id() -> UUID:
    """Make a UUIDv7: sortable by time of creation to a quarter of a microsecond, 62 random bits.

    The time within the millisecond stands where chance may (RFC 9562, 6.2, method 3): what is made after
    something else in one process sorts after it.
    """
    return next(new_ids(1))


def new_ids(count: int) -> Iterator[UUID]:
    """Make so many, of one moment; the system is asked for chance once for all of them."""
    milliseconds, within = divmod(time.time_ns(), _NANOSECONDS)
    moment = milliseconds << 80 | 0x7 << 76 | (within * 4096 // _NANOSECONDS) << 64 | 0b10 << 62
    chance = memoryview(secrets.token_bytes(_CHANCE * count))
    for start in range(0, _CHANCE * count, _CHANCE):
        drawn = int.from_bytes(chance[start : start + _CHANCE], "big")
        yield UUID(int=moment | drawn & (1 << 62) - 1)


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name from the class
        str: Text(),
        datetime: DateTime(timezone=True),
        Decimal: Numeric(14, 4),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


class Identified:
    """A row with a UUIDv7 of its own."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Created:
    """A row that knows when it was made, by the database's clock."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Owned(Identified):
    """A row that belongs to one tenant. Row-level security is forced on every such table."""

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), index=False)


def owned_tables() -> list[Table]:
    """The tables whose every row belongs to a tenant, which reads them, in the order in which they refer."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if "tenant_id" in table.c and not table.c.tenant_id.nullable
    ]
