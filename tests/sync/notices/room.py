"""A company whose problems are told: its rules, its messages, and time that passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from portal.models import Connection, Notice, NoticeAttempt, NoticeRule, Problem, utc_now
from portal.sync import audit, journal
from portal.sync.decisions import Finding
from portal.sync.engine.desk import Desk
from portal.sync.notices import rules
from portal.sync.notices.grouping import KINDS
from tests.web import factory
from tests.web.factory import Company

ACTOR = audit.Actor("Olive Owner", role="owner")

_PASSES = (
    "UPDATE notice SET leaves_at = leaves_at - :by, due_at = due_at - :by",
    "UPDATE notice_rule SET failing_since = failing_since - :by, overlap_until = overlap_until - :by",
)


@dataclass
class Room:
    """What a test of this room has at hand."""

    desk: Desk
    company: Company

    def keeper(self, session: Any) -> rules.Keeper:
        return rules.Keeper(session, self.desk.settings.master_keys, ACTOR, allow_loopback=True)

    def rule(self, address: str, *, channel: str = "webhook", **wish: Any) -> tuple[UUID, str]:
        """Make a rule that was there before anything happened; return its id and its secret."""
        chosen = {"connection_id": None, "kinds": tuple(KINDS), "resolved": False, "pace": "minutes_15"}
        with self.desk.tenant(self.company.id) as session:
            asked = rules.Wish(channel=channel, address=address, **{**chosen, **wish})
            rule, secret = rules.make(self.keeper(session), self.company.id, asked)
            rule.since = utc_now() - timedelta(days=30)
        return rule.id, secret

    def act(self, rule_id: UUID, act: Any) -> Any:
        """Do something with a rule, as its owner."""
        with self.desk.tenant(self.company.id) as session:
            return act(self.keeper(session), session.get_one(NoticeRule, rule_id))

    def report(self, *causes: str, code: str = "sku_unknown", who: str = "tenant") -> None:
        """Make the connection's open problems of a code exactly these."""
        found = [
            Finding(code, f"SKU {one} is unknown", "Give the item this SKU.", cause=one, who=who)
            for one in causes
        ]
        with self.desk.tenant(self.company.id) as session:
            connection = session.get_one(Connection, self.company.connection_id)
            journal.report(session, connection, found, code=code)

    def rows(self, table: Any) -> list[Any]:
        with self.desk.tenant(self.company.id) as session:
            return list(session.scalars(select(table).order_by(table.id)))

    def notices(self) -> list[Notice]:
        return self.rows(Notice)

    def attempts(self) -> list[NoticeAttempt]:
        return self.rows(NoticeAttempt)

    def one(self, rule_id: UUID) -> NoticeRule:
        found: list[NoticeRule] = self.rows(NoticeRule)
        return next(row for row in found if row.id == rule_id)

    def problems(self, code: str) -> list[Problem]:
        return [row for row in self.rows(Problem) if row.code == code]

    def later(self, **span: float) -> None:
        """Let time pass for messages and rules."""
        with self.desk.sessions.engine.begin() as connection:
            connection.execute(text("SET LOCAL row_security = off"))
            for statement in _PASSES:
                connection.execute(text(statement), {"by": timedelta(**span)})


def open_room(desk: Desk) -> Room:
    """Make a company with a live connection."""
    return Room(desk, factory.company(desk.sessions))
