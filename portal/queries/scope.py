"""Scopes: whose rows a figure counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement


@dataclass(frozen=True)
class Scope:
    """All rows of a company, or those of one of its connections."""

    tenant_id: UUID
    connection_id: UUID | None = None

    def of(self, table: Any) -> list[ColumnElement[bool]]:
        """What a row of a table must be to count."""
        found = [table.tenant_id == self.tenant_id]
        return found if self.connection_id is None else [*found, table.connection_id == self.connection_id]
